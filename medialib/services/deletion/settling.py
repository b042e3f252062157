"""Writes down how a call ended: outcomes, evidence, events and counters in one transaction, or nothing of it."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.conf import settings
from django.db import transaction
from django.db.models import F, Q
from django.utils.translation import gettext_noop

from medialib.imagekit.errors import BadRequest, FilesMissing, ImageKitError, KeyRejected, RateLimited
from medialib.models import (
    Batch,
    BatchState,
    DeletionJob,
    Ended,
    EventKind,
    Exchange,
    Item,
    Pace,
    PaceKind,
    PauseCode,
)
from medialib.services.accounts import pacing
from medialib.services.audit import log
from medialib.services.base.clock import shared_now
from medialib.services.deletion import breaker, verdicts
from medialib.services.deletion.calls import CallReport, LookReport
from medialib.services.deletion.claim import Claim
from medialib.services.deletion.looks import Look, of_failed_look
from medialib.services.deletion.rulings import Counts, record_rulings
from medialib.services.deletion.verdicts import LastCall, Ruling, Sent, Verdict

logger = logging.getLogger(__name__)

MOST_TOGETHER = 8  # Calls in one transaction. More would be quicker, but on SQLite everybody else waits for it.


class LeaseLost(Exception):
    """The batch belongs to another worker by now; what this one learned must not be written."""


def settle_some(job: DeletionJob, reports: Sequence[CallReport], *, worker: str, is_enough: Callable[[], bool]) -> int:
    """Record several calls in one transaction: at least one, and no more once `is_enough`. Returns how many.

    A call whose batch another worker has taken over counts as done, with nothing written.
    """
    count = 0
    with transaction.atomic():
        rows = lock(job)
        for report in reports[:MOST_TOGETHER]:
            count += 1
            try:
                settle(job, report, worker=worker, rows=rows)
            except LeaseLost:
                logger.warning("lease lost, answer dropped job=%s batch=%s", job.pk, report.claim.batch_id)
            if is_enough():
                break
    return count


@dataclass(frozen=True)
class Locked:
    """The rows to lock before settling or claiming, in this order: the account's pace, then the job."""

    pace: Pace
    job: DeletionJob


def lock(job: DeletionJob) -> Locked:
    pace = pacing.pace_of(job.account, PaceKind.DELETE, lock=True)
    return Locked(pace, DeletionJob.objects.select_for_update().get(pk=job.pk))


def settle(job: DeletionJob, report: CallReport, *, worker: str, rows: Locked | None = None) -> Verdict:
    """Record one call. Raises LeaseLost, with nothing written, when another worker has taken the batch over."""
    claim = report.claim
    with transaction.atomic():
        rows = rows or lock(job)
        at = shared_now()
        _note_pace(job, rows.pace, report, at=at)
        verdict = _verdict(job, report, at=at)
        _release(claim, verdict, worker=worker, at=at)
        if report.was_held:
            _take_back(job, claim)
            return verdict
        exchange = _record_exchange(report, verdict, worker=worker)
        counts = record_rulings(job, claim, verdict.rulings, exchange, at=at)
        _update_job(rows.job, report, verdict, counts, at=at)
    return verdict


def settle_unsent(
    job: DeletionJob, claim: Claim, rulings: Sequence[Ruling], *, worker: str, look: Look | None, at: datetime
) -> None:
    """Record what may not be sent, with the look that showed it. Call it in the transaction that claims."""
    exchange = Exchange.objects.create(
        batch_id=claim.batch_id,
        kind="look",
        attempt=claim.attempt,
        worker=worker,
        file_count=len(claim.file_ids),
        sent_at=at - timedelta(seconds=time.monotonic() - look.asked_s) if look else at,
        answered_at=at - timedelta(seconds=time.monotonic() - look.answered_s) if look else at,
        request_id=look.request_id[:100] if look else "",
        ended=Ended.ANSWERED,
        result=f"{sum(len(ruling.file_ids) for ruling in rulings)} of {len(claim.file_ids)} files not sent",
        gone_count=len(look.gone) if look else None,
    )
    counts = record_rulings(job, claim, rulings, exchange, at=at)
    DeletionJob.objects.count_outcomes(job.pk, counts.by_outcome)


def settle_failed_look(job: DeletionJob, report: LookReport, *, worker: str) -> None:
    """Give a batch back whose look found nothing out. It waits, and is never sent unseen."""
    claim = report.claim
    error = report.error or ImageKitError("the look ended without a word")
    verdict = of_failed_look(error)
    with transaction.atomic():
        rows, at = lock(job), shared_now()
        _release(claim, verdict, worker=worker, at=at)
        Exchange.objects.create(
            batch_id=claim.batch_id,
            kind="look",
            attempt=claim.attempt,
            worker=worker,
            file_count=len(claim.file_ids),
            sent_at=at - timedelta(seconds=report.latency_s),
            answered_at=at,
            http_status=error.http_status,
            request_id=error.request_id[:100],
            ended=ended_by(error, is_look=True),
            result=verdict.result[:200],
        )
        _note_trouble(rows.job, verdict, was_call_answered=False, trace={"last_request_id": error.request_id})


def _verdict(job: DeletionJob, report: CallReport, *, at: datetime) -> Verdict:
    claim = report.claim
    sent = Sent(
        frozenset(claim.file_ids),
        claim.lost_answers,
        claim.look_ups,
        claim.is_verify,
        claim.is_cancelling,
        claim.never_seen,
    )
    if report.was_held:
        return Verdict((), BatchState.WAITING, "held back before it was sent")
    if report.answer is not None:
        return verdicts.of_answer(sent, report.answer)
    if report.gone is not None:
        by_other = Item.objects.deleted_by_job(job.account_id, report.gone)
        return verdicts.of_look_up(sent, gone=report.gone, last=_last_call(claim, at=at), gone_by_other=by_other)
    error = report.error or ImageKitError("the call ended without a word")
    if claim.is_look_up:
        return verdicts.of_failed_look_up(sent, error)
    missing = error.file_ids if isinstance(error, FilesMissing) else frozenset()
    return verdicts.of_error(sent, error, gone_by_other=Item.objects.deleted_by_job(job.account_id, missing))


def _last_call(claim: Claim, *, at: datetime) -> LastCall:
    exchanges = Exchange.objects.filter(batch_id=claim.batch_id)
    call = exchanges.filter(kind="delete").last()
    if call is None:
        return LastCall()
    looked_up = Q(kind="look_up", gone_count__isnull=False)
    look_up = exchanges.filter(looked_up, pk__gt=call.pk).last()
    answered = Q(kind="delete", http_status__in=(200, 207, 404))
    since = at - (call.answered_at or call.sent_at)
    return LastCall(
        call.http_status,
        call.errors,
        gone_count=look_up.gone_count if look_up else None,
        was_first=not exchanges.filter(looked_up | answered, pk__lt=call.pk).exists(),
        patience_s=max(0.0, settings.IMAGEKIT_READ_TIMEOUT_S - since.total_seconds()),
    )


def _note_pace(job: DeletionJob, pace: Pace, report: CallReport, *, at: datetime) -> None:
    if report.claim.is_look_up or report.was_held:
        return
    if isinstance(report.error, RateLimited):
        error = report.error
        pacing.note_refusal(pace, retry_after_s=error.retry_after_s, rate_limit=error.rate_limit, at=at)
        pace.save()
        DeletionJob.objects.filter(pk=job.pk).update(
            refused_calls=F("refused_calls") + 1,
            wait_until=pace.blocked_until,
            wait_cause=gettext_noop("ImageKit answered that the account has sent too many calls (HTTP 429)."),
        )
        return
    limit = report.answer.rate_limit if report.answer else report.error.rate_limit if report.error else None
    is_answered = report.answer is not None or (report.error is not None and report.error.http_status is not None)
    if is_answered and pacing.note_answer(pace, limit, at=at):
        pace.save()


def _release(claim: Claim, verdict: Verdict, *, worker: str, at: datetime) -> None:
    """Give the batch back in its next state. The fence refuses a worker whose lease went to another."""
    is_failed_look_up = claim.is_look_up and bool(verdict.error)
    done = (
        Batch.objects.held_by(worker, claim.fence)
        .filter(pk=claim.batch_id)
        .update(
            state=verdict.next_state,
            lease_until=None,
            lost_answers=0 if verdict.was_refused else F("lost_answers") + int(verdict.is_lost),
            look_ups=F("look_ups") + 1 if is_failed_look_up else 0,
            not_before=at + timedelta(seconds=verdict.wait_s) if verdict.wait_s else None,
        )
    )
    if not done:
        raise LeaseLost(f"batch {claim.batch_id} was taken over")


def _take_back(job: DeletionJob, claim: Claim) -> None:
    """Note that a call was held back after its intent was recorded: it was never sent."""
    Batch.objects.filter(pk=claim.batch_id).update(attempts=F("attempts") - 1)
    DeletionJob.objects.filter(pk=job.pk).update(calls=F("calls") - 1)
    detail = {"batch": claim.number, "attempt": claim.attempt}
    log.record(EventKind.BATCH_HELD, account=job.account, job=job, detail=detail)


def ended_by(error: ImageKitError | None, *, is_look: bool) -> Ended:
    """How a call ended, by what was raised in place of its answer."""
    if error is None or isinstance(error, FilesMissing):
        return Ended.ANSWERED
    if isinstance(error, RateLimited):
        return Ended.WAITED
    if is_look:
        return Ended.LOOK_UP_FAILED
    return Ended.REFUSED if isinstance(error, KeyRejected | BadRequest) else Ended.LOST


def _record_exchange(report: CallReport, verdict: Verdict, *, worker: str) -> Exchange:
    return Exchange.objects.create(
        batch_id=report.claim.batch_id,
        kind="look_up" if report.claim.is_look_up else "delete",
        attempt=report.claim.attempt,
        worker=worker,
        file_count=len(report.claim.file_ids),
        sent_at=report.sent_at,
        answered_at=report.answered_at,
        http_status=report.http_status,
        request_id=report.request_id[:100],
        ended=ended_by(report.error, is_look=report.claim.is_look_up),
        result=verdict.result[:200],
        errors=dict(verdict.errors),
        gone_count=len(report.gone) if report.gone is not None else None,
    )


def _update_job(job: DeletionJob, report: CallReport, verdict: Verdict, counts: Counts, *, at: datetime) -> None:
    """Counters, the run of identical errors, and the breaker. `job` is locked."""
    DeletionJob.objects.count_outcomes(job.pk, counts.by_outcome, deleted_bytes=counts.deleted_bytes)
    # A wait, or a look-up that worked, does not prove that calls are answered again.
    was_call_answered = not (report.claim.is_look_up or isinstance(report.error, RateLimited))
    _note_trouble(job, verdict, was_call_answered=was_call_answered, trace=_trace(report))


def _note_trouble(job: DeletionJob, verdict: Verdict, *, was_call_answered: bool, trace: Mapping[str, str]) -> None:
    same_errors = job.same_errors
    if verdict.error or was_call_answered:
        same_errors = 0 if not verdict.error else job.same_errors + 1 if verdict.error == job.last_error else 1
    if same_errors != job.same_errors or verdict.error:
        DeletionJob.objects.filter(pk=job.pk).update(
            same_errors=same_errors, last_error=verdict.error or job.last_error
        )
    job.refresh_from_db()
    cause = verdict.pause_cause or breaker.reason_to_stop(job, error=verdict.error, same_errors=same_errors)
    if cause:
        breaker.stop(job, cause, code=verdict.pause_code or PauseCode.BREAKER, detail=trace)


def _trace(report: CallReport) -> dict[str, str]:
    return {"last_request_id": report.request_id} if report.request_id else {}
