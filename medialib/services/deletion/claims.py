"""Which worker may send which batch, and when: claims, made one after the other for each account."""

from __future__ import annotations

import math
import time
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime

from django.conf import settings
from django.db import transaction
from django.db.models import F, QuerySet

from medialib.models import Batch, BatchState, DeletionJob, JobState, Pace, PaceKind, PauseCode
from medialib.services.accounts import pacing, rights
from medialib.services.base.clock import shared_now
from medialib.services.deletion import breaker, events, leases, looks, settling
from medialib.services.deletion.claim import Claim
from medialib.services.deletion.conflicts import without_conflicts
from medialib.services.deletion.looks import Look

# Calls are made ready so long before they may be sent: the database needs its time, and the allowance does not wait.
AHEAD_S = 0.1
LOOK_NAP_S = 0.05  # How soon it is asked again whether there is more to look at.
MAX_DUE = 100  # Calls that are counted ahead.


@dataclass(frozen=True)
class Ahead:
    """What one worker has looked at, is looking at, and may still look at: looks go ahead of the calls."""

    looked: Mapping[int, tuple[Claim, Look]] = field(default_factory=dict)
    room: int = 0
    horizon_s: float = 0.0  # How long before its call a look must begin.


@dataclass(frozen=True)
class Claims:
    """What was claimed; and, when calls wait for the pace, how long."""

    claims: Sequence[Claim]
    to_look: Sequence[Claim] = ()  # Batches to look at before they are claimed to be sent.
    look_wait_s: float = 0.0  # How long more of them have to wait for the pace of looks.
    judged: Collection[int] = ()  # Looked at, and sent or settled now.
    stale: Collection[int] = ()  # Looked at too long ago, or in other hands by now: to be looked at again.
    wait_s: float = 0.0
    job_state: str = JobState.RUNNING
    calls_allowed: float = 0.0  # Calls a second that the pace allows now.
    counted_at: Sequence[float] = ()  # When the calls count as sent, by the shared clock, in seconds since 1970…
    clock_offset_s: float = 0.0  # …which is so far ahead of this machine's monotonic clock.

    @property
    def late_s(self) -> float:
        """By how much the first of the calls could only go after the time for which it was counted."""
        return time.monotonic() + self.clock_offset_s - min(self.counted_at) if self.counted_at else 0.0


def claim(
    job: DeletionJob,
    *,
    worker: str,
    want: int,
    look_ups: int,
    ahead: Ahead | None = None,
) -> Claims:
    """Take up to `want` batches of the job: first up to `look_ups` that must be looked up, then what may be sent now.

    Where the account looks before each call, only batches that were looked at are sent, less what the look forbids, and
    others are handed out to be looked at. All of it is one transaction that locks the account's pace: calls are taken
    from the allowance, rules and rights are judged, the leases begin and the intents are recorded together, or none of
    it is.
    """
    with transaction.atomic():
        pace = pacing.pace_of(job.account, PaceKind.DELETE, lock=True)
        current = DeletionJob.objects.select_for_update(of=("self",)).select_related("account").get(pk=job.pk)
        at = shared_now()
        if current.state == JobState.RUNNING and (cause := rights.why_may_not_go_on(current)):
            breaker.stop(current, breaker.until_resumed(cause), code=PauseCode.REQUESTER)
            current.refresh_from_db(fields=["state"])
        if current.state == JobState.RUNNING and (cause := rights.why_is_not_approved(current)):
            breaker.stop(current, breaker.until_resumed(cause), code=PauseCode.APPROVER)
            current.refresh_from_db(fields=["state"])
        claims = _claim_look_ups(current, worker=worker, want=min(want, look_ups), at=at)
        allowed = pacing.allowance(pace, headroom_percent=current.account.headroom, speed_percent=current.speed_percent)
        offset_s = at.timestamp() - time.monotonic()
        has_looks = current.account.looks_before_delete or current.keep_copies_days is not None
        ahead = (ahead or Ahead()) if has_looks else None
        chosen = _Chosen(worker, ahead, at)
        to_send, wait_s = _claim_calls(current, pace, allowed, chosen, want=want - len(claims))
        to_look, look_wait_s = _claim_looks(current, pace, allowed, chosen)
        counted_at = tuple(pace.recent[-len(to_send) :]) if to_send else ()
        return Claims(
            claims=[*claims, *to_send],
            to_look=to_look,
            look_wait_s=look_wait_s,
            judged=chosen.judged,
            stale=chosen.stale,
            wait_s=wait_s,
            job_state=current.state,
            calls_allowed=allowed.calls / allowed.interval_s,
            counted_at=counted_at,
            clock_offset_s=offset_s,
        )


def note_late(job: DeletionJob, claims: Claims) -> None:
    """Let calls count from now on: the commit after they were counted took so long that they go only now."""
    with transaction.atomic():
        pace = pacing.pace_of(job.account, PaceKind.DELETE, lock=True)
        pacing.put_off(pace, claims.counted_at, until_s=time.monotonic() + claims.clock_offset_s)
        pace.save(update_fields=["recent"])


@dataclass
class _Chosen:
    """Which batches may be sent: any that waits, or, where looks are taken, those looked at that are still fresh."""

    worker: str
    ahead: Ahead | None
    at: datetime
    judged: list[int] = field(default_factory=list)
    stale: list[int] = field(default_factory=list)

    def waiting_of(self, job: DeletionJob) -> QuerySet[Batch]:
        if self.ahead is None:
            return sendable(job, self.at)
        looked = self.ahead.looked
        fresh = [pk for pk, (_, look) in looked.items() if look.is_fresh_in(AHEAD_S)]
        ours = job.batches.leased(self.at).filter(pk__in=fresh, lease_owner=self.worker, state=BatchState.WAITING)
        held = {batch.pk for batch in ours if looked[batch.pk][0].fence == batch.fence}
        if stale := [pk for pk in looked if pk not in held]:
            self.stale = stale
            leases.release_looks(stale, worker=self.worker)
        return job.batches.filter(pk__in=held)

    def looked(self, batches: Sequence[Batch], job: DeletionJob) -> list[tuple[Claim, Look | None]]:
        """What is known of these batches: their files, and the look at them where one was taken."""
        if self.ahead is not None:
            return [self.ahead.looked[batch.pk] for batch in batches]
        files = leases.files_of(batches, job)
        return [(leases.claim_of(batch, files[batch.number], job), None) for batch in batches]

    def ends_s(self, batch: Batch) -> float:
        """Until when the batch may be sent."""
        return self.ahead.looked[batch.pk][1].ends_s if self.ahead is not None else math.inf


def sendable(job: DeletionJob, at: datetime) -> QuerySet[Batch]:
    """Batches that wait for their call and have all they need."""
    return job.batches.free(at).filter(state=BatchState.WAITING, needs_copies=False)


def _claim_calls(
    job: DeletionJob, pace: Pace, allowed: pacing.Allowance, chosen: _Chosen, *, want: int
) -> tuple[list[Claim], float]:
    """Batches to send now, judged, with their intents recorded; and how long further ones have to wait."""
    at = chosen.at
    if job.state != JobState.RUNNING or want <= 0:
        return [], 0.0
    waiting = chosen.waiting_of(job)
    began, slots, wait_s = time.monotonic(), list[float](), 0.0
    while len(slots) < want and (wait_s := pacing.take(pace, allowed, at=at, ahead_s=AHEAD_S)) <= AHEAD_S:
        slots.append(wait_s)
    wait_s = max(0.0, wait_s - AHEAD_S)
    if not slots:
        return [], wait_s if waiting.exists() else 0.0
    found = list(waiting.select_for_update()[: len(slots)])
    ready = _with_files(job, _judged(job, without_conflicts(job, found, at=at), chosen))
    pacing.give_back(pace, len(slots) - len(ready))
    claims = leases.lease(ready, job, worker=chosen.worker, is_look_up=False, at=at)
    if claims:
        events.record_intents(job, claims, worker=chosen.worker, at=at)
        DeletionJob.objects.filter(pk=job.pk).update(calls=F("calls") + len(claims))
        ready_s = at.timestamp() + time.monotonic() - began
        pacing.put_off(pace, pace.recent[-len(claims) :], until_s=ready_s)
        pace.save(update_fields=["recent"])
    ends_s = {batch.pk: chosen.ends_s(batch) for batch in ready}
    timed = [
        replace(claim, send_at=began + slot, look_ends_at=ends_s[claim.batch_id])
        for claim, slot in zip(claims, slots, strict=False)
    ]
    return timed, wait_s if len(found) == len(slots) else 0.0


def _judged(job: DeletionJob, batches: Sequence[Batch], chosen: _Chosen) -> list[Batch]:
    """Settle the files of these batches that may not be sent now, by the rules and rights of this moment."""
    if not batches:
        return []
    chosen.judged = [batch.pk for batch in batches]
    terms = looks.terms_of(job, at=chosen.at)
    if terms.forbid_nothing and chosen.ahead is None:
        return list(batches)
    looked = chosen.looked(batches, job)
    rulings = looks.judge(job, looked, terms, needs_copies=job.keep_copies_days is not None)
    for claim, look in looked:
        if found := rulings.get(claim.batch_id):
            settling.settle_unsent(job, claim, found, worker=chosen.worker, look=look, at=chosen.at)
    return list(batches)


def _claim_looks(job: DeletionJob, pace: Pace, allowed: pacing.Allowance, chosen: _Chosen) -> tuple[list[Claim], float]:
    """Batches leased to be looked at, as many as may be sent when their looks are back; and how long more have to wait.

    The looks of an account have an allowance of reads of their own.
    """
    ahead, at = chosen.ahead, chosen.at
    if job.state != JobState.RUNNING or ahead is None or ahead.room <= 0:
        return [], 0.0
    leased = Batch.objects.leased(at).filter(job__account_id=job.account_id)
    held = leased.filter(state=BatchState.WAITING).count()
    due, next_s = pacing.calls_within(pace, allowed, at=at, seconds=ahead.horizon_s, most=MAX_DUE)
    # More looks than calls, held by any worker, would only grow old and use the allowance of those that are needed.
    want = min(ahead.room, due - held)
    waiting = sendable(job, at)
    if want <= 0:
        return [], max(0.0, next_s - ahead.horizon_s) or LOOK_NAP_S if waiting.exists() else 0.0
    looks_pace = pacing.pace_of(job.account, PaceKind.LOOK, lock=True)
    began, slots, wait_s = time.monotonic(), list[float](), 0.0
    reads = pacing.fixed(settings.IMAGEKIT_LOOK_RATE)
    while len(slots) < want and (wait_s := pacing.take(looks_pace, reads, at=at, ahead_s=AHEAD_S)) <= AHEAD_S:
        slots.append(wait_s)
    if not slots:
        return [], wait_s
    found = without_conflicts(job, list(waiting.select_for_update()[: len(slots)]), at=at)
    if not found:
        return [], 0.0
    pacing.give_back(looks_pace, len(slots) - len(found))
    looks_pace.save(update_fields=["recent"])
    claims = leases.lend(found, job, worker=chosen.worker, at=at)
    timed = [replace(claim, send_at=began + slot) for claim, slot in zip(claims, slots, strict=False)]
    return timed, max(wait_s, LOOK_NAP_S)


def _claim_look_ups(job: DeletionJob, *, worker: str, want: int, at: datetime) -> list[Claim]:
    if job.state not in (JobState.RUNNING, JobState.CANCELLING):
        return []
    open_ended = list(job.batches.select_for_update().free(at).exclude(state=BatchState.WAITING)[: max(want, 0)])
    unsettled = without_conflicts(job, open_ended, at=at)
    for batch in unsettled:
        if batch.state == BatchState.SENT:  # Its worker died between the two commits: the answer is lost.
            leases.record_abandoned_call(batch, at=at)
    return leases.lease(unsettled, job, worker=worker, is_look_up=True, at=at)


def _with_files(job: DeletionJob, batches: list[Batch]) -> list[Batch]:
    """Settle batches that have no open file left, all skipped or gone: there is nothing to send."""
    files = leases.files_of(batches, job)
    if empty := [batch.pk for batch in batches if not files[batch.number]]:
        Batch.objects.filter(pk__in=empty).update(state=BatchState.SETTLED, lease_until=None)
    return [batch for batch in batches if files[batch.number]]
