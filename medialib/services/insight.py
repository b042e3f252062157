"""Where the bytes are: by folder, type and age, the largest files, growth by month. Each part is a filter of its own.

The filter is what a part is counted by and what its link opens, so a number and its list cannot disagree.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from itertools import pairwise
from typing import Any

from django.db.models import Count, F, Sum, TextField, Value
from django.db.models.functions import StrIndex, Substr, TruncMonth

from medialib.models import Account, Asset, AssetKind
from medialib.models.asset_filters import AssetFilter
from medialib.models.assets import AssetQuerySet

MOST_FOLDERS = 40
MOST_MONTHS = 36
LARGEST = 25
AGES = ("1m", "6m", "1y", "2y", "5y")
SUMS = {"file_count": Count("pk"), "total_bytes": Sum("size_bytes", default=0)}


@dataclass(frozen=True)
class Part:
    """`name` is a folder, a kind, a month or an age; `filter` is None for what no single list holds."""

    name: str
    file_count: int
    total_bytes: int
    filter: AssetFilter | None


def totals(account: Account) -> Part:
    return _part("", AssetFilter(folder="/", subfolders=True), _live(account).aggregate(**SUMS))


def by_folder(account: Account, under: str = "/") -> list[Part]:
    """The folders directly in `under` with all below them, the largest first; “.” is what lies in it itself."""
    prefix = "/" if under == "/" else f"{under}/"
    inside = _live(account).matching(AssetFilter(folder=under, subfolders=True))
    rest = Substr("path", len(prefix) + 1, output_field=TextField())
    cut = inside.annotate(rest=rest).annotate(slash=StrIndex("rest", Value("/")))
    deeper = cut.filter(slash__gt=0).annotate(child=Substr("rest", 1, F("slash") - 1, output_field=TextField()))
    rows = _grouped(deeper, "child")
    parts = [_part(row["child"], AssetFilter(folder=prefix + row["child"], subfolders=True), row) for row in rows]
    here = AssetFilter(folder=under)
    return _cut([*parts, *_filled([_counted(account, ".", here)])])


def by_kind(account: Account) -> list[Part]:
    rows = _grouped(_live(account), "kind")
    return [
        _part(row["kind"], AssetFilter(kind=(row["kind"],)), row) for row in rows if row["kind"] in AssetKind.values
    ]


def by_age(account: Account) -> list[Part]:
    """From the youngest to the oldest: up to a month, up to half a year, …, and beyond the last."""
    youngest = AssetFilter(where=f"age<{AGES[0]}")
    between = [
        (f"{lower}–{upper}", AssetFilter(where=f"age>={lower} AND age<{upper}")) for lower, upper in pairwise(AGES)
    ]
    oldest = AssetFilter(where=f"age>={AGES[-1]}")
    named = [(f"<{AGES[0]}", youngest), *between, (f">{AGES[-1]}", oldest)]
    return [_counted(account, name, wanted) for name, wanted in named]


def by_month(account: Account) -> list[Part]:
    """What was added in each month, the latest MOST_MONTHS of those that have files, in order."""
    month = TruncMonth("created_at", tzinfo=UTC)
    rows = _grouped(_live(account).annotate(month=month), "month")
    latest = sorted(rows, key=lambda row: row["month"])[-MOST_MONTHS:]
    return [_part(f"{row['month']:%Y-%m}", _of_month(row["month"]), row) for row in latest]


def largest(account: Account) -> list[Asset]:
    return list(_live(account).order_by("-size_bytes", "-pk")[:LARGEST])


def _live(account: Account) -> AssetQuerySet:
    return Asset.objects.live(account)


def _grouped(assets: Any, key: str) -> list[dict[str, Any]]:
    """Counts and bytes for each value of a column or annotation."""
    return list(assets.order_by().values(key).annotate(**SUMS))


def _counted(account: Account, name: str, wanted: AssetFilter) -> Part:
    return _part(name, wanted, _live(account).matching(wanted).narrowed().order_by().aggregate(**SUMS))


def _part(name: str, wanted: AssetFilter | None, row: dict[str, Any]) -> Part:
    return Part(name, row["file_count"], row["total_bytes"], wanted)


def _of_month(month: datetime) -> AssetFilter:
    following = month.replace(year=month.year + month.month // 12, month=month.month % 12 + 1)
    return AssetFilter(created_after=month, created_before=following)


def _filled(parts: Iterable[Part]) -> list[Part]:
    return [part for part in parts if part.file_count]


def _cut(parts: Sequence[Part]) -> list[Part]:
    """The largest, and the sum of the others, which is no list of its own."""
    ranked = sorted(parts, key=lambda part: -part.total_bytes)
    shown, others = ranked[:MOST_FOLDERS], ranked[MOST_FOLDERS:]
    if not others:
        return shown
    return [*shown, Part("…", sum(part.file_count for part in others), sum(part.total_bytes for part in others), None)]
