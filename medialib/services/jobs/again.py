"""New lists from a job's: what changed before it could be sent, or what is left when somebody takes files out."""

from __future__ import annotations

from collections.abc import Collection

from django.db import transaction
from django.db.models import Q, QuerySet
from django.utils.timezone import now
from django.utils.translation import gettext_lazy as _

from medialib.errors import Refused, WrongUse, grouped
from medialib.models import Asset, DeletionJob, EventKind, Item, JobState, Manifest, Outcome, SkipCause
from medialib.services.accounts import rights
from medialib.services.audit import log
from medialib.services.audit.log import MAX_REASON, Actor
from medialib.services.deletion.lifecycle import close_if_done
from medialib.services.jobs import approvals, controls
from medialib.services.manifests import changes
from medialib.services.manifests.changes import Change
from medialib.services.manifests.freezing import freeze_assets, freeze_items

SMALLER = "smaller"  # A manifest's source: made from the list of a job, without some of its files.
MAX_NAMED = 10_000  # Files that may be taken out one by one.


def freeze_changed(job: DeletionJob, *, actor: Actor) -> Manifest:
    """Freeze, as they are now, the files that the job skipped since they had changed. Raises Refused without any.

    What the look before the call found is in the index already.
    """
    skipped = Item.objects.filter(
        manifest_id=job.manifest_id, outcome=Outcome.SKIPPED, skip_cause=SkipCause.CHANGED
    ).values("file_id")
    assets = Asset.objects.live(job.account).filter(file_id__in=skipped)
    return freeze_assets(job.account, assets, source={"kind": "changed", "job": job.pk}, actor=actor)


def may_shrink(job: DeletionJob, actor: Actor) -> bool:
    """Whether to show the form; `shrink` asks again."""
    if job.state != JobState.SCHEDULED or actor.user is None:
        return False
    return _is_requester(job, actor) or (job.waits_for_approval and not _why_not(job, actor))


def shrink(
    job: DeletionJob,
    *,
    actor: Actor,
    reason: str,
    without: Collection[Change] = (),
    file_ids: Collection[str] = (),
) -> DeletionJob:
    """End a job of which nothing was sent, and ask anew for its list without some files. Returns the new job.

    By its requester, or by somebody who may approve it. The new job is still asked for by its requester, whose rights
    count, and waits for an approval where the old one did; every file of it was in the old list, as it was frozen.
    Raises WrongUse without a reason or without saying which files, Refused when none or all of them would go, the job
    has started, or the actor may not.
    """
    reason = reason.strip()
    if not reason or len(reason) > MAX_REASON:
        raise WrongUse(_("Say in at most %(limit)s characters why the list gets smaller."), limit=grouped(MAX_REASON))
    if len(file_ids) > MAX_NAMED:
        raise WrongUse(_("At most %(limit)s files are taken out one by one."), limit=grouped(MAX_NAMED))
    with transaction.atomic():
        locked = _open_for(actor, job)
        owner = _owner(locked, actor)
        left_out = _left_out(locked.manifest, without, file_ids)
        count = left_out.count()
        if not count:
            raise Refused(_("None of the files named is in this list, so nothing was changed."))
        if count == locked.file_count:
            raise Refused(_("That is every file of the list. Reject or undo the job instead."))
        source = {"kind": SMALLER, "job": job.pk, "left_out": count, "without": sorted(map(str, without))}
        kept = locked.manifest.items.exclude(pk__in=left_out.values("pk"))
        manifest = freeze_items(locked.account, kept, source=source, actor=actor, owner=owner)
        _end(locked, actor=actor, reason=reason, detail={"left_out": count, "smaller": manifest.sha256})
        smaller = controls.open_deletion_job(
            manifest=manifest,
            actor=actor,
            owner=owner,
            reason=locked.reason,
            purge_cache=locked.purge_cache,
            start_after_s=max(0, int((locked.starts_at - locked.created_at).total_seconds())),
            needs_approval=locked.needs_approval,
            in_place_of=locked,
        )
    close_if_done(job)
    job.refresh_from_db()
    return smaller


def _is_requester(job: DeletionJob, actor: Actor) -> bool:
    return actor.user is not None and actor.user.pk == job.requested_by_id


def _why_not(job: DeletionJob, actor: Actor) -> str:
    return rights.why_may_not_approve(job, actor.user, actor.name)


def _open_for(actor: Actor, job: DeletionJob) -> DeletionJob:
    """The job, locked. Raises Refused when it has started, or the actor may not take files out."""
    rows = DeletionJob.objects.select_for_update(of=("self",)).select_related("account", "manifest", "requested_by")
    locked = rows.get(pk=job.pk)
    if not _is_requester(locked, actor):
        return approvals.open_for(actor, locked)
    if locked.state != JobState.SCHEDULED:
        raise Refused(_("The job has started, so its list stays as it is. You can still cancel what is left."))
    return locked


def _owner(job: DeletionJob, actor: Actor) -> Actor:
    """In whose name the smaller list is asked for. Raises Refused when that person may no longer ask."""
    if cause := rights.why_may_not_go_on(job):
        raise Refused(cause)
    if _is_requester(job, actor):
        return actor
    return Actor.person(job.requested_by) if job.requested_by else Actor(name=job.requested_by_name)


def _left_out(manifest: Manifest, without: Collection[Change], file_ids: Collection[str]) -> QuerySet[Item]:
    at, scope = now(), changes.current_scope(manifest)
    changed = changes.items_with(manifest, without, scope=scope, at=at).values("pk")
    return manifest.items.filter(Q(pk__in=changed) | Q(file_id__in=list(file_ids)))


def _end(job: DeletionJob, *, actor: Actor, reason: str, detail: dict[str, object]) -> None:
    if not DeletionJob.objects.move(job, to=JobState.CANCELLING, only_from=[JobState.SCHEDULED]):
        raise Refused(_("The job has started, so its list stays as it is. You can still cancel what is left."))
    event = EventKind.JOB_UNDONE if _is_requester(job, actor) else EventKind.JOB_REJECTED
    log.record(event, actor=actor, account=job.account, job=job, reason=reason, detail=detail)
