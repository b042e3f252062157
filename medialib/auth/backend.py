"""Who a session belongs to, with all rights: one statement for what every request asks."""

from __future__ import annotations

from typing import Any

from allauth.account.auth_backends import AuthenticationBackend
from django.contrib.auth.models import Permission, User

from medialib.services.base.at_once import AtOnce, Marks, Questions, Row, as_models, columns_of

RIGHT = ("content_type__app_label", "codename")


class Backend(AuthenticationBackend):
    """allauth's, but for how a known person is read."""

    def get_user(self, user_id: Any) -> User | None:
        """The person as of now: nothing is kept from one request to the next, so a right that is taken is gone."""
        found = STATEMENT.read(user=int(user_id))
        user = next(iter(as_models(User, found["person"])), None)
        if user is None or not self.user_can_authenticate(user):
            return None
        if not user.is_superuser:  # Who may do everything; Django asks for no right of theirs.
            # Where Django's ModelBackend looks before it asks.
            user._user_perm_cache = _names(found["own"])  # type: ignore[attr-defined]
            user._group_perm_cache = _names(found["by_group"])  # type: ignore[attr-defined]
        return user


def _names(rows: list[Row]) -> set[str]:
    return {".".join(row[column] for column in RIGHT) for row in rows}


def _questions(marks: Marks) -> Questions:
    user = marks["user"]
    return {
        "person": (User.objects.filter(pk=user), columns_of(User)),
        "own": (Permission.objects.filter(user=user).order_by(), RIGHT),
        "by_group": (Permission.objects.filter(group__user=user).order_by().distinct(), RIGHT),
    }


STATEMENT = AtOnce(_questions, user=-7_001)
