"""Who may see and delete in which account: asked by every service that freezes or deletes for a person.

What a person may do at all is a permission, asked by the page or the command; where, is a membership, asked here. The
product itself, and people on the machine's command line act without a person and are not restricted.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import TYPE_CHECKING, Concatenate, ParamSpec, TypeVar

from django.db.models import QuerySet
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from medialib.errors import NotAllowed, grouped
from medialib.models import Account, DeletionJob, Item, Membership
from medialib.models.deletion import causes
from medialib.models.memberships import EVERYTHING, DailyLimits, DeleteScope
from medialib.services.audit.log import Actor

if TYPE_CHECKING:
    from django.contrib.auth.models import User

P = ParamSpec("P")
R = TypeVar("R")


def scope_for(actor: Actor, account: Account) -> DeleteScope:
    """Where in the account the actor may delete. Raises NotAllowed when that is nowhere."""
    if actor.user is None:
        return EVERYTHING
    scope = account.delete_scope(actor.user)
    if scope.is_nothing:
        text = _("“%(name)s” may not delete in the account “%(account)s”. A key manager can change that.")
        raise NotAllowed(text, name=actor.name, account=account)
    return scope


def may_empty(actor: Actor) -> bool:
    """Whether the actor has the right to delete a whole library, wherever that may be."""
    return actor.user is None or actor.user.has_perm("medialib.delete_whole_library")


def daily_limits(actor: Actor, account: Account) -> DailyLimits:
    """How much the actor may delete of the account in 24 hours."""
    if actor.user is None or actor.user.is_superuser:
        return DailyLimits()
    return Membership.objects.of(actor.user).for_account(account.pk).daily_limits()


def why_may_not_approve(job: DeletionJob, user: User | None, name: str) -> str:
    """Why this person's approval of the job does not count; empty when it does."""
    if user is None or not user.is_active:
        return gettext("“%(name)s” no longer has an account.") % {"name": name}
    if not user.has_perm("medialib.approve_deletions"):
        return gettext("“%(name)s” may not approve deletions.") % {"name": name}
    if not Account.objects.visible_to(user).filter(pk=job.account_id).exists():
        return gettext("“%(name)s” is no member of this account.") % {"name": name}
    if user.pk in (job.requested_by_id, job.manifest.frozen_by_id):
        return gettext("“%(name)s” asked for it: another person has to approve it.") % {"name": name}
    return ""


def requester_scope(job: DeletionJob) -> DeleteScope:
    """Where the person who asked for the job may delete now; everywhere for the product's own jobs."""
    return job.account.delete_scope(job.requested_by) if job.requested_by else EVERYTHING


def why_may_not_go_on(job: DeletionJob) -> str:
    """Why the job may send nothing more in its requester's name, in English; empty when it may.

    A person who left, or lost the right or the membership, no longer deletes: somebody else has to take the job over.
    """
    if not job.is_by_person:
        return ""
    name = job.requested_by_name
    if job.requested_by is None or not job.requested_by.is_active:
        return causes.REQUESTER_LEFT % {"name": name}
    if not job.requested_by.has_perm("medialib.delete_files"):
        return causes.REQUESTER_MAY_NOT % {"name": name}
    if requester_scope(job).is_nothing:
        return causes.REQUESTER_IS_OUTSIDE % {"name": name}
    return ""


def why_is_not_approved(job: DeletionJob) -> str:
    """Why the approval that the job needs does not count now, in English; empty when it does, or none is needed."""
    if not job.needs_approval:
        return ""
    if job.approved_at is None:
        return "Nobody has approved it."
    return why_may_not_approve(job, job.approved_by, job.approved_by_name)


def require_all_in_scope(items: QuerySet[Item], *, actor: Actor, account: Account) -> None:
    """Raises NotAllowed when a frozen file lies outside what the actor may delete now, whatever it was before."""
    scope = scope_for(actor, account)
    if scope.is_everything:
        return
    outside = items.exclude(scope.condition()).count()
    if outside:
        raise NotAllowed(
            _(
                "%(count)s of these files lie outside the folders in which “%(name)s” may delete (%(folders)s), so "
                "nothing is deleted. Select again."
            ),
            count=grouped(outside),
            name=actor.name,
            folders=scope.in_words(),
        )


def members_only(action: Callable[Concatenate[DeletionJob, P], R]) -> Callable[Concatenate[DeletionJob, P], R]:
    """Let only those who may delete in the job's account do `action(job, …, actor=…)`."""

    @wraps(action)
    def checked(job: DeletionJob, /, *args: P.args, **kwargs: P.kwargs) -> R:
        actor = kwargs["actor"]
        assert isinstance(actor, Actor)  # noqa: S101  # Each of these functions takes one.
        scope_for(actor, job.account)
        return action(job, *args, **kwargs)

    return checked
