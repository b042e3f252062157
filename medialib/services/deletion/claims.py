"""Which worker may send which batch, and when: claims, made one after the other for each account."""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from django.db import transaction
from django.db.models import Exists, F, OuterRef, Q

from medialib.models import Batch, BatchState, DeletionJob, Exchange, Item, JobState, Pace, PaceKind
from medialib.models.jobs import BATCH_SIZE, lease_length
from medialib.services.accounts import pacing
from medialib.services.base.clock import shared_now
from medialib.services.deletion import events
from medialib.services.deletion.claim import Claim

# Calls are made ready so long before they may be sent: the database needs its time, and the allowance does not wait.
AHEAD_S = 0.1


@dataclass(frozen=True)
class Claims:
    """What was claimed; and, when calls wait for the pace, how long."""

    claims: Sequence[Claim]
    wait_s: float = 0.0
    job_state: str = JobState.RUNNING
    calls_allowed: float = 0.0  # Calls a second that the pace allows now.
    counted_at: Sequence[float] = ()  # When the calls count as sent, by the shared clock, in seconds since 1970…
    clock_offset_s: float = 0.0  # …which is so far ahead of this machine's monotonic clock.

    @property
    def late_s(self) -> float:
        """By how much the latest of the calls could only go after the time for which it was counted."""
        return time.monotonic() + self.clock_offset_s - max(self.counted_at) if self.counted_at else 0.0


def claim(job: DeletionJob, *, worker: str, want: int, look_ups: int) -> Claims:
    """Take up to `want` batches of the job: first up to `look_ups` that must be looked up, then what may be sent now.

    All of it is one transaction that locks the account's pace: calls are taken from the allowance, the leases begin
    and the intents are recorded together, or none of it is.
    """
    with transaction.atomic():
        pace = pacing.pace_of(job.account, PaceKind.DELETE, lock=True)
        current = DeletionJob.objects.select_for_update(of=("self",)).select_related("account").get(pk=job.pk)
        at = shared_now()
        claims = _claim_look_ups(current, worker=worker, want=min(want, look_ups), at=at)
        allowed = pacing.allowance(pace, headroom_percent=current.account.headroom, speed_percent=current.speed_percent)
        offset_s = at.timestamp() - time.monotonic()
        to_send, wait_s = _claim_calls(current, pace, allowed, worker=worker, want=want - len(claims), at=at)
        counted_at = tuple(pace.recent[-len(to_send) :]) if to_send else ()
        calls_allowed = allowed.calls / allowed.interval_s
        return Claims([*claims, *to_send], wait_s, current.state, calls_allowed, counted_at, offset_s)


def note_late(job: DeletionJob, claims: Claims) -> None:
    """Let calls count from now on: the commit after they were counted took so long that they go only now."""
    with transaction.atomic():
        pace = pacing.pace_of(job.account, PaceKind.DELETE, lock=True)
        pacing.put_off(pace, claims.counted_at, until_s=time.monotonic() + claims.clock_offset_s)
        pace.save(update_fields=["recent"])


def _claim_calls(
    job: DeletionJob, pace: Pace, allowed: pacing.Allowance, *, worker: str, want: int, at: datetime
) -> tuple[list[Claim], float]:
    """Batches to send now, with their intents recorded; and how long further ones have to wait."""
    if job.state != JobState.RUNNING or want <= 0:
        return [], 0.0
    began, slots, wait_s = time.monotonic(), list[float](), 0.0
    while len(slots) < want and (wait_s := pacing.take(pace, allowed, at=at, ahead_s=AHEAD_S)) <= AHEAD_S:
        slots.append(wait_s)
    wait_s = max(0.0, wait_s - AHEAD_S)
    waiting = job.batches.free(at).filter(state=BatchState.WAITING)
    if not slots:
        return [], wait_s if waiting.exists() else 0.0
    found = list(waiting.select_for_update()[: len(slots)])
    ready = _without_conflicts(job, _with_files(job, found), at=at)
    pacing.give_back(pace, len(slots) - len(ready))
    claims = _lease(ready, job, worker=worker, is_look_up=False, at=at)
    if claims:
        events.record_intents(job, claims, worker=worker, at=at)
        DeletionJob.objects.filter(pk=job.pk).update(calls=F("calls") + len(claims))
        ready_s = at.timestamp() + time.monotonic() - began
        pacing.put_off(pace, pace.recent[-len(claims) :], until_s=ready_s)
        pace.save(update_fields=["recent"])
    timed = [replace(claim, send_at=began + slot) for claim, slot in zip(claims, slots, strict=False)]
    return timed, wait_s if len(found) == len(slots) else 0.0


def _claim_look_ups(job: DeletionJob, *, worker: str, want: int, at: datetime) -> list[Claim]:
    if job.state not in (JobState.RUNNING, JobState.CANCELLING):
        return []
    open_ended = list(job.batches.select_for_update().free(at).exclude(state=BatchState.WAITING)[: max(want, 0)])
    unsettled = _without_conflicts(job, open_ended, at=at)
    for batch in unsettled:
        if batch.state == BatchState.SENT:  # Its worker died between the two commits: the answer is lost.
            _record_abandoned_call(batch, at=at)
    return _lease(unsettled, job, worker=worker, is_look_up=True, at=at)


def _lease(batches: Sequence[Batch], job: DeletionJob, *, worker: str, is_look_up: bool, at: datetime) -> list[Claim]:
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
    files = _files_of(batches, job)
    return [
        Claim(
            batch.pk,
            batch.number,
            batch.first_position,
            batch.last_position,
            batch.fence,
            batch.attempts,
            batch.lost_answers,
            batch.look_ups,
            tuple(file_id for file_id, _ in files[batch.number]),
            frozenset(file_id for file_id, path in files[batch.number] if not path),
            is_look_up,
            batch.state == BatchState.VERIFY,
            job.state == JobState.CANCELLING,
        )
        for batch in leased.order_by("number")
    ]


def _files_of(batches: Sequence[Batch], job: DeletionJob) -> dict[int, list[tuple[str, str]]]:
    """File id and path of the open files of each batch, by its number."""
    within = Q()
    for batch in batches:
        within |= Q(position__range=(batch.first_position, batch.last_position))
    rows = Item.objects.filter(within, manifest_id=job.manifest_id, outcome="").order_by("position")
    files: dict[int, list[tuple[str, str]]] = {batch.number: [] for batch in batches}
    for position, file_id, path in rows.values_list("position", "file_id", "path"):
        files[position // BATCH_SIZE].append((file_id, path))
    return files


def _record_abandoned_call(batch: Batch, *, at: datetime) -> None:
    Exchange.objects.create(
        batch=batch,
        kind="delete",
        attempt=batch.attempts,
        worker=batch.lease_owner,
        file_count=batch.last_position - batch.first_position + 1,
        sent_at=at,
        result="no answer recorded: the worker stopped in the middle",
    )


def _with_files(job: DeletionJob, batches: list[Batch]) -> list[Batch]:
    """Settle batches whose files all lie in protected folders: there is nothing to send."""
    if not job.skipped:
        return batches
    empty = [b.pk for b in batches if not b.open_items().exists()]
    Batch.objects.filter(pk__in=empty).update(state=BatchState.SETTLED)
    return [batch for batch in batches if batch.pk not in empty]


def _without_conflicts(job: DeletionJob, batches: list[Batch], *, at: datetime) -> list[Batch]:
    """Leave out batches with a file that another job has in its hands now, so that each deletion has one author."""
    others = DeletionJob.objects.active().filter(account_id=job.account_id).exclude(pk=job.pk)
    if not batches or not others.exists():
        return batches
    free = []
    for batch in batches:
        file_ids = batch.open_items().values_list("file_id", flat=True)
        held = Batch.objects.leased(at).filter(
            job__manifest=OuterRef("manifest"),
            first_position__lte=OuterRef("position"),
            last_position__gte=OuterRef("position"),
        )
        same_files = Item.objects.filter(file_id__in=list(file_ids), outcome="", manifest__job__in=others)
        if same_files.filter(Exists(held)).exists():
            Batch.objects.filter(pk=batch.pk).update(not_before=at + timedelta(seconds=1))
        else:
            free.append(batch)
    return free
