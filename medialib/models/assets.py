"""Asset: our cached row of one file at ImageKit, and the queries that lists, counts and selections share."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Self

from django.db import models
from django.db.models import Q

from medialib.errors import WrongUse
from medialib.models.accounts import Account
from medialib.models.asset_filters import AssetCursor, AssetFilter, AssetSort
from medialib.models.filter_values import AssetKind
from medialib.models.sql import BinaryTextField
from medialib.models.sync import SyncRun

PAGE_SIZE = 100


class Removal(models.TextChoices):
    """Why a row is no longer listed."""

    MISSING = "missing", "no longer listed by ImageKit"
    DELETED = "deleted", "deleted by a medialib job"


@dataclass(frozen=True)
class AssetPage:
    """One screen of a list. A cursor is None where there is nothing on that side."""

    assets: list[Asset]
    previous_cursor: AssetCursor | None
    next_cursor: AssetCursor | None


class AssetQuerySet(models.QuerySet["Asset"]):
    def live(self, account: Account) -> Self:
        """The files of this account that are there, as far as we know."""
        return self.filter(account=account, removed_at__isnull=True)

    def matching(self, asset_filter: AssetFilter) -> Self:
        """The one place where a filter becomes a condition: list, count, facets, selection and manifest all use it."""
        if not isinstance(asset_filter, AssetFilter):
            raise WrongUse("This is not a filter.")
        return self.filter(*_conditions(asset_filter))

    def sorted_by(self, sort: AssetSort) -> Self:
        """In this order; files that are equal in it follow their row number, so each list has exactly one order."""
        sign = "-" if sort.is_descending else ""
        return self.order_by(f"{sign}{sort.column}", f"{sign}pk")

    def after(self, cursor: AssetCursor) -> Self:
        """Assets that follow the cursor in its order."""
        return self._beyond(cursor, "lt" if cursor.sort.is_descending else "gt")

    def before(self, cursor: AssetCursor) -> Self:
        """Assets that precede the cursor, the nearest first: a slice is the page before it, turned round."""
        return self._beyond(cursor, "gt" if cursor.sort.is_descending else "lt").sorted_by(cursor.sort.opposite)

    def _beyond(self, cursor: AssetCursor, side: str) -> Self:
        column = cursor.sort.column
        return self.filter(
            Q(**{f"{column}__{side}": cursor.value}) | Q(**{column: cursor.value, f"pk__{side}": cursor.pk}),
            # Says nothing new, but lets the index start at the right row; without it the whole list is read.
            **{f"{column}__{side}e": cursor.value},
        )

    def page(
        self,
        sort: AssetSort,
        *,
        after: AssetCursor | None = None,
        before: AssetCursor | None = None,
        size: int = PAGE_SIZE,
    ) -> AssetPage:
        """One screen that starts after or ends before a cursor, with the cursors of its neighbours. One query."""
        if before:
            rows = list(self.before(before)[: size + 1])
            return _page(rows[:size][::-1], sort, has_previous=len(rows) > size, has_next=True)
        rows = list((self.after(after) if after else self).sorted_by(sort)[: size + 1])
        return _page(rows[:size], sort, has_previous=after is not None, has_next=len(rows) > size)

    def capped_count(self, cap: int) -> int:
        """How many there are, but never more than `cap` + 1: an exact count reads every row."""
        return self.order_by()[: cap + 1].count()

    def unseen_in(self, run: SyncRun, *, up_to_pk: int) -> Self:
        """Live rows that a sync has not met, among those that existed when it began."""
        return self.live(run.account).filter(pk__lte=up_to_pk).exclude(seen_in=run)


class Asset(models.Model):
    account = models.ForeignKey(Account, on_delete=models.CASCADE, related_name="assets")
    file_id = models.CharField(max_length=64)
    name = BinaryTextField()
    path = BinaryTextField(help_text="Folder and name, with a leading slash.")
    folder = BinaryTextField(help_text="Leading slash, no trailing one; the root is “/”.")
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
        constraints = [
            models.UniqueConstraint(fields=["account", "file_id"], name="asset_once_per_account"),
            models.CheckConstraint(
                condition=Q(removed_at__isnull=True, removal="") | Q(removed_at__isnull=False) & ~Q(removal=""),
                name="asset_removal_has_a_time",
            ),
        ]
        indexes = [
            # live(account).sorted_by(…), either way round, with after() and before(): one for each column of AssetSort.
            models.Index(
                fields=["account", "created_at", "id"], condition=Q(removed_at__isnull=True), name="asset_by_created"
            ),
            models.Index(
                fields=["account", "updated_at", "id"], condition=Q(removed_at__isnull=True), name="asset_by_updated"
            ),
            models.Index(fields=["account", "name", "id"], condition=Q(removed_at__isnull=True), name="asset_by_name"),
            models.Index(
                fields=["account", "size_bytes", "id"], condition=Q(removed_at__isnull=True), name="asset_by_size"
            ),
            # Also live(account).matching(a folder and below): such a folder is a range of paths.
            models.Index(fields=["account", "path", "id"], condition=Q(removed_at__isnull=True), name="asset_by_path"),
            # live(account).matching(one folder alone).sorted_by(newest or oldest): else the whole folder is sorted.
            models.Index(
                fields=["account", "folder", "created_at", "id"],
                condition=Q(removed_at__isnull=True),
                name="asset_in_folder",
            ),
        ]

    def __str__(self) -> str:
        return self.path


def _page(assets: Sequence[Asset], sort: AssetSort, *, has_previous: bool, has_next: bool) -> AssetPage:
    return AssetPage(
        list(assets),
        AssetCursor.of(assets[0], sort) if assets and has_previous else None,
        AssetCursor.of(assets[-1], sort) if assets and has_next else None,
    )


def _conditions(wanted: AssetFilter) -> list[Q]:
    """Each set field of a filter as a condition; all of them must hold."""
    simple: dict[str, Any] = {
        "kind__in": wanted.kind,
        "format__in": wanted.format,
        "name__icontains": wanted.name,
        "path__icontains": wanted.q,
        "size_bytes__gte": wanted.min_size,
        "size_bytes__lte": wanted.max_size,
        "created_at__gte": wanted.created_after,
        "created_at__lt": wanted.created_before,
        "updated_at__gte": wanted.updated_after,
        "updated_at__lt": wanted.updated_before,
    }
    given = [Q((lookup, value)) for lookup, value in simple.items() if value not in ("", (), None)]
    return [*given, *_folder_conditions(wanted), *(Q(tags__has_tag=tag) for tag in wanted.tag)]


def _folder_conditions(wanted: AssetFilter) -> list[Q]:
    if not wanted.folder or (wanted.folder == "/" and wanted.subfolders):
        return []
    if not wanted.subfolders:
        return [Q(folder=wanted.folder)]
    # A range instead of LIKE: it is exact about case on SQLite too, has nothing to escape, and uses the index.
    below = f"{wanted.folder}/"
    return [Q(path__gte=below, path__lt=below[:-1] + chr(ord("/") + 1))]
