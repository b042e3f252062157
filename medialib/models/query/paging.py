"""How a page of a filtered list is found quickly, however few or many files match.

Walking along the index of the order is best where many match, gathering by an index of the filter and sorting is best
where few do; each is a thousand times too slow in the other's place. Unless they are very few, it differs along one
list, so a page first walks a little way. Whatever is chosen, the rows are the same: only hints differ between the
statements.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, NamedTuple

from django.db import connections
from django.db.models import F, Q

from medialib.models.query.hints import Hint

if TYPE_CHECKING:
    from medialib.models.assets import Asset, AssetQuerySet
    from medialib.models.query.orders import Order, Place

# How many rows a page walks over before it looks for another way, and how many it may then gather and sort; twice.
# PostgreSQL fetches rows one by one from all over the table, so it walks further and gathers fewer.
Limits = tuple[tuple[int, int], tuple[int, int]]
LIMITS: dict[str, Limits] = {
    "sqlite": ((3_000, 40_000), (24_000, 300_000)),
    "postgresql": ((8_000, 8_000), (48_000, 300_000)),
}
# Rows that are gathered without a walk before: so few are hardly ever found on the way.
FEW = {"sqlite": 6_000, "postgresql": 8_000}
NOT_SO_FEW = 8  # The share of a page that a short walk must find for a longer one to be worth it.
COUNTED = 1_000  # Rows up to which a page also tells how many there are, where it has them in hand.
WHOLE_TABLE = Hint(Q(pk__gt=0))


class Found(NamedTuple):
    rows: list[Asset]
    total: int | None  # How many there are from the place on, where that was seen on the way.


@dataclass(frozen=True)
class Stretch:
    """The beginning of an ordered list: its first `size` rows, or those beyond a place."""

    rows: AssetQuerySet
    order: Order
    place: Place | None
    size: int

    def read(self) -> Found:
        if not self.rows.is_filtered:
            return self._walk()
        hints = usable(self.rows)
        along = [hint for hint in hints if hint.order == self.order.column]
        others = [hint for hint in hints if hint not in along and not hint.is_by_habit]
        start = [condition(hint, self.rows) for hint in along]
        return self._walk(*start) if along and not others else self._search(others, start)

    def _search(self, hints: list[Hint], start: list[Q]) -> Found:
        vendor = connections[self.rows.db].vendor
        if rarest := cheapest(hints, self.rows, most=FEW[vendor]):
            return self._gather(rarest)
        for steps, most in LIMITS[vendor]:
            found, is_whole = self._walk_for(steps, start)
            if is_whole:
                return found
            if len(found.rows) * NOT_SO_FEW >= self.size:
                continue  # At this rate a longer walk fills the page.
            if rarest := cheapest(hints, self.rows, most=most):
                return self._gather(rarest)
        # Neither many nor few, and far from here: one pass over the table is quicker than a long walk all over it.
        return self._walk(*start) if start else self._gather(WHOLE_TABLE)

    def _beyond(self, rows: AssetQuerySet, *, fence: str = "") -> AssetQuerySet:
        return rows.beyond(self.place, self.order, fence=fence) if self.place else rows

    def _walk(self, *conditions: Q) -> Found:
        rows = list(self._beyond(self.rows).filter(*conditions).along(self.order)[: self.size])
        return Found(rows, len(rows) if len(rows) < self.size else None)

    def _walk_for(self, steps: int, start: list[Q]) -> tuple[Found, bool]:
        """What is found within so many rows of the unfiltered list, and whether it is the page: full, or at the end."""
        column = self.order.column
        whole = self._beyond(self.rows.unfiltered.filter(*start))
        last = list(whole.along(self.order).values_list(column, flat=True)[steps : steps + 1])
        if not last:
            return self._walk(*start), True
        side = "gte" if self.order.is_descending else "lte"
        found = self._walk(*start, Q((f"{column}__{side}", last[0])))
        return found, len(found.rows) == self.size

    def _gather(self, hint: Hint) -> Found:
        """The place of the page from indexes and short rows, then its full rows: wide rows are slow to sort."""
        rows = self._beyond(self.rows.filter(condition(hint, self.rows)), fence="__fenced")
        pks = list(rows.along(self.order, fence="__fenced").values_list("pk", flat=True)[: max(self.size, COUNTED + 1)])
        found = self.rows.model._default_manager.using(self.rows.db).in_bulk(pks[: self.size])
        return Found([found[pk] for pk in pks if pk in found], len(pks) if len(pks) <= COUNTED else None)


def usable(rows: AssetQuerySet) -> list[Hint]:
    """The hints that hold in this library."""
    if not any(hint.is_by_habit for hint in rows.hints):
        return list(rows.hints)
    has_exceptions = rows.unfiltered.order_by().filter(created_at__gt=F("updated_at")).exists()
    return [hint for hint in rows.hints if not (hint.is_by_habit and has_exceptions)]


def condition(hint: Hint, rows: AssetQuerySet) -> Q:
    """The hint as a condition on these rows."""
    return Q(pk__in=_any(hint, rows)) if hint.any_of else hint.condition


def _any(hint: Hint, rows: AssetQuerySet) -> Any:
    """One statement for each part: neither database looks up several indexes for conditions joined by OR."""
    parts = [rows.unfiltered.order_by().filter(condition(one, rows)).values("pk") for one in hint.any_of]
    return parts[0].union(*parts[1:], all=True)


def cheapest(hints: Sequence[Hint], rows: AssetQuerySet, *, most: int) -> Hint | None:
    """The hint that fewest rows fulfil, if these are not more than `most`.

    SQLite counts no further than `most`. PostgreSQL would look all of them up first, so its own estimate has to do.
    """
    found = None
    for hint in hints:
        if most < 0:
            break
        count = _count(hint, rows, most)
        if count <= most:
            found, most = hint, count - 1
    return found


def _count(hint: Hint, rows: AssetQuerySet, most: int) -> int:
    if hint.any_of:
        return sum(_count(one, rows, most) for one in hint.any_of)
    if connections[rows.db].vendor == "postgresql":
        return estimated_count(rows.unfiltered.filter(hint.condition))
    if not hint.table:
        return rows.unfiltered.filter(hint.condition).capped(most)
    with connections[rows.db].cursor() as cursor:
        column = "word" if hint.table.endswith("word") else hint.table
        operator = "=" if column == "word" else "MATCH"
        inner = f"SELECT 1 FROM {hint.table} WHERE {column} {operator} %s LIMIT %s"  # noqa: S608
        cursor.execute(f"SELECT COUNT(*) FROM ({inner})", [hint.text, most + 1])  # noqa: S608
        count: Any = cursor.fetchone()[0]
    return int(count)


def estimated_count(rows: AssetQuerySet) -> int:
    """PostgreSQL's estimate from its statistics, without reading a row."""
    plan = json.loads(rows.order_by().values("pk").explain(format="json"))
    return int(plan[0]["Plan"]["Plan Rows"])
