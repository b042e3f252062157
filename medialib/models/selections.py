"""Selection: what is ticked now, may change. Manifest and Item: the frozen list with its SHA-256, and its outcomes."""

from __future__ import annotations

import uuid

from django.conf import settings
from django.db import models
from django.db.models import Q

from medialib.models.accounts import Account
from medialib.models.assets import Asset


class Selection(models.Model):
    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    account = models.ForeignKey(Account, on_delete=models.CASCADE, related_name="selections")
    owner = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="selections")
    created_at = models.DateTimeField(auto_now_add=True)
    touched_at = models.DateTimeField(auto_now=True)

    def __str__(self) -> str:
        return f"selection {self.pk}"


class SelectionItem(models.Model):
    selection = models.ForeignKey(Selection, on_delete=models.CASCADE, related_name="items")
    asset = models.ForeignKey(Asset, on_delete=models.CASCADE, related_name="+")
    is_excluded = models.BooleanField(default=False, help_text="Taken with “all matching”, then unticked by hand.")

    class Meta:
        constraints = [models.UniqueConstraint(fields=["selection", "asset"], name="selection_holds_asset_once")]

    def __str__(self) -> str:
        return f"{self.asset_id} in {self.selection_id}"


class Manifest(models.Model):
    """The frozen files of one confirmed or proposed deletion. Its items' first columns never change."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    account = models.ForeignKey(Account, on_delete=models.PROTECT, related_name="manifests")
    frozen_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.SET_NULL, null=True, related_name="manifests")
    frozen_by_name = models.CharField(max_length=150)
    frozen_at = models.DateTimeField()
    sha256 = models.CharField(max_length=64)
    file_count = models.PositiveIntegerField()
    total_bytes = models.BigIntegerField()
    library_count = models.PositiveIntegerField(help_text="Files in the account's index when it was frozen.")
    source = models.JSONField(default=dict, help_text="Where the files came from: ticks, a filter, a list of ids, a job.")

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
    exchange = models.ForeignKey("medialib.Exchange", on_delete=models.SET_NULL, null=True, related_name="items", db_index=False)
    settled_at = models.DateTimeField(null=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["manifest", "position"], name="item_position_once"),
            # In this order it also answers "which manifests hold this file?".
            models.UniqueConstraint(fields=["file_id", "manifest"], name="item_file_once"),
            models.CheckConstraint(
                condition=Q(outcome="") | ~Q(evidence="") & Q(settled_at__isnull=False), name="item_outcome_has_evidence"
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
