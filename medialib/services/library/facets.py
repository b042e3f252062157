"""How the files of a list divide up by type, format, tag, year and size, and the list behind each part.

Exact for the whole library, which a worker adds up, and for lists of a few thousand files. For larger ones a
random sample is counted and scaled up, and `basis` says so: nobody waits for a million rows.
"""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any

from django.db.models import Max, Min, QuerySet

from medialib.models import Account, Asset, LibrarySummary
from medialib.models.query.fields import FACETS
from medialib.models.query.filtered import FilteredAssets
from medialib.models.query.filters import AssetFilter
from medialib.models.query.units import UNKNOWN_TIME
from medialib.services.library import summary as library_summary
from medialib.services.library.summary import cells_of, size_class_of, tags_of

EXACT_THRESHOLD = 5_000  # Matches up to which they are counted one by one.
MAX_EXACT = 10_000  # Where PostgreSQL's estimate was too low: more than these are estimated after all.
SAMPLE_SIZE = 4_000  # Row numbers that are drawn for an estimate.
MIN_MATCHES = 60  # Matches in a sample without which it says nothing.
MAX_VALUES = 12


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
    """`key` is one of query.fields.FACETS. Values are the most frequent; size and year are in order.

    The value of a size is the number of its class, see ranges.SIZE_CLASSES.
    """

    key: str
    values: tuple[FacetValue, ...]


@dataclass(frozen=True)
class Facets:
    facets: tuple[Facet, ...]
    counted: int  # Files that were looked at.
    total: int  # Files in the list; an estimate unless the basis is exact.
    basis: Basis
    as_of: datetime | None = None  # For numbers that a worker added up.
    is_older: bool = False  # Files came, changed or went since.


Facts = tuple[str, str, datetime, int, list[str], list[str]]
COLUMNS = ("kind", "format", "created_at", "size_bytes", "tags", "ai_tags")


def facets(account: Account, asset_filter: AssetFilter) -> Facets:
    """Counts for the files that match."""
    if not asset_filter and (summary := library_summary.current(account)):
        return _of_summary(asset_filter, summary)
    matching = Asset.objects.live(account).matching(asset_filter)
    hint = matching.cheapest(matching.usable_hints(), max_rows=EXACT_THRESHOLD)
    if hint:
        rows = list(_facts(matching.found_by(hint))[: MAX_EXACT + 1])
        if len(rows) <= MAX_EXACT:
            return _of_rows(asset_filter, rows)
    return _of_sample(account, asset_filter, matching) or _of_first(asset_filter, matching)


def _facts(rows: QuerySet[Any]) -> Any:
    return rows.order_by().values_list(*COLUMNS)


def _of_summary(asset_filter: AssetFilter, summary: LibrarySummary) -> Facets:
    counts: dict[str, Counter[str]] = {key: Counter() for key in FACETS}
    for cell in cells_of(summary):
        values = (
            ("kind", cell.kind),
            ("format", cell.format),
            ("year", cell.year),
            ("size", str(cell.size_class)),
        )
        for key, value in values:
            counts[key][value] += cell.count
    counts["tag"].update(tags_of(summary))
    total = summary.file_count
    return Facets(_facets(asset_filter, counts), total, total, Basis.EXACT, summary.built_at, summary.is_stale)


def _of_rows(asset_filter: AssetFilter, rows: list[Facts], *, scale: float = 1.0, basis: Basis = Basis.EXACT) -> Facets:
    counts: dict[str, Counter[str]] = {key: Counter() for key in FACETS}
    for kind, file_format, created_at, size_bytes, tags, ai_tags in rows:
        counts["kind"][kind] += 1
        counts["format"][file_format] += 1
        counts["year"][f"{created_at.year:04}" if created_at > UNKNOWN_TIME else ""] += 1
        counts["size"][str(size_class_of(size_bytes))] += 1
        counts["tag"].update({*tags, *ai_tags})
    return Facets(_facets(asset_filter, counts, scale), len(rows), round(len(rows) * scale), basis)


def _of_sample(account: Account, asset_filter: AssetFilter, matching: FilteredAssets) -> Facets | None:
    sample = draw_sample(account)
    if sample is None:
        return None
    rows = list(_facts(matching.rows.filter(pk__in=sample.pks)))
    return _of_rows(asset_filter, rows, scale=sample.scale, basis=Basis.SAMPLE) if len(rows) >= MIN_MATCHES else None


def _of_first(asset_filter: AssetFilter, matching: FilteredAssets) -> Facets:
    rows = list(_facts(matching.using_best_index())[: EXACT_THRESHOLD + 1])
    return _of_rows(
        asset_filter, rows[:EXACT_THRESHOLD], basis=Basis.EXACT if len(rows) <= EXACT_THRESHOLD else Basis.FIRST
    )


@dataclass(frozen=True)
class Sample:
    """Row numbers drawn at random, and how many rows each of them stands for."""

    pks: list[int]
    scale: float


def draw_sample(account: Account, size: int = SAMPLE_SIZE) -> Sample | None:
    """None for an account of so few rows that a sample is no quicker than counting."""
    ends = Asset.objects.filter(account=account).aggregate(first=Min("pk"), last=Max("pk"))
    if ends["first"] is None or ends["last"] - ends["first"] < 4 * size:
        return None
    span = range(ends["first"], ends["last"] + 1)
    # The same rows each time, so that a page does not show other numbers whenever it is loaded.
    return Sample(random.Random(account.pk).sample(span, size), len(span) / size)


def _facets(asset_filter: AssetFilter, counts: dict[str, Counter[str]], scale: float = 1.0) -> tuple[Facet, ...]:
    return tuple(Facet(key, tuple(_values(key, asset_filter, counts[key], scale))) for key in FACETS)


def _values(key: str, asset_filter: AssetFilter, counts: Counter[str], scale: float) -> Iterable[FacetValue]:
    frequent = [(value, count) for value, count in counts.most_common(MAX_VALUES * 4) if value]
    chosen = sorted(frequent) if key in ("year", "size") else frequent[:MAX_VALUES]
    for value, count in chosen:
        part = asset_filter.changed(**FACETS[key].values_for_facet(asset_filter.values, value))
        yield FacetValue(value, round(count * scale), part, is_active=part == asset_filter)
