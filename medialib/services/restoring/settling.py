"""Writes down what became of the files of a restore, and how it pauses and ends. Call record() in a transaction."""

from __future__ import annotations

import logging
from collections import Counter
from collections.abc import Sequence
from datetime import datetime

from django.db import transaction
from django.db.models import F

from medialib.models import AuditEvent, EventKind, RestoreItem, RestoreJob, RestoreOutcome, RestoreState
from medialib.services.audit import log
from medialib.services.base.clock import shared_now
from medialib.services.library import summary
from medialib.services.restoring.putting import Put
from medialib.services.sync.indexing import index_file

logger = logging.getLogger(__name__)

SLICE = 1000
NEVER_SENT = "The restore was cancelled before it was sent."


def record(job: RestoreJob, puts: Sequence[Put]) -> None:
    """One outcome a file, and one event. A file that has its outcome already is left alone."""
    at, counts = shared_now(), Counter[str]()
    for put in puts:
        outcome = RestoreOutcome(put.outcome or "")
        is_new = outcome == RestoreOutcome.RESTORED and put.file is not None
        changed = RestoreItem.objects.filter(pk=put.wish.item_id, outcome="").update(
            outcome=outcome,
            evidence=put.evidence,
            settled_at=at,
            new_file_id=put.file.file_id[:64] if is_new and put.file else "",
            new_path=put.file.path if is_new and put.file else "",
        )
        if not changed:
            continue
        counts[outcome.value] += 1
        AuditEvent.objects.create(**_event(job, put, outcome, at=at))
        if is_new and put.file:
            index_file(job.account, put.file, was_seen=True)
    _count(job, counts)
    if counts[RestoreOutcome.RESTORED]:
        summary.mark_stale(job.account_id)


def _event(job: RestoreJob, put: Put, outcome: RestoreOutcome, *, at: datetime) -> dict[str, object]:
    """Under the id by which the file was deleted: its history goes on there, and names the new one."""
    detail: dict[str, object] = {"restore": job.pk, "outcome": outcome.value, "sha256": put.wish.sha256}
    if put.file is not None:
        detail |= {"new_file_id": put.file.file_id, "new_path": put.file.path}
    return {
        "time": at,
        "event": EventKind.RESTORE_SETTLED,
        "actor_id": job.requested_by_id,
        "actor_name": job.requested_by_name,
        "account_id": job.account_id,
        "account_name": job.account.name,
        "file_id": put.wish.file_id,
        "file_path": put.wish.path,
        "size_bytes": put.wish.size_bytes,
        "evidence": put.evidence,
        "http_status": put.http_status,
        "reason": job.reason,
        "detail": detail,
    }


def _count(job: RestoreJob, counts: Counter[str]) -> None:
    if counts:
        RestoreJob.objects.filter(pk=job.pk).update(**{name: F(name) + count for name, count in counts.items()})


def pause(job: RestoreJob, cause: str) -> None:
    """Stop until somebody resumes, unless somebody cancelled or paused it first."""
    with transaction.atomic():
        only_from = [RestoreState.RUNNING]
        if RestoreJob.objects.move(job, to=RestoreState.PAUSED, only_from=only_from, pause_cause=cause):
            logger.warning("restore paused job=%s cause=%s", job.pk, cause)
            detail = {"restore": job.pk, "cause": cause}
            log.record(EventKind.RESTORE_PAUSED, account=job.account, detail=detail)


def close_if_done(job: RestoreJob) -> bool:
    """Finish the restore when no file of it is open. In one being cancelled, what was never sent is settled first."""
    job.refresh_from_db()
    if job.state == RestoreState.CANCELLING:
        _cancel_unsent(job)
    with transaction.atomic():
        locked = RestoreJob.objects.select_for_update(of=("self",)).select_related("account").get(pk=job.pk)
        if not locked.is_moving or locked.left:
            return False
        RestoreJob.objects.filter(pk=job.pk).update(state=RestoreState.FINISHED, finished_at=shared_now())
        sums = {outcome.value: count for outcome, count in locked.counts}
        detail = {"restore": job.pk, "manifest": locked.sha256, **sums}
        log.record(EventKind.RESTORE_FINISHED, account=locked.account, detail=detail)
    job.refresh_from_db()
    logger.info("restore finished job=%s %s", job.pk, " ".join(f"{name}={count}" for name, count in sums.items()))
    return True


def _cancel_unsent(job: RestoreJob) -> None:
    unsent = job.items.filter(outcome="", sent_at__isnull=True)
    while rows := list(unsent.order_by("position")[:SLICE]):
        with transaction.atomic():
            RestoreJob.objects.select_for_update().get(pk=job.pk)
            at = shared_now()
            open_ids = [row.pk for row in rows]
            these = unsent.filter(pk__in=open_ids).values_list("pk", flat=True)
            found = set(these)
            RestoreItem.objects.filter(pk__in=found).update(
                outcome=RestoreOutcome.CANCELLED, evidence=NEVER_SENT, settled_at=at
            )
            AuditEvent.objects.bulk_create(_cancelled(job, row, at=at) for row in rows if row.pk in found)
            _count(job, Counter({RestoreOutcome.CANCELLED.value: len(found)}))


def _cancelled(job: RestoreJob, row: RestoreItem, *, at: datetime) -> AuditEvent:
    return AuditEvent(
        time=at,
        event=EventKind.RESTORE_SETTLED,
        actor_id=job.requested_by_id,
        actor_name=job.requested_by_name,
        account_id=job.account_id,
        account_name=job.account.name,
        file_id=row.file_id,
        file_path=row.path,
        size_bytes=row.size_bytes,
        evidence=NEVER_SENT,
        reason=job.reason,
        detail={"restore": job.pk, "outcome": RestoreOutcome.CANCELLED.value, "sha256": row.sha256},
    )
