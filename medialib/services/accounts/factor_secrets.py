"""The secrets of second factors, encrypted like the keys: they follow when the encryption key changes."""

from __future__ import annotations

from typing import Any

from allauth.mfa.models import Authenticator
from django.db import transaction

from medialib.errors import Refused
from medialib.services.accounts import vault

SECRETS = ("secret", "seed")  # Of an authenticator app, of recovery codes. Passkeys hold public keys only.


def reencrypt() -> list[str]:
    """Encrypt all with the newest encryption key. Returns which could not be read and stay as they are."""
    unreadable = []
    for pk in Authenticator.objects.values_list("pk", flat=True):
        with transaction.atomic():
            factor = Authenticator.objects.select_for_update().select_related("user").get(pk=pk)
            try:
                factor.data = _fresh(factor.data)
            except Refused:
                unreadable.append(f"{factor.get_type_display()} of {factor.user.get_username()}")
            else:
                factor.save(update_fields=["data"])
    return unreadable


def _fresh(data: dict[str, Any]) -> dict[str, Any]:
    return {name: vault.reencrypt(value) if name in SECRETS else value for name, value in data.items()}
