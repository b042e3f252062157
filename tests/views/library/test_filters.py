"""The filter builder: every filter has a field, what is typed becomes an address, mistakes keep what was typed."""

from __future__ import annotations

import pytest
from django.test import Client

from medialib.models import Account
from medialib.models.query.fields import KEYS
from medialib.models.query.filters import QUERY_KEY
from tests import factories
from tests.views.pages import names, page, words


def url(account: Account, query: str = "") -> str:
    return f"/{account.name}/library/?{query}"


def chips(client: Client, account: Account, query: str) -> list[str]:
    found = page(client.get(url(account, query))).select(".chip")
    return [words(chip).split(" Remove filter")[0] for chip in found]


def test_every_filter_has_a_field_in_the_form(staff_client: Client, account: Account) -> None:
    factories.asset(account)
    form = page(staff_client.get(url(account))).select_one("form.filter-form")
    named = {field["name"] for field in form.select("input[name], select[name]")}
    assert {*KEYS, QUERY_KEY} <= named


def test_what_people_type_becomes_the_address_that_says_the_same(staff_client: Client, account: Account) -> None:
    typed = "typed=1&min_size=10+MB&older_than=2+years&tag=a,+b&q=&subfolders=1&sort=name"
    response = staff_client.get(url(account, typed))
    assert response["Location"] == url(account, "tag=a&tag=b&min_size=10000000&older_than=2y&sort=name")


def test_canonical_address_is_not_redirected_again(staff_client: Client, account: Account) -> None:
    first = staff_client.get(url(account, "typed=1&min_size=10+MB&meta_field=campaign&where=a+or+b"))["Location"]
    assert staff_client.get(first).status_code == 200


def test_form_shows_the_filter_as_people_write_it(staff_client: Client, account: Account) -> None:
    factories.asset(account, size_bytes=10**8)
    shown = page(staff_client.get(url(account, "min_size=10000000&older_than=1y&kind=image&private=0")))
    assert shown.select_one("#filter-min-size")["value"] == "10 MB"
    assert shown.select_one("#filter-older-than")["value"] == "1 year"
    assert shown.select_one("[name=kind][checked]")["value"] == "image"
    assert words(shown.select_one("#filter-private [selected]")) == "public"


@pytest.mark.parametrize(
    ("query", "said"),
    [
        ("min_size=10000000", ["At least 10.0 MB"]),
        ("older_than=2y", ["Older than 2 years"]),
        ("unchanged_for=1m", ["Unchanged for 1 month"]),
        ("tagged=0", ["Has no tags"]),
        ("private=1&published=0", ["Private", "Draft"]),
        ("folder=/a&subfolders=1", ["Folder /a and below"]),
        ("min_width=100&max_height=50", ["At least 100 px wide", "At most 50 px high"]),
        ("where=size>10mb AND NOT tag:keep", ["size>10000000", "NOT tag:keep"]),
        ("created_after=2024-01-31", ["Created since 2024-01-31 (UTC)"]),
        ("tag=a&tag=b&format=jpg", ["Format jpg", "Tag a", "Tag b"]),
    ],
)
def test_chips_say_what_is_filtered(staff_client: Client, account: Account, query: str, said: list[str]) -> None:
    assert chips(staff_client, account, query) == said


@pytest.mark.parametrize(
    "query",
    ["where=(size>10mb", "where=colour:red", "min_size=big", "older_than=ages", "min_width=wide", "kind=painting"],
)
def test_mistake_is_one_sentence_and_keeps_what_was_typed(staff_client: Client, account: Account, query: str) -> None:
    factories.asset(account, "/hero.jpg")
    response = staff_client.get(url(account, f"{query}&q=hero"))
    shown, (key, _, typed) = page(response), query.partition("=")
    assert (response.status_code, names(response)) == (400, [])
    assert words(shown.select_one("#filter-complaint")).endswith(".")
    assert shown.select_one("#filter-q")["value"] == "hero"
    kept = {field.get("value") for field in shown.select(f"form.filter-form [name={key}]")}
    assert typed in kept or key == "kind"


def test_mistake_opens_the_builder_so_that_it_can_be_mended(staff_client: Client, account: Account) -> None:
    shown = page(staff_client.get(url(account, "where=(size>10mb")))
    assert shown.select_one("details.filter-menu").has_attr("open")
