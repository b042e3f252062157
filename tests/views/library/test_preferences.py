"""Table and grid, density and columns: what a person chose is there on the next page."""

from __future__ import annotations

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from medialib.models import Account
from tests import factories
from tests.views.pages import names, page, ticked, words


def url(account: Account, query: str = "") -> str:
    return f"/{account.name}/library/?{query}"


def choose(client: Client, account: Account, **fields: object) -> str:
    return client.post(f"/{account.name}/preferences/", fields)["Location"]


def heads(client: Client, account: Account) -> list[str]:
    return [words(head) for head in page(client.get(url(account))).select("thead th[class^=col-]")]


def test_grid_shows_the_same_files_and_stays_chosen(staff_client: Client, account: Account) -> None:
    factories.asset(account, "/b.jpg")
    factories.asset(account, "/a.jpg")
    table = names(staff_client.get(url(account, "sort=name")))
    back = choose(staff_client, account, layout="grid", query="sort=name")
    grid = staff_client.get(back)
    assert names(grid) == table == ["a.jpg", "b.jpg"]
    assert page(grid).select_one("[data-list=grid]")
    assert not page(grid).table


def test_shared_address_shows_the_layout_it_names_and_changes_nothing(staff_client: Client, account: Account) -> None:
    factories.asset(account)
    assert page(staff_client.get(url(account, "view=grid"))).select_one("[data-list=grid]")
    assert page(staff_client.get(url(account))).select_one("[data-list=table]")


def test_chosen_columns_are_the_columns_of_the_table(staff_client: Client, account: Account) -> None:
    factories.asset(account, is_private=True)
    choose(staff_client, account, columns="chosen", column=["size", "access"])
    assert heads(staff_client, account) == ["Name", "Size", "Access"]
    assert words(page(staff_client.get(url(account))).select_one("tbody tr > :last-child")) == "Private"


def test_all_columns_can_be_left_out_and_brought_back(staff_client: Client, account: Account) -> None:
    factories.asset(account)
    first = heads(staff_client, account)
    choose(staff_client, account, columns="chosen")
    assert heads(staff_client, account) == ["Name"]
    choose(staff_client, account, reset="1")
    assert heads(staff_client, account) == first


def test_density_is_kept_when_only_the_layout_changes(staff_client: Client, account: Account) -> None:
    factories.asset(account)
    choose(staff_client, account, density="roomy")
    choose(staff_client, account, layout="grid")
    assert page(staff_client.get(url(account))).select_one("form.density-roomy [data-list=grid]")


@pytest.mark.parametrize(
    "fields", [{"layout": "cloud"}, {"density": "vast"}, {"columns": "chosen", "column": "secret"}]
)
def test_look_that_does_not_exist_is_passed_over(
    staff_client: Client, account: Account, fields: dict[str, str]
) -> None:
    factories.asset(account)
    choose(staff_client, account, **fields)
    assert staff_client.get(url(account)).status_code == 200
    assert "Name" in heads(staff_client, account)


def test_ticks_are_the_same_in_the_grid(staff_client: Client, account: Account) -> None:
    asset = factories.asset(account, "/a.jpg")
    staff_client.post(f"/{account.name}/selection/", {"action": "add", "asset": asset.pk})
    assert ticked(staff_client.get(url(account, "view=grid"))) == {"a.jpg"}


def test_grid_asks_as_many_queries_for_one_file_as_for_many(staff_client: Client, account: Account) -> None:
    factories.asset(account)
    staff_client.get(url(account, "view=grid"))
    with CaptureQueriesContext(connection) as one:
        staff_client.get(url(account, "view=grid"))
    for _ in range(40):
        factories.asset(account)
    with CaptureQueriesContext(connection) as many:
        staff_client.get(url(account, "view=grid"))
    assert len(many) == len(one)


def test_look_needs_the_right_to_see_the_library(client: Client, account: Account) -> None:
    client.force_login(factories.user())
    assert client.post(f"/{account.name}/preferences/", {"layout": "grid"}).status_code == 403
