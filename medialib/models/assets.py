"""Asset: our cached row of one file at ImageKit, and the queries that lists, counts and selections share."""

from __future__ import annotations

from typing import Self

from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _
from django.utils.translation import gettext_noop

from medialib.models.accounts import Account
from medialib.models.query.fields import AssetKind
from medialib.models.query.filtered import FilteredAssets
from medialib.models.query.filters import AssetFilter
from medialib.models.query.folding import FoldedNameField, FoldedPathField
from medialib.models.sql import BinaryTextField
from medialib.models.sync import SyncRun

LIVE = Q(removed_at__isnull=True)


class Removal(models.TextChoices):
    """Why a row is no longer listed."""

    MISSING = "missing", gettext_noop("no longer listed by ImageKit")
    DELETED = "deleted", gettext_noop("deleted by a medialib job")


class AssetQuerySet(models.QuerySet["Asset"]):
    def live(self, account: Account) -> Self:
        """The files of this account that are there, as far as we know."""
        return self.filter(account=account, removed_at__isnull=True)

    def matching(self, asset_filter: AssetFilter) -> FilteredAssets:
        return FilteredAssets(self, unfiltered=self).matching(asset_filter)

    def unseen_in(self, run: SyncRun, *, up_to_pk: int) -> Self:
        """Live rows that a sync has not met, among those that existed when it began."""
        return self.live(run.account).filter(pk__lte=up_to_pk).exclude(seen_in=run)


class Asset(models.Model):
    # Without an index of its own: each one below begins with it.
    account = models.ForeignKey(Account, on_delete=models.CASCADE, related_name="assets", db_index=False)
    file_id = models.CharField(max_length=64)
    name = BinaryTextField()
    path = BinaryTextField(help_text="Folder and name, with a leading slash.")
    folder = BinaryTextField(help_text="Leading slash, no trailing one; the root is “/”.")
    search_text = FoldedPathField()
    search_name = FoldedNameField()
    kind = models.CharField(max_length=10, choices=AssetKind.choices)
    format = models.CharField(max_length=16, blank=True, help_text="File extension in lower case, without the dot.")
    mime = models.CharField(max_length=120, blank=True)
    size_bytes = models.BigIntegerField()
    width = models.PositiveIntegerField(null=True)
    height = models.PositiveIntegerField(null=True)
    tags = models.JSONField(default=list)
    ai_tags = models.JSONField(default=list, help_text="Names of the tags that ImageKit's extensions gave.")
    custom_metadata = models.JSONField(default=dict)
    is_private = models.BooleanField(default=False)
    is_published = models.BooleanField(default=True)
    version_name = models.CharField(max_length=40, blank=True)
    # Without an index: only a line of a list that nothing else matches is looked up by it.
    version_id = models.CharField(max_length=64, blank=True, help_text="Empty where it is the id of the file.")
    url = models.TextField(blank=True)
    thumbnail_url = models.TextField(blank=True)
    created_at = models.DateTimeField()
    updated_at = models.DateTimeField()
    # Without an index: each sync rewrites it in every row, and no query looks rows up by it.
    seen_in = models.ForeignKey(
        SyncRun, on_delete=models.SET_NULL, null=True, related_name="+", db_constraint=False, db_index=False
    )
    removed_at = models.DateTimeField(
        null=True, help_text="When we learned that the file is gone; empty while it is there."
    )
    removal = models.CharField(max_length=10, choices=Removal.choices, blank=True)

    objects = AssetQuerySet.as_manager()

    class Meta:
        verbose_name, verbose_name_plural = _("asset"), _("assets")
        constraints = [
            models.UniqueConstraint(fields=["account", "file_id"], name="asset_once_per_account"),
            models.CheckConstraint(
                condition=Q(removed_at__isnull=True, removal="") | Q(removed_at__isnull=False) & ~Q(removal=""),
                name="asset_removal_has_a_time",
            ),
        ]
        indexes = [
            # in_order(live(account), …), either way round, with after_position(): one for each column of AssetSort.
            # A file id has its constraint, and what is sorted in groups has the indexes of their filters.
            models.Index(fields=["account", "created_at", "id"], condition=LIVE, name="asset_by_created"),
            models.Index(fields=["account", "updated_at", "id"], condition=LIVE, name="asset_by_updated"),
            models.Index(fields=["account", "name", "id"], condition=LIVE, name="asset_by_name"),
            models.Index(fields=["account", "size_bytes", "id"], condition=LIVE, name="asset_by_size"),
            models.Index(fields=["account", "format", "id"], condition=LIVE, name="asset_by_format"),
            # Also live(account).matching(a folder and below): such a folder is a range of paths.
            models.Index(fields=["account", "path", "id"], condition=LIVE, name="asset_by_path"),
            # What query.hints knows, each in the list's first order: else all that match are sorted for each page.
            models.Index(fields=["account", "folder", "created_at", "id"], condition=LIVE, name="asset_in_folder"),
            models.Index(fields=["account", "kind", "created_at", "id"], condition=LIVE, name="asset_of_kind"),
            models.Index(fields=["account", "format", "created_at", "id"], condition=LIVE, name="asset_of_format"),
            models.Index(
                fields=["account", "width", "id"], condition=LIVE & Q(width__isnull=False), name="asset_by_width"
            ),
            models.Index(
                fields=["account", "height", "id"], condition=LIVE & Q(height__isnull=False), name="asset_by_height"
            ),
            # What few files are or have.
            models.Index(
                fields=["account", "created_at", "id"], condition=LIVE & Q(is_private=True), name="asset_private"
            ),
            models.Index(
                fields=["account", "created_at", "id"], condition=LIVE & Q(is_published=False), name="asset_unpublished"
            ),
            models.Index(
                fields=["account", "created_at", "id"],
                condition=LIVE & Q(version_name__is_first_version=False),
                name="asset_of_versions",
            ),
            models.Index(
                fields=["account", "created_at", "id"],
                condition=LIVE & Q(tags__is_empty_list=True, ai_tags__is_empty_list=True),
                name="asset_untagged",
            ),
            # Usually nothing: see query.hints.Hint.is_assumption.
            models.Index(
                fields=["account", "id"], condition=LIVE & Q(created_at__gt=F("updated_at")), name="asset_updated_early"
            ),
        ]

    def __str__(self) -> str:
        return self.path
