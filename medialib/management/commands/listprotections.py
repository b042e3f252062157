"""List the protection rules of an account that count now."""

from __future__ import annotations

from typing import Any

from django.core.management.base import CommandParser

from medialib.management.base import MedialibCommand, Report
from medialib.models import Account
from medialib.services.accounts import protections


class Command(MedialibCommand):
    help = "List what protects files of an account from deletion."

    def arguments(self, parser: CommandParser) -> None:
        parser.add_argument("name", metavar="NAME", help="Name of the account.")

    def work(self, *, name: str, **options: Any) -> Report:
        account = Account.objects.named(name)
        facts = [protections.facts_of(rule) for rule in protections.rules_of(account)]
        lines = [
            f"{each['rule'] or '-':>6}  {each['words']}, {each['files']:,} files: {each['reason']}" for each in facts
        ]
        return Report(lines or ["No rule protects files of this account."], {"account": name, "rules": facts})
