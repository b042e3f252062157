"""Batches in the hands of one worker: leased to be sent, to be looked up, or to be looked at before they are sent."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import datetime

from django.db.models import F, QuerySet

from medialib.models import Batch, BatchState, DeletionJob, Ended, Exchange, Item, JobState
from medialib.models.deletion.batches import BATCH_SIZE, lease_length
from medialib.services.deletion.claim import Claim


def lease(batches: Sequence[Batch], job: DeletionJob, *, worker: str, is_look_up: bool, at: datetime) -> list[Claim]:
    """Write the leases and return the claims. Runs under the account's lock, so nobody can come between."""
    if not batches:
        return []
    leased = Batch.objects.filter(pk__in=[batch.pk for batch in batches])
    leased.update(lease_owner=worker, lease_until=at + lease_length(), fence=F("fence") + 1, not_before=None)
    if is_look_up:
        sent = leased.filter(state=BatchState.SENT)
        sent.update(state=BatchState.LOOK_UP, lost_answers=F("lost_answers") + 1)
    else:
        leased.update(state=BatchState.SENT, attempts=F("attempts") + 1)
    return [claim_of(batch, files, job, is_look_up=is_look_up) for batch, files in _read(leased, job)]


def lend(batches: Sequence[Batch], job: DeletionJob, *, worker: str, at: datetime) -> list[Claim]:
    """Lease batches to be looked at: they keep waiting, in the hands of this worker."""
    leased = Batch.objects.filter(pk__in=[batch.pk for batch in batches])
    leased.update(lease_owner=worker, lease_until=at + lease_length(), fence=F("fence") + 1, not_before=None)
    return [claim_of(batch, files, job) for batch, files in _read(leased, job)] if batches else []


def release_looks(batch_ids: Collection[int], *, worker: str) -> None:
    """Give batches back that were looked at and not sent."""
    waiting = Batch.objects.filter(pk__in=batch_ids, lease_owner=worker, state=BatchState.WAITING)
    waiting.update(lease_until=None)


def _read(leased: QuerySet[Batch], job: DeletionJob) -> list[tuple[Batch, list[tuple[str, str]]]]:
    """The batches in their order, each with its open files."""
    batches = list(leased.order_by("number"))
    files = files_of(batches, job)
    return [(batch, files[batch.number]) for batch in batches]


def claim_of(batch: Batch, files: Sequence[tuple[str, str]], job: DeletionJob, *, is_look_up: bool = False) -> Claim:
    return Claim(
        batch_id=batch.pk,
        number=batch.number,
        first_position=batch.first_position,
        last_position=batch.last_position,
        fence=batch.fence,
        attempt=batch.attempts,
        lost_answers=batch.lost_answers,
        look_ups=batch.look_ups,
        file_ids=tuple(file_id for file_id, _ in files),
        never_seen=frozenset(file_id for file_id, path in files if not path),
        is_look_up=is_look_up,
        is_verify=batch.state == BatchState.VERIFY,
        is_cancelling=job.state == JobState.CANCELLING,
    )


def files_of(batches: Sequence[Batch], job: DeletionJob) -> dict[int, list[tuple[str, str]]]:
    """File id and path of the open files of each batch, by its number."""
    rows = Item.objects.within(job.manifest_id, batches).filter(outcome="").order_by("position")
    files: dict[int, list[tuple[str, str]]] = {batch.number: [] for batch in batches}
    for position, file_id, path in rows.values_list("position", "file_id", "path"):
        files[position // BATCH_SIZE].append((file_id, path))
    return files


def record_abandoned_call(batch: Batch, *, at: datetime) -> None:
    Exchange.objects.create(
        batch=batch,
        kind="delete",
        attempt=batch.attempts,
        worker=batch.lease_owner,
        file_count=batch.last_position - batch.first_position + 1,
        sent_at=at,
        ended=Ended.LOST,
        result="no answer recorded: the worker stopped in the middle",
    )
