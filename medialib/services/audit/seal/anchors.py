"""Anchors: the newest seals, noted outside the database. A log that was cut off or rolled back contradicts them.

The file is one JSON line an anchor, only ever appended to: {"anchor":{…},"signature":"…"}, the signature being over
the canonical JSON (RFC 8785) of the anchor. Each machine with a worker keeps one, so each is a witness.
"""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from django.conf import settings

from medialib.errors import MedialibError
from medialib.models import AuditSegment
from medialib.services.audit.seal.keys import SigningKey, is_signed
from medialib.services.audit.seal.lines import canonical
from medialib.services.base.clock import shared_now

FORMAT = "medialib-anchor-1"
TAIL_BYTES = 4_096  # Many times the length of a line.


class Contradicted(MedialibError):
    """The database does not hold what was noted outside it: it was cut off, rolled back or replaced."""


@dataclass(frozen=True)
class Anchor:
    number: int
    hash: str
    events: int
    key: str
    is_signed: bool
    restored_from: int | None = None  # The head after which a restored backup goes on, accepted by a person.


def anchor_file() -> Path:
    return Path(settings.AUDIT_ANCHOR_FILE)


def keep_up(key: SigningKey | None) -> None:
    """Note the newest seal where it is not noted yet. Raises Contradicted when the database lost the last one noted."""
    head = AuditSegment.objects.head()
    last = newest()
    if last:
        refuse_contradiction(last, head)
    if head and key and (last is None or last.number < head.number):
        append(head, key)


def accept_loss(head: AuditSegment | None, key: SigningKey) -> None:
    """Note that a person accepts the database as it is: what was noted after `head` is void, and stays on record."""
    append(head, key, restored=True)


def refuse_contradiction(anchor: Anchor, head: AuditSegment | None) -> None:
    if anchor.number == 0:  # A restored backup from before the first seal.
        return
    if head is None or head.number < anchor.number:
        there = f"the log ends with segment {head.number}" if head else "the log has none"
        raise Contradicted(f"Segment {anchor.number} was sealed and noted in {anchor_file().name}, but {there}.")
    found = AuditSegment.objects.filter(number=anchor.number).values_list("hash", flat=True).first()
    if found != anchor.hash:
        raise Contradicted(f"Segment {anchor.number} is not the one that was sealed and noted in {anchor_file().name}.")


def append(head: AuditSegment | None, key: SigningKey, *, restored: bool = False) -> None:
    number = head.number if head else 0
    noted: dict[str, Any] = {
        "events": head.first_position + head.event_count - 1 if head else 0,
        "format": FORMAT,
        "hash": head.hash if head else "",
        "key": key.public,
        "noted_at": shared_now().isoformat(timespec="seconds"),
        "number": number,
    }
    text = canonical(noted | {"restored_from": number} if restored else noted)
    line = f'{{"anchor":{text},"signature":"{key.sign(text.encode())}"}}\n'
    with open(anchor_file(), "a", encoding="ascii") as file:
        file.write(line)
        file.flush()
        os.fsync(file.fileno())


def newest() -> Anchor | None:
    """The last anchor of the file, found without reading all of it."""
    try:
        with open(anchor_file(), "rb") as file:
            file.seek(max(0, file.seek(0, os.SEEK_END) - TAIL_BYTES))
            lines = file.read().splitlines()
    except FileNotFoundError:
        return None
    return next((anchor for line in reversed(lines) if (anchor := parse(line.decode("ascii", "replace")))), None)


def every(path: Path | None = None) -> Iterator[Anchor]:
    """All anchors of the file, oldest first. A line that a crash cut short is passed over."""
    path = path or anchor_file()
    if path.exists():
        with open(path, encoding="ascii", errors="replace") as file:
            yield from filter(None, map(parse, file))


def parse(line: str) -> Anchor | None:
    try:
        entry = json.loads(line)
        noted, signature = entry["anchor"], entry["signature"]
        signed = is_signed(canonical(noted).encode(), signature, noted["key"])
        return Anchor(noted["number"], noted["hash"], noted["events"], noted["key"], signed, noted.get("restored_from"))
    except (ValueError, KeyError, TypeError, AttributeError):
        return None
