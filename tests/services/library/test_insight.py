"""Insight: the parts of each picture divide the library, and each part is the list that its filter opens."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import pytest
from django.utils.timezone import now

from medialib.models import Account, Asset
from medialib.services.library import insight, summary
from tests import factories

PICTURES: list[Callable[[Account], list[insight.InsightPart]]] = [
    insight.by_folder,
    insight.by_kind,
    insight.by_age,
    insight.by_month,
]


@pytest.fixture
def library(account: Account) -> Account:
    moments = [now() - timedelta(days=days) for days in (1, 31, 200, 400, 900, 3000)]
    for number, moment in enumerate(moments):
        factories.asset(account, f"/a/{number % 2}/file-{number}.jpg", size_bytes=10**number, created_at=moment)
    factories.asset(
        account, "/root.mp4", kind="video", size_bytes=7, created_at=datetime(2023, 12, 31, 23, 59, tzinfo=UTC)
    )
    factories.asset(account, "/a%b/_x.jpg", size_bytes=3)
    factories.asset(account, "/a/gone.jpg", removed_at=now(), removal="missing")
    factories.asset(factories.account(), "/a/foreign.jpg")
    return account


@pytest.mark.parametrize("picture", PICTURES)
def test_parts_divide_the_library(library: Account, picture: Callable[[Account], list[insight.InsightPart]]) -> None:
    lists = [set(Asset.objects.live(library).matching(part.filter).rows) for part in picture(library) if part.filter]
    assert set().union(*lists) == set(Asset.objects.live(library))
    assert sum(map(len, lists)) == Asset.objects.live(library).count()


@pytest.mark.parametrize("picture", PICTURES)
def test_number_of_a_part_is_that_of_its_list(
    library: Account, picture: Callable[[Account], list[insight.InsightPart]]
) -> None:
    for part in picture(library):
        listed = list(Asset.objects.live(library).matching(part.filter).rows)
        assert (part.file_count, part.total_bytes) == (len(listed), sum(asset.size_bytes for asset in listed)), part


def test_folder_can_be_looked_into(library: Account) -> None:
    assert {part.name for part in insight.by_folder(library)} == {"a", "a%b", "."}
    inside = {part.name: part.filter.get("folder") for part in insight.by_folder(library, "/a")}
    assert inside == {"0": "/a/0", "1": "/a/1"}


def test_many_folders_are_cut_and_their_rest_is_summed_up(account: Account) -> None:
    for number in range(insight.MAX_FOLDERS + 5):
        factories.asset(account, f"/{number:03}/file.jpg", size_bytes=1000 + number)
    parts = insight.by_folder(account)
    assert len(parts) == insight.MAX_FOLDERS + 1
    assert (parts[-1].name, parts[-1].file_count, parts[-1].filter) == ("…", 5, None)


def test_largest_files_come_largest_first(library: Account) -> None:
    sizes = [asset.size_bytes for asset in insight.largest(library)]
    assert sizes == sorted(sizes, reverse=True)
    assert "gone.jpg" not in {asset.name for asset in insight.largest(library)}


def test_a_large_library_waits_for_its_first_count(library: Account, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(summary, "COUNT_NOW_THRESHOLD", 3)
    with pytest.raises(insight.NotCounted):
        insight.by_kind(library)
    summary.rebuild(library)
    assert sum(part.file_count for part in insight.by_kind(library)) == Asset.objects.live(library).count()
