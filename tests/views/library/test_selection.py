"""Ticks: each change through the page, with and without JavaScript, and what it refuses."""

from __future__ import annotations

import pytest
from django.contrib.auth.models import User
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from medialib.models import Account, Asset, ProtectionKind
from medialib.services.accounts import protections
from medialib.services.audit.log import SYSTEM
from medialib.services.selections import protected, ticks
from tests import factories
from tests.views.pages import page, ticked, words


@pytest.fixture
def assets(account: Account) -> list[Asset]:
    return [factories.asset(account, f"/{folder}/{name}.jpg") for folder in "ab" for name in ("one", "two")]


def change(client: Client, account: Account, *, htmx: bool = False, **fields: object) -> object:
    headers = {"HX-Request": "true"} if htmx else {}
    return client.post(f"/{account.name}/selection/", fields, headers=headers)


def selected(user: User, account: Account) -> set[str]:
    items = ticks.selection_of(user, account).items.filter(is_excluded=False)
    return set(items.values_list("asset__path", flat=True))


def test_tick_adds_and_untick_removes(staff: User, staff_client: Client, account: Account, assets: list[Asset]) -> None:
    change(staff_client, account, action="add", asset=[assets[0].pk, assets[1].pk])
    assert selected(staff, account) == {"/a/one.jpg", "/a/two.jpg"}
    change(staff_client, account, action="remove", asset=[assets[0].pk])
    assert selected(staff, account) == {"/a/two.jpg"}


def test_page_button_keeps_what_is_ticked_there_and_elsewhere(
    staff: User, staff_client: Client, account: Account, assets: list[Asset]
) -> None:
    change(staff_client, account, action="add", asset=[assets[0].pk, assets[3].pk])
    shown = f"{assets[0].pk},{assets[1].pk}"
    change(staff_client, account, action="page", asset=[assets[1].pk], shown=shown)
    assert selected(staff, account) == {"/a/two.jpg", "/b/two.jpg"}


def test_all_takes_exactly_what_the_filter_of_the_list_matches(
    staff: User, staff_client: Client, account: Account, assets: list[Asset]
) -> None:
    change(staff_client, account, action="all", query="folder=/b&sort=name")
    assert selected(staff, account) == {"/b/one.jpg", "/b/two.jpg"}


@pytest.mark.parametrize("query", ["", "sort=name", "owner=7", "kind=painting", "folder="])
def test_all_without_a_filter_that_is_understood_takes_nothing(
    staff: User, staff_client: Client, account: Account, assets: list[Asset], query: str
) -> None:
    response = change(staff_client, account, action="all", query=query, htmx=True)
    assert response.status_code == 422
    assert words(page(response).select_one("[role=alert]"))
    assert selected(staff, account) == set()


def test_button_that_names_the_account_takes_all_its_files(
    staff: User, staff_client: Client, account: Account, assets: list[Asset]
) -> None:
    factories.asset(factories.account())
    change(staff_client, account, whole_account=account.name)
    assert selected(staff, account) == {asset.path for asset in assets}


def test_button_of_another_account_takes_nothing(
    staff: User, staff_client: Client, account: Account, assets: list[Asset]
) -> None:
    response = change(staff_client, account, whole_account="another", htmx=True)
    assert response.status_code == 422
    assert selected(staff, account) == set()


def test_file_of_another_account_is_not_selected(staff: User, staff_client: Client, account: Account) -> None:
    change(staff_client, account, action="add", asset=[factories.asset(factories.account()).pk])
    assert selected(staff, account) == set()


@pytest.mark.parametrize("wrong", ["x", "-1", "1e3", "99999999999999999999"])
def test_file_that_is_no_number_is_refused_in_words(staff_client: Client, account: Account, wrong: str) -> None:
    response = change(staff_client, account, action="add", asset=[wrong], htmx=True)
    assert response.status_code == 422
    assert "reload the page" in words(page(response).select_one("[role=alert]"))


def test_unknown_action_is_refused(staff_client: Client, account: Account) -> None:
    assert change(staff_client, account, action="burn", htmx=True).status_code == 422


def test_selection_survives_another_filter_and_the_bar_says_so(
    staff_client: Client, account: Account, assets: list[Asset]
) -> None:
    change(staff_client, account, action="add", asset=[asset.pk for asset in assets[:3]])
    response = staff_client.get(f"/{account.name}/library/?folder=/b")
    assert ticked(response) == {"one.jpg"}
    bar = words(page(response).select_one("#selection-bar"))
    assert "3 files selected" in bar
    assert "2 of them are outside this filter" in bar


def test_untick_after_all_is_an_exclusion_that_the_bar_counts(
    staff_client: Client, account: Account, assets: list[Asset]
) -> None:
    change(staff_client, account, action="all", query="folder=/a")
    response = change(staff_client, account, action="remove", asset=[assets[0].pk], htmx=True)
    said = words(page(response).select_one("#selection-bar"))
    assert "1 file selected · 1.0 kB" in said
    assert "− 1 excluded" in said


def test_clear_empties_the_selection_and_leads_back_to_the_list(
    staff: User, staff_client: Client, account: Account, assets: list[Asset]
) -> None:
    change(staff_client, account, action="add", asset=[assets[0].pk])
    response = change(staff_client, account, action="clear", query="folder=%2Fa")
    assert response["Location"] == f"/{account.name}/library/?folder=%2Fa"
    assert selected(staff, account) == set()


def test_bar_posts_one_selection_id_with_its_count_and_no_list_of_files(
    staff: User, staff_client: Client, account: Account, assets: list[Asset]
) -> None:
    response = change(staff_client, account, action="add", asset=[asset.pk for asset in assets], htmx=True)
    form = page(response).select_one(f'form[action="/{account.name}/freeze/"]')
    fields = {field["name"]: field["value"] for field in form.select("input") if field["name"] != "csrfmiddlewaretoken"}
    assert fields == {"selection": str(ticks.selection_of(staff, account).pk), "file_count": "4"}


def test_person_who_may_only_look_gets_no_delete_button(client: Client, account: Account) -> None:
    client.force_login(factories.user(permissions=("view_library",)))
    response = change(client, account, action="add", asset=[factories.asset(account).pk], htmx=True)
    assert "You may look, but not delete." in words(page(response).select_one("#selection-bar"))
    assert not page(response).select(f'form[action="/{account.name}/freeze/"]')


def test_selection_belongs_to_one_person(staff: User, staff_client: Client, account: Account) -> None:
    change(staff_client, account, action="add", asset=[factories.asset(account).pk])
    assert selected(factories.user(), account) == set()


def test_banner_offers_the_rest_of_the_list_until_all_of_it_is_selected(staff_client: Client, account: Account) -> None:
    for _ in range(101):
        factories.asset(account)
    address = f"/{account.name}/library/?kind=image"
    before = page(staff_client.get(address)).select_one("[data-page-banner]")
    assert words(before.button) == "Select all 101 matching"
    change(staff_client, account, action="all", query="kind=image")
    after = page(staff_client.get(address)).select_one("[data-page-banner]")
    assert after.button is None
    assert "All of them are selected" in words(after)


def bar(client: Client, account: Account) -> str:
    return words(page(client.get(f"/{account.name}/library/")).select_one("#selection-bar"))


def test_the_bar_says_how_many_of_the_selected_files_are_protected(
    staff_client: Client, account: Account, assets: list[Asset], monkeypatch: pytest.MonkeyPatch
) -> None:
    change(staff_client, account, action="add", asset=[asset.pk for asset in assets])
    assert "protected" not in bar(staff_client, account)
    rule = protections.add_rule(account, kind=ProtectionKind.FOLDER, value="/a", reason="needed", actor=SYSTEM)
    assert "2 of them are protected and will be skipped" in bar(staff_client, account)
    monkeypatch.setattr(protected, "MOST_COUNTED", 2)
    assert "2 or more of them are protected" in bar(staff_client, account)
    monkeypatch.undo()
    monkeypatch.setattr(protected, "MOST_SEEN", 1)
    assert "1 or more of them are protected" in bar(staff_client, account)
    monkeypatch.undo()
    change(staff_client, account, action="remove", asset=[assets[0].pk])
    assert "1 of them is protected" in bar(staff_client, account)
    protections.lift_rule(rule, reason="over")
    assert "protected" not in bar(staff_client, account)


def test_a_large_selection_is_not_asked_anew_with_each_row(
    staff_client: Client, account: Account, assets: list[Asset], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(protected, "CACHE_THRESHOLD", 1)
    protections.add_rule(account, kind=ProtectionKind.FOLDER, value="/a", reason="needed", actor=SYSTEM)
    change(staff_client, account, action="add", asset=[asset.pk for asset in assets])
    assert "2 of them" in bar(staff_client, account)
    with CaptureQueriesContext(connection) as queries:
        change(staff_client, account, action="remove", asset=[assets[3].pk], htmx=True)
    assert not [query["sql"] for query in queries if "LIMIT 1000" in query["sql"]]
    change(staff_client, account, action="all", query="folder=/b", htmx=True)
    protections.add_rule(account, kind=ProtectionKind.FOLDER, value="/b", reason="needed", actor=SYSTEM)
    assert "4 of them" in bar(staff_client, account)
