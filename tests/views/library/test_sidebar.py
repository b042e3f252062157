"""Folders and facets: loaded after the rows, each a link to a list of exactly as many files as it says."""

from __future__ import annotations

import pytest
from bs4 import Tag
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from medialib.models import Account
from tests import factories
from tests.views.pages import names, page, words

PARTS = ["folders", "facets"]


@pytest.fixture
def library(account: Account) -> Account:
    factories.asset(account, "/a/deep/one.jpg", tags=["sale", "web"], size_bytes=5_000)
    factories.asset(account, "/a/two.mp4", kind="video", size_bytes=50_000_000)
    factories.asset(account, "/b%_/three.jpg", tags=["sale"])
    factories.asset(account, "/root.jpg")
    return account


def part(client: Client, account: Account, name: str, query: str = "") -> Tag:
    return page(client.get(f"/{account.name}/library/{name}/?{query}", headers={"HX-Request": "true"}))


def figure(link: Tag) -> int:
    return int(words(link.select_one(".sidebar-figure")).split()[0])


def links(shown: Tag) -> dict[str, Tag]:
    return {words(link.bdi): link for link in shown.select(".tree-link, .facet-link")}


def test_list_asks_for_both_when_they_come_into_sight(staff_client: Client, library: Account) -> None:
    shown = page(staff_client.get(f"/{library.name}/library/?q=one&sort=name"))
    asked = {node["hx-get"]: node["hx-trigger"] for node in shown.select(".sidebar [hx-get]")}
    assert asked == {f"/{library.name}/library/{name}/?q=one&sort=name": "intersect once" for name in PARTS}


@pytest.mark.parametrize(("name", "query"), [("folders", ""), ("facets", ""), ("facets", "folder=/a&subfolders=1")])
def test_each_value_leads_to_as_many_files_as_it_says(
    staff_client: Client, library: Account, name: str, query: str
) -> None:
    found = links(part(staff_client, library, name, query))
    assert found
    for label, link in found.items():
        if link.get("aria-current"):
            continue
        assert figure(link) == len(names(staff_client.get(link["href"]))), label


def test_tree_shows_one_level_and_brings_the_next(staff_client: Client, library: Account) -> None:
    first = part(staff_client, library, "folders")
    assert set(links(first)) == {"a", "b%_"}
    toggle = first.select_one("[data-tree-toggle]")
    below = page(staff_client.get(toggle["hx-get"], headers={"HX-Request": "true"}))
    assert set(links(below)) == {"deep"}
    assert toggle["aria-controls"] == toggle["hx-target"].removeprefix("#")
    assert first.find(id=toggle["aria-controls"]).has_attr("hidden")


def test_tree_is_open_down_to_the_folder_of_the_list(staff_client: Client, library: Account) -> None:
    shown = part(staff_client, library, "folders", "folder=/a/deep&subfolders=1")
    assert set(links(shown)) == {"a", "deep", "b%_"}
    assert [words(link.bdi) for link in shown.select("[aria-current]")] == ["deep"]


def test_facet_that_narrows_the_list_already_takes_itself_away(staff_client: Client, library: Account) -> None:
    shown = part(staff_client, library, "facets", "kind=video&folder=/a&sort=name")
    active = {words(link.bdi): link["href"] for link in shown.select("[aria-current]")}
    assert active["Video"] == f"/{library.name}/library/?folder=/a&sort=name"


def test_facets_name_sizes_and_types_in_words(staff_client: Client, library: Account) -> None:
    assert {"Image", "Video", "JPG", "sale", "under 10.0 kB", "10.0 MB to 100 MB"} <= set(
        links(part(staff_client, library, "facets"))
    )


@pytest.mark.parametrize("name", PARTS)
def test_part_is_a_page_for_those_without_javascript(staff_client: Client, library: Account, name: str) -> None:
    response = staff_client.get(f"/{library.name}/library/{name}/")
    assert page(response).html
    assert links(page(response))
    assert "HX-Request" in response["Vary"]


@pytest.mark.parametrize("name", PARTS)
def test_query_count_does_not_depend_on_how_much_there_is(staff_client: Client, account: Account, name: str) -> None:
    factories.asset(account, "/a/one.jpg")
    part(staff_client, account, name)
    with CaptureQueriesContext(connection) as one:
        part(staff_client, account, name)
    for number in range(30):
        factories.asset(account, f"/{number}/file.jpg", tags=[str(number)])
    part(staff_client, account, name)
    with CaptureQueriesContext(connection) as many:
        part(staff_client, account, name)
    assert len(many) == len(one)


@pytest.mark.parametrize("name", PARTS)
def test_address_that_is_not_understood_divides_nothing(staff_client: Client, account: Account, name: str) -> None:
    assert staff_client.get(f"/{account.name}/library/{name}/?owner=7").status_code == 400


@pytest.mark.parametrize("name", PARTS)
def test_empty_library_is_borne(staff_client: Client, account: Account, name: str) -> None:
    assert words(part(staff_client, account, name))


@pytest.mark.parametrize("name", PARTS)
def test_parts_need_the_right_to_see_the_library(client: Client, account: Account, name: str) -> None:
    client.force_login(factories.user())
    assert client.get(f"/{account.name}/library/{name}/").status_code == 403


def test_sidebar_that_was_closed_stays_closed(staff_client: Client, library: Account) -> None:
    assert page(staff_client.get(f"/{library.name}/library/")).select_one(".sidebar").has_attr("open")
    staff_client.post(f"/{library.name}/preferences/", {"sidebar": "closed"})
    assert not page(staff_client.get(f"/{library.name}/library/")).select_one(".sidebar").has_attr("open")
