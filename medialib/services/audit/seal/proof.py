"""The audit log with all that a stranger needs to check it, as lines of JSON. docs/audit.md describes them.

{"format":"medialib-audit-export-1","exported_at":…}
{"segment":{header},"signature":"…"}          for each segment, followed by one line for each of its events:
{"account_id":…}                              the very bytes that were hashed
{"segment":{header},"signature":"…","pruned":true}   where the events were archived and removed
{"end":{…},"signature":"…"}                   what was exported, and the newest anchor: a file cut short lacks it
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from medialib.models import AuditSegment
from medialib.services.audit.seal import anchors, headers, keys
from medialib.services.audit.seal.lines import BEFORE_ALL, canonical, lines
from medialib.services.base.clock import shared_now

FORMAT = "medialib-audit-export-1"
END = "medialib-audit-end-1"
AT_ONCE = 50


def stream(*, after_event: int = 0, last_segment: int | None = None) -> Iterator[str]:
    """The sealed log from the segment on that holds the event after `after_event`, in pieces of text."""
    yield f"{canonical({'exported_at': _now(), 'format': FORMAT})}\n"
    first: AuditSegment | None = None
    last: AuditSegment | None = None
    events = 0
    for segment in segments(after_event=after_event, last_segment=last_segment):
        before = last.last_id if last else _last_id_before(segment)
        text, count = _segment_text(segment, before)
        yield text
        events, first, last = events + count, first or segment, segment
    yield _end(first, last, events)


def segments(*, after_event: int = 0, last_segment: int | None = None) -> Iterator[AuditSegment]:
    """Segments that hold events after this one, oldest first, a few at a time."""
    rows = AuditSegment.objects.in_order().filter(last_id__gt=after_event).defer("leaves")
    if last_segment is not None:
        rows = rows.filter(number__lte=last_segment)
    number = 0
    while some := list(rows.filter(number__gt=number)[:AT_ONCE]):
        yield from some
        number = some[-1].number


def _segment_text(segment: AuditSegment, before: int) -> tuple[str, int]:
    texts = [text for _, _, text in lines(after=before, up_to=segment.last_id)]
    pruned = "" if texts else ',"pruned":true'
    head = f'{{"segment":{segment.header},"signature":"{segment.signature}"{pruned}}}'
    return "\n".join([head, *texts, ""]), len(texts)


def _last_id_before(segment: AuditSegment) -> int:
    earlier = AuditSegment.objects.filter(number__lt=segment.number).order_by("-number")
    return earlier.values_list("last_id", flat=True).first() or BEFORE_ALL


def _end(first: AuditSegment | None, last: AuditSegment | None, events: int) -> str:
    facts: dict[str, Any] = {
        "anchor": _newest_anchor(),
        "events": events,
        "exported_at": _now(),
        "first_segment": first.number if first else None,
        "format": END,
        "head": last.hash if last else None,
        "last_segment": last.number if last else None,
    }
    text, key = canonical(facts), keys.known_key()
    is_ours = key and last and key.public in (headers.key_of(last), headers.successor_of(last))
    return f'{{"end":{text},"signature":"{key.sign(text.encode()) if key and is_ours else ""}"}}\n'


def _newest_anchor() -> dict[str, Any] | None:
    anchor = anchors.newest()
    return {"hash": anchor.hash, "number": anchor.number} if anchor and anchor.number else None


def _now() -> str:
    return headers.canonical_time(shared_now())
