"""What each worker does beside its tasks: report that it is alive, and find work that nobody works on.

No queue gives back what a killed worker held (docs/decisions), so the rows are looked through every few seconds.
"""

from __future__ import annotations

import logging
from datetime import datetime, timedelta

from django.db import transaction
from django.db.models import Q

from medialib.models import BatchState, DeletionJob, JobState, Worker
from medialib.services.base.clock import shared_now
from medialib.services.base.wake import wake, wake_job
from medialib.services.deletion import purge

logger = logging.getLogger(__name__)

FORGET_WORKER = timedelta(days=1)
WAKE_AGAIN = timedelta(seconds=5)  # A wake-up that nobody followed within this time counts as lost.
HELP_AGAIN = timedelta(seconds=2)
BATCHES_WORTH_HELP = 8


def heartbeat(worker_id: str, *, engine: str) -> None:
    """Report that this worker is alive; pages say when none is."""
    at = shared_now()
    Worker.objects.update_or_create(
        id=worker_id,
        defaults={"seen_at": at, "engine": engine},
        create_defaults={"seen_at": at, "engine": engine, "started_at": at},
    )
    Worker.objects.filter(seen_at__lt=at - FORGET_WORKER).delete()


def sign_off(worker_id: str) -> None:
    """Forget a worker that stops in good order."""
    Worker.objects.filter(pk=worker_id).delete()


def sweep() -> list[int]:
    """Wake workers for each due job that nobody works on, or that more workers could share. Returns the job ids."""
    at = shared_now()
    alive = Worker.objects.alive(at).count()
    return [
        job.pk for job in DeletionJob.objects.due(at) if _wants_worker(job, alive=alive, at=at) and _wake(job, at=at)
    ]


def _wants_worker(job: DeletionJob, *, alive: int, at: datetime) -> bool:
    if job.state == JobState.SCHEDULED:
        return _is_quiet(job, WAKE_AGAIN, at)
    owners = job.batches.leased(at).values_list("lease_owner", flat=True).distinct().count()
    if not owners:
        return _is_quiet(job, WAKE_AGAIN, at) and (job.batches.free(at).exists() or not job.batches.open().exists())
    waiting = job.batches.free(at).filter(state=BatchState.WAITING)[:BATCHES_WORTH_HELP].count()
    return owners < alive and waiting == BATCHES_WORTH_HELP and _is_quiet(job, HELP_AGAIN, at)


def _is_quiet(job: DeletionJob, since: timedelta, at: datetime) -> bool:
    return job.woken_at is None or job.woken_at <= at - since or job.woken_at > at + since


def _wake(job: DeletionJob, *, at: datetime) -> bool:
    """One worker's sweep wakes; the others find the time changed and leave it."""
    with transaction.atomic():
        unchanged = Q(woken_at=job.woken_at) if job.woken_at else Q(woken_at__isnull=True)
        if not DeletionJob.objects.filter(unchanged, pk=job.pk).update(woken_at=at):
            return False
        wake_job(job, at=at)
    return True


def sweep_purges() -> None:
    """Take up purges that were interrupted or that ImageKit has not completed yet."""
    for job_id in purge.unfinished_purges():
        wake("purge_deleted", job_id)
