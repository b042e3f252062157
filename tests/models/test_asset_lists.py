"""Lists of assets: what matches, in which order, page by page, and by which index."""

from __future__ import annotations

from typing import Any

import pytest
from django.db import connection, transaction
from hypothesis import given
from hypothesis import strategies as st

from medialib.errors import WrongUse
from medialib.models import Account, Asset
from medialib.models.query import paging
from medialib.models.query.filtered import FilteredAssets
from medialib.models.query.filters import AssetFilter
from medialib.models.query.orders import AssetCursor, AssetSort, Position, after_position, in_order
from medialib.models.query.paging import page_of
from tests import factories
from tests.models.plain_meaning import is_meant
from tests.models.random_libraries import FIELDS, examples, filters, filters_by, libraries, library_of

pytestmark = pytest.mark.django_db


@pytest.mark.parametrize("field", [field for field in FIELDS if field != "subfolders"])
@given(data=st.data(), fields=libraries)
@examples
def test_each_filter_lists_exactly_what_it_says(account: Account, field: str, data: Any, fields: list[Any]) -> None:
    wanted = data.draw(filters_by(field))
    with library_of(account, fields) as assets:
        listed = set(Asset.objects.live(account).matching(wanted).rows)
        assert listed == {asset for asset in assets if is_meant(asset, wanted)}


@given(wanted=filters, fields=libraries)
@examples
def test_filters_together_list_what_each_of_them_would(
    account: Account, wanted: AssetFilter, fields: list[Any]
) -> None:
    with library_of(account, fields) as assets:
        listed = set(Asset.objects.live(account).matching(wanted).rows)
        assert listed == {asset for asset in assets if is_meant(asset, wanted)}


def test_only_a_filter_can_be_matched(account: Account) -> None:
    with pytest.raises(WrongUse):
        Asset.objects.live(account).matching({"folder": "/a"})  # type: ignore[arg-type]


def all_of(account: Account) -> FilteredAssets:
    return Asset.objects.live(account).matching(AssetFilter())


def test_a_list_holds_live_files_of_its_account_only(account: Account) -> None:
    mine = factories.asset(account)
    factories.asset(account, removed_at=factories.LONG_AGO, removal="missing")
    factories.asset(factories.account())
    assert set(Asset.objects.live(account)) == {mine}


@given(sort=st.sampled_from(list(AssetSort)), fields=libraries, size=st.integers(1, 5))
@examples
def test_pages_forward_are_the_whole_list(account: Account, sort: AssetSort, fields: list[Any], size: int) -> None:
    with library_of(account, fields):
        live = all_of(account)
        page = page_of(live, sort, size=size)
        walked = list(page.assets)
        while page.next_cursor:
            page = page_of(live, sort, after=AssetCursor.from_text(page.next_cursor.as_text(), sort), size=size)
            walked += page.assets
        assert walked == whole_list(live, sort)


@given(sort=st.sampled_from(list(AssetSort)), fields=libraries, size=st.integers(1, 5))
@examples
def test_pages_backward_are_the_whole_list(account: Account, sort: AssetSort, fields: list[Any], size: int) -> None:
    with library_of(account, fields):
        live = all_of(account)
        assert _walked_back(live, sort, size) == whole_list(live, sort)


def whole_list(assets: FilteredAssets, sort: AssetSort) -> list[Asset]:
    """The whole list in one go, group by group."""
    return [asset for group in sort.groups for asset in in_order(assets.matching(group.filter).rows, group.order)]


@given(sort=st.sampled_from(list(AssetSort)), fields=libraries)
@examples
def test_groups_of_an_order_divide_the_list_and_its_opposite_is_it_from_the_end(
    account: Account, sort: AssetSort, fields: list[Any]
) -> None:
    with library_of(account, fields) as assets:
        live = all_of(account)
        assert sorted(asset.pk for asset in whole_list(live, sort)) == sorted(
            asset.pk for asset in assets if not asset.removed_at
        )
        assert whole_list(live, sort.opposite) == whole_list(live, sort)[::-1]


def test_traits_stand_apart(account: Account) -> None:
    plain = factories.asset(account, width=None, height=None)
    wide = factories.asset(account, width=900, is_private=True, tags=["a"], version_name="Version 12")
    for sort in (AssetSort.WIDEST, AssetSort.PRIVATE, AssetSort.TAGGED, AssetSort.LATER_VERSIONS):
        assert page_of(all_of(account), sort).assets == [wide, plain]
        assert page_of(all_of(account), sort.opposite).assets == [plain, wide]


@pytest.mark.parametrize("sort", AssetSort)
def test_rows_that_go_while_paging_make_nobody_skip_a_file(account: Account, sort: AssetSort) -> None:
    for _ in range(6):
        factories.asset(account)
    whole = whole_list(all_of(account), sort)
    first = page_of(all_of(account), sort, size=3)
    for asset in first.assets:
        asset.delete()
    assert page_of(all_of(account), sort, after=first.next_cursor, size=3).assets == whole[3:]


def test_a_page_is_one_query(account: Account, django_assert_num_queries: Any) -> None:
    factories.asset(account)
    with django_assert_num_queries(1):
        page_of(all_of(account), AssetSort.NEWEST)


@pytest.mark.parametrize(("steps", "known"), [(0, 5), (9, 5), (3, None)], ids=["gathered", "at its end", "walked"])
def test_a_page_tells_how_long_the_list_is_where_it_saw_the_end(
    account: Account, monkeypatch: pytest.MonkeyPatch, steps: int, known: int | None
) -> None:
    """However the page is found. A list that goes on after the walk is counted by another statement, if at all."""
    for number in range(5):
        factories.asset(account, path=f"/x/{number}.jpg", format="jpg")
    monkeypatch.setitem(paging.LIMITS, connection.vendor, ((steps, 100), (steps, 100)))
    monkeypatch.setitem(paging.GATHER_THRESHOLD, connection.vendor, -1)
    jpgs = Asset.objects.live(account).matching(AssetFilter(format=("jpg",)))
    page = page_of(jpgs, AssetSort.NAME, size=5 if steps == 9 else 2)
    assert page.total == known
    assert page_of(jpgs, AssetSort.NAME, after=page_of(jpgs, AssetSort.NAME, size=2).next_cursor, size=2).total is None


def test_a_capped_count_stops_counting(account: Account) -> None:
    for _ in range(4):
        factories.asset(account)
    assert [all_of(account).capped_count(cap) for cap in (2, 4, 9)] == [3, 4, 4]


@given(sort=st.sampled_from(list(AssetSort)), fields=libraries)
@examples
def test_no_order_has_empty_values(account: Account, sort: AssetSort, fields: list[Any]) -> None:
    with library_of(account, fields):
        for group in sort.groups:
            rows = Asset.objects.live(account).matching(group.filter).rows
            assert not any(getattr(asset, group.order.column) is None for asset in rows)


small = st.integers(0, 4)
INDEX_OF = {
    "created_at": "asset_by_created",
    "updated_at": "asset_by_updated",
    "name": "asset_by_name",
    "size_bytes": "asset_by_size",
    "path": "asset_by_path",
    "format": "asset_by_format",
    "file_id": "asset_once_per_account",  # SQLite names the index of a constraint by itself.
}
PLAIN = [sort for sort in AssetSort if len(sort.groups) == 1]


@pytest.mark.parametrize("side", ["first", "after", "before"])
@pytest.mark.parametrize("sort", PLAIN)
def test_each_page_of_each_order_starts_in_its_index(account: Account, sort: AssetSort, side: str) -> None:
    asset, (group,) = factories.asset(account), sort.groups
    order = group.order.opposite if side == "before" else group.order
    position = Position(getattr(asset, order.column), asset.pk)
    live = in_order(Asset.objects.live(account), order)
    plan = _plan(live if side == "first" else after_position(live, position, order))
    assert INDEX_OF[order.column] in plan.replace("sqlite_autoindex_medialib_asset_1", "asset_once_per_account")
    # PostgreSQL does not know that a file id has one row, and sorts each by its number.
    assert "SORT" not in plan.upper() or (order.column == "file_id" and "Incremental Sort" in plan)
    assert "TEMP B-TREE" not in plan.upper()
    if side != "first" and connection.vendor == "sqlite":
        assert f"{order.column}{'<' if order.is_descending else '>'}?" in plan


@given(wanted=filters, fields=libraries)
@examples
def test_each_hint_holds_for_every_file_that_matches(account: Account, wanted: AssetFilter, fields: list[Any]) -> None:
    with library_of(account, fields):
        matching = Asset.objects.live(account).matching(wanted)
        for hint in matching.usable_hints():
            assert set(matching.found_by(hint)) == set(matching.rows)


@given(wanted=filters, sort=st.sampled_from(list(AssetSort)), fields=libraries, limits=st.tuples(*[small] * 6))
@examples
def test_pages_of_a_filtered_list_are_the_list_however_they_are_found(
    account: Account, wanted: AssetFilter, sort: AssetSort, fields: list[Any], limits: tuple[int, ...]
) -> None:
    with library_of(account, fields), pytest.MonkeyPatch.context() as patch:
        patch.setitem(paging.LIMITS, connection.vendor, (limits[:2], limits[2:4]))
        patch.setattr(paging, "MAX_COUNTED", limits[4])
        patch.setitem(paging.GATHER_THRESHOLD, connection.vendor, limits[5] - 1)
        matching = Asset.objects.live(account).matching(wanted)
        whole = whole_list(matching, sort)
        assert _walked(matching, sort) == whole
        assert page_of(matching, sort, size=2).total in (None, len(whole))
        assert _walked_back(matching, sort, 2) == whole
        assert set(matching.using_best_index(max_rows=limits[0])) == set(whole)


def _walked(matching: FilteredAssets, sort: AssetSort) -> list[Asset]:
    page = page_of(matching, sort, size=2)
    walked = list(page.assets)
    while page.next_cursor:
        page = page_of(matching, sort, after=page.next_cursor, size=2)
        walked += page.assets
    return walked


def _walked_back(matching: FilteredAssets, sort: AssetSort, size: int) -> list[Asset]:
    """All pages from the last row to the first."""
    page = page_of(matching, sort.opposite, size=1)
    walked = list(page.assets)
    cursor = page.next_cursor.turned if page.next_cursor else None
    while cursor:
        page = page_of(matching, sort, before=cursor, size=size)
        walked = [*page.assets, *walked]
        cursor = page.previous_cursor
    return walked


def _plan(queryset: Any) -> str:
    """The plan of a page. PostgreSQL would read a table this small as a whole, so that is forbidden to it."""
    with transaction.atomic():
        if connection.vendor == "postgresql":
            with connection.cursor() as cursor:
                cursor.execute(
                    "SET LOCAL enable_seqscan = off; SET LOCAL enable_bitmapscan = off; SET LOCAL enable_sort = off"
                )
        return str(queryset[:101].explain())
