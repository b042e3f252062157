"""Selection: what one person has ticked now; it may change."""

from __future__ import annotations

import uuid
from datetime import timedelta
from typing import TYPE_CHECKING, Self

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils.timezone import now
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from medialib.models.accounts import Account
from medialib.models.api.tokens import ApiToken
from medialib.models.assets import Asset

if TYPE_CHECKING:
    from django.contrib.auth.base_user import AbstractBaseUser
    from django.contrib.auth.models import AnonymousUser


SELECTION_LIFE = timedelta(days=30)  # Counted from the last time somebody touched it.


class SelectionQuerySet(models.QuerySet["Selection"]):
    def current(self) -> Self:
        return self.filter(touched_at__gte=now() - SELECTION_LIFE)

    def expired(self) -> Self:
        return self.filter(touched_at__lt=now() - SELECTION_LIFE)

    def owned_by(self, user: AbstractBaseUser | AnonymousUser, *, token: ApiToken | None = None) -> Self:
        """What the person ticked, or what a program ticked with this token: neither changes the other's."""
        return self.filter(owner_id=user.pk, token=token)

    def visible_to(self, user: AbstractBaseUser | AnonymousUser, *, token: ApiToken | None = None) -> Self:
        """The person's own, as long as the person may see the account."""
        return self.owned_by(user, token=token).filter(account__in=Account.objects.visible_to(user))


class Selection(models.Model):
    """What one person has ticked in one account. It survives sign-out, and expires. A token may have several."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    account = models.ForeignKey(Account, on_delete=models.CASCADE, related_name="selections")
    owner = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="selections")
    token = models.ForeignKey(
        ApiToken, on_delete=models.CASCADE, null=True, related_name="selections", help_text="Made by a program with it."
    )
    created_at = models.DateTimeField(auto_now_add=True)
    touched_at = models.DateTimeField(auto_now=True)
    filters = models.JSONField(default=list, help_text="Filters whose matches were taken as a whole.")
    taken = models.JSONField(
        default=dict, blank=True, help_text="The latest of them: when, how many files and bytes, the mark of the set."
    )

    objects = SelectionQuerySet.as_manager()

    class Meta:
        verbose_name, verbose_name_plural = _("selection"), _("selections")
        constraints = [
            models.UniqueConstraint(
                fields=["owner", "account"],
                condition=Q(token__isnull=True),
                name="selection_once_per_person_and_account",
            )
        ]

    def __str__(self) -> str:
        return gettext("selection %(number)s") % {"number": self.pk}


class SelectionItemQuerySet(models.QuerySet["SelectionItem"]):
    def included(self) -> Self:
        """Ticked files that are still there."""
        return self.filter(is_excluded=False, asset__removed_at__isnull=True)

    def excluded(self) -> Self:
        """Files unticked by hand after “all matching” was taken, still there."""
        return self.filter(is_excluded=True, asset__removed_at__isnull=True)


class SelectionItem(models.Model):
    # Without an index of its own: the constraint below begins with it.
    selection = models.ForeignKey(Selection, on_delete=models.CASCADE, related_name="items", db_index=False)
    # PostgreSQL would lock each file's row to check it, and so write it: a list is selected in half the time without.
    # Rows of files go only with their account, and its selections with it.
    asset = models.ForeignKey(Asset, on_delete=models.CASCADE, related_name="+", db_constraint=False)
    is_from_all = models.BooleanField(default=False, help_text="Taken with “all matching”.")
    is_excluded = models.BooleanField(default=False, help_text="Taken with “all matching”, then unticked by hand.")

    objects = SelectionItemQuerySet.as_manager()

    class Meta:
        verbose_name, verbose_name_plural = _("selection item"), _("selection items")
        constraints = [
            models.UniqueConstraint(fields=["selection", "asset"], name="selection_holds_asset_once"),
            # What was ticked by hand is simply forgotten when it is unticked.
            models.CheckConstraint(
                condition=Q(is_excluded=False) | Q(is_from_all=True), name="selection_excludes_from_all"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.asset_id} in {self.selection_id}"
