"""For every filter and any files: what is frozen is what the list shows is what the filter means in plain Python."""

from __future__ import annotations

from typing import Any

import pytest
from django.contrib.auth.models import User
from django.db import connection
from hypothesis import given
from hypothesis import strategies as st

from medialib.models import Account, Asset
from medialib.models.query import paging
from medialib.models.query.filters import AssetFilter
from medialib.models.query.orders import AssetSort
from medialib.models.query.paging import page_of
from medialib.services.audit.log import SYSTEM
from medialib.services.manifests import freezing
from medialib.services.selections import ticks
from tests.models.plain_meaning import is_meant
from tests.models.random_libraries import FIELDS, examples, filters, filters_by, libraries, library_of, rows

pytestmark = pytest.mark.django_db


def listed(account: Account, wanted: AssetFilter, sort: AssetSort, *, between_pages: Any = lambda: None) -> list[str]:
    """The ids of a list, page by page as a person walks through it."""
    matching = Asset.objects.live(account).matching(wanted)
    page = page_of(matching, sort, size=3)
    ids = [asset.file_id for asset in page.assets]
    while page.next_cursor:
        between_pages()
        page = page_of(matching, sort, after=page.next_cursor, size=3)
        ids += [asset.file_id for asset in page.assets]
    return ids


def frozen(account: Account, person: User, wanted: AssetFilter) -> set[str]:
    selection = ticks.selection_of(person, account)
    if not ticks.take_all_matching(selection, wanted):
        return set()
    manifest = freezing.freeze(selection, actor=SYSTEM)
    return set(manifest.items.values_list("file_id", flat=True))


@pytest.mark.parametrize("field", [field for field in FIELDS if field != "subfolders"])
@given(data=st.data(), fields=libraries)
@examples
def test_each_filter_freezes_what_it_lists(
    account: Account, staff: User, field: str, data: Any, fields: list[Any]
) -> None:
    wanted = data.draw(filters_by(field).filter(bool))
    with library_of(account, fields) as assets:
        meant = {asset.file_id for asset in assets if is_meant(asset, wanted)}
        assert set(listed(account, wanted, AssetSort.NEWEST)) == meant
        assert frozen(account, staff, wanted) == meant


@given(wanted=filters.filter(bool), sort=st.sampled_from(list(AssetSort)), fields=libraries)
@examples
def test_filters_together_freeze_what_they_list(
    account: Account, staff: User, wanted: AssetFilter, sort: AssetSort, fields: list[Any]
) -> None:
    with library_of(account, fields) as assets:
        meant = {asset.file_id for asset in assets if is_meant(asset, wanted)}
        shown = listed(account, wanted, sort)
        assert (set(shown), len(shown)) == (meant, len(meant))
        assert frozen(account, staff, wanted) == meant


@given(
    wanted=filters,
    sort=st.sampled_from(list(AssetSort)),
    fields=libraries,
    arrivals=st.lists(rows(), max_size=6),
    limits=st.tuples(*[st.integers(0, 4)] * 4),
    data=st.data(),
)
@examples
def test_files_that_stay_are_walked_past_once_while_others_come_and_go(
    account: Account,
    wanted: AssetFilter,
    sort: AssetSort,
    fields: list[Any],
    arrivals: list[Any],
    limits: tuple[int, ...],
    data: Any,
) -> None:
    with library_of(account, fields) as assets, pytest.MonkeyPatch.context() as patch:
        patch.setitem(paging.LIMITS, connection.vendor, (limits[:2], limits[2:]))
        leaving = data.draw(st.sets(st.sampled_from(assets)))
        staying = [asset for asset in assets if asset not in leaving and is_meant(asset, wanted)]
        coming, going = iter(arrivals), iter(sorted(leaving, key=lambda asset: asset.pk))

        def change() -> None:
            for asset in [next(going, None)]:
                Asset.objects.filter(pk=asset.pk if asset else 0).delete()
            Asset.objects.bulk_create(Asset(account=account, **row) for row in [next(coming, None)] if row)

        walked = listed(account, wanted, sort, between_pages=change)
        assert len(walked) == len(set(walked))
        assert {asset.file_id for asset in staying} <= set(walked)
