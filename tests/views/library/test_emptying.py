"""The page that leads to an empty library: what it says, to whom, and how the menu leads there."""

from __future__ import annotations

import pytest
from django.test import Client
from django.urls import reverse
from django.utils.timezone import now

from medialib.models import Account, Manifest, SyncRun
from tests import factories
from tests.conftest import prove
from tests.views.pages import page, words

pytestmark = pytest.mark.django_db
RIGHTS = ("view_library", "delete_files", "delete_whole_library")


@pytest.fixture
def address(account: Account) -> str:
    factories.asset(account, "/a/1.jpg")
    SyncRun.objects.create(account=account, state="complete", started_at=now(), finished_at=now())
    return reverse("medialib:empty-library", args=[account.name])


def test_the_menu_of_the_account_leads_there_for_those_who_may_delete(client, account, address):
    library = reverse("medialib:library", args=[account.name])
    for rights, links in ((RIGHTS, 1), (("view_library",), 0)):
        client.force_login(factories.user(permissions=rights))
        assert len(page(client.get(library)).select(f".account-switch a[href='{address}']")) == links


def test_who_lacks_the_right_reads_so_and_gets_no_button(client: Client, address: str) -> None:
    client.force_login(factories.user(permissions=RIGHTS[:2]))
    shown = page(client.get(address))
    assert words(shown.select_one("[data-step=right]")).startswith("missing You lack the right")
    assert not shown.select("form.card-footer")
    told = page(client.post(address, {"file_count": "1"}, follow=True))
    assert "lacks the right" in words(told.select_one(".messages"))
    assert not Manifest.objects.exists()


def test_an_old_sync_offers_a_new_one_instead_of_the_button(client: Client, account: Account, address: str) -> None:
    SyncRun.objects.all().delete()
    client.force_login(factories.user(permissions=RIGHTS))
    shown = page(client.get(address))
    assert words(shown.select_one("[data-step=sync]")).startswith("missing")
    assert shown.select_one(f"[data-step=sync] form[action='{reverse('medialib:sync-start', args=[account.name])}']")
    assert not shown.select("form.card-footer")


def test_focus_begins_on_keeping_the_files(client: Client, address: str) -> None:
    client.force_login(factories.user(permissions=RIGHTS))
    shown = page(client.get(address))
    assert [words(element) for element in shown.select("[autofocus]")] == ["Keep all files"]
    assert words(shown.select_one("form.card-footer button")) == "Freeze 1 file and review"


def test_confirming_asks_for_a_fresh_proof(client: Client, address: str) -> None:
    person = factories.user(permissions=RIGHTS)
    client.force_login(person)
    prove(client, person, seconds_ago=3600)
    client.post(address, {"file_count": "1"})
    manifest = Manifest.objects.get()
    form = {"reason": "Old", "typed_count": "1", "account_name": manifest.account.name}
    answer = client.post(reverse("medialib:confirm", args=[manifest.pk]), form)
    assert answer["Location"].startswith("/you/confirm/")
    prove(client, person)
    assert "/jobs/" in client.post(reverse("medialib:confirm", args=[manifest.pk]), form)["Location"]


@pytest.mark.parametrize("count", ["", "2", "x"])
def test_another_number_than_shown_freezes_nothing(client: Client, address: str, count: str) -> None:
    client.force_login(factories.user(permissions=RIGHTS))
    told = page(client.post(address, {"file_count": count}, follow=True))
    assert told.select(".messages .banner-danger")
    assert not Manifest.objects.exists()


def test_it_speaks_german(client: Client, address: str) -> None:
    client.force_login(factories.user(permissions=RIGHTS))
    shown = page(client.get(address, headers={"Accept-Language": "de"}))
    assert words(shown.select_one("h1")).startswith("Die Bibliothek von")
