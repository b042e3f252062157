"""Selection: what is ticked now, may change. Manifest and Item: the frozen list with its SHA-256, and its outcomes."""

from __future__ import annotations

import uuid
from collections.abc import Iterable
from datetime import timedelta
from typing import TYPE_CHECKING, Self

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils.timezone import now

from medialib.models.accounts import Account
from medialib.models.assets import Asset

if TYPE_CHECKING:
    from django.contrib.auth.base_user import AbstractBaseUser
    from django.contrib.auth.models import AnonymousUser

    from medialib.models.jobs import Batch


SELECTION_LIFE = timedelta(days=30)  # Counted from the last time somebody touched it.


class SelectionQuerySet(models.QuerySet["Selection"]):
    def current(self) -> Self:
        return self.filter(touched_at__gte=now() - SELECTION_LIFE)

    def expired(self) -> Self:
        return self.filter(touched_at__lt=now() - SELECTION_LIFE)

    def owned_by(self, user: AbstractBaseUser | AnonymousUser) -> Self:
        return self.filter(owner_id=user.pk)

    def visible_to(self, user: AbstractBaseUser | AnonymousUser) -> Self:
        """The person's own, as long as the person may see the account."""
        return self.owned_by(user).filter(account__in=Account.objects.visible_to(user))


class Selection(models.Model):
    """What one person has ticked in one account. It survives sign-out, and expires."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    account = models.ForeignKey(Account, on_delete=models.CASCADE, related_name="selections")
    owner = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="selections")
    created_at = models.DateTimeField(auto_now_add=True)
    touched_at = models.DateTimeField(auto_now=True)
    filters = models.JSONField(default=list, help_text="Filters whose matches were taken as a whole.")
    taken = models.JSONField(
        default=dict, blank=True, help_text="The latest of them: when, how many files and bytes, the mark of the set."
    )

    objects = SelectionQuerySet.as_manager()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["owner", "account"], name="selection_once_per_person_and_account")
        ]

    def __str__(self) -> str:
        return f"selection {self.pk}"


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
        constraints = [
            models.UniqueConstraint(fields=["selection", "asset"], name="selection_holds_asset_once"),
            # What was ticked by hand is simply forgotten when it is unticked.
            models.CheckConstraint(
                condition=Q(is_excluded=False) | Q(is_from_all=True), name="selection_excludes_from_all"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.asset_id} in {self.selection_id}"


class ManifestQuerySet(models.QuerySet["Manifest"]):
    def frozen_by(self, user: AbstractBaseUser | AnonymousUser) -> Self:
        """Manifests that this person froze."""
        return self.filter(frozen_by_id=user.pk)

    def visible_to(self, user: AbstractBaseUser | AnonymousUser) -> Self:
        """Manifests of accounts that this person may see."""
        return self.filter(account__in=Account.objects.visible_to(user))


class Manifest(models.Model):
    """The frozen files of one confirmed or proposed deletion. Its items' first columns never change."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    account = models.ForeignKey(Account, on_delete=models.PROTECT, related_name="manifests")
    frozen_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.SET_NULL, null=True, related_name="manifests"
    )
    frozen_by_name = models.CharField(max_length=150)
    frozen_at = models.DateTimeField()
    sha256 = models.CharField(max_length=64)
    file_count = models.PositiveIntegerField()
    total_bytes = models.BigIntegerField()
    library_count = models.PositiveIntegerField(help_text="Files in the account's index when it was frozen.")
    source = models.JSONField(
        default=dict, help_text="Where the files came from: ticks, a filter, a list of ids, a job."
    )

    objects = ManifestQuerySet.as_manager()

    def __str__(self) -> str:
        return f"manifest {self.sha256[:8]}"


class Outcome(models.TextChoices):
    """Where one file of a job ends. Exactly one of these, from evidence."""

    DELETED = "deleted"
    ALREADY_GONE = "already_gone"
    SKIPPED = "skipped"
    FAILED = "failed"
    CANCELLED = "cancelled"
    UNVERIFIED = "unverified"


class ItemQuerySet(models.QuerySet["Item"]):
    def waiting_in(self, batch: Batch, *, manifest_id: uuid.UUID) -> Self:
        """Files of a batch that have no outcome yet, in their order."""
        return self.filter(
            manifest_id=manifest_id, position__range=(batch.first_position, batch.last_position), outcome=""
        ).order_by("position")

    def deleted_by_job(self, account_id: int, file_ids: Iterable[str]) -> dict[str, int]:
        """The job that is on record for having deleted each of these files, for those where there is one."""
        rows = self.filter(file_id__in=file_ids, outcome=Outcome.DELETED, manifest__account_id=account_id)
        return dict(rows.values_list("file_id", "manifest__job"))


class Item(models.Model):
    """One file of a manifest: what was shown, then what became of it."""

    manifest = models.ForeignKey(Manifest, on_delete=models.CASCADE, related_name="items")
    position = models.PositiveIntegerField(help_text="From 0, in the order of file ids. Batch n holds 100n to 100n+99.")
    file_id = models.CharField(max_length=64)
    path = models.TextField(blank=True)
    size_bytes = models.BigIntegerField()
    file_updated_at = models.DateTimeField(null=True)

    outcome = models.CharField(max_length=12, choices=Outcome.choices, blank=True, default="")
    evidence = models.TextField(blank=True, default="")
    http_status = models.PositiveSmallIntegerField(null=True)
    exchange = models.ForeignKey(
        "medialib.Exchange", on_delete=models.SET_NULL, null=True, related_name="items", db_index=False
    )
    settled_at = models.DateTimeField(null=True)

    objects = ItemQuerySet.as_manager()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["manifest", "position"], name="item_position_once"),
            # In this order it also answers "which manifests hold this file?".
            models.UniqueConstraint(fields=["file_id", "manifest"], name="item_file_once"),
            models.CheckConstraint(
                condition=Q(outcome="") | ~Q(evidence="") & Q(settled_at__isnull=False),
                name="item_outcome_has_evidence",
            ),
        ]
        indexes = [
            models.Index(
                fields=["manifest", "outcome", "position"],
                condition=~Q(outcome__in=["", "deleted"]),
                name="item_unusual_outcomes",
            )
        ]

    def __str__(self) -> str:
        return self.path or self.file_id
