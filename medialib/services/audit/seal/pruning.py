"""Retention: the only way out of the log. What leaves it is archived with its proof, and the log says so for ever.

The seals stay: signed headers and leaf hashes. So the chain still leads from its first segment to its newest, and the
archive, whose hash is in a sealed event, can be compared with it at any time.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

from django.conf import settings
from django.db import connection, transaction

from medialib.errors import Refused, WrongUse
from medialib.models import AuditCursor, AuditEvent, AuditSegment, DeletionJob, EventKind
from medialib.models.audit import append_only, index
from medialib.services.audit import indexing, log, webhook
from medialib.services.audit.log import Actor
from medialib.services.audit.seal import keys, proof, sealing, statements, verify
from medialib.services.base.files import write_file

EVENTS = "medialib_auditevent"
AT_ONCE = 5_000  # Events in one transaction, which keeps writers out until it ends.


@dataclass(frozen=True)
class Pruned:
    events: int
    first_segment: int
    last_segment: int
    archive: Path
    sha256: str


def due(before: datetime) -> list[AuditSegment]:
    """Whole segments, from the oldest that is still here, whose events are all older than `before`."""
    oldest = AuditEvent.objects.order_by("pk").values_list("pk", flat=True).first()
    if oldest is None:
        return []
    left = AuditSegment.objects.in_order().filter(last_id__gte=oldest).defer("leaves")
    newer = left.filter(last_time__gte=before).values_list("number", flat=True).first()
    return list(left if newer is None else left.filter(number__lt=newer))


def prune(*, before: datetime, archive: Path, actor: Actor) -> Pruned:
    """Archive, record and seal, then remove. Killed on the way it is run again; nothing is removed unrecorded.

    Raises Refused when nothing is due, when the log is not whole, or when an unfinished reader still needs the events.
    """
    sealing.seal_all()
    segments = due(before)
    if not segments:
        raise Refused("No segment of the log lies wholly before that date, so there is nothing to remove.")
    _refuse_if_needed(segments)
    verdict = verify.verify()
    if not verdict.is_whole:
        raise Refused(f"The log is not whole, so nothing is removed from it. {verdict.problem}")
    digest = _write_archive(archive, segments)
    pruned = Pruned(_count(segments), segments[0].number, segments[-1].number, archive, digest)
    statement = statements.signed(_told(pruned, segments, before), keys.signing_key())
    log.record(EventKind.AUDIT_PRUNED, actor=actor, detail=statement)
    indexing.catch_up(budget_s=None)  # What is gone cannot be summed any more.
    sealing.seal_all()  # Before anything goes: no event is removed that a sealed event does not account for.
    _remove(segments)
    return pruned


def _refuse_if_needed(segments: list[AuditSegment]) -> None:
    first, last = segments[0].first_id, segments[-1].last_id
    cursor = AuditCursor.objects.filter(name=webhook.CURSOR).first()
    if settings.AUDIT_WEBHOOK_URL and cursor and cursor.event_id < last:
        raise Refused("The webhook has not been given these events yet. Wait until its receiver has taken them.")
    jobs = DeletionJob.objects.active().values_list("pk", flat=True)
    if AuditEvent.objects.filter(pk__gte=first, pk__lte=last, job__in=list(jobs)).exists():
        raise Refused("Some of these events belong to jobs that are not finished. Choose an earlier date.")


def _write_archive(archive: Path, segments: list[AuditSegment]) -> str:
    """The hash of the archive, which is an export with proof that ends with the last segment to go."""
    if archive.exists():
        raise WrongUse(f"{archive} is there already. Name a new file for the archive.")
    key = keys.signing_key()
    write_file(archive, proof.stream(after_event=segments[0].first_id - 1, last_segment=segments[-1].number))
    digest = hashlib.sha256()
    with open(archive, "rb") as file:
        while piece := file.read(1 << 20):
            digest.update(piece)
    signature = key.sign(digest.digest())
    archive.with_name(f"{archive.name}.sig").write_text(
        f"sha256 {digest.hexdigest()}\ned25519 {key.public}\nsignature {signature}\n", encoding="ascii"
    )
    return digest.hexdigest()


def _count(segments: list[AuditSegment]) -> int:
    return AuditEvent.objects.filter(pk__gte=segments[0].first_id, pk__lte=segments[-1].last_id).count()


def _told(pruned: Pruned, segments: list[AuditSegment], before: datetime) -> dict[str, Any]:
    """Says all that is gone by now, since the events that said so earlier may be among those that go."""
    last = segments[-1]
    archive = {
        "file": pruned.archive.name,
        "sha256": pruned.sha256,
        "events": pruned.events,
        "first_segment": pruned.first_segment,
        "last_segment": pruned.last_segment,
    }
    return {
        "before": before.isoformat(),
        "first_segment": 1,
        "last_segment": last.number,
        "last_position": last.first_position + last.event_count - 1,
        "last_segment_hash": last.hash,
        "archives": [*_earlier_archives(), archive],
    }


def _earlier_archives() -> list[dict[str, Any]]:
    """From the newest statement of a log that was just found whole, so it is signed by a key of that log."""
    prunings = statements.every()
    return prunings[-1].archives if prunings else []


def _remove(segments: list[AuditSegment]) -> None:
    """Whole segments, a few thousand events at a time: a segment that is there in part would look like a loss.

    The triggers are away only inside each transaction, and come back with it.
    """
    index.forget(connection, up_to=segments[-1].last_id)
    for some in _groups(segments):
        with transaction.atomic():
            append_only.remove(connection, [EVENTS])
            with connection.cursor() as cursor:
                cursor.execute(
                    f"DELETE FROM {EVENTS} WHERE id BETWEEN %s AND %s",  # noqa: S608
                    [some[0].first_id, some[-1].last_id],
                )
            append_only.install(connection)


def _groups(segments: list[AuditSegment]) -> Iterator[list[AuditSegment]]:
    group: list[AuditSegment] = []
    for segment in segments:
        group.append(segment)
        if sum(one.event_count for one in group) >= AT_ONCE:
            yield group
            group = []
    if group:
        yield group
