"""Encrypts everything that is stored encrypted again, with the newest encryption key."""

from __future__ import annotations

from dataclasses import dataclass

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
    unreadable += _reencrypt_webhook_secrets()
    unreadable += _reencrypt_notice_routes()
    log.record(EventKind.KEYS_REENCRYPTED, actor=actor, detail={"reencrypted": done, "unreadable": unreadable})
    return Reencryption(done, tuple(unreadable))


def _reencrypt_webhook_secrets() -> list[str]:
    """Encrypt all secrets with the newest encryption key. Returns the accounts whose secret could not be read."""
    unreadable = []
    for stored in WebhookSecret.objects.select_related("account"):
        try:
            fresh = vault.reencrypt(stored.ciphertext)
        except Refused:
            unreadable.append(f"webhook secret of {stored.account.name}")
        else:
            WebhookSecret.objects.filter(pk=stored.pk, ciphertext=stored.ciphertext).update(ciphertext=fresh)
    return unreadable


def _reencrypt_notice_routes() -> list[str]:
    """The places where people are told, likewise. Returns whose could not be read."""
    unreadable = []
    for route in NoticeRoute.objects.exclude(ciphertext="").select_related("user"):
        stored = {"ciphertext": route.ciphertext, "secret_ciphertext": route.secret_ciphertext}
        try:
            fresh = {name: vault.reencrypt(text) if text else "" for name, text in stored.items()}
        except Refused:
            unreadable.append(f"notices of {route.user.get_username()} to {route.host}")
        else:
            NoticeRoute.objects.filter(pk=route.pk, **stored).update(**fresh)
    return unreadable
