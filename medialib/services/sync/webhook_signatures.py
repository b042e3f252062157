"""Whether an event was signed with an account's webhook secret, by either of ImageKit's two schemes.

Current (Standard Webhooks): webhook-id, webhook-timestamp in seconds, webhook-signature "v1,<base64> …" over
id.timestamp.body. ImageKit's SDKs take the whole secret as the key, the standard takes what is encoded in it; which one
ImageKit signs with is not documented, so both are accepted. Older: x-ik-signature "t=<ms>,v1=<hex>" over t.body.
"""

from __future__ import annotations

import base64
import binascii
import hmac
from collections.abc import Iterator, Mapping
from datetime import datetime
from hashlib import sha256

TOLERANCE_S = 300
PREFIX = "whsec_"


def is_signed(secret: str, headers: Mapping[str, str], body: bytes, *, at: datetime) -> bool:
    """Whether the body is what was signed, no longer ago than five minutes."""
    if "webhook-signature" in headers:
        return _is_current(secret, headers, body, at=at)
    return _is_older(secret, headers.get("x-ik-signature", ""), body, at=at)


def _is_current(secret: str, headers: Mapping[str, str], body: bytes, *, at: datetime) -> bool:
    event_id, stamp = headers.get("webhook-id", ""), headers.get("webhook-timestamp", "")
    if not event_id or not _is_recent(stamp, 1, at=at):
        return False
    signed = f"{event_id}.{stamp}.".encode() + body
    signatures = [base64.b64encode(_digest(key, signed)) for key in keys_of(secret)]
    given = [part.partition(",")[2].encode() for part in headers["webhook-signature"].split() if part[:3] == "v1,"]
    # Every pair is compared, so that the time taken tells nothing.
    return sum(hmac.compare_digest(one, other) for one in given[:10] for other in signatures) > 0


def _is_older(secret: str, header: str, body: bytes, *, at: datetime) -> bool:
    parts = dict(part.strip().partition("=")[::2] for part in header.split(",")[:10])
    stamp, given = parts.get("t", ""), parts.get("v1", "")
    if not _is_recent(stamp, 1000, at=at):
        return False
    signature = _digest(secret.encode(), f"{stamp}.".encode() + body).hex()
    return hmac.compare_digest(given.encode(), signature.encode())


def keys_of(secret: str) -> Iterator[bytes]:
    """What the secret may stand for as a key."""
    yield secret.encode()
    try:
        decoded = base64.b64decode(secret.removeprefix(PREFIX), validate=True)
    except (binascii.Error, ValueError):
        return
    if decoded:
        yield decoded


def _is_recent(stamp: str, per_second: int, *, at: datetime) -> bool:
    if not (stamp.isascii() and stamp.isdigit() and len(stamp) <= 15):
        return False
    return abs(at.timestamp() - int(stamp) / per_second) <= TOLERANCE_S


def _digest(key: bytes, signed: bytes) -> bytes:
    return hmac.new(key, signed, sha256).digest()
