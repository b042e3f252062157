"""What a person has ticked: tick, untick, take all that match a filter, clear, sum up."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING
from uuid import UUID

from django.core.exceptions import ValidationError
from django.db import IntegrityError, transaction
from django.db.models import Count, Q, Sum, Value
from django.utils.translation import gettext_lazy as _

from medialib.errors import Refused, WrongUse
from medialib.models import Account, ApiToken, Asset, Selection, SelectionItem
from medialib.models.query.filters import AssetFilter
from medialib.models.selections import SelectionQuerySet
from medialib.models.sql import MAX_INTEGER, insert_from_select
from medialib.services.base.cache import kept
from medialib.services.base.slices import slices

if TYPE_CHECKING:
    from django.contrib.auth.models import User

CACHE_THRESHOLD = 5_000  # Files of a selection from which its sums are worth keeping: every page shows them.
SLICE = 10_000  # Ids in one statement.


@dataclass(frozen=True)
class SelectionSummary:
    """Counts only files that are still there."""

    file_count: int
    total_bytes: int
    excluded_count: int


NOTHING = SelectionSummary(0, 0, 0)


def selection_of(user: User, account: Account) -> Selection:
    """The person's current selection in this account, made when there is none or the last one has expired.

    The account is one that the person may see; the caller found it so.
    """
    mine = Selection.objects.owned_by(user).filter(account=account).select_related("account")
    # Each page asks for it, so the usual case only reads: a write would wait for every job that writes.
    return mine.current().first() or _begin(mine, user, account)


def _begin(mine: SelectionQuerySet, user: User, account: Account) -> Selection:
    mine.expired().delete()
    try:
        return mine.get_or_create(defaults={"owner": user, "account": account})[0]
    except IntegrityError:  # Another request of the same person was first.
        return mine.get()


def owned(selection_id: str | UUID, user: User, *, token: ApiToken | None = None) -> Selection:
    """Raises Refused for an id that is unknown, expired or another person's or token's, without saying which."""
    try:
        return Selection.objects.visible_to(user, token=token).current().select_related("account").get(pk=selection_id)
    except (Selection.DoesNotExist, ValidationError, ValueError):
        raise Refused(
            _("This selection does not exist any more, or it is not yours. Select the files again.")
        ) from None


def tick(selection: Selection, asset_ids: Iterable[int]) -> int:
    """Add assets by their row numbers, also ones excluded before. Returns how many; gone and foreign ones are not."""
    with transaction.atomic():
        _touch(selection)
        return sum(_tick_slice(selection, pks) for pks in _row_numbers(asset_ids))


def _tick_slice(selection: Selection, pks: list[int]) -> int:
    return insert_from_select(
        SelectionItem,
        ["selection", "asset", "is_from_all", "is_excluded"],
        Asset.objects.live(selection.account)
        .filter(pk__any_of=pks)
        .values_list(Value(selection.pk, output_field=Selection._meta.pk), "pk", Value(False), Value(False)),
        unique_fields=["selection", "asset"],
        update_fields=["is_excluded"],
    )


def untick(selection: Selection, asset_ids: Iterable[int]) -> None:
    """Take assets out. One that came with “all matching” stays as an exclusion, so nothing brings it back by itself."""
    with transaction.atomic():
        _touch(selection)
        for pks in _row_numbers(asset_ids):
            items = selection.items.filter(asset__pk__any_of=pks)
            items.filter(is_from_all=True).update(is_excluded=True)
            items.filter(is_from_all=False).delete()


def clear(selection: Selection) -> None:
    with transaction.atomic():
        selection.items.all().delete()
        selection.filters = []
        selection.save(update_fields=["filters", "touched_at"])


def take_all_matching(selection: Selection, asset_filter: AssetFilter) -> int:
    """Add everything that matches now, in one statement. Files excluded before stay excluded.

    Returns how many match. Raises WrongUse for an empty filter: everything must be named, as the root and below.
    """
    if not asset_filter:
        raise WrongUse(
            _("No filter is set, so nothing was selected. To mean everything, filter by the folder / and below.")
        )
    with transaction.atomic():
        if asset_filter.as_json() not in selection.filters:
            selection.filters = [*selection.filters, asset_filter.as_json()]
        selection.save(update_fields=["filters", "touched_at"])
        return _take(selection, asset_filter)


def _take(selection: Selection, asset_filter: AssetFilter) -> int:
    matching = Asset.objects.live(selection.account).matching(asset_filter).using_best_index().order_by()
    return insert_from_select(
        SelectionItem,
        ["selection", "asset", "is_from_all", "is_excluded"],
        matching.values_list(Value(selection.pk, output_field=Selection._meta.pk), "pk", Value(True), Value(False)),
        unique_fields=["selection", "asset"],
        update_fields=["is_from_all"],
    )


def summary(selection: Selection) -> SelectionSummary:
    """What is selected. For a large selection as of some moments ago, unless the person changed it since."""
    return kept(
        _key(selection, "sums"),
        lambda: _sums(selection),
        is_dear=lambda sums: sums.file_count + sums.excluded_count >= CACHE_THRESHOLD,
    )


def _sums(selection: Selection) -> SelectionSummary:
    included = Q(is_excluded=False)
    sums = selection.items.filter(asset__removed_at__isnull=True).aggregate(
        file_count=Count("pk", filter=included),
        total_bytes=Sum("asset__size_bytes", filter=included, default=0),
        excluded_count=Count("pk", filter=~included),
    )
    return SelectionSummary(**sums)


def _key(selection: Selection, what: str) -> str:
    """Of a sum in the cache: another one as soon as the selection is changed."""
    return f"selection-{selection.pk}-{selection.touched_at.timestamp()}-{what}"


def ticked_among(selection: Selection, asset_ids: list[int]) -> set[int]:
    """Which of the rows on a page are ticked."""
    ticked = selection.items.included().filter(asset__pk__any_of=asset_ids)
    return set(ticked.values_list("asset_id", flat=True)) if asset_ids else set()


def file_ids(selection: Selection, *, most: int) -> list[str]:
    """The ids of the first files that were ticked and are still there."""
    return list(selection.items.included().order_by("pk").values_list("asset__file_id", flat=True)[:most])


def count_outside(selection: Selection, asset_filter: AssetFilter) -> int:
    """How many selected files a list with this filter does not show. For a large selection as of some moments ago."""
    selected_count, shown_count = kept(
        _key(selection, asset_filter.digest()),
        lambda: _selected_and_shown(selection, asset_filter),
        is_dear=lambda counts: counts[0] >= CACHE_THRESHOLD,
    )
    return selected_count - shown_count


def _selected_and_shown(selection: Selection, asset_filter: AssetFilter) -> tuple[int, int]:
    included = selection.items.included()
    # From the selected files, not from the shown ones: these may be the whole library.
    assets = Asset.objects.live(selection.account).matching(asset_filter).rows.filter(pk__in=included.values("asset"))
    return included.count(), assets.order_by().count()


def forget_expired() -> int:
    """Remove all selections that nobody has touched for long. Returns how many."""
    expired = Selection.objects.expired()
    count = expired.count()
    expired.delete()
    return count


def count_anew(selection: Selection) -> None:
    """Forget the sums of some moments ago: the person was shown numbers that are not right any more."""
    _touch(selection)


def _touch(selection: Selection) -> None:
    selection.save(update_fields=["touched_at"])


def _row_numbers(asset_ids: Iterable[int]) -> Iterator[list[int]]:
    """The ids some thousand at a time. Raises WrongUse for what is no row number."""
    for pks in slices(asset_ids, SLICE):
        if any(type(pk) is not int or not 0 < pk <= MAX_INTEGER for pk in pks):
            raise WrongUse(_("The files to select are not named by their numbers. Load the page again."))
        yield pks
