from __future__ import annotations

from typing import Any

from django.core.management.base import CommandParser

from medialib.errors import Refused
from medialib.management.base import MedialibCommand, Report, operator
from medialib.models import Account
from medialib.services import accounts


class Command(MedialibCommand):
    help = "Try an account's key with one harmless call to ImageKit."

    def arguments(self, parser: CommandParser) -> None:
        parser.add_argument("name", metavar="NAME")

    def work(self, *, name: str, **options: Any) -> Report:
        account = Account.objects.named(name)
        check = accounts.check_account(account, actor=operator())
        if not check.is_ok and not options["json"]:
            raise Refused(check.message)
        data = {"account": name, "ok": check.is_ok, "message": check.message, "files_seen": check.files_seen}
        return Report([check.message], data | {"request_id": check.request_id}, ok=check.is_ok)
