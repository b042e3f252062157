"""Encrypts everything that is stored encrypted again, with the newest encryption key."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from django.db.models import QuerySet

from medialib.errors import Refused
from medialib.models import ApiKey, EventKind, NoticeRoute, WebhookSecret
from medialib.services.accounts import factor_secrets, keys, vault
from medialib.services.audit import log
from medialib.services.audit.log import SYSTEM, Actor


@dataclass(frozen=True)
class Reencryption:
    """How many stored keys are now under the newest encryption key, and which could not be read."""

    done: int
    unreadable: tuple[str, ...]


def reencrypt_keys(*, actor: Actor = SYSTEM) -> Reencryption:
    """Encrypt every stored key again with the newest of FIELD_ENCRYPTION_KEYS, one by one, while all keep working."""
    vault.require_usable()
    keys.erase_retired()
    done, unreadable = 0, []
    for key in ApiKey.objects.active().select_related("account").order_by("pk"):
        try:
            fresh = vault.reencrypt(key.ciphertext)
        except Refused:
            unreadable.append(f"{key} of {key.account}")
        else:
            # Only if nobody has replaced it.
            done += ApiKey.objects.filter(pk=key.pk, ciphertext=key.ciphertext).update(ciphertext=fresh)
    unreadable += factor_secrets.reencrypt()
    unreadable += _renew(
        WebhookSecret.objects.select_related("account"),
        "ciphertext",
        name=lambda stored: f"webhook secret of {stored.account.name}",
    )
    unreadable += _renew(
        NoticeRoute.objects.exclude(ciphertext="").select_related("user"),
        "ciphertext",
        "secret_ciphertext",
        name=lambda route: f"notices of {route.user.get_username()} to {route.host}",
    )
    log.record(EventKind.KEYS_REENCRYPTED, actor=actor, detail={"reencrypted": done, "unreadable": unreadable})
    return Reencryption(done, tuple(unreadable))


def _renew(rows: QuerySet[Any], *columns: str, name: Callable[[Any], str]) -> list[str]:
    """Encrypt these columns with the newest encryption key. Returns the names of rows that could not be read."""
    unreadable = []
    for row in rows:
        stored = {column: getattr(row, column) for column in columns}
        try:
            fresh = {column: vault.reencrypt(text) if text else "" for column, text in stored.items()}
        except Refused:
            unreadable.append(name(row))
        else:
            rows.filter(pk=row.pk, **stored).update(**fresh)  # Only if nobody has replaced it.
    return unreadable
