"""What people type into the filter form becomes the address that it means, or one sentence."""

from __future__ import annotations

import pytest
from django.http import QueryDict

from medialib.errors import WrongUse
from medialib.forms import filters
from medialib.models.query.filters import AssetFilter
from medialib.models.query.units import read_age, read_size


def tidied(query: str) -> dict[str, list[str]]:
    return dict(filters.tidied(QueryDict(query)).lists())


@pytest.mark.parametrize(
    ("typed", "size"),
    [
        ("10 MB", 10_000_000),
        ("10mb", 10_000_000),
        ("1.5 GB", 1_500_000_000),
        ("1,5 GB", 1_500_000_000),
        ("10,000", 10_000),
        ("2 MiB", 2 * 1024 * 1024),
        ("500k", 500_000),
        ("7", 7),
        ("7 B", 7),
    ],
)
def test_sizes_are_read_as_people_write_them(typed: str, size: int) -> None:
    assert read_size(typed) == size


@pytest.mark.parametrize(
    ("typed", "age"), [("2 years", "2y"), ("1 month", "1m"), ("10 Days", "10d"), ("36h", "36h"), ("3w", "3w")]
)
def test_ages_are_read_as_people_write_them(typed: str, age: str) -> None:
    assert str(read_age(typed)) == age


@pytest.mark.parametrize("query", ["min_size=big", "max_size=-1", "min_size=1+parsec"])
def test_size_that_is_none_is_refused_with_an_example(query: str) -> None:
    with pytest.raises(WrongUse, match="10 MB"):
        tidied(query)


@pytest.mark.parametrize("typed", ["2", "years", "2 minutes", "2 yards", "-2y"])
def test_what_is_no_age_is_not_taken_for_one(typed: str) -> None:
    with pytest.raises(WrongUse):
        read_age(typed)


def test_age_that_is_none_is_refused_with_an_example() -> None:
    with pytest.raises(WrongUse, match="2 years"):
        tidied("older_than=ages")


def test_blank_fields_go_and_lists_are_taken_apart() -> None:
    assert tidied("q=&tag=a,+b&format=jpg&name=+hero+") == {"tag": ["a", "b"], "format": ["jpg"], "name": ["hero"]}


def test_custom_field_joins_the_query_text() -> None:
    assert tidied("meta_field=campaign&meta_value=SS 24")["where"] == ['meta."campaign":"SS 24"']
    assert tidied("meta_field=campaign&where=a OR b")["where"] == ['(a OR b) AND meta."campaign":*']


def test_filter_is_shown_in_the_form_as_it_was_typed() -> None:
    shown = filters.as_typed(AssetFilter(min_size=10_000_000, max_size=1234, tag=("a", "b"), kind=("image",)))
    assert (shown["min_size"], shown["max_size"], shown["tag"]) == ("10 MB", "1234", "a, b")
    assert shown["kind"] == "image"
