"""What a library holds: folders, facets and totals, against counting by hand."""

from __future__ import annotations

from collections import Counter
from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given

from medialib.models import Account, Asset, AssetKind, FolderTotal
from medialib.models.query.filters import AssetFilter
from medialib.services.library import facets, folders, totals
from medialib.services.library import summary as library_summary
from medialib.services.library.facets import Basis
from tests import factories
from tests.models.random_libraries import examples, filters, libraries, library_of

pytestmark = pytest.mark.django_db


@pytest.fixture
def library(account: Account) -> Account:
    factories.asset(account, "/top.jpg", size_bytes=1, tags=["home"])
    factories.asset(account, "/a/one.jpg", size_bytes=10, tags=["home", "old"])
    factories.asset(account, "/a/b/two.mp4", size_bytes=20_000, kind=AssetKind.VIDEO)
    factories.asset(account, "/a/b/noext", size_bytes=300_000, format="", created_at=datetime(2025, 5, 1, tzinfo=UTC))
    factories.asset(account, "/ab/three.jpg", size_bytes=5, removed_at=factories.LONG_AGO, removal="missing")
    return account


def test_a_folder_counts_what_is_in_and_below_it(library: Account) -> None:
    level = folders.level(library)
    assert [(node.folder, node.file_count, node.total_bytes, node.has_children) for node in level.children] == [
        ("/a", 3, 320_010, True)
    ]
    assert level.parent is not None
    assert (level.parent.own_count, level.parent.file_count) == (1, 4)


def test_each_level_down_to_a_folder_can_be_opened_at_once(library: Account) -> None:
    levels = folders.open_levels(library, "/a/b")
    assert [[node.folder for node in level.children] for level in levels] == [["/a"], ["/a/b"], []]


@given(fields=libraries)
@examples
def test_folder_totals_are_what_their_lists_hold(account: Account, fields: list[Any]) -> None:
    with library_of(account, fields):
        library_summary.rebuild(account)
        live = Asset.objects.live(account)
        for total in FolderTotal.objects.filter(account=account):
            below = live.matching(AssetFilter(folder=total.folder, subfolders=True)).rows
            assert total.deep_count == below.count()
            assert total.deep_bytes == sum(asset.size_bytes for asset in below)


@given(wanted=filters, fields=libraries)
@examples
def test_each_facet_counts_the_list_it_leads_to(account: Account, wanted: AssetFilter, fields: list[Any]) -> None:
    with library_of(account, fields):
        library_summary.rebuild(account)
        counted = facets.facets(account, wanted)
        assert counted.basis == Basis.EXACT
        for facet in counted.facets:
            for value in facet.values:
                if facet.key in ("year", "size", "tag") or not wanted.get(facet.key):
                    assert Asset.objects.live(account).matching(value.filter).rows.count() == value.count


def test_a_large_list_is_estimated_from_a_sample(account: Account, monkeypatch: pytest.MonkeyPatch) -> None:
    Asset.objects.bulk_create(_asset(account, number) for number in range(2_000))
    monkeypatch.setattr(facets.draw_sample, "__defaults__", (400,))
    counted = facets.facets(account, AssetFilter(where="NOT folder:/nowhere"))
    assert counted.basis == Basis.SAMPLE
    assert 1_500 < counted.total < 2_500


def _asset(account: Account, number: int) -> Asset:
    path = f"/x/picture-{number}.jpg"
    times = {"created_at": factories.LONG_AGO, "updated_at": factories.LONG_AGO}
    return Asset(
        account=account,
        file_id=f"f{number}",
        name=path[3:],
        path=path,
        folder="/x",
        kind="image",
        size_bytes=1,
        **times,
    )


@given(wanted=filters, fields=libraries)
@examples
def test_totals_are_those_of_the_list(account: Account, wanted: AssetFilter, fields: list[Any]) -> None:
    with library_of(account, fields):
        listed = list(Asset.objects.live(account).matching(wanted).rows)
        exact = totals.exact(account, wanted)
        assert (exact.file_count, exact.total_bytes) == (len(listed), sum(asset.size_bytes for asset in listed))
        assert totals.estimate(account, wanted).file_count == len(listed)


def test_a_stale_summary_of_a_small_library_is_counted_anew_when_asked(library: Account) -> None:
    library_summary.current(library)
    factories.asset(library)
    library_summary.mark_stale(library.pk)
    summary = library_summary.current(library)
    assert summary is not None
    assert (summary.file_count, summary.is_stale) == (5, False)


def test_a_large_library_is_left_to_a_worker(library: Account, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(library_summary, "COUNT_NOW_THRESHOLD", 2)
    woken = Counter[str]()
    monkeypatch.setattr(library_summary, "wake", lambda name, pk: woken.update([name]))
    assert library_summary.current(library) is None
    assert woken == {"summarise_library": 1}


def test_the_sweep_asks_once_to_count_what_nobody_has_counted(library: Account) -> None:
    assert library.name in library_summary.wake_stale()
    assert library.name not in library_summary.wake_stale()


def test_what_is_counted_and_unchanged_is_left_alone(library: Account) -> None:
    library_summary.rebuild(library)
    assert library.name not in library_summary.wake_stale()
