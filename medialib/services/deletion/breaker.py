"""Stops a job by itself when continuing would make things worse, and says why in plain words."""

from __future__ import annotations

import logging
from collections.abc import Iterable, Mapping
from typing import Any

from django.conf import settings
from django.db import transaction

from medialib.models import DeletionJob, EventKind, JobState, PauseCode
from medialib.models.deletion import causes
from medialib.services.audit import log

logger = logging.getLogger(__name__)

AFTER_FILES = 100  # A share of failures says little before so many files are settled.
SAME_ERRORS = 3


def until_resumed(cause: str) -> str:
    return causes.UNTIL_RESUMED % {"cause": cause}


def reason_to_stop(job: DeletionJob, *, error: str, same_errors: int) -> str:
    """Why the job should stop now, or an empty text. Counts from when somebody last resumed it."""
    if same_errors >= SAME_ERRORS:
        return until_resumed(causes.SAME_END % {"count": same_errors, "error": error})
    files = job.settled - job.breaker_from
    failed = job.failed + job.unverified - job.breaker_failed
    if files >= AFTER_FILES and failed * 100 > files * settings.BREAKER_PERCENT:
        shares = {"failed": f"{failed:,}", "files": f"{files:,}", "percent": settings.BREAKER_PERCENT}
        return until_resumed(causes.MANY_FAILED % shares)
    return ""


def stop(
    job: DeletionJob,
    cause: str,
    *,
    code: PauseCode | str,
    only_from: Iterable[JobState] = (JobState.RUNNING,),
    detail: Mapping[str, Any] | None = None,
) -> None:
    """Pause the job for this cause, unless somebody paused, cancelled or finished it first."""
    with transaction.atomic():
        if DeletionJob.objects.move(job, to=JobState.PAUSED, only_from=only_from, pause_cause=cause, pause_code=code):
            logger.warning("job paused job=%s cause=%s", job.pk, cause)
            log.record(
                EventKind.JOB_PAUSED,
                account=job.account,
                job=job,
                detail={"cause": cause, "code": code, **(detail or {})},
            )
