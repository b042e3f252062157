"""What a program may ask for that shows a token: as on the page, less what a page asks a person for.

A token proves only that somebody once made it. Where the page takes a fresh proof of who it is, or another person's
approval, a program is told where a person can go on.
"""

from __future__ import annotations

from collections.abc import Sequence

from django.db import transaction
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from medialib.errors import ManifestChanged, Refused
from medialib.models import Account, DeletionJob, Manifest
from medialib.services.audit.log import Actor
from medialib.services.jobs import again, controls
from medialib.services.jobs.controls import AlreadySubmitted
from medialib.services.manifests.changes import Change
from medialib.services.manifests.plan import DeletionPlan, asks_for_number, deletion_plan

PROOF = _(
    "%(count)s files, with what was confirmed before, are more than a program may delete of this account: a person "
    "confirms them on the review page, with a fresh proof of who it is."
)
APPROVAL = _("So many files need the approval of another person. Confirm them on the review page, which asks for it.")
AGAIN = _("This job is so large that the page asks for a fresh proof of who it is. A person goes on there.")
NOT_YOURS = _("A list that somebody else asked for is made smaller by a person, on the page of its job.")


class NeedsPerson(Refused):
    """A page asks a person for what no program can give: the one of this name, about the thing that `about` names."""

    def __init__(self, message: str | Promise, *, page: str, about: Sequence[object], **params: object) -> None:
        super().__init__(message, **params)
        self.page, self.about = page, about


def why_needs_person(plan: DeletionPlan) -> Promise | None:
    """What the page would ask for; None where a program may confirm."""
    if plan.must_type_number:
        return PROOF
    return APPROVAL if plan.needs_approval else None


def confirm(
    manifest: Manifest, *, actor: Actor, sha256: str, file_count: int, reason: str, purge_cache: bool = False
) -> DeletionJob:
    """Open the job of exactly the list that has this hash and so many files.

    Raises ManifestChanged for another hash or count, NeedsPerson where the page asks for a proof or an approval,
    AlreadySubmitted when the list has its job, and what controls.open_deletion_job does.
    """
    if sha256.strip().lower() != manifest.sha256:
        raise ManifestChanged(_("The hash is not that of this list; nothing was confirmed."))
    if file_count != manifest.file_count:
        raise ManifestChanged(_("The list does not hold so many files; nothing was confirmed."))
    if job := DeletionJob.objects.filter(manifest=manifest).first():
        raise AlreadySubmitted(job)
    with transaction.atomic():
        # The same lock as the service takes: several requests at once cannot slip below a limit together.
        manifest.account = Account.objects.select_for_update(no_key=True).get(pk=manifest.account_id)
        plan = deletion_plan(manifest, proved_at=actor.proved_at)
        if cause := why_needs_person(plan):
            raise NeedsPerson(cause, page="review", about=[manifest.pk], count=plan.files)
        return controls.open_deletion_job(manifest=manifest, actor=actor, reason=reason, purge_cache=purge_cache)


def refuse_large(job: DeletionJob, action: str, *, actor: Actor) -> None:
    """Raises NeedsPerson where the page asks again before `action`."""
    if asks_for_number(job, action, proved_at=actor.proved_at):
        raise NeedsPerson(AGAIN, page="job", about=[job.pk])


def retry(job: DeletionJob, *, actor: Actor) -> DeletionJob:
    """As controls.retry_failed. Raises NeedsPerson where the page asks again, or the new job would need an approval."""
    with transaction.atomic():
        refuse_large(job, "retry", actor=actor)
        retried = controls.retry_failed(job, actor=actor)
        if retried.needs_approval:
            raise NeedsPerson(APPROVAL, page="job", about=[job.pk])
    return retried


def shrink(job: DeletionJob, *, actor: Actor, reason: str, without: list[Change], file_ids: list[str]) -> DeletionJob:
    """As again.shrink, of a job that the same person asked for: to take files out for others is to decide on theirs."""
    if actor.user is None or job.requested_by_id != actor.user.pk:
        raise NeedsPerson(NOT_YOURS, page="job", about=[job.pk])
    return again.shrink(job, actor=actor, reason=reason, without=without, file_ids=file_ids)
