"""System checks that refuse an unsafe deployment.

medialib.E001  FIELD_ENCRYPTION_KEYS is empty or malformed
medialib.E002  SECRET_KEY is missing or a development one while DEBUG is off (with --deploy)
medialib.W001  IMAGEKIT_ALLOW_PRIVATE_API is on while DEBUG is off (with --deploy)
medialib.W002  the second place of the audit log's anchors lacks some (with --deploy)
medialib.E003  an account's API address is not https and public (with --deploy --database default)
medialib.E004  triggers of the audit log or of frozen lists are missing (with --deploy --database default)
medialib.E005  somebody else's triggers, views or policies are on their tables (with --deploy --database default)
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from django.conf import settings
from django.core import checks
from django.core.checks import CheckMessage, Error, Tags, register
from django.db import DatabaseError, connections

from medialib.errors import MedialibError
from medialib.models import Account
from medialib.models.audit import append_only, strangers
from medialib.services.accounts import addresses, vault
from medialib.services.audit.seal import copies

MIN_SECRET_LENGTH = 50


@register(Tags.security)
def check_encryption_keys(**kwargs: Any) -> list[CheckMessage]:
    try:
        vault.require_usable()
    except MedialibError as error:
        return [Error(str(error), id="medialib.E001")]
    return []


@register(Tags.security, deploy=True)
def check_secret_key(**kwargs: Any) -> list[CheckMessage]:
    secret = settings.SECRET_KEY
    if settings.DEBUG or (len(secret) >= MIN_SECRET_LENGTH and not secret.startswith("django-insecure-")):
        return []
    hint = f"Set SECRET_KEY to {MIN_SECRET_LENGTH} or more random characters."
    return [Error("SECRET_KEY is missing or too weak for production.", hint=hint, id="medialib.E002")]


@register(Tags.security, deploy=True)
def check_private_api(**kwargs: Any) -> list[CheckMessage]:
    if settings.DEBUG or not settings.IMAGEKIT_ALLOW_PRIVATE_API:
        return []
    text = "IMAGEKIT_ALLOW_PRIVATE_API is on: keys may be sent over plain http and into the private network."
    return [
        checks.Warning(text, hint="Unset it, unless this machine only rehearses with the sandbox.", id="medialib.W001")
    ]


@register(Tags.security, deploy=True)
def check_second_place(**kwargs: Any) -> list[CheckMessage]:
    hint = "Mend the place that AUDIT_ANCHOR_COPY names, and let a worker run: it catches up by itself."
    return [checks.Warning(text, hint=hint, id="medialib.W002") for text in [copies.trouble()] if text]


@register(Tags.database, deploy=True)
def check_account_addresses(databases: Sequence[str] | None = None, **kwargs: Any) -> list[CheckMessage]:
    return [problem for alias in databases or () for problem in _bad_addresses(alias)]


@register(Tags.database, deploy=True)
def check_audit_triggers(databases: Sequence[str] | None = None, **kwargs: Any) -> list[CheckMessage]:
    text = "The audit log or frozen lists can be changed: triggers are missing."
    hint = "Run “manage.py migrate” to put them back."
    bare = [alias for alias in databases or () if not append_only.is_installed(connections[alias])]
    return [Error(text, hint=hint, obj=alias, id="medialib.E004") for alias in bare]


@register(Tags.database, deploy=True)
def check_strangers(databases: Sequence[str] | None = None, **kwargs: Any) -> list[CheckMessage]:
    text = "Rows can be changed before they are sealed: {}."
    found = {alias: "; ".join(strangers.everywhere(connections[alias])) for alias in databases or ()}
    return [
        Error(text.format(what), hint=strangers.MEND, obj=alias, id="medialib.E005")
        for alias, what in found.items()
        if what
    ]


def _bad_addresses(alias: str) -> list[CheckMessage]:
    try:
        accounts = list(Account.objects.using(alias).only("name", "api_url"))
    except DatabaseError:
        return []  # Not migrated yet: nothing to send a key to.
    return [Error(text, obj=account.name, id="medialib.E003") for account in accounts if (text := _trouble(account))]


def _trouble(account: Account) -> str:
    try:
        addresses.clean(account.api_url, what=addresses.API)
    except MedialibError as error:
        return str(error)
    return ""
