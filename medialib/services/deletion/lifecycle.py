"""How a job begins and ends: batches laid out once its manifest is proven, sums written when nothing is open."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from datetime import datetime

from django.db import transaction
from django.db.models import QuerySet
from django.utils.translation import gettext_lazy as _
from django.utils.translation import gettext_noop

from medialib.errors import Refused
from medialib.models import AuditEvent, Batch, BatchState, DeletionJob, EventKind, Item, JobState, Outcome, PauseCode
from medialib.models.deletion.batches import BATCH_SIZE
from medialib.services.audit import job_records, log
from medialib.services.base.clock import shared_now
from medialib.services.base.wake import wake
from medialib.services.deletion import breaker, events
from medialib.services.manifests.hashing import manifest_sha256

logger = logging.getLogger(__name__)

CHANGED_MANIFEST = gettext_noop(
    "The frozen list of files is not the one that was confirmed. Nothing was sent; cancel the job."
)
CHANGED_MEANWHILE = gettext_noop(
    "The frozen list of files is not the one that was confirmed. Nothing more is sent; cancel the job."
)
CHANGED_AT_END = "At the end of the job its frozen list of files was not the one that was confirmed."
SLICE = 10_000  # Files in one transaction where a whole job is settled: nobody waits long for the lock.


def start(job: DeletionJob) -> bool:
    """Begin a job whose undo window is over. False when it is not due, or was begun or undone by somebody else.

    What was shown is what is deleted: the manifest's hash is computed again before anything is sent, and a job whose
    files are not those that were confirmed stays paused.
    """
    at = shared_now()
    if not DeletionJob.objects.due(at).filter(pk=job.pk, state=JobState.SCHEDULED).exists():
        return False
    is_planned_whole = job.file_count == job.manifest.file_count  # Batches are cut by the job's own number.
    if not is_planned_whole or manifest_sha256(job.manifest) != confirmed_sha256(job):
        breaker.stop(job, CHANGED_MANIFEST, code=PauseCode.MANIFEST_CHANGED, only_from=[JobState.SCHEDULED])
        return False
    with transaction.atomic():
        if not DeletionJob.objects.move(job, to=JobState.RUNNING, only_from=[JobState.SCHEDULED], started_at=at):
            return False
        _lay_out_batches(job)
        log.record(EventKind.JOB_STARTED, account=job.account, job=job, detail={"manifest": job.manifest.sha256})
    logger.info("job started job=%s files=%s", job.pk, job.file_count)
    return True


def confirmed_sha256(job: DeletionJob) -> str:
    """The hash of the list that was confirmed, as the log has it; the list's own where that event was archived."""
    confirmed = AuditEvent.objects.filter(job=job, event=EventKind.JOB_CONFIRMED).order_by("pk")
    detail = confirmed.values_list("detail", flat=True).first() or {}
    return str(detail.get("manifest", job.manifest.sha256))


def refuse_changed(job: DeletionJob) -> None:
    """Raises Refused when a paused job's list is not the one that was confirmed, and notes why it stays paused.

    Call it outside of transactions, so that the note stays and nobody waits for a lock while a million files are read.
    """
    job.refresh_from_db()
    if job.state != JobState.PAUSED or manifest_sha256(job.manifest) == confirmed_sha256(job):
        return
    cause = CHANGED_MEANWHILE if job.started_at else CHANGED_MANIFEST
    breaker.stop(job, cause, code=PauseCode.MANIFEST_CHANGED, only_from=[JobState.PAUSED])
    raise Refused(_("The frozen list of files is not the one that was confirmed, so the job stays paused."))


def _lay_out_batches(job: DeletionJob) -> None:
    starts = range(0, job.file_count, BATCH_SIZE)
    Batch.objects.bulk_create(
        (
            Batch(
                job=job,
                number=number,
                first_position=first,
                last_position=min(first + BATCH_SIZE, job.file_count) - 1,
                needs_copies=job.keep_copies_days is not None,
            )
            for number, first in enumerate(starts)
        ),
        batch_size=1000,
    )


def close_if_done(job: DeletionJob) -> bool:
    """Finish the job when no file of it is open. In a job being cancelled, what was never sent is settled first."""
    job.refresh_from_db()
    if job.state == JobState.CANCELLING:
        _cancel_unsent(job)
        job.refresh_from_db()
    if not _is_all_settled(job):
        return False
    # A million files take seconds, so nobody waits for a lock meanwhile.
    at_end, calls_sha256 = _list_at_end(job), job_records.of_calls(job)
    with transaction.atomic():
        locked = DeletionJob.objects.select_for_update().get(pk=job.pk)
        if not _is_all_settled(locked):
            return False
        DeletionJob.objects.filter(pk=job.pk).update(
            state=JobState.FINISHED, finished_at=shared_now(), wait_until=None, wait_cause=""
        )
        sums = {outcome.value: count for outcome, count in locked.counts}
        record = {"rows": job_records.of_rows(job), "calls": calls_sha256}
        detail = {**sums, "calls": locked.calls, **at_end, "record": record}
        log.record(EventKind.JOB_FINISHED, account=job.account, job=job, detail=detail)
        if locked.purge_cache and locked.deleted:
            wake("purge_deleted", job.pk)
    logger.info("job finished job=%s %s", job.pk, " ".join(f"{name}={count}" for name, count in sums.items()))
    return True


def _is_all_settled(job: DeletionJob) -> bool:
    is_under_way = job.state in (JobState.RUNNING, JobState.CANCELLING)
    return is_under_way and not job.left and not job.batches.open().exists()


def _list_at_end(job: DeletionJob) -> dict[str, str]:
    """For the event that ends a job: the hash of its list as it is now, and what it means when it is another."""
    found = manifest_sha256(job.manifest)
    if found == confirmed_sha256(job):
        return {"manifest": found}
    logger.error("list changed job=%s sha256=%s", job.pk, found)
    return {"manifest": found, "cause": CHANGED_AT_END}


def _cancel_unsent(job: DeletionJob) -> None:
    """Settle what waits as `cancelled`, a slice at a time. Batches in flight or to be looked up end by evidence."""
    evidence = "The job was cancelled before a call for it was carried out."
    # Files whose call got no answer are looked up once more: it may still be carried out.
    job.batches.filter(state=BatchState.WAITING, lost_answers__gt=0).update(state=BatchState.LOOK_UP)
    if not job.batches.exists():
        for items in _items_in_turn(job):
            with transaction.atomic():
                _settle_unsent(job, items, Outcome.CANCELLED, evidence)
        return
    while numbers := list(
        job.batches.filter(state=BatchState.WAITING).values_list("number", flat=True)[: SLICE // BATCH_SIZE]
    ):
        with transaction.atomic():
            waiting = job.batches.select_for_update().filter(state=BatchState.WAITING, number__in=numbers)
            _settle_unsent(job, Item.objects.within(job.manifest_id, waiting), Outcome.CANCELLED, evidence)
            waiting.update(state=BatchState.SETTLED)


def _items_in_turn(job: DeletionJob) -> Iterator[QuerySet[Item]]:
    for first in range(0, job.file_count, SLICE):
        yield Item.objects.filter(manifest_id=job.manifest_id, position__range=(first, first + SLICE - 1))


def _settle_unsent(job: DeletionJob, items: QuerySet[Item], outcome: Outcome, evidence: str) -> None:
    at: datetime = shared_now()
    count = items.filter(outcome="").update(outcome=outcome, evidence=evidence, settled_at=at)
    if count:
        events.record_outcomes(job, items.filter(outcome=outcome, settled_at=at), at=at)
        DeletionJob.objects.count_outcomes(job.pk, {outcome.value: count})
