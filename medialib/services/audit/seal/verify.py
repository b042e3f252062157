"""Compares the whole log with its seals and anchors, and names the first place that does not fit."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from itertools import islice
from typing import Any

from django.db import connection
from django.db.models import Count, Min

from medialib.models import AuditEvent, AuditSegment
from medialib.models.audit import append_only, storage, strangers
from medialib.services.audit.seal import against, anchors, copies, headers, merkle, statements
from medialib.services.audit.seal import keys as audit_keys
from medialib.services.audit.seal.against import Seen
from medialib.services.audit.seal.headers import SegmentHeader, canonical_time
from medialib.services.audit.seal.lines import BEFORE_ALL, lines
from medialib.services.base.clock import shared_now

LEAF_BYTES = 32
AT_ONCE = 50  # Segments held in memory at a time.


class Broken(Exception):
    """The log is not what was sealed. The text says where and how."""


@dataclass
class LogReport:
    """`problem` is the first bad place, empty when the log is whole; `notes` say what else to know."""

    events: int = 0
    segments: int = 0
    pruned: int = 0
    unsealed: int = 0
    key: str = ""
    head: str = ""
    anchors: int = 0
    copies: int = 0
    late: int = 0
    problem: str = ""
    notes: list[str] = field(default_factory=list)

    @property
    def is_whole(self) -> bool:
        return not self.problem


def verify(*, trusted: Iterable[str] = (), seen: Seen | None = None) -> LogReport:
    """Read everything once, a segment at a time. `trusted` are public keys to accept beside the one known here, and
    `seen` are the anchors as another place has them."""
    report = LogReport()
    try:
        chain = _walk(report, {key.lower() for key in trusted})
        _hold_to_anchors(report, chain)
        if seen:
            _hold_to_seen(report, chain, seen)
    except Broken as error:
        report.problem = str(error)
    _look_at_unsealed(report)
    report.problem = report.problem or _weakness()
    return report


def _weakness() -> str:
    """What lets rows change, or be read as what they are not, without a seal that tells."""
    if found := strangers.everywhere(connection):
        return f"Rows can be changed before they are sealed: {'; '.join(found)}. {strangers.MEND}"
    if not append_only.is_installed(connection):
        return "The triggers that refuse changes are missing. Run “manage.py migrate” to put them back."
    found = list(islice(storage.problems(connection), 3))
    return f"Pages can show what is not there: {'; '.join(found)}. Ask who wrote to the database." if found else ""


def _look_at_unsealed(report: LogReport) -> None:
    """Sealing takes seconds. Whoever keeps it from happening can change events meanwhile."""
    unsealed = AuditEvent.objects.filter(pk__gt=AuditSegment.objects.sealed_up_to())
    facts = unsealed.aggregate(count=Count("pk"), oldest=Min("time"))
    report.unsealed = facts["count"]
    if facts["oldest"] and shared_now() - facts["oldest"] > copies.LATE:
        report.problem = report.problem or (
            f"{report.unsealed} newer events are not sealed, the oldest of {facts['oldest']:%Y-%m-%d %H:%M} UTC: no "
            "worker seals, or a transaction that writes events stays open. Until then they can be changed unseen."
        )
    if report.late:
        report.notes.append(
            f"{report.late} of the segments were sealed more than ten minutes after an event in them. Until then it "
            "could be changed unseen."
        )


@dataclass
class _Chain:
    """What the segments turned out to be: their hashes by number, and every key that may speak for them."""

    hashes: dict[int, str]
    keys: set[str]


def _walk(report: LogReport, trusted: set[str]) -> _Chain:
    known = audit_keys.known_public_key()
    chain = _Chain({0: ""}, trusted | ({known} if known else set()))
    prunings, own, signers = statements.every(), set(chain.keys), set()
    excused = max((statement.last_segment for statement in prunings), default=0)
    gone: list[AuditSegment] = []
    before: SegmentHeader | None = None
    for segment in _segments():
        header = _checked_header(segment, before, report, trusted)
        present = _check_events(segment, header, after=before.last_id if before else BEFORE_ALL, excused=excused)
        chain.hashes[header.number] = segment.hash
        signers.add(header.key)
        chain.keys |= {header.key, *([header.successor] if header.successor else [])}
        report.segments += 1
        report.events += header.count
        if not present:
            gone.append(segment)
            report.pruned += header.count
        report.late += _lasted(header) > copies.LATE
        report.key, report.head, before = header.key, segment.hash, header
    # What one key signs vouches for all before it, by the links, and for the keys that it names after it.
    if before and known and not signers & own:
        raise Broken(f"The log is signed by the key {before.key}, which is not the one known here ({known}).")
    _check_statements(prunings, gone, chain)
    return chain


def _lasted(header: SegmentHeader) -> timedelta:
    """From the segment's first event to its seal."""
    return datetime.fromisoformat(header.sealed_at) - datetime.fromisoformat(header.first_time)


def _segments() -> Iterator[AuditSegment]:
    """By key, a few at a time: their leaf hashes are large."""
    last: int | None = None
    segments = AuditSegment.objects.in_order()
    while some := list((segments if last is None else segments.filter(number__gt=last))[:AT_ONCE]):
        yield from some
        last = some[-1].number


def _checked_header(
    segment: AuditSegment, before: SegmentHeader | None, report: LogReport, trusted: set[str]
) -> SegmentHeader:
    where = f"Segment {segment.number}"
    expected = before.number + 1 if before else 1
    if segment.number != expected:
        raise Broken(f"Segment {expected} is missing: segment {segment.number} follows {expected - 1}.")
    try:
        header = headers.parse(segment.header)
    except ValueError:
        raise Broken(f"{where}: its header was changed.") from None
    if not audit_keys.is_signed(segment.header.encode(), segment.signature, header.key):
        raise Broken(f"{where}: its header or its signature was changed.")
    if before and header.key != (before.successor or before.key) and header.key not in trusted:
        raise Broken(f"{where}: it is signed by the key {header.key}, which the key before did not name.")
    if segment.hash != headers.hash_of(segment.header) or _columns(segment) != _told(header):
        raise Broken(f"{where}: its columns were changed; they do not say what its signed header says.")
    if header.previous != (report.head or headers.NOTHING_BEFORE):
        raise Broken(f"{where}: it does not follow the segment before it.")
    if before and header.first_position != before.first_position + before.count:
        raise Broken(f"{where}: its positions do not follow those of the segment before it.")
    return header


def _columns(segment: AuditSegment) -> tuple[Any, ...]:
    times = [canonical_time(at) for at in (segment.first_time, segment.last_time)]
    numbers = (segment.number, segment.first_position, segment.event_count, segment.first_id, segment.last_id)
    return (*numbers, *times, segment.previous)


def _told(header: SegmentHeader) -> tuple[Any, ...]:
    times = [canonical_time(datetime.fromisoformat(at)) for at in (header.first_time, header.last_time)]
    return (
        header.number, header.first_position, header.count, header.first_id, header.last_id, *times, header.previous
    )  # fmt: skip


def _check_events(segment: AuditSegment, header: SegmentHeader, *, after: int, excused: int) -> bool:
    """Whether the events are there, and exactly those that were sealed. False where a statement says they were pruned,
    which still has to be compared with the chain."""
    found = [(pk, merkle.leaf_hash(text.encode())) for pk, _, text in lines(after=after, up_to=header.last_id)]
    if found and merkle.root(leaf for _, leaf in found).hex() == header.root and len(found) == header.count:
        if b"".join(leaf for _, leaf in found) != bytes(segment.leaves):
            raise Broken(f"Segment {header.number}: its list of hashes was changed.")
        return True
    if not found and header.number <= excused:
        if _leaves(segment, header) is None:
            raise Broken(f"Segment {header.number}: its list of hashes was changed.")
        return False
    raise Broken(f"Segment {header.number}: {_difference(segment, header, found)}")


def _difference(segment: AuditSegment, header: SegmentHeader, found: list[tuple[int, bytes]]) -> str:
    """Which event it is. The list of leaf hashes is kept beside the seal, and trusted when it has the sealed root."""
    sealed = _leaves(segment, header)
    if not found:
        return f"its {header.count} events were removed (ids {header.first_id} to {header.last_id})."
    if sealed is None:
        return f"its events (ids {header.first_id} to {header.last_id}) and their list of hashes were changed."
    return _first_difference(header, sealed, found)


def _leaves(segment: AuditSegment, header: SegmentHeader) -> list[bytes] | None:
    """The list of leaf hashes that is kept beside the seal; None when it is not the one that was sealed."""
    leaves = bytes(segment.leaves)
    kept = [leaves[start : start + LEAF_BYTES] for start in range(0, len(leaves), LEAF_BYTES)]
    return kept if len(kept) == header.count and merkle.root(kept).hex() == header.root else None


def _first_difference(header: SegmentHeader, sealed: list[bytes], found: list[tuple[int, bytes]]) -> str:
    hashes = [leaf for _, leaf in found]
    index = next(
        (n for n, (a, b) in enumerate(zip(sealed, hashes, strict=False)) if a != b), min(map(len, (sealed, hashes)))
    )
    place = f"at position {header.first_position + index}"
    if index >= len(hashes) or (hashes[index] in sealed and sealed[index] not in hashes):
        return f"an event was removed {place}{_after(found, index)}."
    if index >= len(sealed) or (sealed[index] in hashes and hashes[index] not in sealed):
        return f"the event {found[index][0]} was inserted {place}."
    if hashes[index] in sealed:
        return f"the events were reordered from {place.removeprefix('at ')} on (event {found[index][0]})."
    return f"the event {found[index][0]} was changed ({place.removeprefix('at ')})."


def _after(found: list[tuple[int, bytes]], index: int) -> str:
    return f", after the event {found[index - 1][0]}" if index else ""


def _check_statements(prunings: list[statements.Statement], gone: list[AuditSegment], chain: _Chain) -> None:
    """What is gone needs a statement signed by a key of this log, about this very chain."""
    valid = [one.last_segment for one in prunings if one.holds(hashes=chain.hashes, keys=chain.keys)]
    for segment in gone:
        if segment.number > max(valid, default=0):
            header = headers.parse(segment.header)
            raise Broken(f"Segment {segment.number}: {_difference(segment, header, [])}")


def _hold_to_anchors(report: LogReport, chain: _Chain) -> None:
    report.anchors = len(_hold(chain, anchors.every(), anchors.anchor_file().name))
    try:
        anchors.refuse_missing(AuditSegment.objects.head())
    except anchors.Contradicted as error:
        raise Broken(str(error)) from None


def _hold(chain: _Chain, noted: Iterable[anchors.Anchor], name: str) -> list[anchors.Anchor]:
    """Those that were not accepted as lost, each of a segment of this chain."""
    valid = against.valid(_genuine(chain, noted, name))
    for anchor in valid:
        if anchor.number not in chain.hashes:
            raise Broken(
                f"Segment {max(chain.hashes) + 1} is missing: segment {anchor.number}, with {anchor.events} events up "
                f"to its end, was noted in {name}. The log was cut off or rolled back."
            )
        if chain.hashes[anchor.number] != anchor.hash:
            raise Broken(f"Segment {anchor.number} is not the one noted in {name}.")
    return valid


def _genuine(chain: _Chain, noted: Iterable[anchors.Anchor], name: str) -> Iterator[anchors.Anchor]:
    for anchor in noted:
        if not anchor.is_signed or anchor.key not in chain.keys:
            raise Broken(f"The anchor of segment {anchor.number} in {name} was changed.")
        yield anchor


def _hold_to_seen(report: LogReport, chain: _Chain, seen: Seen) -> None:
    """The other place holds nothing that the chain lacks. What it lacks itself is a problem where it should have it."""
    valid = _hold(chain, seen.anchors, seen.name)
    report.copies = len(valid)
    report.notes += against.acceptances(seen)
    newest = max((anchor.number for anchor in valid), default=0)
    later = AuditSegment.objects.in_order().filter(number__gt=newest).first()
    if later is None:
        return
    if not seen.is_live and not seen.anchors:
        raise Broken(f"{seen.name} holds no anchor.")
    sealed_at = datetime.fromisoformat(headers.parse(later.header).sealed_at)
    text = f"{seen.name} has no anchor of segment {later.number}, sealed at {sealed_at:%Y-%m-%d %H:%M} UTC, or later."
    if seen.is_live and shared_now() - sealed_at > copies.LATE:
        raise Broken(text)
    report.notes.append(text)
