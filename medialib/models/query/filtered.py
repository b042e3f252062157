"""FilteredAssets: the rows that match a filter, and the index that finds them best."""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import dataclass
from hashlib import sha256
from typing import Any

from django.core.cache import caches
from django.db import connections
from django.db.models import F, Q, QuerySet
from django.utils.translation import gettext_lazy as _

from medialib.errors import WrongUse
from medialib.models.query.filters import AssetFilter
from medialib.models.query.hints import Hint
from medialib.models.query.tree import Condition, Not
from medialib.models.query.where import ALWAYS, condition_of, hints_of

WHOLE_TABLE = Hint(Q(pk__gt=0))
HINT_COUNT_S = 20
WHOLE_TABLE_THRESHOLD = 300_000  # Rows above which reading the whole table is no slower than an index.


@dataclass(frozen=True)
class FilteredAssets:
    """`rows` are the matches; `unfiltered` is where they were taken from, and `hints` what indexes know of them."""

    rows: QuerySet[Any]
    unfiltered: QuerySet[Any]
    hints: tuple[Hint, ...] = ()
    is_filtered: bool = False
    is_one_condition: bool = False

    def matching(self, asset_filter: AssetFilter) -> FilteredAssets:
        """The one place where a filter becomes a condition: list, count, facets, selection and manifest all use it."""
        if not isinstance(asset_filter, AssetFilter):
            raise WrongUse(_("This is not a filter."))
        node = asset_filter.node()
        if node == ALWAYS:
            return self
        return FilteredAssets(
            self.rows.filter(condition_of(node)),
            self.unfiltered,
            (*self.hints, *hints_of(node, self.rows.db)),
            is_filtered=True,
            is_one_condition=not self.is_filtered and isinstance(node, Condition | Not),
        )

    def using_best_index(self, *, max_rows: int = WHOLE_TABLE_THRESHOLD) -> QuerySet[Any]:
        """The rows, found by the index that fewest rows come from, where there is one that helps.

        For counts, sums and whatever else takes all matches in no order.
        """
        if not self.is_filtered:
            return self.rows
        return self.found_by(self.cheapest(self.usable_hints(), max_rows=max_rows) or WHOLE_TABLE)

    def found_by(self, hint: Hint) -> QuerySet[Any]:
        """The same rows, found by this hint."""
        return self.rows.filter(self.condition(hint))

    def capped_count(self, cap: int) -> int:
        """How many there are, but never more than `cap` + 1: an exact count reads every row."""
        if len(self.hints) == 1 and self.is_one_condition and self.hints[0].is_exact:
            return capped_count(self.unfiltered.filter(self.hints[0].condition), cap)  # The index alone answers.
        return capped_count(self.using_best_index(), cap)

    def usable_hints(self) -> list[Hint]:
        """The hints that hold in this library."""
        if not any(hint.is_assumption for hint in self.hints):
            return list(self.hints)
        has_exceptions = self.unfiltered.order_by().filter(created_at__gt=F("updated_at")).exists()
        return [hint for hint in self.hints if not (hint.is_assumption and has_exceptions)]

    def condition(self, hint: Hint) -> Q:
        """The hint as a condition on these rows."""
        return Q(pk__in=self._any_of(hint)) if hint.any_of else hint.condition

    def _any_of(self, hint: Hint) -> Any:
        """One statement for each part: neither database looks up several indexes for conditions joined by OR."""
        parts = [self.unfiltered.order_by().filter(self.condition(part)).values("pk") for part in hint.any_of]
        return parts[0].union(*parts[1:], all=True)

    def cheapest(self, hints: Iterable[Hint], *, max_rows: int) -> Hint | None:
        """The hint that fewest rows fulfil, if these are not more than `max_rows`.

        SQLite counts no further than that. PostgreSQL would look all of them up first, so its own estimate has to do.
        """
        found = None
        for hint in hints:
            if max_rows < 0:
                break
            count = self._known_count(hint, max_rows)
            if count <= max_rows:
                found, max_rows = hint, count - 1
        return found

    def _known_count(self, hint: Hint, cap: int) -> int:
        """Some seconds old: it decides where the rows are sought, and never which they are."""
        asked = f"{self.rows.db} {self.unfiltered.query.where!r} {hint.condition!r} {hint.any_of!r} {hint.text!r} {cap}"
        key = f"hint-{sha256(asked.encode(errors='surrogatepass')).hexdigest()}"
        known: int | None = caches["here"].get(key)
        if known is None:
            known = self._count(hint, cap)
            caches["here"].set(key, known, HINT_COUNT_S)
        return known

    def _count(self, hint: Hint, cap: int) -> int:
        if hint.any_of:
            return sum(self._count(part, cap) for part in hint.any_of)
        connection = connections[self.rows.db]
        if connection.vendor == "postgresql":
            return estimated_count(self.unfiltered.filter(hint.condition))
        if not hint.count_sql:
            return capped_count(self.unfiltered.filter(hint.condition), cap)
        with connection.cursor() as cursor:
            cursor.execute(hint.count_sql, [hint.text, cap + 1])
            count: int = cursor.fetchone()[0]
        return count


def capped_count(rows: QuerySet[Any], cap: int) -> int:
    return rows.order_by()[: cap + 1].count()


def estimated_count(rows: QuerySet[Any]) -> int:
    """PostgreSQL's estimate from its statistics, without reading a row."""
    plan = json.loads(rows.order_by().values("pk").explain(format="json"))
    return int(plan[0]["Plan"]["Plan Rows"])
