"""Saved views: private or the team's, opened as the address they stand for, removed only by their owner."""

from __future__ import annotations

import pytest
from django.contrib.auth.models import User
from django.test import Client

from medialib.models import Account, SavedView
from tests import factories
from tests.views.pages import names, page, words


def save(client: Client, account: Account, **fields: object) -> object:
    return client.post(
        f"/{account.name}/views/", {"query": "folder=/old&sort=-size", "name": "Old", **fields}, follow=True
    )


def menu(client: Client, account: Account) -> dict[str, str]:
    """The names in the menu, and where each leads."""
    shown = page(client.get(f"/{account.name}/library/"))
    return {words(link.bdi): link["href"] for link in shown.select(".view-row > a")}


@pytest.fixture
def colleague(client: Client) -> Client:
    other = Client()
    other.force_login(factories.user("kim", permissions=("view_library",), is_superuser=True))
    return other


@pytest.fixture(autouse=True)
def files(account: Account) -> None:
    factories.asset(account, "/old/hero.jpg")
    factories.asset(account, "/new/hero.jpg")


def test_view_opens_with_its_filters_as_chips(staff_client: Client, account: Account) -> None:
    save(staff_client, account)
    opened = staff_client.get(menu(staff_client, account)["Old"])
    assert names(opened) == ["hero.jpg"]
    assert words(page(opened).select_one(".chip")).startswith("Folder /old")
    assert page(opened).select_one("th[aria-sort]")["class"] == ["col-size"]


def test_private_view_is_seen_by_its_owner_alone(staff_client: Client, colleague: Client, account: Account) -> None:
    save(staff_client, account)
    assert set(menu(staff_client, account)) == {"Old"}
    assert menu(colleague, account) == {}


def test_shared_view_is_seen_by_the_team_with_its_owner(
    staff_client: Client, colleague: Client, account: Account
) -> None:
    save(staff_client, account, is_shared="1")
    assert set(menu(colleague, account)) == {"Old"}
    row = page(colleague.get(f"/{account.name}/library/")).select_one(".view-row")
    assert "sam" in words(row)
    assert not row.button


def test_view_of_another_account_is_not_in_the_menu(staff_client: Client, account: Account) -> None:
    save(staff_client, account, is_shared="1")
    assert menu(staff_client, factories.account()) == {}


def test_saving_under_the_same_name_replaces_ones_own(staff_client: Client, account: Account) -> None:
    save(staff_client, account)
    save(staff_client, account, query="folder=/new")
    assert menu(staff_client, account) == {"Old": f"/{account.name}/library/?folder=/new"}


@pytest.mark.parametrize("fields", [{"query": ""}, {"query": "sort=name"}, {"query": "owner=7"}, {"name": "  "}])
def test_view_without_filter_or_name_is_refused_in_one_sentence(
    staff_client: Client, account: Account, fields: dict[str, str]
) -> None:
    response = save(staff_client, account, **fields)
    assert not SavedView.objects.exists()
    if fields != {"query": "owner=7"}:  # That address shows its own complaint.
        assert words(page(response).select_one(".messages")).endswith(".")


def test_owner_removes_a_view_and_others_cannot(staff_client: Client, colleague: Client, account: Account) -> None:
    save(staff_client, account, is_shared="1")
    view = SavedView.objects.get()
    save(colleague, account, forget=view.pk)
    assert set(menu(staff_client, account)) == {"Old"}
    save(staff_client, account, forget=view.pk)
    assert menu(staff_client, account) == {}


def test_view_that_means_nothing_any_more_leads_nowhere(staff: User, staff_client: Client, account: Account) -> None:
    SavedView.objects.create(account=account, owner=staff, name="Odd", filter={"colour": "red"}, sort="name")
    SavedView.objects.create(account=account, owner=staff, name="All", filter={}, sort="name")
    assert menu(staff_client, account) == {}
    assert "no longer understood" in words(
        page(staff_client.get(f"/{account.name}/library/")).select_one(".views-menu")
    )


def test_saving_needs_the_right_to_see_the_library(client: Client, account: Account) -> None:
    client.force_login(factories.user())
    assert client.post(f"/{account.name}/views/", {"name": "Old", "query": "folder=/old"}).status_code == 403
