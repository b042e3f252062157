"""How many files a list has: a good guess at once, the exact number when asked for."""

from __future__ import annotations

from dataclasses import dataclass

from django.db.models import Count, Sum

from medialib.models import Account, Asset, LibrarySummary
from medialib.models.query import paging
from medialib.models.query.filters import AssetFilter
from medialib.services.base.cache import kept
from medialib.services.library.facets import draw_sample

MAX_COUNTED = paging.MAX_COUNTED  # Files that are counted for a guess.
SAMPLE_SIZE = 600  # Row numbers that are drawn for one: a person waits for the page.
MIN_MATCHES = 30  # Matches among them without which they say nothing.


@dataclass(frozen=True)
class Total:
    """`file_count` is exact, or about right (`is_estimate`), or only a least number (`is_least`)."""

    file_count: int
    total_bytes: int | None = None  # Known for exact totals, and for the whole library.
    is_estimate: bool = False
    is_least: bool = False


def estimate(account: Account, asset_filter: AssetFilter) -> Total:
    """In a few milliseconds, however large the library is. A number that is not exact anyway is kept for a minute."""
    if not asset_filter and (summed := summed_of(account)):
        return summed
    return kept(
        f"total-{account.pk}-{asset_filter.digest()}",
        lambda: _estimate(account, asset_filter),
        is_dear=lambda total: total.is_estimate or total.is_least,
    )


def summed_of(account: Account) -> Total | None:
    """The whole library, as a worker counted it. Only three columns are read: the others take longer than the page."""
    summary = LibrarySummary.objects.filter(account=account).values_list("file_count", "total_bytes", "is_stale")
    return next((Total(count, size, is_estimate=is_stale) for count, size, is_stale in summary), None)


def _estimate(account: Account, asset_filter: AssetFilter) -> Total:
    matching = Asset.objects.live(account).matching(asset_filter)
    count = matching.capped_count(MAX_COUNTED)
    if count <= MAX_COUNTED:
        return Total(count)
    sample = draw_sample(account, size=SAMPLE_SIZE)
    if sample is None:  # So few files that counting them all is as quick.
        return Total(matching.rows.order_by().count())
    found = matching.rows.filter(pk__in=sample.pks).order_by().count()
    if found < MIN_MATCHES:
        return Total(MAX_COUNTED, is_least=True)
    return Total(max(round(found * sample.scale), MAX_COUNTED), is_estimate=True)


def exact(account: Account, asset_filter: AssetFilter) -> Total:
    """Counts and adds up every file that matches: up to a second for a million."""
    matching = Asset.objects.live(account).matching(asset_filter).using_best_index().order_by()
    sums = matching.aggregate(file_count=Count("pk"), total_bytes=Sum("size_bytes", default=0))
    return Total(sums["file_count"], sums["total_bytes"])
