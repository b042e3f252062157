"""Statements of what was pruned, signed by the log's own key: an event that anybody with the database could insert
proves nothing by itself.

The detail of an `audit.pruned` event is the statement: range from segment 1 to the last one gone, that segment's hash,
every archive so far, the key, and the signature over the canonical JSON (RFC 8785) of all but the signature.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from medialib.models import AuditEvent, AuditSegment, EventKind
from medialib.services.audit.seal.keys import SigningKey, is_signed
from medialib.services.audit.seal.lines import canonical

FORMAT = "medialib-prune-1"


@dataclass(frozen=True)
class Statement:
    """A statement with a valid signature. Only the chain can tell whether its key is one of this log."""

    last_segment: int
    last_segment_hash: str
    key: str
    archives: list[dict[str, Any]]

    def holds(self, *, hashes: dict[int, str], keys: set[str]) -> bool:
        return self.key in keys and hashes.get(self.last_segment) == self.last_segment_hash


def signed(facts: dict[str, Any], key: SigningKey) -> dict[str, Any]:
    """The statement as it is stored."""
    statement = facts | {"format": FORMAT, "key": key.public}
    return statement | {"signature": key.sign(canonical(statement).encode())}


def every() -> list[Statement]:
    """Those of sealed events, oldest first, but none that is unsigned or does not begin with the first segment."""
    events = AuditEvent.objects.filter(event=EventKind.AUDIT_PRUNED, pk__lte=AuditSegment.objects.sealed_up_to())
    return list(_parsed(events.order_by("pk").values_list("detail", flat=True)))


def _parsed(details: Any) -> Iterator[Statement]:
    for detail in details:
        statement = parse(detail)
        if statement:
            yield statement


def parse(detail: Any) -> Statement | None:
    try:
        facts = {name: value for name, value in detail.items() if name != "signature"}
        if facts["format"] != FORMAT or facts["first_segment"] != 1:
            return None
        if not is_signed(canonical(facts).encode(), detail["signature"], facts["key"]):
            return None
        return Statement(facts["last_segment"], facts["last_segment_hash"], facts["key"], facts["archives"])
    except (AttributeError, KeyError, TypeError, ValueError):
        return None
