"""Totals: about at once, exact when asked for."""

from __future__ import annotations

import pytest
from django.test import Client
from django.utils.timezone import now

from medialib.models import Account, LibrarySummary
from medialib.models.query.filters import AssetFilter
from medialib.services.library import totals
from tests import factories
from tests.views.library.test_library import synced
from tests.views.pages import page, words


@pytest.fixture
def estimated(account: Account) -> Account:
    """An account whose sum a worker has not made anew yet."""
    synced(account, seen=5)
    LibrarySummary.objects.update_or_create(
        account=account, defaults={"built_at": now(), "file_count": 5, "total_bytes": 5_000, "is_stale": True}
    )
    return account


def test_exact_total_is_one_link_away(staff_client: Client, estimated: Account) -> None:
    account = estimated
    for number in range(102):  # More than a page, which would tell how many it holds.
        factories.asset(account, f"/a/{number}.jpg")
    link = page(staff_client.get(f"/{account.name}/library/")).find("a", string="count exactly")
    exact = page(staff_client.get(link["hx-get"], headers={"HX-Request": "true"}))
    assert words(exact.select_one("#library-total strong")) == "102 files"


@pytest.mark.parametrize("query", ["", "?folder=/a"])
def test_no_exact_count_is_offered_beside_an_exact_number(staff_client: Client, account: Account, query: str) -> None:
    synced(account, seen=1)
    factories.asset(account, "/a/one.jpg")
    assert "count exactly" not in words(page(staff_client.get(f"/{account.name}/library/{query}")))


def test_exact_total_counts_what_the_filter_of_the_list_matches(staff_client: Client, account: Account) -> None:
    factories.asset(account, "/a/one.jpg", size_bytes=1_500_000)
    factories.asset(account, "/b/two.jpg")
    factories.asset(factories.account(), "/a/foreign.jpg")
    exact = staff_client.get(f"/{account.name}/library/count/?folder=/a", headers={"HX-Request": "true"})
    assert "Exactly 1 file , 1.5 MB" in words(page(exact).select_one("#library-total"))


def test_without_javascript_the_list_comes_back_with_the_number(staff_client: Client, account: Account) -> None:
    factories.asset(account, "/a/one.jpg", size_bytes=1000)
    response = staff_client.get(f"/{account.name}/library/count/?folder=/a&sort=name", follow=True)
    assert response.redirect_chain[-1][0] == f"/{account.name}/library/?folder=/a&sort=name"
    assert "Counted exactly: 1 file, 1.0 kB." in words(page(response).select_one(".messages"))


def test_filter_that_is_not_understood_is_not_counted(staff_client: Client, account: Account) -> None:
    assert staff_client.get(f"/{account.name}/library/count/?owner=7").status_code == 400


def test_counting_needs_the_right_to_see_the_library(client: Client, account: Account) -> None:
    client.force_login(factories.user())
    assert client.get(f"/{account.name}/library/count/").status_code == 403


def test_a_small_library_is_counted_however_many_match(account: Account, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(totals, "MAX_COUNTED", 2)
    for number in range(4):
        factories.asset(account, f"/a/{number}.jpg")
    assert totals.estimate(account, AssetFilter(folder="/a")) == totals.Total(4)
