"""Four eyes: a large job starts only after a second person approved exactly its frozen list."""

from __future__ import annotations

from datetime import timedelta

from django.db import transaction
from django.db.models import QuerySet
from django.utils.translation import gettext_lazy as _
from django.utils.translation import gettext_noop

from medialib.errors import ManifestChanged, Refused, WrongUse, grouped
from medialib.models import DeletionJob, EventKind, JobState, PauseCode
from medialib.services.accounts import rights
from medialib.services.audit import log
from medialib.services.audit.log import MAX_REASON, SYSTEM, Actor
from medialib.services.base.clock import shared_now
from medialib.services.base.wake import wake_job
from medialib.services.deletion.lifecycle import close_if_done

EXPIRES_AFTER = timedelta(hours=72)
EXPIRED = gettext_noop("Nobody approved it within 72 hours.")


def is_open(job: DeletionJob) -> bool:
    """Whether the job waits for an approval: its first, or another since its approver lost the right."""
    is_stopped = job.state == JobState.PAUSED and job.pause_code == PauseCode.APPROVER
    return job.waits_for_approval or is_stopped


def approve(job: DeletionJob, *, actor: Actor, manifest_sha256: str) -> None:
    """Let the job start: its undo window begins now. Bound to the list whose hash is given.

    Also for a job that paused because its approver lost the right; somebody then resumes it. Raises Refused when the
    job waits for no approval or the actor may not give it, ManifestChanged when the hash is another.
    """
    with transaction.atomic():
        locked = open_for(actor, job)
        if manifest_sha256.strip().lower() != locked.manifest.sha256:
            raise ManifestChanged(_("The hash is not that of this job's list of files; nothing was approved."))
        at, changes = shared_now(), {}
        if locked.state == JobState.SCHEDULED:
            changes["starts_at"] = at + max(locked.starts_at - locked.created_at, timedelta())
        DeletionJob.objects.filter(pk=job.pk).update(
            approved_by=actor.user, approved_by_name=actor.name, approved_at=at, **changes
        )
        detail = {"manifest": locked.manifest.sha256, "file_count": locked.file_count}
        log.record(EventKind.JOB_APPROVED, actor=actor, account=locked.account, job=locked, detail=detail)
        if changes.get("starts_at") == at:
            wake_job(locked, at=at)
    job.refresh_from_db()


def reject(job: DeletionJob, *, actor: Actor, reason: str) -> None:
    """End the job: what was not sent stays. Raises WrongUse without a reason, Refused as `approve` does."""
    reason = reason.strip()
    if not reason or len(reason) > MAX_REASON:
        raise WrongUse(_("Say in at most %(limit)s characters why it is rejected."), limit=grouped(MAX_REASON))
    with transaction.atomic():
        _end(open_for(actor, job), DeletionJob.objects.all(), actor=actor, reason=reason)
    close_if_done(job)
    job.refresh_from_db()


def expire() -> int:
    """End the jobs that nobody approved in time. Returns how many."""
    ended = 0
    for job in _late():
        with transaction.atomic():  # Meanwhile it may have been undone, or approved at the last moment.
            is_ended = _end(job, DeletionJob.objects.awaiting_approval(), actor=SYSTEM, reason=EXPIRED)
        if is_ended:
            close_if_done(job)
        ended += is_ended
    return ended


def _late() -> list[DeletionJob]:
    late = DeletionJob.objects.awaiting_approval().filter(created_at__lt=shared_now() - EXPIRES_AFTER)
    return list(late.select_related("account", "manifest"))


def open_for(actor: Actor, job: DeletionJob) -> DeletionJob:
    """The job, locked. Raises Refused when it waits for no approval, or the actor may not give it."""
    rows = DeletionJob.objects.select_for_update(of=("self",)).select_related("account", "manifest")
    job = rows.get(pk=job.pk)
    if not is_open(job):
        raise Refused(_("The job does not wait for an approval."))
    if job.waits_for_approval and job.created_at < shared_now() - EXPIRES_AFTER:
        raise Refused(_(EXPIRED))
    if cause := rights.why_may_not_approve(job, actor.user, actor.name):
        raise Refused(cause)
    return job


def _end(job: DeletionJob, among: QuerySet[DeletionJob], *, actor: Actor, reason: str) -> bool:
    """Cancel the job if it still is among these; whether it was."""
    if not among.filter(pk=job.pk).update(state=JobState.CANCELLING):
        return False
    log.record(EventKind.JOB_REJECTED, actor=actor, account=job.account, job=job, reason=reason)
    return True
