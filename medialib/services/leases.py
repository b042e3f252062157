"""Which worker may send which batch, and when: claims, made one after the other for each account."""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from django.conf import settings
from django.db import transaction
from django.db.models import Exists, F, OuterRef

from medialib.models import Batch, BatchState, DeletionJob, Exchange, Item, JobState, PaceKind
from medialib.models.jobs import lease_length
from medialib.services import audit_outcomes, pacing
from medialib.services.clock import shared_now

# A call is not begun in the last part of its lease: the answer should find us still the owner.
SENDABLE_SHARE = 0.85


class Validity:
    """Until when this process may begin calls under its leases, by a clock that nobody can set back."""

    def __init__(self) -> None:
        self.extend()

    def extend(self) -> None:
        self._ends_at = _awake_or_asleep_s() + settings.LEASE_S * SENDABLE_SHARE

    def holds(self) -> bool:
        return _awake_or_asleep_s() < self._ends_at


def _awake_or_asleep_s() -> float:
    """Seconds on a clock that nobody sets and that goes on while a machine is suspended, where there is one."""
    return time.clock_gettime(time.CLOCK_BOOTTIME) if hasattr(time, "CLOCK_BOOTTIME") else time.monotonic()


@dataclass(frozen=True)
class Claim:
    """One batch in the hands of one worker."""

    batch_id: int
    number: int
    first_position: int
    last_position: int
    fence: int
    attempt: int
    lost_answers: int
    look_ups: int
    file_ids: tuple[str, ...]
    never_seen: frozenset[str]
    is_look_up: bool
    is_verify: bool
    is_cancelling: bool
    validity: Validity = field(default_factory=Validity, compare=False, repr=False)

    def is_still_ours(self) -> bool:
        """False in a process that slept through the end of its lease."""
        return self.validity.holds()


@dataclass(frozen=True)
class Claims:
    """What was claimed; and, when calls wait for the pace, how long."""

    claims: Sequence[Claim]
    wait_s: float = 0.0
    job_state: str = JobState.RUNNING
    calls_allowed: float = 0.0  # Calls a second that the pace allows now.


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
        wait_s = 0.0
        allowed = pacing.allowance(pace, headroom_percent=current.account.headroom, speed_percent=current.speed_percent)
        if current.state == JobState.RUNNING and len(claims) < want:
            waiting = list(
                current.batches.select_for_update().free(at).filter(state=BatchState.WAITING)[: want - len(claims)]
            )
            ready = _without_conflicts(current, _with_files(current, waiting), at=at)
            taken = 0
            while taken < len(ready) and not (wait_s := pacing.take(pace, allowed, at=at)):
                taken += 1
            to_send = [_lease(b, current, worker=worker, is_look_up=False, at=at) for b in ready[:taken]]
            if to_send:
                pace.save(update_fields=["recent"])
                audit_outcomes.record_intents(job, to_send, worker=worker, at=at)
                DeletionJob.objects.filter(pk=job.pk).update(calls=F("calls") + len(to_send))
            claims += to_send
        return Claims(claims, wait_s, current.state, calls_allowed=allowed.calls / allowed.interval_s)


def _claim_look_ups(job: DeletionJob, *, worker: str, want: int, at: datetime) -> list[Claim]:
    if job.state not in (JobState.RUNNING, JobState.CANCELLING):
        return []
    open_ended = list(job.batches.select_for_update().free(at).exclude(state=BatchState.WAITING)[: max(want, 0)])
    unsettled = _without_conflicts(job, open_ended, at=at)
    return [_lease(batch, job, worker=worker, is_look_up=True, at=at) for batch in unsettled]


def _lease(batch: Batch, job: DeletionJob, *, worker: str, is_look_up: bool, at: datetime) -> Claim:
    """Write the lease and return the claim. Runs under the account's lock, so nobody can come between."""
    if batch.state == BatchState.SENT:  # Its worker died between the two commits: the answer is lost.
        _record_abandoned_call(batch, at=at)
        batch.lost_answers += 1
        batch.state = BatchState.LOOK_UP
    if not is_look_up:
        batch.state = BatchState.SENT
        batch.attempts += 1
    batch.lease_owner, batch.lease_until, batch.fence, batch.not_before = (
        worker,
        at + lease_length(),
        batch.fence + 1,
        None,
    )
    batch.save(update_fields=["state", "attempts", "lost_answers", "lease_owner", "lease_until", "fence", "not_before"])
    files = list(Item.objects.waiting_in(batch, manifest_id=job.manifest_id).values_list("file_id", "path"))
    return Claim(
        batch.pk,
        batch.number,
        batch.first_position,
        batch.last_position,
        batch.fence,
        batch.attempts,
        batch.lost_answers,
        batch.look_ups,
        tuple(file_id for file_id, _ in files),
        frozenset(file_id for file_id, path in files if not path),
        is_look_up,
        batch.state == BatchState.VERIFY,
        job.state == JobState.CANCELLING,
    )


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
    empty = [b.pk for b in batches if not Item.objects.waiting_in(b, manifest_id=job.manifest_id).exists()]
    Batch.objects.filter(pk__in=empty).update(state=BatchState.SETTLED)
    return [batch for batch in batches if batch.pk not in empty]


def _without_conflicts(job: DeletionJob, batches: list[Batch], *, at: datetime) -> list[Batch]:
    """Leave out batches with a file that another job has in its hands now, so that each deletion has one author."""
    others = DeletionJob.objects.active().filter(account_id=job.account_id).exclude(pk=job.pk)
    if not batches or not others.exists():
        return batches
    free = []
    for batch in batches:
        file_ids = Item.objects.waiting_in(batch, manifest_id=job.manifest_id).values_list("file_id", flat=True)
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
