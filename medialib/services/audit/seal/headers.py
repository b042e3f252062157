"""The header of a segment: what is hashed, signed and linked. Canonical JSON (RFC 8785) of the fields below."""

from __future__ import annotations

import hashlib
import json
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from typing import Any

from medialib.models import AuditSegment
from medialib.services.audit.seal.lines import canonical

FORMAT = "medialib-segment-1"
NOTHING_BEFORE = "0" * 64


@dataclass(frozen=True)
class SegmentHeader:
    number: int  # From 1.
    first_position: int  # Place of its first event in the chain, from 1, without gaps.
    count: int
    first_id: int
    last_id: int
    first_time: str  # The earliest and the latest time of its events.
    last_time: str
    root: str  # Merkle root over the events' canonical JSON, in the order of their ids.
    previous: str  # Hash of the header before; zeros in the first.
    key: str  # Public key that signs this header.
    successor: str | None  # Public key that signs the headers that follow, where the key changes.
    sealed_at: str
    format: str = FORMAT

    def canonical(self) -> str:
        return canonical(asdict(self))


def parse(text: str) -> SegmentHeader:
    """Raises ValueError for what is no header of this format, in exactly its canonical form."""
    try:
        header = SegmentHeader(**json.loads(text))
    except TypeError as error:
        raise ValueError("not a header") from error
    if header.format != FORMAT or header.canonical() != text:
        raise ValueError("not in canonical form")
    return header


def hash_of(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()


def key_of(segment: AuditSegment) -> str:
    return str(fields_of(segment).get("key"))


def successor_of(segment: AuditSegment) -> str | None:
    named = fields_of(segment).get("successor")
    return str(named) if named else None


def canonical_time(at: datetime) -> str:
    return at.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ")


def is_time(text: object) -> bool:
    """Whether it is a time as canonical_time writes it."""
    try:
        return isinstance(text, str) and canonical_time(datetime.fromisoformat(text)) == text
    except ValueError:
        return False


def fields_of(segment: AuditSegment) -> dict[str, Any]:
    try:
        fields: dict[str, Any] = json.loads(segment.header)
    except ValueError:  # Somebody wrote over it; verifyaudit says so.
        return {}
    return fields
