"""AssetPage: one screen of a list, and how it is found quickly, however few or many files match.

Walking along the index of the order is best where many match, gathering by an index of the filter and sorting is best
where few do; each is a thousand times too slow in the other's place. Unless they are very few, it differs along one
list, so a page first walks a little way. Whatever is chosen, the rows are the same: only hints differ between the
statements.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from itertools import dropwhile
from typing import Any, NamedTuple

from django.db import connections
from django.db.models import Q, QuerySet

from medialib.models.query.filtered import WHOLE_TABLE, FilteredAssets
from medialib.models.query.hints import Hint
from medialib.models.query.orders import AssetCursor, AssetSort, Order, Position, after_position, in_order

PAGE_SIZE = 100
# How many rows a page walks over before it looks for another way, and how many it may then gather and sort; twice.
# PostgreSQL fetches rows one by one from all over the table, so it walks further and gathers fewer.
Limits = tuple[tuple[int, int], tuple[int, int]]
LIMITS: dict[str, Limits] = {
    "sqlite": ((3_000, 40_000), (24_000, 300_000)),
    "postgresql": ((8_000, 8_000), (48_000, 300_000)),
}
# Rows up to which they are gathered without a walk before: so few are hardly ever found on the way.
GATHER_THRESHOLD = {"sqlite": 6_000, "postgresql": 8_000}
LONG_WALK_SHARE = 8  # A short walk must find one part in so many of the page for a longer one to be worth it.
MAX_COUNTED = 1_000  # Rows up to which a page also tells how many there are, where it has them in hand.


GroupedRow = tuple[Any, int]  # A row, and the number of its group.


@dataclass(frozen=True)
class AssetPage:
    """One screen of a list. A cursor is None where there is nothing on that side."""

    assets: list[Any]
    previous_cursor: AssetCursor | None
    next_cursor: AssetCursor | None
    total: int | None = None  # Files of the whole list, where finding its first page told.


def page_of(
    assets: FilteredAssets,
    sort: AssetSort,
    *,
    after: AssetCursor | None = None,
    before: AssetCursor | None = None,
    size: int = PAGE_SIZE,
) -> AssetPage:
    """One screen that starts after or ends before a cursor, with the cursors of its neighbours.

    One query for each group of the order where no filter is set, else a few more, whatever the page holds.
    """
    if before:
        rows, _ = _read(assets, sort.opposite, before.turned, size + 1)
        return _page(rows[:size][::-1], sort, has_previous=len(rows) > size, has_next=True)
    rows, total = _read(assets, sort, after, size + 1)
    page = _page(rows[:size], sort, has_previous=after is not None, has_next=len(rows) > size)
    return page if after else replace(page, total=total)


def _read(
    assets: FilteredAssets, sort: AssetSort, cursor: AssetCursor | None, size: int
) -> tuple[list[GroupedRow], int | None]:
    """The beginning of the list, or what follows the cursor, from as many groups as fill it; its length if seen."""
    found: list[GroupedRow] = []
    total: int | None = 0
    position = cursor.position if cursor else None
    for group in dropwhile(lambda group: cursor and group.number != cursor.group, sort.groups):
        if len(found) >= size:
            return found, None
        part = RangeRead(assets.matching(group.filter), group.order, position, size - len(found)).read()
        found += [(asset, group.number) for asset in part.rows]
        total = None if total is None or part.total is None else total + part.total
        position = None  # The groups after it are read from their beginning.
    return found, total


def _page(rows: Sequence[GroupedRow], sort: AssetSort, *, has_previous: bool, has_next: bool) -> AssetPage:
    return AssetPage(
        [asset for asset, _ in rows],
        _cursor(rows[0], sort) if rows and has_previous else None,
        _cursor(rows[-1], sort) if rows and has_next else None,
    )


def _cursor(row: GroupedRow, sort: AssetSort) -> AssetCursor:
    asset, group = row
    return AssetCursor.of(getattr(asset, sort.column_of(group)), asset.pk, sort, group)


class RowsRead(NamedTuple):
    rows: list[Any]
    total: int | None  # How many there are from the position on, where that was seen on the way.


@dataclass(frozen=True)
class RangeRead:
    """Reads the beginning of an ordered list: its first `size` rows, or those after a position."""

    assets: FilteredAssets
    order: Order
    position: Position | None
    size: int

    def read(self) -> RowsRead:
        if not self.assets.is_filtered:
            return self._walk()
        hints = self.assets.usable_hints()
        in_order = [hint for hint in hints if hint.order == self.order.column]
        others = [hint for hint in hints if hint not in in_order and not hint.is_assumption]
        start = [self.assets.condition(hint) for hint in in_order]
        return self._walk(*start) if in_order and not others else self._search(others, start)

    def _search(self, hints: list[Hint], start: list[Q]) -> RowsRead:
        vendor = connections[self.assets.rows.db].vendor
        if rarest := self.assets.cheapest(hints, max_rows=GATHER_THRESHOLD[vendor]):
            return self._gather(rarest)
        for steps, max_rows in LIMITS[vendor]:
            found, is_whole = self._walk_for(steps, start)
            if is_whole:
                return found
            if len(found.rows) * LONG_WALK_SHARE >= self.size:
                continue  # At this rate a longer walk fills the page.
            if rarest := self.assets.cheapest(hints, max_rows=max_rows):
                return self._gather(rarest)
        # Neither many nor few, and far from here: one pass over the table is quicker than a long walk all over it.
        return self._walk(*start) if start else self._gather(WHOLE_TABLE)

    def _after_position(self, rows: QuerySet[Any], *, transform: str = "") -> QuerySet[Any]:
        return after_position(rows, self.position, self.order, transform=transform) if self.position else rows

    def _walk(self, *conditions: Q) -> RowsRead:
        matching = self._after_position(self.assets.rows).filter(*conditions)
        rows = list(in_order(matching, self.order)[: self.size])
        return RowsRead(rows, len(rows) if len(rows) < self.size else None)

    def _walk_for(self, steps: int, start: list[Q]) -> tuple[RowsRead, bool]:
        """What is found within so many rows of the unfiltered list, and whether it is the page: full, or at the end."""
        column = self.order.column
        whole = self._after_position(self.assets.unfiltered.filter(*start))
        last = list(in_order(whole, self.order).values_list(column, flat=True)[steps : steps + 1])
        if not last:
            return self._walk(*start), True
        side = "gte" if self.order.is_descending else "lte"
        found = self._walk(*start, Q((f"{column}__{side}", last[0])))
        return found, len(found.rows) == self.size

    def _gather(self, hint: Hint) -> RowsRead:
        """The place of the page from indexes and short rows, then its full rows: wide rows are slow to sort."""
        matching = self._after_position(self.assets.found_by(hint), transform="__unindexed")
        ordered = in_order(matching, self.order, transform="__unindexed").values_list("pk", flat=True)
        pks = list(ordered[: max(self.size, MAX_COUNTED + 1)])
        full = matching.model._default_manager.using(matching.db)
        full.query.deferred_loading = matching.query.deferred_loading
        found = full.in_bulk(pks[: self.size])
        return RowsRead([found[pk] for pk in pks if pk in found], len(pks) if len(pks) <= MAX_COUNTED else None)
