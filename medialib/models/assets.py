"""Asset: our cached row of one file at ImageKit, and the queries that lists, counts and selections share."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from itertools import dropwhile
from typing import Self

from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_noop

from medialib.errors import WrongUse
from medialib.models.accounts import Account
from medialib.models.query.filters import AssetFilter
from medialib.models.query.folding import FoldedNameField, FoldedPathField
from medialib.models.query.hints import Hint, hints_of
from medialib.models.query.orders import AssetCursor, AssetSort, Order, Place
from medialib.models.query.paging import WHOLE_TABLE, Stretch, cheapest, condition, usable
from medialib.models.query.tree import Condition, Not
from medialib.models.query.values import AssetKind
from medialib.models.query.where import ALWAYS, condition_of, node_of
from medialib.models.sql import BinaryTextField, RowBeyond
from medialib.models.sync import SyncRun

PAGE_SIZE = 100
MANY = 300_000  # Rows above which reading the whole table is no slower than an index.
LIVE = Q(removed_at__isnull=True)


class Removal(models.TextChoices):
    """Why a row is no longer listed."""

    MISSING = "missing", gettext_noop("no longer listed by ImageKit")
    DELETED = "deleted", gettext_noop("deleted by a medialib job")


@dataclass(frozen=True)
class AssetPage:
    """One screen of a list. A cursor is None where there is nothing on that side."""

    assets: list[Asset]
    previous_cursor: AssetCursor | None
    next_cursor: AssetCursor | None
    total: int | None = None  # Files of the whole list, where finding its first page told.


class AssetQuerySet(models.QuerySet["Asset"]):
    """Knows which filter it was narrowed by, so that pages and counts can choose the index that serves them best."""

    is_filtered = False
    is_one_condition = False
    hints: tuple[Hint, ...] = ()
    _unfiltered: Self | None = None

    def _clone(self) -> Self:
        clone: Self = super()._clone()  # type: ignore[misc]
        clone.is_filtered, clone.is_one_condition = self.is_filtered, self.is_one_condition
        clone.hints, clone._unfiltered = self.hints, self._unfiltered
        return clone

    def live(self, account: Account) -> Self:
        """The files of this account that are there, as far as we know."""
        return self.filter(account=account, removed_at__isnull=True)

    def matching(self, asset_filter: AssetFilter) -> Self:
        """The one place where a filter becomes a condition: list, count, facets, selection and manifest all use it."""
        if not isinstance(asset_filter, AssetFilter):
            raise WrongUse("This is not a filter.")
        node = node_of(asset_filter)
        if node == ALWAYS:
            return self.all()
        matching = self.filter(condition_of(node))
        matching.is_one_condition = not self.is_filtered and isinstance(node, Condition | Not)
        matching.is_filtered = True
        matching.hints = (*self.hints, *hints_of(node, self.db))
        matching._unfiltered = self.unfiltered
        return matching

    @property
    def unfiltered(self) -> Self:
        """The same files before matching()."""
        return self.all() if self._unfiltered is None else self._unfiltered

    def narrowed(self, *, most: int = MANY) -> Self:
        """The same files, found by the index that fewest rows come from, where there is one that helps.

        For counts, sums and whatever else takes all matches in no order.
        """
        if not self.is_filtered:
            return self.all()
        return self.filter(condition(cheapest(usable(self), self, most=most) or WHOLE_TABLE, self))

    def along(self, order: Order, *, fence: str = "") -> Self:
        """In this order; files that are equal in it follow their row number."""
        sign = "-" if order.is_descending else ""
        return self.order_by(f"{sign}{order.column}{fence}", f"{sign}pk")

    def beyond(self, place: Place, order: Order, *, fence: str = "") -> Self:
        """Assets that follow the place in the order, in whatever order they are read."""
        field = self.model._meta.get_field(order.column)
        column = f"{order.column}{fence}"
        return self.filter(
            RowBeyond(column, place.value, place.pk, field=field, downwards=order.is_descending)  # type: ignore[arg-type]
        )

    def page(
        self,
        sort: AssetSort,
        *,
        after: AssetCursor | None = None,
        before: AssetCursor | None = None,
        size: int = PAGE_SIZE,
    ) -> AssetPage:
        """One screen that starts after or ends before a cursor, with the cursors of its neighbours.

        One query for each group of the order where no filter is set, else a few more, whatever the page holds: see
        asset_paging.
        """
        if before:
            rows, _ = self._stretch(sort.opposite, before.turned, size + 1)
            return _page(rows[:size][::-1], sort, has_previous=len(rows) > size, has_next=True)
        rows, total = self._stretch(sort, after, size + 1)
        page = _page(rows[:size], sort, has_previous=after is not None, has_next=len(rows) > size)
        return page if after else replace(page, total=total)

    def _stretch(self, sort: AssetSort, cursor: AssetCursor | None, size: int) -> tuple[list[Placed], int | None]:
        """The beginning of the list, or what follows the cursor, from as many groups as fill it; its length if seen."""
        found: list[Placed] = []
        total: int | None = 0
        place = cursor.place if cursor else None
        for group in dropwhile(lambda group: cursor and group.number != cursor.group, sort.groups):
            if len(found) >= size:
                return found, None
            stretch = Stretch(self.matching(group.filter), group.order, place, size - len(found)).read()
            found += [(asset, group.number) for asset in stretch.rows]
            total = None if total is None or stretch.total is None else total + stretch.total
            place = None  # The groups after it are read from their beginning.
        return found, total

    def capped_count(self, cap: int) -> int:
        """How many there are, but never more than `cap` + 1: an exact count reads every row."""
        if len(self.hints) == 1 and self.is_one_condition and self.hints[0].is_exact:
            return self.unfiltered.filter(self.hints[0].condition).capped(cap)  # The index alone answers.
        return self.narrowed().capped(cap)

    def capped(self, cap: int) -> int:
        return self.order_by()[: cap + 1].count()

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
            # live(account).along(…), either way round, with beyond(): one for each column of AssetSort. A file id has
            # its constraint, and what is sorted in groups has the indexes of their filters.
            models.Index(fields=["account", "created_at", "id"], condition=LIVE, name="asset_by_created"),
            models.Index(fields=["account", "updated_at", "id"], condition=LIVE, name="asset_by_updated"),
            models.Index(fields=["account", "name", "id"], condition=LIVE, name="asset_by_name"),
            models.Index(fields=["account", "size_bytes", "id"], condition=LIVE, name="asset_by_size"),
            models.Index(fields=["account", "format", "id"], condition=LIVE, name="asset_by_format"),
            # Also live(account).matching(a folder and below): such a folder is a range of paths.
            models.Index(fields=["account", "path", "id"], condition=LIVE, name="asset_by_path"),
            # The hints of asset_where, each in the list's first order: else all that match are sorted for each page.
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
                condition=LIVE & Q(tags__is_empty_list=True),
                name="asset_untagged",
            ),
            # Usually nothing: see asset_where.Hint.is_by_habit.
            models.Index(
                fields=["account", "id"], condition=LIVE & Q(created_at__gt=F("updated_at")), name="asset_updated_early"
            ),
        ]

    def __str__(self) -> str:
        return self.path


Placed = tuple[Asset, int]  # A row, and the number of its group.


def _page(rows: Sequence[Placed], sort: AssetSort, *, has_previous: bool, has_next: bool) -> AssetPage:
    return AssetPage(
        [asset for asset, _ in rows],
        AssetCursor.of(rows[0][0], sort, rows[0][1]) if rows and has_previous else None,
        AssetCursor.of(rows[-1][0], sort, rows[-1][1]) if rows and has_next else None,
    )
