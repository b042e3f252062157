"""Who sees and deletes in which account: grant, change, revoke. Each is audited."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django.db import IntegrityError, transaction
from django.utils.translation import gettext_lazy as _

from medialib.errors import Refused, WrongUse
from medialib.models import Account, EventKind, Membership
from medialib.models.memberships import sees_everything
from medialib.services.audit import log
from medialib.services.audit.log import Actor

if TYPE_CHECKING:
    from django.contrib.auth.models import User

MAX_PATHS = 200


def save(membership: Membership, *, actor: Actor) -> Membership:
    """Grant or change. Raises WrongUse for what is not a folder, Refused for a second one of the same account."""
    membership.delete_paths = clean_paths(membership.delete_paths)
    _require_reach(membership.account, actor=actor)
    is_new = membership.pk is None
    before = {} if is_new else _state(Membership.objects.get(pk=membership.pk))
    if is_new:
        membership.added_by = actor.user
    try:
        with transaction.atomic():
            membership.save()
            _record("granted" if is_new else "changed", membership, before=before, actor=actor)
    except IntegrityError:
        text = _("“%(name)s” has a membership of that account already. Change that one.")
        raise Refused(text, name=membership.user) from None
    return membership


def revoke(membership: Membership, *, actor: Actor) -> None:
    """Acts on the person's next request. Jobs that the person confirmed before go on; they can be cancelled."""
    _require_reach(membership.account, actor=actor)
    with transaction.atomic():
        _record("revoked", membership, before=_state(membership), actor=actor)
        membership.delete()


def join(account: Account, *, actor: Actor) -> None:
    """The person who adds an account sees it."""
    if actor.user and not Account.objects.visible_to(actor.user).filter(pk=account.pk).exists():
        membership = Membership.objects.create(user=actor.user, account=account, may_delete=True, added_by=actor.user)
        _record("granted", membership, before={}, actor=actor)


def record_factor_removed(person: User, *, kind: str, actor: Actor) -> None:
    """Somebody else took away a second factor: the person can sign in with the password alone."""
    detail = {"second_factor": "removed", "person": person.get_username(), "kind": kind}
    log.record(EventKind.PERSON_CHANGED, actor=actor, detail=detail)


def clean_paths(text: str) -> str:
    """Folders, one on each line, each once. Raises WrongUse for what could mean something else than it says."""
    lines = [line.strip() for line in text.splitlines() if line.strip()]
    if len(lines) > MAX_PATHS:
        raise WrongUse(_("At most %(count)s folders."), count=MAX_PATHS)
    for line in lines:
        folder = line.removesuffix("/*")
        is_odd = "*" in folder or "//" in folder or any(part in (".", "..") for part in folder.split("/"))
        if not line.startswith("/") or is_odd or not line.isprintable():
            odd = _("“%(line)s” is not a folder. Write /campaigns or /campaigns/*, one a line.")
            raise WrongUse(odd, line=line[:80])
    return "\n".join(dict.fromkeys(lines))


def _require_reach(account: Account | None, *, actor: Actor) -> None:
    """Nobody can grant more than they have themselves."""
    if actor.user is None:
        return
    if account is None:
        may = sees_everything(actor.user)
    else:
        may = Account.objects.visible_to(actor.user).filter(pk=account.pk).exists()
    if not may:
        raise Refused(_("You can only grant memberships of accounts that you are a member of."))


def _record(what: str, membership: Membership, *, before: dict[str, Any], actor: Actor) -> None:
    detail = {"membership": what, "person": membership.user.get_username(), "from": before}
    detail["to"] = {} if what == "revoked" else _state(membership)
    log.record(EventKind.PERSON_CHANGED, actor=actor, account=membership.account, detail=detail)


def _state(membership: Membership) -> dict[str, Any]:
    return {
        "account": membership.account.name if membership.account else "every account",
        "may_delete": membership.may_delete,
        "only_in": membership.delete_paths,
        "daily": [membership.daily_files, membership.daily_bytes, membership.daily_percent],
    }
