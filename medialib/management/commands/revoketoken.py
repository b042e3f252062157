"""Revoke a program's token, whoever made it."""

from __future__ import annotations

from typing import Any

from django.core.management.base import CommandParser

from medialib.errors import WrongUse
from medialib.management.base import MedialibCommand, Report, row_number
from medialib.models import ApiToken
from medialib.services.accounts import tokens
from medialib.services.audit.log import SYSTEM


class Command(MedialibCommand):
    help = "Revoke an API token at once; the audit log names tokens by their numbers, as token-7."

    def arguments(self, parser: CommandParser) -> None:
        parser.add_argument("token", metavar="NUMBER", type=row_number, help="Number of the token.")

    def work(self, *, token: int, **options: Any) -> Report:
        found = ApiToken.objects.select_related("user").filter(pk=token).first()
        if found is None:
            raise WrongUse(f"There is no token {token}.")
        tokens.revoke(found, actor=SYSTEM)
        line = f"Token {found.pk} of {found.user} ({found}) is revoked."
        return Report([line], {"token": found.pk, "person": found.user.get_username(), "name": found.name})
