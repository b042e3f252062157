"""Asset: our cached row of one file at ImageKit, and the queries that lists, counts and selections share."""

from __future__ import annotations

from django.db import models
from django.db.models import Q

from medialib.models.accounts import Account
from medialib.models.sync import SyncRun


class AssetKind(models.TextChoices):
    IMAGE = "image"
    VIDEO = "video"
    AUDIO = "audio"
    DOCUMENT = "document"
    OTHER = "other"


class Removal(models.TextChoices):
    """Why a row is no longer listed."""

    MISSING = "missing", "no longer listed by ImageKit"
    DELETED = "deleted", "deleted by a medialib job"


class Asset(models.Model):
    account = models.ForeignKey(Account, on_delete=models.CASCADE, related_name="assets")
    file_id = models.CharField(max_length=64)
    name = models.TextField()
    path = models.TextField(help_text="Folder and name, with a leading slash.")
    folder = models.TextField(help_text="Leading slash, no trailing one; the root is “/”.")
    kind = models.CharField(max_length=10, choices=AssetKind.choices)
    format = models.CharField(max_length=16, blank=True, help_text="File extension in lower case, without the dot.")
    mime = models.CharField(max_length=120, blank=True)
    size_bytes = models.BigIntegerField()
    width = models.PositiveIntegerField(null=True)
    height = models.PositiveIntegerField(null=True)
    tags = models.JSONField(default=list)
    custom_metadata = models.JSONField(default=dict)
    is_private = models.BooleanField(default=False)
    is_published = models.BooleanField(default=True)
    version_name = models.CharField(max_length=40, blank=True)
    url = models.TextField(blank=True)
    thumbnail_url = models.TextField(blank=True)
    created_at = models.DateTimeField()
    updated_at = models.DateTimeField()
    seen_in = models.ForeignKey(SyncRun, on_delete=models.SET_NULL, null=True, related_name="+", db_constraint=False)
    removed_at = models.DateTimeField(null=True, help_text="When we learned that the file is gone; empty while it is there.")
    removal = models.CharField(max_length=10, choices=Removal.choices, blank=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["account", "file_id"], name="asset_once_per_account"),
            models.CheckConstraint(
                condition=Q(removed_at__isnull=True, removal="") | Q(removed_at__isnull=False) & ~Q(removal=""),
                name="asset_removal_has_a_time",
            ),
        ]

    def __str__(self) -> str:
        return self.path
