"""The Ed25519 key that signs the audit log's seals. It is kept outside the database: in the environment or a file.

A new key is named in the last seal of the old one, so a reader who trusts the first key can follow to the newest.
"""

from __future__ import annotations

import base64
import os
from dataclasses import dataclass
from pathlib import Path

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from django.conf import settings
from django.utils.translation import gettext_lazy as _

from medialib.errors import Refused

PRIVATE, NEXT, PUBLIC = "audit-signing.key", "audit-signing.key.next", "audit-signing.pub"


@dataclass(frozen=True)
class SigningKey:
    private: Ed25519PrivateKey

    @property
    def public(self) -> str:
        """The public key, 32 bytes in hex: the name of the key everywhere."""
        return self.private.public_key().public_bytes_raw().hex()

    def sign(self, message: bytes) -> str:
        return self.private.sign(message).hex()


def signing_key() -> SigningKey:
    """The key of this machine, made on first use. Raises Refused when it cannot be read or kept."""
    key = known_key()
    if key is None:
        key = _make(PRIVATE)
        _publish(key)
    return key


def known_key() -> SigningKey | None:
    """The key of this machine, when there is one."""
    return _from_environment() or _from_file(_path(PRIVATE))


def known_public_key() -> str | None:
    """What this machine knows the log to be signed by: its own key, or the public key that was put there."""
    key = known_key()
    if key:
        return key.public
    path = _path(PUBLIC)
    return path.read_text(encoding="ascii").strip() if path.exists() else None


def next_key() -> SigningKey | None:
    """The key that is to follow, between its making and its first seal."""
    return _from_file(_path(NEXT))


def make_next_key() -> SigningKey:
    return _make(NEXT)


def adopt_next_key() -> None:
    """Sign with the next key from now on; the old one is gone for good."""
    if _path(NEXT).exists():  # Else a worker of this machine was first.
        os.replace(_path(NEXT), _path(PRIVATE))
        _publish(signing_key())


def is_from_environment() -> bool:
    return bool(settings.AUDIT_SIGNING_KEY)


def is_signed(message: bytes, signature: str, public_key: str) -> bool:
    """A signature has one spelling, or somebody could change it unseen."""
    try:
        if bytes.fromhex(signature).hex() != signature:
            return False
        key = Ed25519PublicKey.from_public_bytes(bytes.fromhex(public_key))
        key.verify(bytes.fromhex(signature), message)
    except (InvalidSignature, ValueError):
        return False
    return True


def _path(name: str) -> Path:
    return Path(settings.DATA_DIR) / name


def _from_environment() -> SigningKey | None:
    return _decoded(settings.AUDIT_SIGNING_KEY, "AUDIT_SIGNING_KEY") if settings.AUDIT_SIGNING_KEY else None


def _from_file(path: Path) -> SigningKey | None:
    try:
        text = path.read_text(encoding="ascii").strip()
    except FileNotFoundError:
        return None
    except OSError as error:
        raise Refused(
            _("The audit log's key %(path)s cannot be read (%(cause)s)."), path=path, cause=error.strerror
        ) from None
    return _decoded(text, path.name)


def _decoded(text: str, where: str) -> SigningKey:
    try:
        return SigningKey(Ed25519PrivateKey.from_private_bytes(base64.b64decode(text, validate=True)))
    except ValueError:
        raise Refused(_("%(where)s does not hold a signing key: 32 bytes in base64."), where=where) from None


def _make(name: str) -> SigningKey:
    """Two processes may make it at once: the link succeeds for one of them, and both read the file that is there."""
    path, own = _path(name), _path(f"{name}.{os.getpid()}")
    try:
        with os.fdopen(os.open(own, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "wb") as file:
            file.write(base64.b64encode(Ed25519PrivateKey.generate().private_bytes_raw()))
        _link(own, path)
    except OSError as error:
        text = _("The audit log's key cannot be kept in %(folder)s (%(cause)s).")
        raise Refused(text, folder=path.parent, cause=error.strerror) from None
    return _decoded(path.read_text(encoding="ascii"), name)


def _link(own: Path, path: Path) -> None:
    try:
        os.link(own, path)
    except FileExistsError:
        pass
    finally:
        own.unlink(missing_ok=True)


def _publish(key: SigningKey) -> None:
    """The public half, for people who want to verify later without trusting this machine."""
    _path(PUBLIC).write_text(f"{key.public}\n", encoding="ascii")
