"""How the files of a list divide up by type, format, tag, year and size, and the list behind each part.

Exact for the whole library, which is summed up beforehand, and for lists of a few thousand files. For larger ones a
random sample is counted and scaled up, and `basis` says so: nobody waits for a million rows.
"""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from enum import StrEnum
from typing import Any

from django.db.models import Max, Min, QuerySet

from medialib.models import Account, Asset, LibrarySummary
from medialib.models.query.filtered import FilteredAssets
from medialib.models.query.filters import AssetFilter
from medialib.services.library import summary as library_summary
from medialib.services.library.summary import SIZE_CLASSES, cells_of, size_class_of, tags_of

FEW = 5_000  # Matches that are counted one by one.
MOST = 10_000  # Where PostgreSQL's estimate was too low: more than these are estimated after all.
SAMPLE = 4_000  # Row numbers that are drawn for an estimate.
ENOUGH = 60  # Matches in a sample without which it says nothing.
MOST_VALUES = 12


class Basis(StrEnum):
    """What the numbers rest on."""

    EXACT = "exact"
    SAMPLE = "sample"  # Of a random sample, scaled up.
    FIRST = "first"  # Of the first files that were found, not scaled.


@dataclass(frozen=True)
class FacetValue:
    """One part. `filter` is the list it stands for; `is_active` says that the present list is that already."""

    value: str
    count: int
    filter: AssetFilter
    is_active: bool = False


@dataclass(frozen=True)
class Facet:
    """`key` is one of kind, format, tag, year, size. Values are the most frequent; size and year are in order.

    The value of a size is the number of its class, see library_summary.SIZE_CLASSES.
    """

    key: str
    values: tuple[FacetValue, ...]


@dataclass(frozen=True)
class Facets:
    facets: tuple[Facet, ...]
    counted: int  # Files that were looked at.
    total: int  # Files in the list; an estimate unless the basis is exact.
    basis: Basis
    as_of: datetime | None = None  # For numbers that were summed up beforehand.


Facts = tuple[str, str, datetime, int, list[str]]
COLUMNS = ("kind", "format", "created_at", "size_bytes", "tags")


def facets(account: Account, wanted: AssetFilter) -> Facets:
    """Counts for the files that match."""
    if not wanted and (summary := library_summary.current(account)):
        return _of_summary(wanted, summary)
    matching = Asset.objects.live(account).matching(wanted)
    hint = matching.cheapest(matching.usable_hints(), max_rows=FEW)
    if hint:
        rows = list(_facts(matching.found_by(hint))[: MOST + 1])
        if len(rows) <= MOST:
            return _of_rows(wanted, rows)
    return _of_sample(account, wanted, matching) or _of_first(wanted, matching)


def _facts(rows: QuerySet[Any]) -> Any:
    return rows.order_by().values_list(*COLUMNS)


def _of_summary(wanted: AssetFilter, summary: LibrarySummary) -> Facets:
    counts: dict[str, Counter[str]] = {key: Counter() for key in _KEYS}
    for cell in cells_of(summary):
        values = (
            ("kind", cell.kind),
            ("format", cell.format),
            ("year", cell.month[:4]),
            ("size", str(cell.size_class)),
        )
        for key, value in values:
            counts[key][value] += cell.count
    counts["tag"].update(tags_of(summary))
    total = summary.file_count
    return Facets(_facets(wanted, counts), total, total, Basis.EXACT, summary.built_at)


def _of_rows(wanted: AssetFilter, rows: list[Facts], *, scale: float = 1.0, basis: Basis = Basis.EXACT) -> Facets:
    counts: dict[str, Counter[str]] = {key: Counter() for key in _KEYS}
    for kind, file_format, created_at, size_bytes, tags in rows:
        counts["kind"][kind] += 1
        counts["format"][file_format] += 1
        counts["year"][str(created_at.year)] += 1
        counts["size"][str(size_class_of(size_bytes))] += 1
        counts["tag"].update(set(tags))
    return Facets(_facets(wanted, counts, scale), len(rows), round(len(rows) * scale), basis)


def _of_sample(account: Account, wanted: AssetFilter, matching: FilteredAssets) -> Facets | None:
    sample = draw_sample(account)
    if sample is None:
        return None
    rows = list(_facts(matching.rows.filter(pk__in=sample.pks)))
    return _of_rows(wanted, rows, scale=sample.scale, basis=Basis.SAMPLE) if len(rows) >= ENOUGH else None


def _of_first(wanted: AssetFilter, matching: FilteredAssets) -> Facets:
    rows = list(_facts(matching.using_best_index())[: FEW + 1])
    return _of_rows(wanted, rows[:FEW], basis=Basis.EXACT if len(rows) <= FEW else Basis.FIRST)


@dataclass(frozen=True)
class Sample:
    """Row numbers drawn at random, and how many rows each of them stands for."""

    pks: list[int]
    scale: float


def draw_sample(account: Account, size: int = SAMPLE) -> Sample | None:
    """None for an account of so few rows that a sample is no quicker than counting."""
    ends = Asset.objects.filter(account=account).aggregate(first=Min("pk"), last=Max("pk"))
    if ends["first"] is None or ends["last"] - ends["first"] < 4 * size:
        return None
    span = range(ends["first"], ends["last"] + 1)
    # The same rows each time, so that a page does not show other numbers whenever it is loaded.
    return Sample(random.Random(account.pk).sample(span, size), len(span) / size)


def _facets(wanted: AssetFilter, counts: dict[str, Counter[str]], scale: float = 1.0) -> tuple[Facet, ...]:
    return tuple(Facet(key, tuple(_values(key, wanted, counts[key], scale))) for key in _KEYS)


def _values(key: str, wanted: AssetFilter, counts: Counter[str], scale: float) -> Iterable[FacetValue]:
    frequent = [(value, count) for value, count in counts.most_common(MOST_VALUES * 4) if value]
    chosen = sorted(frequent) if key in ("year", "size") else frequent[:MOST_VALUES]
    for value, count in chosen:
        narrowed = _KEYS[key](wanted, value)
        yield FacetValue(value, round(count * scale), narrowed, is_active=narrowed == wanted)


def _of_kind(wanted: AssetFilter, value: str) -> AssetFilter:
    return replace(wanted, kind=(value,))


def _of_format(wanted: AssetFilter, value: str) -> AssetFilter:
    return replace(wanted, format=(value,))


def _of_tag(wanted: AssetFilter, value: str) -> AssetFilter:
    return replace(wanted, tag=(*wanted.tag, value))


def of_year(wanted: AssetFilter, value: str) -> AssetFilter:
    year = int(value)
    start, end = datetime(year, 1, 1, tzinfo=UTC), datetime(year + 1, 1, 1, tzinfo=UTC)
    after = max(start, wanted.created_after or start)
    before = min(end, wanted.created_before or end)
    return replace(wanted, created_after=after, created_before=before)


def of_size_class(wanted: AssetFilter, value: str) -> AssetFilter:
    place = int(value)
    least = SIZE_CLASSES[place - 1] if place else None
    most = SIZE_CLASSES[place] - 1 if place < len(SIZE_CLASSES) else None
    lower = [size for size in (least, wanted.min_size) if size is not None]
    upper = [size for size in (most, wanted.max_size) if size is not None]
    return replace(wanted, min_size=max(lower, default=None), max_size=min(upper, default=None))


_KEYS: dict[str, Any] = {
    "kind": _of_kind,
    "format": _of_format,
    "tag": _of_tag,
    "year": of_year,
    "size": of_size_class,
}
