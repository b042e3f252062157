"""setwebhooksecret NAME < secret.txt: let ImageKit's events keep an account's index fresh."""

from __future__ import annotations

import sys
from typing import Any

from django.core.management.base import CommandParser
from django.urls import reverse
from django.views.decorators.debug import sensitive_variables

from medialib.errors import WrongUse
from medialib.management.base import MedialibCommand, Report, operator
from medialib.models import Account
from medialib.services.accounts import addresses
from medialib.services.sync import webhook_setup, webhooks
from medialib.services.sync.webhook_setup import Done

MAX_INPUT = 10_000
SAID = {Done.MADE: "from now on", Done.CHANGED: "again, and every one of them", Done.THERE: "already"}


class Command(MedialibCommand):
    help = (
        "Store the secret that ImageKit signs an account's webhook events with. It is read from standard input; never "
        "pass it as an argument, where every user of the machine could read it."
    )

    def arguments(self, parser: CommandParser) -> None:
        parser.add_argument("name", help="The account's name.")
        parser.add_argument(
            "--create", metavar="URL", help="Set the webhook up at ImageKit, for this installation's public address."
        )
        parser.add_argument(
            "--replace", action="store_true", help="With --create: replace a stored secret that is of another webhook."
        )
        parser.add_argument("--remove", action="store_true", help="Stop listening to the account's events.")

    @sensitive_variables("secret")
    def work(self, *, name: str, remove: bool = False, **options: Any) -> Report:
        account = Account.objects.named(name)
        address = reverse("medialib:webhook", args=[account.name])
        if remove:
            was_there = webhooks.forget_secret(account, actor=operator())
            line = "Events are not listened to any more." if was_there else "There was no secret to remove."
            return Report([line], {"account": account.name, "is_listening": False})
        if create := options["create"]:
            target = f"{addresses.clean(create, what='address').rstrip('/')}{address}"
            done = webhook_setup.set_up(account, address=target, replace=options["replace"], actor=operator())
            line = f"ImageKit sends the library's events to {target} {SAID[done]}."
            return Report([line], {"account": account.name, "is_listening": True, "path": address, "webhook": done})
        webhooks.set_secret(account, secret=_secret(), actor=operator())
        line = f"Stored. Let ImageKit send file events to {address} on the address of this installation."
        return Report([line], {"account": account.name, "is_listening": True, "path": address})


@sensitive_variables()
def _secret() -> str:
    if sys.stdin is None or sys.stdin.isatty():
        raise WrongUse("Pass the secret on standard input, e.g. “manage.py setwebhooksecret acme < secret.txt”.")
    try:
        return sys.stdin.read(MAX_INPUT)
    except UnicodeDecodeError:
        raise WrongUse("Standard input is not text, so it holds no secret.") from None
