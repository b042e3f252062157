"""Secrets at rest: encrypted with the first of FIELD_ENCRYPTION_KEYS, readable with any of them."""

from __future__ import annotations

from cryptography.fernet import Fernet, InvalidToken, MultiFernet
from django.conf import settings
from django.utils.translation import gettext_lazy as _
from django.views.decorators.debug import sensitive_variables

from medialib.errors import Refused

UNREADABLE = _(
    "The stored key cannot be decrypted with any of FIELD_ENCRYPTION_KEYS. "
    "Put the earlier encryption key back into that setting, or enter the private key anew."
)
UNUSABLE = _(
    "FIELD_ENCRYPTION_KEYS is empty or malformed, so no key can be stored or read. "
    "Each must be a Fernet key: 32 bytes in URL-safe base64."
)


@sensitive_variables()
def encrypt(secret: str) -> str:
    return _fernet().encrypt(secret.encode()).decode()


@sensitive_variables()
def decrypt(ciphertext: str) -> str:
    """The secret. Raises Refused when no key fits: what cannot be read is never handed on as if it were plain."""
    try:
        return _fernet().decrypt(ciphertext.encode()).decode()
    except InvalidToken:
        raise Refused(UNREADABLE) from None


def reencrypt(ciphertext: str) -> str:
    """The same secret under the newest key. Raises Refused when no key fits."""
    try:
        return _fernet().rotate(ciphertext.encode()).decode()
    except InvalidToken:
        raise Refused(UNREADABLE) from None


def require_usable() -> None:
    """Raises Refused when FIELD_ENCRYPTION_KEYS could not store a secret."""
    _fernet()


@sensitive_variables()
def _fernet() -> MultiFernet:
    # Made each time: it takes microseconds, and a changed setting counts at once.
    try:
        return MultiFernet([Fernet(key) for key in settings.FIELD_ENCRYPTION_KEYS])
    except (ValueError, TypeError):
        raise Refused(UNUSABLE) from None
