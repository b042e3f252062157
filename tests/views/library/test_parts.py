"""Another filter, order or page in place: htmx gets what differs, everybody else the page, and both say the same."""

from __future__ import annotations

from typing import Any

import pytest
from bs4 import BeautifulSoup
from django.test import Client

from medialib.models import Account
from tests import factories
from tests.views.library.test_library import synced, url
from tests.views.pages import names, page, words

SWAPPED = ["library-tools", "library-total", "sidebar-folders", "sidebar-facets", "selection-bar"]


@pytest.fixture
def library(account: Account) -> Account:
    synced(account)
    for number in range(103):
        factories.asset(account, f"/a/{number:03}.jpg", kind="image" if number % 2 else "video")
    return account


def part(client: Client, account: Account, query: str, *, opened: str = "") -> Any:
    current = f"http://testserver{url(account, opened)}"
    return client.get(url(account, query), headers={"HX-Request": "true", "HX-Current-URL": current})


def same(one: BeautifulSoup, other: BeautifulSoup, element: str) -> bool:
    """Whether both show the same, but for what is only said of a part and for tokens."""
    found = []
    for each in (one, other):
        node = each.find(id=element)
        for token in node.select("[name=csrfmiddlewaretoken]"):
            token.decompose()
        for mark in ("hx-swap-oob", "data-announce"):
            del node[mark]
        found.append(str(node))
    return found[0] == found[1]


@pytest.mark.parametrize("query", ["sort=name", "kind=image&sort=-size", "q=nothing"])
def test_another_list_is_told_in_parts_that_are_those_of_the_page(
    staff_client: Client, library: Account, query: str
) -> None:
    answer, whole = part(staff_client, library, query), page(staff_client.get(url(library, query)))
    told = page(answer)
    assert not told.header
    assert names(answer) == [words(link) for link in whole.select("[data-panel-link]")]
    assert all(told.find(id=element)["hx-swap-oob"] == "true" for element in SWAPPED)
    assert all(same(told, whole, element) for element in ["library-main", *SWAPPED])
    assert answer["HX-Push-Url"] == url(library, query)


def test_another_page_of_the_list_is_its_rows_alone(staff_client: Client, library: Account) -> None:
    following = page(staff_client.get(url(library, "sort=name"))).select_one("a[rel=next]")["href"].removeprefix("?")
    answer = part(staff_client, library, following, opened="sort=name")
    assert names(answer) == ["100.jpg", "101.jpg", "102.jpg"]
    assert [page(answer).find(id=element) for element in SWAPPED] == [None] * len(SWAPPED)
    assert "HX-Request" in answer["Vary"]


def test_what_is_typed_leads_to_the_part_of_its_address(staff_client: Client, library: Account) -> None:
    headers = {"HX-Request": "true", "HX-Current-URL": f"http://testserver{url(library)}"}
    answer = staff_client.get(url(library, "typed=1&q=00&folder="), headers=headers, follow=True)
    assert answer["HX-Push-Url"] == url(library, "q=00")
    assert page(answer).find(id="library-main")["data-announce"].startswith("11 files, newest first, from ")


def test_an_address_that_is_not_understood_is_opened_as_a_page(staff_client: Client, library: Account) -> None:
    answer = part(staff_client, library, "owner=7")
    assert (answer.status_code, answer["HX-Redirect"]) == (200, url(library, "owner=7"))
