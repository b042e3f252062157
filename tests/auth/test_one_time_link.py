"""The demo's address that signs in: once, for one person, and only in development."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.test import Client

from medialib.auth import one_time_link
from medialib.models import AuditEvent
from tests import factories
from tests.views.pages import page, words

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def development(settings: Any) -> None:
    settings.DEBUG = True


def is_in(client: Client) -> bool:
    return "_auth_user_id" in client.session


def test_it_signs_in_and_leads_to_the_tour(client: Client, staff: User) -> None:
    answer = client.get(one_time_link.path_for(staff))
    assert (answer.status_code, answer["Location"]) == (302, "/")
    assert client.session["_auth_user_id"] == str(staff.pk)
    assert client.session["tour"] is True
    assert AuditEvent.objects.filter(event="person.signed_in", actor_name=staff.username).count() == 1


def test_it_is_a_fresh_proof_of_who_the_person_is(client: Client, staff: User) -> None:
    client.get(one_time_link.path_for(staff))
    [record] = client.session["account_authentication_methods"]
    assert record["method"] == "one_time_link"


def test_it_works_once(client: Client, staff: User) -> None:
    address = one_time_link.path_for(staff)
    client.get(address)
    other = Client()
    answer = other.get(address, follow=True)
    assert not is_in(other)
    assert "This link works once" in words(page(answer))
    assert client.get(address)["Location"] == "/", "whoever is in stays in"


@pytest.mark.parametrize("change", ["person", "letter", "age", "password"])
def test_a_changed_or_old_link_lets_nobody_in(
    client: Client, staff: User, change: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    address = one_time_link.path_for(staff)
    if change == "person":
        address = address.replace(f"/{staff.pk}/", f"/{factories.user().pk}/")
    elif change == "letter":
        address = f"{address[:-2]}{'a' if address[-2] != 'a' else 'b'}/"
    elif change == "age":
        later = one_time_link.tokens._now() + timedelta(days=4)
        monkeypatch.setattr(one_time_link.tokens, "_now", lambda: later)
    else:
        staff.set_password("another")
        staff.save()
    client.get(address)
    assert not is_in(client)


@pytest.mark.parametrize("taken", ["is_staff", "is_active"])
def test_people_who_may_not_come_in_do_not_by_this_way_either(client: Client, staff: User, taken: str) -> None:
    address = one_time_link.path_for(staff)
    User.objects.update(**{taken: False})  # Since the link was made.
    client.get(address)
    assert not is_in(client)


def test_it_is_not_there_outside_development(client: Client, staff: User, settings: Any) -> None:
    address = one_time_link.path_for(staff)
    settings.DEBUG = False
    assert client.get(address).status_code == 404
    assert not is_in(client)
