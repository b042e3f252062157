"""AssetFilter, AssetSort and AssetCursor: from and to addresses and JSON, and what they refuse."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import Any

import pytest
from django.http import QueryDict
from hypothesis import given

from medialib.errors import WrongUse
from medialib.models.query.filters import AssetFilter
from medialib.models.query.orders import AssetCursor, AssetSort
from tests.models.random_libraries import examples, filters, values


@given(values)
@examples
def test_a_filter_holds_every_value_that_is_given(given_values: dict[str, Any]) -> None:
    held = {name for name, _ in AssetFilter(**given_values).items}
    is_given = {name for name, value in given_values.items() if value not in ("", None, ())}
    below = {"subfolders"} if not (given_values.get("folder") and given_values.get("subfolders")) else set()
    assert held == is_given - below


@given(filters)
@examples
def test_a_filter_survives_its_address(wanted: AssetFilter) -> None:
    assert AssetFilter.from_query(QueryDict(wanted.to_query())) == wanted


@given(filters)
@examples
def test_a_filter_survives_its_json(wanted: AssetFilter) -> None:
    assert AssetFilter.from_json(json.loads(json.dumps(wanted.as_json()))) == wanted


@given(filters)
@examples
def test_removing_every_chip_leaves_no_filter(wanted: AssetFilter) -> None:
    removals = 0
    while chips := wanted.chips():
        wanted = AssetFilter.from_query(QueryDict(chips[0].query_without))
        removals += 1
    assert wanted == AssetFilter()
    assert removals < 60


@given(filters)
@examples
def test_a_filter_counts_as_set_exactly_when_it_has_chips(wanted: AssetFilter) -> None:
    assert bool(wanted) == bool(wanted.chips()) == bool(wanted.to_query()) == bool(wanted.as_json())


def test_a_chip_removes_its_own_value_only() -> None:
    wanted = AssetFilter(kind=("image", "video"), tag=("home",))
    queries = {chip.label: chip.query_without for chip in wanted.chips()}
    assert queries == {
        "Type Image": "kind=video&tag=home",
        "Type Video": "kind=image&tag=home",
        "Tag home": "kind=image&kind=video",
    }


def test_an_address_is_readable() -> None:
    query = "folder=/old/site&subfolders=1&format=jpg&created_before=2024-01-31&min_size=1000"
    wanted = AssetFilter.from_query(QueryDict(query))
    assert wanted.get("created_before") == datetime(2024, 1, 31, tzinfo=UTC)
    assert [chip.label for chip in wanted.chips()] == [
        "Folder /old/site and below",
        "Format jpg",
        "At least 1.0 kB",
        "Created before 2024-01-31 (UTC)",
    ]


def test_different_spellings_are_the_same_filter() -> None:
    assert AssetFilter(folder="old/", format=(".JPG", "jpg")) == AssetFilter(folder="/old", format=("jpg",))


def test_blank_fields_of_a_form_are_not_filters() -> None:
    assert not AssetFilter.from_query(QueryDict("folder=&kind=&q=&min_size=&created_after=&sort=name&after="))


@pytest.mark.parametrize(
    "query",
    [
        "fodler=/old",  # An unknown filter would be no filter, and so mean every file.
        "fodler=",
        "kind=picture",
        "min_size=big",
        "min_size=-1",
        "max_size=9223372036854775808",
        "created_after=yesterday",
        "created_after=2024-13-01",
        "updated_before=0001-01-01T00:00:00%2B09:00",
        "folder=/a&folder=/b",
        "subfolders=maybe&folder=/a",
        "q=a%00b",
        "name=" + "x" * 15_001,
    ],
)
def test_a_filter_that_cannot_be_right_is_refused(query: str) -> None:
    with pytest.raises(WrongUse):
        AssetFilter.from_query(QueryDict(query))


@pytest.mark.parametrize(
    "stored",
    [
        {"fodler": "/old"},
        {"kind": "image"},
        {"kind": [1]},
        {"min_size": "5"},
        {"min_size": True},
        {"folder": None},
        {"q": "\ud800"},
        {"min_size": None},
        {"tag": [""]},
        {"older_than": 2},
        {"where": 5},
        {"where": "colour:red"},
        {"private": "yes"},
        {"created_after": 2024},
    ],
)
def test_stored_json_that_cannot_be_right_is_refused(stored: dict[str, Any]) -> None:
    with pytest.raises(WrongUse):
        AssetFilter.from_json(stored)


def test_the_first_order_is_newest_first() -> None:
    assert AssetSort.from_query({}) is AssetSort.NEWEST


def test_an_unknown_order_is_refused() -> None:
    with pytest.raises(WrongUse):
        AssetSort.from_query({"sort": "random"})


@pytest.mark.parametrize("sort", AssetSort)
def test_turning_an_order_round_twice_changes_nothing(sort: AssetSort) -> None:
    assert sort.opposite is not sort
    assert sort.opposite.word == sort.word
    assert sort.opposite.opposite is sort


@pytest.mark.parametrize(
    "text", ["", "5", "x~2024-01-01T00:00:00+00:00", "5~2024-01-01T00:00:00", "-1~2024-01-01T00:00:00Z"]
)
def test_a_place_that_cannot_be_read_is_refused(text: str) -> None:
    with pytest.raises(WrongUse):
        AssetCursor.from_text(text, AssetSort.NEWEST)


@pytest.mark.parametrize("text", ["5~2024-01-01T00:00:00Z", "5~2~2024-01-01T00:00:00Z", "5~1~", "5~0~12"])
def test_a_place_of_no_group_is_refused(text: str) -> None:
    with pytest.raises(WrongUse):
        AssetCursor.from_text(text, AssetSort.PRIVATE)
