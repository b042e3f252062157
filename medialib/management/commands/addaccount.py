from __future__ import annotations

import os
import sys
from typing import Any

from django.core.management.base import CommandParser
from django.views.decorators.debug import sensitive_variables

from medialib.errors import WrongUse
from medialib.management.base import MedialibCommand, Report, operator
from medialib.models import Account, AccountColour
from medialib.services.accounts import accounts

VARIABLE = "IMAGEKIT_PRIVATE_KEY"
WHERE = f"Pass the private key on standard input or in the variable {VARIABLE}"
MAX_INPUT = 10_000


class Command(MedialibCommand):
    help = f"Add an ImageKit account. {WHERE}; never as an argument, where every user of the machine could read it."

    def arguments(self, parser: CommandParser) -> None:
        parser.add_argument("name", metavar="NAME", help="Letters, digits, hyphens; becomes part of page addresses.")
        parser.add_argument("--url-endpoint", required=True, metavar="URL", help="E.g. https://ik.imagekit.io/acme")
        parser.add_argument(
            "--other-endpoint", action="append", default=[], metavar="URL", help="Another address, such as a domain."
        )
        parser.add_argument("--api-url", metavar="URL", help="ImageKit's API; the sandbox has its own.")
        parser.add_argument("--upload-url", metavar="URL", help="ImageKit's upload API; the sandbox has its own.")
        parser.add_argument("--colour", choices=AccountColour.values, help="Marks every page of the account.")

    @sensitive_variables("private_key")
    def work(self, *, name: str, url_endpoint: str, **options: Any) -> Report:
        account = accounts.add_account(
            name=name,
            url_endpoint=url_endpoint,
            private_key=private_key(),
            api_url=options["api_url"],
            upload_url=options["upload_url"],
            colour=options["colour"],
            other_endpoints="\n".join(options["other_endpoint"]),
            actor=operator(),
        )
        return report_of(account)


@sensitive_variables()
def private_key() -> str:
    """The key from the environment or, without it, from standard input."""
    if key := os.environ.get(VARIABLE, "").strip():
        return key
    if sys.stdin is None or sys.stdin.isatty():
        raise WrongUse(f"{WHERE}, e.g. “manage.py addaccount … < key.txt”.")
    try:
        key = sys.stdin.read(MAX_INPUT).strip()
    except UnicodeDecodeError:
        raise WrongUse("Standard input is not text, so it holds no private key.") from None
    if not key:
        raise WrongUse(f"Standard input is empty. {WHERE}.")
    return key


def report_of(account: Account) -> Report:
    key = str(account.api_keys.all().strongest())
    line = f"Added the account “{account.name}” with the key {key}. Next: “manage.py checkaccount {account.name}”."
    data = {"account": account.name, "url_endpoint": account.url_endpoint, "api_url": account.api_url}
    return Report([line], data | {"upload_url": account.upload_url, "colour": account.colour, "key": key})
