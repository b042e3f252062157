"""What people may ask of a restore: confirm, pause, resume, cancel, verify again. Each is audited."""

from __future__ import annotations

from django.db import transaction
from django.db.models import F
from django.utils.translation import gettext_lazy as _

from medialib.errors import Refused, WrongUse, grouped
from medialib.models import EventKind, RestoreJob, RestoreOutcome, RestoreState
from medialib.models.deletion import causes
from medialib.services.accounts import rights
from medialib.services.audit import log
from medialib.services.audit.log import MAX_REASON, Actor
from medialib.services.base.clock import shared_now
from medialib.services.base.wake import wake
from medialib.services.restoring import freezing
from medialib.services.restoring.settling import close_if_done


def confirm(job: RestoreJob, *, reason: str, keeps_both: bool, actor: Actor) -> None:
    """Begin a restore that was reviewed. Raises WrongUse without a reason, Refused when it was begun or changed."""
    reason = reason.strip()
    if not reason or len(reason) > MAX_REASON:
        text = _("Say why in at most %(limit)s characters: it stays in the audit log.")
        raise WrongUse(text, limit=grouped(MAX_REASON))
    _require_rights(job, actor)
    if freezing.sha256_of(job) != job.sha256:
        raise Refused(_("The list was changed since it was frozen, so nothing is restored."))
    with transaction.atomic():
        moved = RestoreJob.objects.move(
            job,
            to=RestoreState.RUNNING,
            only_from=[RestoreState.REVIEW],
            reason=reason,
            keeps_both=keeps_both,
            confirmed_at=shared_now(),
            requested_by=actor.user,
            requested_by_name=actor.name,
            source={**job.source, "by_person": actor.user is not None},
        )
        if not moved:
            raise Refused(_("This restore was begun already."))
        detail = {
            "restore": job.pk,
            "manifest": job.sha256,
            "file_count": job.file_count,
            "total_bytes": job.total_bytes,
            "keeps_both": keeps_both,
            "source": job.source,
        }
        log.record(EventKind.RESTORE_CONFIRMED, actor=actor, account=job.account, reason=reason, detail=detail)
        wake("run_restore", job.pk)
    job.refresh_from_db()


def pause(job: RestoreJob, *, actor: Actor) -> None:
    """Send nothing more until somebody resumes. Uploads in flight are still settled."""
    _require_rights(job, actor)
    cause = causes.PAUSED_BY % {"name": actor.name}
    with transaction.atomic():
        moved = RestoreJob.objects.move(
            job, to=RestoreState.PAUSED, only_from=[RestoreState.RUNNING], pause_cause=cause
        )
        if not moved:
            raise Refused(_("Only a running restore can be paused."))
        _note(EventKind.RESTORE_PAUSED, job, actor)


def resume(job: RestoreJob, *, actor: Actor) -> None:
    """Go on, in the name of whoever resumes it."""
    _require_rights(job, actor)
    with transaction.atomic():
        moved = RestoreJob.objects.move(
            job,
            to=RestoreState.RUNNING,
            only_from=[RestoreState.PAUSED],
            pause_cause="",
            requested_by=actor.user,
            requested_by_name=actor.name,
        )
        if not moved:
            raise Refused(_("Only a paused restore can be resumed."))
        _note(EventKind.RESTORE_RESUMED, job, actor)
        wake("run_restore", job.pk)


def cancel(job: RestoreJob, *, actor: Actor) -> None:
    """Put back nothing more. What was put back stays; what may have been sent is looked up."""
    _require_rights(job, actor)
    with transaction.atomic():
        only_from = [RestoreState.RUNNING, RestoreState.PAUSED]
        if not RestoreJob.objects.move(job, to=RestoreState.CANCELLING, only_from=only_from):
            raise Refused(_("There is nothing to cancel."))
        _note(EventKind.RESTORE_CANCELLED, job, actor)
        wake("run_restore", job.pk)
    close_if_done(job)


def verify(job: RestoreJob, *, actor: Actor) -> None:
    """Look up again what is unverified. Nothing of it is sent unless a look-up finds its path empty."""
    _require_rights(job, actor)
    with transaction.atomic():
        locked = RestoreJob.objects.select_for_update().get(pk=job.pk)
        unverified = locked.items.filter(outcome=RestoreOutcome.UNVERIFIED)
        count = unverified.count()
        if not locked.is_finished or not count:
            raise Refused(_("Nothing of this restore is unverified."))
        unverified.update(outcome="", evidence="", settled_at=None)
        RestoreJob.objects.filter(pk=job.pk).update(
            state=RestoreState.RUNNING, finished_at=None, unverified=F("unverified") - count
        )
        _note(EventKind.RESTORE_VERIFY, job, actor, file_count=count)
        wake("run_restore", job.pk)


def _require_rights(job: RestoreJob, actor: Actor) -> None:
    if actor.user is not None and not actor.user.has_perm("medialib.restore_files"):
        raise Refused(_("“%(name)s” may not restore files."), name=actor.name)
    rights.scope_for(actor, job.account)


def _note(event: EventKind, job: RestoreJob, actor: Actor, **detail: object) -> None:
    log.record(event, actor=actor, account=job.account, reason=job.reason, detail={"restore": job.pk, **detail})
