"""How often a whole page of the library asks the database, and that what it asks at once is what holds now."""

from __future__ import annotations

import pytest
from django.contrib.auth.models import Group, User
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from medialib.models import Account, ListPreferences, Membership, SavedView, Selection, SyncRun
from medialib.services.library import summary
from tests import factories
from tests.views.library.test_library import synced, url
from tests.views.pages import names, page, words

MOST = 6  # Session, person and rights, what stands around the list, and its rows: found, placed, read.
QUERIES = [
    "",
    "sort=name",
    "kind=image",
    "q=hero",
    "tag=red",
    "folder=/a&subfolders=1",
    "min_size=1",
    "where=NOT+tag:red",
]


def statements(client: Client, address: str) -> int:
    """Of a page that somebody has just seen."""
    client.get(address)
    with CaptureQueriesContext(connection) as asked:
        assert client.get(address).status_code == 200
    return len(asked)


@pytest.mark.parametrize("query", QUERIES)
def test_a_page_asks_six_times_at_most_whatever_it_shows(staff_client: Client, account: Account, query: str) -> None:
    synced(account)
    summary.rebuild(account)
    few = []
    for count in (1, 60):
        for number in range(count):
            factories.asset(account, f"/a/{count}/hero {number}.jpg", tags=[] if number % 2 else ["red"])
        few.append(statements(staff_client, url(account, query)))
    assert max(few) <= MOST
    assert len(set(few)) == 1


def test_looking_makes_no_selection(staff_client: Client, account: Account) -> None:
    factories.asset(account)
    staff_client.get(url(account))
    assert not Selection.objects.exists()


def test_a_superusers_page_asks_no_more(client: Client, account: Account) -> None:
    client.force_login(User.objects.create_superuser("root"))
    assert statements(client, url(account)) <= MOST


def test_what_is_read_at_once_is_what_each_person_has(client: Client, account: Account) -> None:
    """Preferences, views and freshness of this person and account, and of no other."""
    synced(account)
    other, lee = factories.account(), factories.user("lee", permissions=("view_library",))
    SyncRun.objects.create(account=other, started_at=account.created_at, state="failed", error="Of the other one.")
    kim = factories.user("kim", permissions=("view_library",))
    ListPreferences.objects.create(owner=lee, choices={"layout": "grid"})
    for owner, name, is_shared in ((lee, "private of lee", False), (lee, "team", True), (kim, "mine", False)):
        views = {"filter": {"kind": ["image"]}, "sort": "name", "is_shared": is_shared}
        SavedView.objects.create(account=account, owner=owner, name=name, **views)
    factories.asset(account)
    shown = {}
    for person in (kim, lee):
        client.force_login(person)
        shown[person.username] = page(client.get(url(account)))
    assert shown["lee"].select_one("[data-list=grid]")
    assert shown["kim"].select_one("[data-list=table]")
    assert "Of the other one." not in words(shown["kim"])
    assert [words(view) for view in shown["kim"].select(".view-row bdi")] == ["mine", "team"]
    assert [words(view) for view in shown["lee"].select(".view-row bdi")] == ["private of lee", "team"]


def test_a_right_that_is_taken_is_gone_with_the_next_page(client: Client, account: Account) -> None:
    kim = factories.user("kim", is_member=False)
    kim.groups.add(Group.objects.get(name="Deleter"))
    factories.asset(account, "/a.jpg")
    membership = Membership.objects.create(user=kim, account=account, may_delete=True)
    client.force_login(kim)
    assert names(client.get(url(account))) == ["a.jpg"]
    membership.delete()
    assert client.get(url(account)).status_code == 404
    Membership.objects.create(user=kim, account=account, may_delete=True)
    assert page(client.get(url(account))).find("a", href=f"/{account.name}/protections/") is not None
    kim.groups.set([Group.objects.get(name="Viewer")])
    assert page(client.get(url(account))).find("a", href=f"/{account.name}/protections/") is None
    kim.groups.clear()
    assert client.get(url(account)).status_code == 403
    User.objects.filter(pk=kim.pk).update(is_active=False)
    assert client.get(url(account)).status_code == 302
