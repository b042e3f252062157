"""Where the bytes are: by folder, type and age, the largest files, growth by month. Each part is a filter of its own.

The filter is what a part is counted by and what its link opens, so a number and its list cannot disagree.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from itertools import pairwise
from typing import Any

from django.db.models import Count, Sum
from django.utils.timezone import now

from medialib.models import Account, Asset, AssetKind, FolderTotal, LibrarySummary
from medialib.models.assets import AssetQuerySet
from medialib.models.query.filters import AssetFilter
from medialib.models.query.units import read_age
from medialib.services.library import folders
from medialib.services.library import summary as library_summary
from medialib.services.library.summary import Cell

MAX_FOLDERS = 40
MAX_MONTHS = 36
MAX_LARGEST = 25
AGES = ("1m", "6m", "1y", "2y", "5y")
SUMS = {"file_count": Count("pk"), "total_bytes": Sum("size_bytes", default=0)}


class NotCounted(Exception):
    """A large library that no worker has added up yet. It is asked to, and needs some seconds."""


@dataclass(frozen=True)
class InsightPart:
    """`name` is a folder, a kind, a month or an age; `filter` is None for what no single list holds."""

    name: str
    file_count: int
    total_bytes: int
    filter: AssetFilter | None


def by_folder(account: Account, under: str = "/") -> list[InsightPart]:
    """The folders directly in `under` with all below them, the largest first; “.” is what lies in it itself."""
    _counted_before(account)
    inside = FolderTotal.objects.named(account, under)
    if inside is None:
        return []
    below = [
        InsightPart(node.name, node.file_count, node.total_bytes, node.filter)
        for node in folders.largest(account, under, most=MAX_FOLDERS)
    ]
    here = InsightPart(".", inside.file_count, inside.total_bytes, AssetFilter(folder=under))
    others = _rest(inside.deep_count, inside.deep_bytes, [*below, here])
    return _filled([*sorted([*below, here], key=lambda part: -part.total_bytes), others])


def by_kind(account: Account) -> list[InsightPart]:
    sums = _sums(_counted_before(account), lambda cell: cell.kind)
    return [_part(kind, AssetFilter(kind=(kind,)), row) for kind, row in sums.items() if kind in AssetKind.values]


def by_age(account: Account) -> list[InsightPart]:
    """From the youngest to the oldest: up to a month, up to half a year, …, beyond the last; then “?”, if there is one.

    “?” are the files of which no age is known.
    """
    cells, ends = library_summary.cells_of(_counted_before(account)), [None, *AGES, None]
    dated, undated = [cell for cell in cells if cell.is_dated], [cell for cell in cells if not cell.is_dated]
    unknown = InsightPart(
        "?",
        sum(cell.count for cell in undated),
        sum(cell.bytes for cell in undated),
        AssetFilter(where="NOT created:*"),
    )
    return [*(_aged(account, dated, younger, older) for younger, older in pairwise(ends)), *_filled([unknown])]


def _aged(account: Account, cells: Iterable[Cell], least: str | None, most: str | None) -> InsightPart:
    """Files of an age: whole months from the summary, the months in which the age begins and ends file by file."""
    conditions = [*([f"age>={least}"] if least else []), *([f"age<{most}"] if most else [])]
    asset_filter = AssetFilter(where=" AND ".join(conditions))
    latest, earliest = _month_of(least), _month_of(most)
    inside = [
        cell
        for cell in cells
        if (latest is None or cell.month < latest) and (earliest is None or cell.month > earliest)
    ]
    files, size = sum(cell.count for cell in inside), sum(cell.bytes for cell in inside)
    for month in {latest, earliest} - {None}:
        of_month = _live(account).matching(asset_filter).matching(_of_month(str(month)))
        edge = of_month.using_best_index().order_by().aggregate(**SUMS)
        files, size = files + edge["file_count"], size + edge["total_bytes"]
    name = f"{least}–{most}" if least and most else f"<{most}" if most else f">{least}"
    return InsightPart(name, files, size, asset_filter)


def _month_of(age: str | None) -> str | None:
    """The month in which files of this age were made."""
    return f"{read_age(age).before(now()).astimezone(UTC):%Y-%m}" if age else None


def by_month(account: Account) -> list[InsightPart]:
    """What was added in each month, the latest MAX_MONTHS of those that have files, in order."""
    sums = _sums(_counted_before(account), lambda cell: cell.month)
    months = sorted(set(sums) - {library_summary.UNKNOWN_MONTH})[-MAX_MONTHS:]
    return [_part(month, _of_month(month), sums[month]) for month in months]


def largest(account: Account) -> list[Asset]:
    return list(_live(account).order_by("-size_bytes", "-pk")[:MAX_LARGEST])


def _counted_before(account: Account) -> LibrarySummary:
    summary = library_summary.current(account)
    if summary is None:
        raise NotCounted
    return summary


def _sums(summary: LibrarySummary, key: Callable[[Cell], str]) -> dict[str, dict[str, int]]:
    """Files and bytes of the cells that have the same key."""
    sums: dict[str, dict[str, int]] = defaultdict(lambda: dict.fromkeys(SUMS, 0))
    for cell in library_summary.cells_of(summary):
        sums[key(cell)]["file_count"] += cell.count
        sums[key(cell)]["total_bytes"] += cell.bytes
    return sums


def _live(account: Account) -> AssetQuerySet:
    return Asset.objects.live(account)


def _part(name: str, asset_filter: AssetFilter | None, row: dict[str, Any]) -> InsightPart:
    return InsightPart(name, row["file_count"], row["total_bytes"], asset_filter)


def _of_month(month: str) -> AssetFilter:
    start = datetime.strptime(month, "%Y-%m").replace(tzinfo=UTC)
    following = start.replace(year=start.year + start.month // 12, month=start.month % 12 + 1)
    return AssetFilter(created_after=start, created_before=following)


def _filled(parts: Iterable[InsightPart]) -> list[InsightPart]:
    return [part for part in parts if part.file_count]


def _rest(file_count: int, total_bytes: int, parts: Sequence[InsightPart]) -> InsightPart:
    """What the shown parts leave over, which has no list of its own."""
    files, size = sum(part.file_count for part in parts), sum(part.total_bytes for part in parts)
    return InsightPart("…", file_count - files, total_bytes - size, None)
