from __future__ import annotations

from typing import Any

from django.core.management.base import CommandParser

from medialib.management.base import MedialibCommand, Report, operator
from medialib.models import Account
from medialib.services.accounts import accounts


class Command(MedialibCommand):
    help = "Try an account's key with one harmless call to ImageKit."

    def arguments(self, parser: CommandParser) -> None:
        parser.add_argument("name", metavar="NAME")

    def work(self, *, name: str, **options: Any) -> Report:
        account = Account.objects.named(name)
        check = accounts.check_account(account, actor=operator())
        message = str(check.message)
        data = {"account": name, "ok": check.is_ok, "message": message, "files_seen": check.files_seen}
        data["request_id"] = check.request_id
        return Report([message], data) if check.is_ok else Report(json=data, ok=False, error=message)
