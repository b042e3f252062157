"""Finds the person in whose name a command acts."""

from __future__ import annotations

from django.contrib.auth.models import User

from medialib.errors import Refused, WrongUse
from medialib.models import Account


def person_who_may(permission: str, username: str, *, account: Account, other: str = "") -> User:
    """The active user of this name who holds `medialib.<permission>`, or the `other`, and is a member of the account.

    Raises WrongUse when there is none of this name, Refused when the permission or the membership is missing.
    """
    user = User.objects.filter(username=username).first()
    if user is None:
        raise WrongUse(f"There is no user named “{username}”.")
    if not user.is_active or not any(user.has_perm(f"medialib.{name}") for name in (permission, other) if name):
        raise Refused(f"“{username}” may not do this: the permission “{permission}” is missing.")
    if not Account.objects.visible_to(user).filter(pk=account.pk).exists():
        raise Refused(f"“{username}” may not do this: no membership of the account “{account}”.")
    return user
