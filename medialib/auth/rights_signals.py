"""Changes of people and their rights, as Django signals them: added, changed, removed, and who belongs to which group.

By signals, because Django's own admin and commands change them too, and no service of ours is on that way.
"""

from __future__ import annotations

from typing import Any

from django.contrib.auth.models import Group, User
from django.db.models import Model
from django.db.models.signals import m2m_changed, post_delete, post_save, pre_save
from django.dispatch import receiver

from medialib.auth.clients import address_of
from medialib.errors import in_english
from medialib.models import EventKind
from medialib.services.audit import log, trace
from medialib.services.audit.log import Actor

WATCHED = ("username", "email", "is_active", "is_staff", "is_superuser")
# The tables of rights: what belongs together in words.
RIGHTS = {
    User.groups.through: ("groups", EventKind.PERSON_CHANGED),
    User.user_permissions.through: ("permissions", EventKind.PERSON_CHANGED),
    Group.permissions.through: ("permissions", EventKind.GROUP_CHANGED),
}


@receiver(pre_save, sender=User, dispatch_uid="medialib.person_before")
def remember_person(instance: User, raw: bool = False, **kwargs: Any) -> None:
    """What the person was, to be compared once saved."""
    if not raw and instance.pk and not _is_only_sign_in(kwargs.get("update_fields")):
        instance._before = User.objects.filter(pk=instance.pk).first()  # type: ignore[attr-defined]


@receiver(post_save, sender=User, dispatch_uid="medialib.person_saved")
def record_person(instance: User, created: bool, raw: bool = False, **kwargs: Any) -> None:
    if raw or _is_only_sign_in(kwargs.get("update_fields")):
        return
    before = instance.__dict__.pop("_before", None)
    if created:
        rights = {name: getattr(instance, name) for name in ("is_staff", "is_superuser")}
        log.record(EventKind.PERSON_ADDED, actor=_actor(), detail={"person": instance.get_username(), **rights})
    elif before and (changed := _changes(before, instance)):
        detail = {"person": instance.get_username(), "changed": changed}
        log.record(EventKind.PERSON_CHANGED, actor=_actor(), detail=detail)


@receiver(post_delete, sender=User, dispatch_uid="medialib.person_removed")
def record_person_removed(instance: User, **kwargs: Any) -> None:
    log.record(EventKind.PERSON_REMOVED, actor=_actor(), detail={"person": instance.get_username()})


@receiver(post_delete, sender=Group, dispatch_uid="medialib.group_removed")
def record_group_removed(instance: Group, **kwargs: Any) -> None:
    log.record(EventKind.GROUP_CHANGED, actor=_actor(), detail={"group": instance.name, "removed": True})


@receiver(m2m_changed, dispatch_uid="medialib.rights_changed")
def record_rights(
    sender: Any, instance: Model, action: str, reverse: bool, model: type[Model], pk_set: set[Any] | None, **kwargs: Any
) -> None:
    """One event for each owner and change. Reversed, as in group.user_set.add(person), each of `pk_set` is an owner."""
    if sender not in RIGHTS or action not in ("post_add", "post_remove", "pre_clear"):
        return
    word = {"post_add": "added", "post_remove": "removed", "pre_clear": "cleared"}[action]
    others = list(model._default_manager.filter(pk__in=pk_set)) if pk_set is not None else []
    if reverse:
        for owner in others:
            _record_right(sender, owner, {word: [in_english(instance)]})
    elif others or word == "cleared":
        _record_right(sender, instance, {word: sorted(map(in_english, others))})


def _record_right(through: Any, owner: Model, change: dict[str, list[str]]) -> None:
    what, event = RIGHTS[through]
    kind = "person" if isinstance(owner, User) else "group"
    log.record(event, actor=_actor(), detail={kind: str(owner), what: change})


def _changes(before: User, after: User) -> dict[str, Any]:
    changed: dict[str, Any] = {
        name: {"from": getattr(before, name), "to": getattr(after, name)}
        for name in WATCHED
        if getattr(before, name) != getattr(after, name)
    }
    if before.password != after.password:
        changed["password"] = "changed"  # noqa: S105  Said, never shown.
    return changed


def _is_only_sign_in(update_fields: Any) -> bool:
    return update_fields is not None and set(update_fields) <= {"last_login"}


def _actor() -> Actor:
    """The signed-in person of the request; without a request the system, as in a command."""
    now = trace.current()
    user = getattr(now.request, "user", None) if now else None
    if now is None or user is None or not user.is_authenticated:
        return log.SYSTEM
    return Actor.person(user, address=address_of(now.request))
