"""Asks a worker to take something up. Only a wake-up: the rows are the truth, and a lost one costs a few seconds."""

from __future__ import annotations

import logging
from datetime import datetime
from functools import partial

from django.db import transaction
from django.utils.module_loading import import_string

from medialib.models import DeletionJob

logger = logging.getLogger(__name__)


def wake(task_name: str, *args: int | str) -> None:
    """Enqueue `medialib.tasks.<task_name>` with these ids or paths once the surrounding transaction has committed."""
    transaction.on_commit(partial(_enqueue, task_name, args))


def wake_job(job: DeletionJob, *, at: datetime) -> None:
    """Ask a worker to take up the job, and remember when."""
    DeletionJob.objects.filter(pk=job.pk).update(woken_at=at)
    wake("run_deletion_job", job.pk)


def _enqueue(task_name: str, args: tuple[int | str, ...]) -> None:
    try:
        import_string(f"medialib.tasks.{task_name}").enqueue(*args)
    except Exception:
        # The queue is down. What was asked for is on record, and each worker looks for it every few seconds.
        logger.warning("could not wake a worker task=%s", task_name, exc_info=True)
