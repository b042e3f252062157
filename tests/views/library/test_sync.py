"""The sync button: it wakes a worker and follows the run; it never runs a sync inside a request."""

from __future__ import annotations

from typing import Any

import pytest
from django.test import Client
from django.utils.timezone import now

from medialib.models import Account, SyncRun
from medialib.views.library import sync
from tests.views.pages import page, words


@pytest.fixture
def woken(monkeypatch: pytest.MonkeyPatch) -> list[tuple[Any, ...]]:
    calls: list[tuple[Any, ...]] = []
    monkeypatch.setattr(sync, "wake", lambda *args: calls.append(args))
    return calls


def test_button_wakes_a_worker_and_waits_for_it(
    staff_client: Client, account: Account, woken: list[tuple[Any, ...]]
) -> None:
    response = staff_client.post(f"/{account.name}/sync/", headers={"HX-Request": "true"})
    assert woken == [("sync_library", account.pk)]
    assert "Waiting for a worker" in words(page(response))
    assert page(response).div["hx-get"] == f"/{account.name}/sync/progress/?after=0&asking=1"


def test_without_javascript_the_button_leads_back_to_the_list(
    staff_client: Client, account: Account, woken: list[tuple[Any, ...]]
) -> None:
    response = staff_client.post(f"/{account.name}/sync/", follow=True)
    assert response.request["PATH_INFO"] == f"/{account.name}/library/"
    assert "A worker starts the sync" in words(page(response).select_one(".messages"))


def test_sync_is_never_started_by_a_link(staff_client: Client, account: Account, woken: list[tuple[Any, ...]]) -> None:
    assert staff_client.get(f"/{account.name}/sync/").status_code == 405
    assert woken == []


def test_badge_of_a_finished_run_offers_the_new_list_and_asks_no_more(staff_client: Client, account: Account) -> None:
    run = SyncRun.objects.create(account=account, state="complete", started_at=now(), finished_at=now(), added=3)
    badge = page(staff_client.get(f"/{account.name}/sync/progress/?after={run.pk - 1}&asking=1")).div
    assert "Show the new index" in words(badge)
    assert not badge.has_attr("hx-get")


def test_badge_gives_up_when_no_worker_comes(staff_client: Client, account: Account) -> None:
    badge = page(staff_client.get(f"/{account.name}/sync/progress/?after=0&asking=14")).div
    assert "No worker took it up yet" in words(badge)
    assert not badge.has_attr("hx-get")


@pytest.mark.parametrize("query", ["", "after=x&asking=y", "after=-1&asking=99999999999999999999"])
def test_nonsense_in_the_address_of_the_badge_does_no_harm(staff_client: Client, account: Account, query: str) -> None:
    assert staff_client.get(f"/{account.name}/sync/progress/?{query}").status_code == 200


def test_files_that_the_index_has_no_room_for_are_counted_and_named(staff_client: Client, account: Account) -> None:
    SyncRun.objects.create(account=account, state="complete", started_at=now(), left_out=["f" * 24])
    badge = page(staff_client.get(f"/{account.name}/library/")).select_one("#freshness .badge-warning")
    assert words(badge) == "1 file left out: the path is too long for this database"
    assert badge["title"] == "f" * 24
