"""The insight page: pictures with the numbers beside them, each part a link to the list it stands for."""

from __future__ import annotations

import pytest
from django.test import Client

from medialib.models import Account
from medialib.services.library import summary
from medialib.views.library.insight import SECTIONS
from tests import factories
from tests.views.pages import names, page, words


@pytest.fixture
def library(account: Account) -> Account:
    factories.asset(account, "/old/large.jpg", size_bytes=9_000_000)
    factories.asset(account, "/new/deep/small.mp4", size_bytes=1_000_000, kind="video")
    return account


def part(client: Client, account: Account, name: str, query: str = "") -> object:
    return client.get(f"/{account.name}/insight/{name}/?{query}", headers={"HX-Request": "true"})


def test_page_asks_for_each_picture_after_it_is_there(staff_client: Client, library: Account) -> None:
    shown = page(staff_client.get(f"/{library.name}/insight/"))
    asked = {section["hx-get"] for section in shown.select("[hx-trigger=load]") if "insight" in section["hx-get"]}
    assert asked == {f"/{library.name}/insight/{name}/" for name in SECTIONS}


@pytest.mark.parametrize("name", ["folders", "types", "ages", "growth"])
def test_each_part_of_a_picture_leads_to_its_list_and_stands_in_the_table(
    staff_client: Client, library: Account, name: str
) -> None:
    shown = page(part(staff_client, library, name))
    drawn = {link["href"] for link in shown.select("svg a")}
    listed = {link["href"] for link in shown.select("tbody th a:not(.insight-inside)")}
    assert drawn == listed
    found = [set(names(staff_client.get(address))) for address in listed]
    assert set().union(*found) == {"large.jpg", "small.mp4"}
    assert sum(map(len, found)) == 2


def test_table_says_files_bytes_and_share(staff_client: Client, library: Account) -> None:
    row = page(part(staff_client, library, "folders")).select_one("tbody tr")
    assert words(row) == "old Folders in it : old 1 9.0 MB 90 %"


def test_folder_can_be_looked_into_and_left_again(staff_client: Client, library: Account) -> None:
    inside = page(part(staff_client, library, "folders", "under=/new"))
    assert [words(link) for link in inside.select("tbody th a:not(.insight-inside)")] == ["deep"]
    assert inside.select_one(".card-header a")["href"].endswith("?under=/")


def test_largest_files_are_links_to_what_is_known_of_them(staff_client: Client, library: Account) -> None:
    links = page(part(staff_client, library, "largest")).select("tbody th a")
    assert [words(link) for link in links] == ["/old/large.jpg", "/new/deep/small.mp4"]


@pytest.mark.parametrize("name", SECTIONS)
def test_picture_is_a_page_without_javascript_and_bears_an_empty_library(
    staff_client: Client, account: Account, name: str
) -> None:
    response = staff_client.get(f"/{account.name}/insight/{name}/")
    assert response.status_code == 200
    assert page(response).html


def test_a_library_that_nobody_counted_yet_says_so_and_looks_again(
    staff_client: Client, library: Account, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(summary, "COUNT_NOW_THRESHOLD", 1)
    waiting = page(part(staff_client, library, "types")).select_one("[role=status]")
    assert words(waiting).startswith("A worker adds these files up for the first time")
    assert waiting["hx-get"] == f"/{library.name}/insight/types/"
    summary.rebuild(library)
    assert not page(part(staff_client, library, "types")).select("[role=status]")


def test_unknown_picture_and_unknown_account_are_not_found(staff_client: Client, account: Account) -> None:
    assert part(staff_client, account, "colours").status_code == 404
    assert staff_client.get("/nobody/insight/").status_code == 404


def test_insight_needs_the_right_to_see_the_library(client: Client, account: Account) -> None:
    client.force_login(factories.user())
    assert client.get(f"/{account.name}/insight/").status_code == 403
    assert part(client, account, "folders").status_code == 403
