"""What people may ask of a job: open, undo, pause, resume, cancel, speed, retry, verify. Each is audited."""

from __future__ import annotations

from datetime import timedelta

from django.db import IntegrityError, transaction
from django.db.models import F
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from medialib.errors import Refused, WrongUse, grouped
from medialib.models import Account, BatchState, DeletionJob, EventKind, Item, JobState, Manifest, Outcome, PauseCode
from medialib.models.deletion import causes
from medialib.models.deletion.batches import BATCH_SIZE
from medialib.models.deletion.jobs import sum_of_outcomes
from medialib.services.accounts import rights
from medialib.services.accounts.rights import members_only
from medialib.services.audit import log
from medialib.services.audit.log import MAX_REASON, Actor
from medialib.services.base.clock import shared_now
from medialib.services.base.wake import wake_job
from medialib.services.copies import room
from medialib.services.deletion import purge
from medialib.services.deletion.lifecycle import close_if_done, refuse_changed
from medialib.services.manifests import counts
from medialib.services.manifests.freezing import freeze_items
from medialib.services.manifests.plan import deletion_plan

MAX_START_AFTER_S = 30 * 24 * 3600
WAIT_FOR_END = _("Wait until the job is finished; it is %(state)s.")


class AlreadySubmitted(Refused):
    """The manifest has its job already; `job` is that one."""

    def __init__(self, job: DeletionJob) -> None:
        super().__init__(_("These files were confirmed before, as job %(number)s."), number=job.pk)
        self.job = job


def open_deletion_job(
    *,
    manifest: Manifest,
    actor: Actor,
    reason: str,
    purge_cache: bool = False,
    start_after_s: int | None = None,
    retry_of: DeletionJob | None = None,
    owner: Actor | None = None,
    needs_approval: bool = False,
    seen_copies_days: int | None = None,
    in_place_of: DeletionJob | None = None,
) -> DeletionJob:
    """Queue the deletion of exactly the files in `manifest`, once.

    `start_after_s` is the undo window in seconds; None takes the plan's. `owner` is in whose name, where that is not
    the actor's: their rights count to the end. `needs_approval` asks for it whatever the plan says. `in_place_of` is a
    job that ends for this one. `seen_copies_days` is what the review said of copies, 0 for none; None where nobody was
    told. Raises WrongUse without a reason, AlreadySubmitted when the manifest has a job, ManifestChanged when the
    counts of selected, frozen and listed files differ, Refused when the selection changed since, the purge quota does
    not suffice, a file lies outside what the owner may delete, the list is older than a day, or there are more than
    they may delete in 24 hours.
    """
    reason, owner = _clean_reason(reason), owner or actor
    if not 0 <= (start_after_s or 0) <= MAX_START_AFTER_S:
        text = _("A job may wait from 0 to %(limit)s seconds before it starts.")
        raise WrongUse(text, limit=grouped(MAX_START_AFTER_S))
    rights.require_all_in_scope(manifest.items.all(), actor=owner, account=manifest.account)
    counts.refuse_unequal(manifest)
    counts.refuse_changed_selection(manifest, rights.scope_for(owner, manifest.account))
    if purge_cache:
        purge.check_quota(manifest)
    try:
        with transaction.atomic():
            # One confirmation of an account at a time: what the others confirmed counts against the person's limits.
            manifest.account = Account.objects.select_for_update(no_key=True).get(pk=manifest.account_id)
            plan, at = deletion_plan(manifest, proved_at=owner.proved_at), shared_now()
            plan.refuse_stale()
            plan.refuse_beyond_rights(owner)
            window_s = plan.undo_window_s if start_after_s is None else start_after_s
            plan.refuse_short_wait(window_s)
            keep_copies_days = room.days_for(manifest.account, in_place_of or retry_of, seen=seen_copies_days)
            job = DeletionJob.objects.create(
                manifest=manifest,
                account=manifest.account,
                requested_by=owner.user,
                requested_by_name=owner.name,
                is_by_person=owner.user is not None,
                reason=reason,
                needs_approval=needs_approval or plan.needs_approval,
                retry_of=retry_of,
                purge_cache=purge_cache,
                keep_copies_days=keep_copies_days,
                created_at=at,
                starts_at=at + timedelta(seconds=window_s),
                file_count=manifest.file_count,
            )
            sums = {"file_count": manifest.file_count, "total_bytes": manifest.total_bytes}
            choices: dict[str, object] = {"purge_cache": purge_cache, "needs_approval": job.needs_approval}
            choices["keep_copies_days"] = keep_copies_days
            if owner is not actor:
                choices["in_the_name_of"] = owner.name
            detail = {"manifest": manifest.sha256, **sums, "starts_at": job.starts_at.isoformat(), **choices}
            log.record(EventKind.JOB_CONFIRMED, actor=actor, account=job.account, job=job, reason=reason, detail=detail)
            if not window_s and not job.needs_approval:
                wake_job(job, at=at)
    except IntegrityError:
        if earlier := DeletionJob.objects.filter(manifest=manifest).first():
            raise AlreadySubmitted(earlier) from None
        raise
    return job


def _clean_reason(reason: str) -> str:
    reason = reason.strip()
    if not reason:
        raise WrongUse(_("A deletion needs a reason: it stays in the audit log."))
    if len(reason) > MAX_REASON:
        raise WrongUse(_("The reason is longer than %(count)s characters."), count=grouped(MAX_REASON))
    return reason


@members_only
def undo(job: DeletionJob, *, actor: Actor) -> None:
    """Take the whole job back before it starts: nothing was sent. Raises Refused when it has started."""
    with transaction.atomic():
        if not DeletionJob.objects.move(job, to=JobState.CANCELLING, only_from=[JobState.SCHEDULED]):
            raise Refused(_("It is too late to undo: the job has started. You can still cancel what is left."))
        log.record(EventKind.JOB_UNDONE, actor=actor, account=job.account, job=job)
    close_if_done(job)


@members_only
def start_now(job: DeletionJob, *, actor: Actor) -> None:
    """End the undo window now. Raises Refused when the job does not wait any more."""
    at = shared_now()
    with transaction.atomic():
        if DeletionJob.objects.awaiting_approval().filter(pk=job.pk).exists():
            raise Refused(_("The job waits for the approval of another person."))
        waiting = DeletionJob.objects.filter(pk=job.pk, state=JobState.SCHEDULED, starts_at__gt=at)
        if not waiting.update(starts_at=at):
            raise Refused(_("The job does not wait any more."))
        log.record(EventKind.JOB_RESUMED, actor=actor, account=job.account, job=job, detail={"start_now": True})
        wake_job(job, at=at)


@members_only
def pause(job: DeletionJob, *, actor: Actor) -> None:
    """Send nothing more until somebody resumes. Calls in flight are still settled."""
    cause = causes.PAUSED_BY % {"name": actor.name}
    why = {"pause_cause": cause, "pause_code": PauseCode.PERSON}
    with transaction.atomic():
        if not DeletionJob.objects.move(job, to=JobState.PAUSED, only_from=[JobState.RUNNING], **why):
            raise Refused(_("Only a running job can be paused; this one is %(state)s."), state=_state(job))
        log.record(EventKind.JOB_PAUSED, actor=actor, account=job.account, job=job, detail={"cause": cause})


@members_only
def resume(job: DeletionJob, *, actor: Actor) -> None:
    """Go on; the breaker counts anew. Raises Refused when it is not paused, or its list not the one confirmed."""
    refuse_changed(job)
    _go_on(job, actor=actor)


def _go_on(job: DeletionJob, *, actor: Actor) -> None:
    job.refresh_from_db()
    to = JobState.RUNNING if job.started_at else JobState.SCHEDULED
    with transaction.atomic():
        moved = DeletionJob.objects.move(
            job,
            to=to,
            only_from=[JobState.PAUSED],
            pause_cause="",
            pause_code="",
            same_errors=0,
            last_error="",
            breaker_from=sum_of_outcomes(),
            breaker_failed=F("failed") + F("unverified"),
        )
        if not moved:
            raise Refused(_("Only a paused job can be resumed; this one is %(state)s."), state=_state(job))
        log.record(EventKind.JOB_RESUMED, actor=actor, account=job.account, job=job)
        wake_job(job, at=shared_now())


@members_only
def take_over(job: DeletionJob, *, actor: Actor) -> None:
    """Answer for a paused job from here on, and let it continue: its files are judged by this person's rights.

    For a job whose requester left or lost the right. Raises Refused when it is not paused, a file that is left lies
    outside what the actor may delete, or its list is not the one that was confirmed.
    """
    refuse_changed(job)
    left = Item.objects.filter(manifest_id=job.manifest_id, outcome="")
    rights.require_all_in_scope(left, actor=actor, account=job.account)
    with transaction.atomic():
        before = DeletionJob.objects.select_for_update().get(pk=job.pk)
        if before.state != JobState.PAUSED:
            raise Refused(_("Only a paused job can be taken over; this one is %(state)s."), state=_state(job))
        if before.needs_approval and actor.user is not None and actor.user.pk == before.approved_by_id:
            raise Refused(_("You approved this job, so somebody else has to answer for it."))
        DeletionJob.objects.filter(pk=job.pk).update(
            requested_by=actor.user, requested_by_name=actor.name, is_by_person=actor.user is not None
        )
        detail = {"from": before.requested_by_name}
        log.record(EventKind.JOB_TAKEN_OVER, actor=actor, account=job.account, job=job, detail=detail)
        _go_on(job, actor=actor)


@members_only
def cancel(job: DeletionJob, *, actor: Actor) -> DeletionJob:
    """Send nothing more, for good. Returns the job; `deleted` says how many are gone, `cancelled` how many stay.

    Raises Refused when the job is finished or being cancelled. Calls in flight are settled by their answers first.
    """
    stoppable = [JobState.SCHEDULED, JobState.RUNNING, JobState.PAUSED]
    with transaction.atomic():
        if not DeletionJob.objects.move(job, to=JobState.CANCELLING, only_from=stoppable):
            raise Refused(_("There is nothing left to cancel: the job is %(state)s."), state=_state(job))
        job.refresh_from_db()
        log.record(
            EventKind.JOB_CANCELLED,
            actor=actor,
            account=job.account,
            job=job,
            detail={"already_gone": job.deleted + job.already_gone, "left": job.left},
        )
        wake_job(job, at=shared_now())
    close_if_done(job)
    job.refresh_from_db()
    return job


@members_only
def set_speed(job: DeletionJob, percent: int, *, actor: Actor) -> None:
    """Use this share of the account's allowance, 1 to 100. Acts on the next call."""
    if not 1 <= percent <= 100:
        raise WrongUse(_("The speed is a percentage from 1 to 100."))
    with transaction.atomic():
        if not DeletionJob.objects.active().filter(pk=job.pk).update(speed_percent=percent):
            raise Refused(_("The job is finished; its speed cannot be changed."))
        log.record(EventKind.JOB_SPEED, actor=actor, account=job.account, job=job, detail={"percent": percent})


@members_only
def retry_failed(job: DeletionJob, *, actor: Actor) -> DeletionJob:
    """A new job, with a manifest of its own, for the files that failed. It waits as any other does.

    The old job stays as it ended, so that each of its files keeps its one outcome.
    """
    job.refresh_from_db()
    if not job.is_finished:
        raise Refused(WAIT_FOR_END, state=_state(job))
    with transaction.atomic():
        DeletionJob.objects.select_for_update().get(pk=job.pk)  # One retry at a time.
        retried = Item.objects.filter(manifest__job__retry_of=job).values("file_id")
        failed = Item.objects.filter(manifest_id=job.manifest_id, outcome=Outcome.FAILED).exclude(file_id__in=retried)
        if not failed.exists():
            raise Refused(
                _("The failed files were retried already.") if job.failed else _("No file of this job failed.")
            )
        manifest = freeze_items(job.account, failed, source={"kind": "retry", "job": job.pk}, actor=actor)
        return open_deletion_job(
            manifest=manifest,
            actor=actor,
            reason=f"Retry of job {job.pk}: {job.reason}"[:MAX_REASON],
            purge_cache=job.purge_cache,
            retry_of=job,
        )


@members_only
def verify(job: DeletionJob, *, actor: Actor) -> int:
    """Look the unverified files up again; nothing is sent. Returns how many there are. Raises Refused without any."""
    at = shared_now()
    with transaction.atomic():
        locked = DeletionJob.objects.select_for_update().get(pk=job.pk)
        if not locked.unverified:
            raise Refused(_("No file of this job is unverified."))
        if not locked.is_finished:
            raise Refused(WAIT_FOR_END, state=_state(job))
        items = Item.objects.filter(manifest_id=job.manifest_id, outcome=Outcome.UNVERIFIED)
        numbers = {position // BATCH_SIZE for position in items.values_list("position", flat=True)}
        job.batches.filter(number__in=numbers).update(state=BatchState.VERIFY, look_ups=0, not_before=None)
        DeletionJob.objects.filter(pk=job.pk).update(
            state=JobState.RUNNING, finished_at=None, unverified=0, same_errors=0, last_error=""
        )
        items.update(outcome="", evidence="", settled_at=None)
        log.record(EventKind.JOB_VERIFY, actor=actor, account=job.account, job=job, detail={"files": locked.unverified})
        wake_job(job, at=at)
    return locked.unverified


def _state(job: DeletionJob) -> Promise:
    job.refresh_from_db(fields=["state"])
    return JobState(job.state).label
