"""Anchors: the newest seals, noted outside the database. A log that was cut off or rolled back contradicts them.

The file is one JSON line an anchor, only ever appended to: {"anchor":{…},"signature":"…"}, the signature being over
the canonical JSON (RFC 8785) of the anchor. Each machine with a worker keeps one, so each is a witness.

A log that begins here is noted before its first seal, as number 0. Where seals were there already and no anchor was,
the first one says `begins_anew`: that is not whole until a person accepts it.
"""

from __future__ import annotations

import json
import logging
import os
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from django.conf import settings
from django.utils.translation import gettext_lazy as _

from medialib.errors import MedialibError
from medialib.models import AuditSegment
from medialib.services.audit.seal.keys import SigningKey, is_signed
from medialib.services.audit.seal.lines import canonical
from medialib.services.base.clock import shared_now

logger = logging.getLogger(__name__)

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
    restored_from: int | None = None  # The head after which a restored backup continues, accepted by a person.
    begins_anew: bool = False
    noted_at: str = ""


def anchor_file() -> Path:
    return Path(settings.AUDIT_ANCHOR_FILE)


def keep_up(key: SigningKey | None) -> None:
    """Note the newest seal where it is not noted yet. Raises Contradicted when the database lost the last one noted."""
    head = AuditSegment.objects.head()
    last = newest()
    if last:
        refuse_contradiction(last, head)
    if head and key and last is None:
        logger.error("the anchors in %s are missing; they begin anew with segment %d", anchor_file(), head.number)
        append(head, key, begins_anew=True)
    elif head and key and last and last.number < head.number:
        append(head, key)


def begin(key: SigningKey) -> None:
    """Note that the log begins here, before its first seal."""
    if newest() is None:
        append(None, key)


def accept_loss(head: AuditSegment | None, key: SigningKey, *, after: int | None = None) -> None:
    """Note that a person accepts the database as it is: what was noted after segment `after`, or after `head`, is void,
    and stays on record."""
    last = head.number if head else 0
    append(head, key, restored_from=last if after is None else min(after, last))


def refuse_contradiction(anchor: Anchor, head: AuditSegment | None) -> None:
    if anchor.number == 0:  # A restored backup from before the first seal.
        return
    noted = {"number": anchor.number, "file": anchor_file().name}
    if head is None:
        raise Contradicted(_("Segment %(number)s was sealed and noted in %(file)s, but the log has none."), **noted)
    if head.number < anchor.number:
        text = _("Segment %(number)s was sealed and noted in %(file)s, but the log ends with segment %(last)s.")
        raise Contradicted(text, last=head.number, **noted)
    found = AuditSegment.objects.filter(number=anchor.number).values_list("hash", flat=True).first()
    if found != anchor.hash:
        raise Contradicted(_("Segment %(number)s is not the one that was sealed and noted in %(file)s."), **noted)


def refuse_missing(head: AuditSegment | None) -> None:
    """Raises Contradicted when anchors are missing that were not accepted as lost."""
    there = list(every())
    if head and not there:
        text = _("%(count)s segments are sealed, and %(file)s holds no anchor.")
        raise Contradicted(text, count=head.number, file=anchor_file().name)
    accepted = max((place for place, anchor in enumerate(there) if anchor.restored_from is not None), default=-1)
    for anchor in there[accepted + 1 :]:
        if anchor.begins_anew:
            text = _("The anchors before segment %(number)s are missing: %(file)s was removed or moved.")
            raise Contradicted(text, number=anchor.number, file=anchor_file().name)


def append(head: AuditSegment | None, key: SigningKey, **more: Any) -> None:
    noted: dict[str, Any] = {
        "events": head.first_position + head.event_count - 1 if head else 0,
        "format": FORMAT,
        "hash": head.hash if head else "",
        "key": key.public,
        "noted_at": shared_now().isoformat(timespec="seconds"),
        "number": head.number if head else 0,
    }
    text = canonical(noted | more)
    write(anchor_file(), f'{{"anchor":{text},"signature":"{key.sign(text.encode())}"}}\n'.encode("ascii"))


def write(path: Path, lines: bytes) -> None:
    """Readable by its owner only. What a crash cut short gets its end first, or it would swallow these lines too."""
    with open(os.open(path, os.O_RDWR | os.O_CREAT | os.O_APPEND, 0o600), "rb+") as file:
        if file.seek(0, os.SEEK_END) and (file.seek(-1, os.SEEK_END), file.read(1))[1] != b"\n":
            lines = b"\n" + lines
        file.write(lines)
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
        more = (noted.get("restored_from"), bool(noted.get("begins_anew")), str(noted.get("noted_at", "")))
        return Anchor(noted["number"], noted["hash"], noted["events"], noted["key"], signed, *more)
    except (ValueError, KeyError, TypeError, AttributeError):
        return None
