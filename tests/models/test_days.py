"""Days are the reader's days: what a list shows as a day is what a filter by that day finds, in any zone."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from django.http import QueryDict
from django.utils import timezone

from medialib.errors import WrongUse
from medialib.forms.filters import as_typed, tidied
from medialib.models import Account, Asset
from medialib.models.query.filters import AssetFilter
from tests import factories

pytestmark = pytest.mark.django_db

ZONES = ["UTC", "Asia/Tokyo", "America/Los_Angeles", "Asia/Kolkata", "Europe/Berlin", "Pacific/Apia"]
# Around a plain day, and around the days on which clocks go forward and back in California and in Germany.
AROUND = [date(2026, 11, 21), date(2026, 3, 8), date(2026, 11, 1), date(2026, 3, 29), date(2026, 10, 25)]


@pytest.fixture
def library(account: Account) -> list[Asset]:
    """A file each half an hour, two days to each side."""
    starts = [datetime(day.year, day.month, day.day, tzinfo=UTC) - timedelta(days=2) for day in AROUND]
    moments = {start + timedelta(minutes=30 * step) for start in starts for step in range(4 * 48)}
    return [
        factories.asset(account, f"/{moment:%Y%m%d%H%M}.jpg", created_at=moment, updated_at=moment)
        for moment in sorted(moments)
    ]


def found(account: Account, asset_filter: AssetFilter) -> set[str]:
    return set(Asset.objects.live(account).matching(asset_filter).rows.values_list("path", flat=True))


def by_day(library: list[Asset], zone: str) -> dict[date, set[str]]:
    """The files by the day that the list shows."""
    days: dict[date, set[str]] = {}
    for asset in library:
        days.setdefault(asset.created_at.astimezone(ZoneInfo(zone)).date(), set()).add(asset.path)
    return days


@pytest.mark.parametrize("zone", ZONES)
def test_a_day_that_is_asked_for_is_the_day_that_is_shown(account: Account, library: list[Asset], zone: str) -> None:
    with timezone.override(zone):
        for day, paths in by_day(library, zone).items():
            assert found(account, AssetFilter(where=f"created:{day}")) == paths
            query = f"created_after={day}&created_before={day + timedelta(days=1)}"
            assert found(account, AssetFilter.from_query(QueryDict(query))) == paths
            assert found(account, AssetFilter(where=f"created>={day} AND created<={day}")) == paths
            assert found(account, AssetFilter(where=f"created>{day - timedelta(days=1)} created<={day}")) == paths


@pytest.mark.parametrize("zone", ZONES)
def test_a_link_means_the_same_files_to_a_reader_elsewhere(account: Account, library: list[Asset], zone: str) -> None:
    with timezone.override(zone):
        mine = AssetFilter.from_query(QueryDict("created_before=2026-11-21&where=updated:2026-11"))
        address, stored, paths = mine.to_query(), mine.as_json(), found(account, mine)
        assert [chip.label for chip in mine.chips()] == [
            f"Created before 2026-11-21 ({zone})",
            f"updated:2026-11@{zone}",
        ]
        assert as_typed(mine)["created_before"] == "2026-11-21"
    for elsewhere in ZONES:
        with timezone.override(elsewhere):
            theirs = AssetFilter.from_query(QueryDict(address))
            assert theirs == mine == AssetFilter.from_json(stored)
            assert found(account, theirs) == paths
            typed = QueryDict(mutable=True)
            typed.update(as_typed(theirs))
            assert AssetFilter.from_query(tidied(typed)) == mine


def test_the_same_words_are_another_day_elsewhere(account: Account) -> None:
    factories.asset(account, "/offset.jpg", created_at=datetime(2026, 11, 20, 18, tzinfo=UTC))
    with timezone.override("Asia/Tokyo"):  # There it is 03:00 on the 21st.
        assert found(account, AssetFilter.from_query(QueryDict("created_before=2026-11-21"))) == set()
    assert found(account, AssetFilter.from_query(QueryDict("created_before=2026-11-21"))) == {"/offset.jpg"}


@pytest.mark.parametrize("zone", ["Nowhere/Atall", "Asia", "../etc/passwd", "", "Asia/Tokyo/x/y", "A" * 200])
def test_a_zone_that_is_none_is_refused(zone: str) -> None:
    with pytest.raises(WrongUse, match="no time zone"):
        AssetFilter(created_after=f"2026-11-21@{zone}")
