"""SavedView: a filter that somebody gave a name. ListPreferences: how a person likes to see the library."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Self

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from medialib.models.accounts import Account

if TYPE_CHECKING:
    from django.contrib.auth.base_user import AbstractBaseUser
    from django.contrib.auth.models import AnonymousUser


class SavedViewQuerySet(models.QuerySet["SavedView"]):
    def visible_to(self, user: AbstractBaseUser | AnonymousUser) -> Self:
        """The person's own, and those that others share, in accounts that the person may see."""
        mine_or_shared = Q(owner_id=user.pk) | Q(is_shared=True)
        return self.filter(mine_or_shared, account__in=Account.objects.visible_to(user))

    def owned_by(self, user: AbstractBaseUser | AnonymousUser) -> Self:
        return self.filter(owner_id=user.pk)


class SavedView(models.Model):
    """A named filter with its order. It is opened as the address that it stands for, so its filters show as chips."""

    account = models.ForeignKey(Account, on_delete=models.CASCADE, related_name="saved_views", db_index=False)
    owner = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="saved_views")
    name = models.CharField(max_length=80)
    filter = models.JSONField(help_text="As AssetFilter.as_json writes it; never empty.")
    sort = models.CharField(max_length=20)
    is_shared = models.BooleanField(default=False)
    saved_at = models.DateTimeField(auto_now=True)

    objects = SavedViewQuerySet.as_manager()

    class Meta:
        verbose_name, verbose_name_plural = _("saved view"), _("saved views")
        constraints = [
            # In this order it also answers "which views has this account?".
            models.UniqueConstraint(fields=["account", "owner", "name"], name="saved_view_name_once"),
        ]

    def __str__(self) -> str:
        return self.name


class ListPreferencesQuerySet(models.QuerySet["ListPreferences"]):
    def choices_of(self, user: AbstractBaseUser | AnonymousUser) -> dict[str, Any] | None:
        return self.filter(owner_id=user.pk).values_list("choices", flat=True).first()


class ListPreferences(models.Model):
    """Table or grid, density, columns. One row for each person, so it is the same on each of their machines."""

    owner = models.OneToOneField(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="list_preferences")
    choices = models.JSONField(default=dict)

    objects = ListPreferencesQuerySet.as_manager()

    class Meta:
        verbose_name, verbose_name_plural = _("list preferences"), _("list preferences")

    def __str__(self) -> str:
        return f"#{self.owner_id}"
