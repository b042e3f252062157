"""How a page of a filtered list is found quickly, however few or many files match.

Walking along the index of the order is best where many match, gathering by an index of the filter and sorting is best
where few do; each is a thousand times too slow in the other's place. Which it is differs along one list, so a page
first walks a little way. Whatever is chosen, the rows are the same: only hints differ between the statements.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from django.db import connections
from django.db.models import Q

from medialib.models.asset_where import Hint

if TYPE_CHECKING:
    from medialib.models.asset_filters import AssetCursor, AssetSort
    from medialib.models.assets import Asset, AssetQuerySet

NEAR, FAR = 3_000, 40_000  # Rows that a page walks over before it looks for another way.
FEW, SOME = 25_000, 250_000  # Rows that may be gathered and sorted for one page: at once, and rather than walk on.


@dataclass(frozen=True)
class Stretch:
    """The beginning of an ordered list: its first `size` rows, or those beyond a cursor."""

    rows: AssetQuerySet
    sort: AssetSort
    cursor: AssetCursor | None
    size: int

    def read(self) -> list[Asset]:
        hints = self.rows.hints
        if not self.rows.is_filtered:
            return self._walk()
        along = [hint for hint in hints if hint.order == self.sort.column]
        if along and len(hints) == len(along):
            return self._walk(*(hint.condition for hint in along))
        return self._search(hints, along)

    def _search(self, hints: Sequence[Hint], along: list[Hint]) -> list[Asset]:
        start = [hint.condition for hint in along[:1]]
        for steps, most in ((NEAR, FEW), (FAR, SOME)):
            if found := self._walk_for(steps, start):
                return found
            rarest = cheapest([hint for hint in hints if hint not in along] or hints, self.rows, most=most)
            if rarest:
                return self._gather(rarest)
        return self._walk(*start)

    def _walk(self, *conditions: Q) -> list[Asset]:
        ordered = self.rows.beyond(self.cursor) if self.cursor else self.rows
        return list(ordered.filter(*conditions).sorted_by(self.sort)[: self.size])

    def _walk_for(self, steps: int, start: list[Q]) -> list[Asset]:
        """The page, if it is full or the list ends within so many rows of the unfiltered list; else nothing."""
        column = self.sort.column
        whole = self.rows.unfiltered.filter(*start)
        whole = whole.beyond(self.cursor) if self.cursor else whole
        last = list(whole.sorted_by(self.sort).values_list(column, flat=True)[steps : steps + 1])
        if not last:
            return self._walk(*start) or []
        side = "gte" if self.sort.is_descending else "lte"
        found = self._walk(*start, Q((f"{column}__{side}", last[0])))
        return found if len(found) == self.size else []

    def _gather(self, hint: Hint) -> list[Asset]:
        rows = self.rows.filter(hint.condition)
        rows = rows.beyond(self.cursor, fence="__fenced") if self.cursor else rows
        return list(rows.sorted_by(self.sort, fence="__fenced")[: self.size])


def cheapest(hints: Sequence[Hint], rows: AssetQuerySet, *, most: int) -> Hint | None:
    """The hint that fewest rows fulfil, if these are not more than `most`."""
    found = None
    for hint in hints:
        count = _count(hint, rows, most)
        if count <= most:
            found, most = hint, count - 1
        if most < 0:
            break
    return found


def _count(hint: Hint, rows: AssetQuerySet, most: int) -> int:
    if not hint.table or connections[rows.db].vendor != "sqlite":
        return rows.unfiltered.filter(hint.condition).capped(most)
    with connections[rows.db].cursor() as cursor:
        column = "word" if hint.table.endswith("word") else hint.table
        operator = "=" if column == "word" else "MATCH"
        inner = f"SELECT 1 FROM {hint.table} WHERE {column} {operator} %s LIMIT %s"  # noqa: S608
        cursor.execute(f"SELECT COUNT(*) FROM ({inner})", [hint.text, most + 1])  # noqa: S608
        count: Any = cursor.fetchone()[0]
    return int(count)
