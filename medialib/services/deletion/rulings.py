"""Writes rulings down: one outcome with its evidence an item, one event a file. Call it in a transaction."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from django.db.models import Q, QuerySet, Sum

from medialib.models import Asset, DeletionJob, EventKind, Exchange, Item, Outcome, Removal
from medialib.services.deletion import events
from medialib.services.deletion.claim import Claim
from medialib.services.deletion.verdicts import Ruling
from medialib.services.library import summary


@dataclass(frozen=True)
class Counts:
    """What was written: files by outcome, and how many bytes are gone."""

    by_outcome: dict[str, int]
    deleted_bytes: int


def record_rulings(
    job: DeletionJob, claim: Claim, rulings: Sequence[Ruling], exchange: Exchange, *, at: datetime
) -> Counts:
    """One outcome an item and one event a file. A file that has its outcome already is left alone."""
    if not rulings:
        return Counts({}, 0)
    in_batch = Item.objects.filter(
        manifest_id=job.manifest_id, position__range=(claim.first_position, claim.last_position)
    )
    counts: Counter[str] = Counter()
    for ruling in rulings:
        # A batch of one mind needs no list of ids: its open items are exactly those that were sent.
        items = in_batch.filter(outcome="")
        if len(ruling.file_ids) < len(claim.file_ids):
            items = items.filter(file_id__in=ruling.file_ids)
        counts[ruling.outcome] += items.update(
            outcome=ruling.outcome,
            evidence=ruling.evidence,
            http_status=ruling.http_status,
            skip_cause=ruling.skip_cause,
            exchange=exchange,
            settled_at=at,
        )
        _mark_removed(job, ruling, at=at)
    has_open_ends = any(count and not Outcome(outcome).is_final for outcome, count in counts.items())
    _record_events(job, in_batch.filter(exchange=exchange), exchange, has_open_ends=has_open_ends, at=at)
    deleted = in_batch.filter(exchange=exchange, outcome=Outcome.DELETED).aggregate(total=Sum("size_bytes"))
    return Counts(dict(counts), (deleted["total"] or 0) if counts[Outcome.DELETED] else 0)


def _record_events(
    job: DeletionJob, items: QuerySet[Item], exchange: Exchange, *, has_open_ends: bool, at: datetime
) -> None:
    is_final = Q(outcome__in=[outcome for outcome in Outcome if outcome.is_final])
    final, open_ended = items.filter(is_final), items.exclude(is_final)
    events.record_outcomes(job, final, request_id=exchange.request_id, at=at)
    if not has_open_ends:
        return
    events.record_outcomes(job, open_ended, event=EventKind.FILE_UNVERIFIED, request_id=exchange.request_id, at=at)


def _mark_removed(job: DeletionJob, ruling: Ruling, *, at: datetime) -> None:
    removal = {Outcome.DELETED: Removal.DELETED, Outcome.ALREADY_GONE: Removal.MISSING}.get(ruling.outcome)
    if removal is not None:
        gone = Asset.objects.filter(account_id=job.account_id, file_id__in=ruling.file_ids, removed_at__isnull=True)
        if gone.update(removed_at=at, removal=removal):
            summary.mark_stale(job.account_id)
