"""“Select all matching” takes a set as it is now: what the bar says of it stays true whatever the library does."""

from __future__ import annotations

import re

import pytest
from django.contrib.auth.models import User
from django.test import Client

from medialib.models import Account
from medialib.services.selections import taken, ticks
from tests import factories
from tests.views.pages import page, words

FROZEN = re.compile(r"^(?P<set>.+), frozen (?P<time>\d\d:\d\d) ?, #(?P<mark>[0-9a-f]{4})$")


@pytest.fixture
def library(account: Account) -> Account:
    for number in range(3):
        factories.asset(account, f"/old/{number}.jpg", size_bytes=1000)
    factories.asset(account, "/new/one.jpg")
    return account


def change(client: Client, account: Account, **fields: object) -> None:
    client.post(f"/{account.name}/selection/", fields)


def said(client: Client, account: Account) -> dict[str, str]:
    bar = page(client.get(f"/{account.name}/library/")).select_one(".selection-frozen")
    found = FROZEN.match(words(bar))
    return found.groupdict() if found else {}


def test_set_is_named_with_count_bytes_time_and_mark(staff_client: Client, library: Account) -> None:
    change(staff_client, library, action="all", query="folder=/old")
    assert said(staff_client, library)["set"] == "3 files, 3.0 kB"


def test_set_does_not_grow_with_the_library(staff: User, staff_client: Client, library: Account) -> None:
    change(staff_client, library, action="all", query="folder=/old")
    before = said(staff_client, library)
    factories.asset(library, "/old/later.jpg")
    assert said(staff_client, library) == before
    assert ticks.summary(ticks.selection_of(staff, library)).file_count == 3


def test_later_unticks_are_told_apart(staff_client: Client, library: Account) -> None:
    change(staff_client, library, action="all", query="folder=/old")
    before = said(staff_client, library)
    change(staff_client, library, action="remove", asset=library.assets.get(path="/old/1.jpg").pk)
    bar = page(staff_client.get(f"/{library.name}/library/")).select_one("#selection-bar")
    assert words(bar.select_one(".selection-excluded")) == "− 1 excluded"
    assert said(staff_client, library) == before


def test_ticks_alone_are_not_called_frozen(staff_client: Client, library: Account) -> None:
    change(staff_client, library, action="add", asset=library.assets.first().pk)
    assert said(staff_client, library) == {}


def test_clearing_forgets_it(staff_client: Client, library: Account) -> None:
    change(staff_client, library, action="all", query="folder=/old")
    change(staff_client, library, action="clear")
    change(staff_client, library, action="add", asset=library.assets.first().pk)
    assert said(staff_client, library) == {}


def test_same_files_have_the_same_mark_and_others_another(staff: User, library: Account) -> None:
    old = list(library.assets.filter(folder="/old"))
    mine, theirs = (ticks.selection_of(user, library) for user in (staff, factories.user()))
    ticks.tick(mine, [asset.pk for asset in old])
    ticks.tick(theirs, [asset.pk for asset in reversed(old)])
    assert taken.mark_of(mine) == taken.mark_of(theirs)
    ticks.untick(theirs, [old[0].pk])
    assert taken.mark_of(mine) != taken.mark_of(theirs)
