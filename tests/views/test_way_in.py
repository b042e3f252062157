"""Sign-in, home, refusals: who comes in, and what others are told."""

from __future__ import annotations

import pytest
from django.contrib.auth.models import User
from django.test import Client, RequestFactory
from django.views.defaults import server_error

from medialib.models import Account
from tests import factories
from tests.views.pages import page, words

LIBRARY_PAGES = ["/acme/library/", "/acme/files/x/", "/acme/sync/progress/", "/"]


@pytest.fixture
def acme(db: None) -> Account:
    return factories.account("acme")


@pytest.mark.parametrize("address", LIBRARY_PAGES)
def test_stranger_is_sent_to_sign_in_and_comes_back(client: Client, acme: Account, address: str) -> None:
    assert client.get(address)["Location"] == f"/sign-in/?next={address}"


@pytest.mark.parametrize("address", LIBRARY_PAGES)
@pytest.mark.parametrize("is_staff", [True, False])
def test_person_without_the_permission_is_told_so(client: Client, acme: Account, address: str, is_staff: bool) -> None:
    permissions = () if is_staff else ("view_library",)
    client.force_login(factories.user("kim", is_staff=is_staff, permissions=permissions))
    response = client.get(address)
    assert response.status_code == 403
    assert "kim" in words(page(response).main)
    assert "Nothing was changed" in words(page(response).main)


def test_fragment_after_the_session_ended_sends_the_whole_page_to_sign_in(client: Client, acme: Account) -> None:
    headers = {"HX-Request": "true", "HX-Current-URL": "http://testserver/acme/library/?q=a"}
    answer = client.get("/acme/sync/progress/", headers=headers, follow=True)
    assert answer["HX-Redirect"] == "/sign-in/?next=/acme/library/%3Fq%3Da&ended=1"


def test_right_password_leads_where_the_person_wanted_to_go(client: Client, acme: Account) -> None:
    person = factories.user("sam", permissions=("view_library",))
    person.set_password("correct horse battery")
    person.save()
    fields = {"username": "sam", "password": "correct horse battery", "next": "/acme/library/"}
    assert client.post("/sign-in/", fields)["Location"] == "/acme/library/"


def test_next_that_leaves_the_site_is_ignored(client: Client, staff: User) -> None:
    staff.set_password("correct horse battery")
    staff.save()
    fields = {"username": "sam", "password": "correct horse battery", "next": "https://evil.example/"}
    assert client.post("/sign-in/", fields)["Location"] == "/"


def test_person_who_is_not_staff_cannot_sign_in(client: Client, db: None) -> None:
    User.objects.create_user("kim", password="correct horse battery")
    response = client.post("/sign-in/", {"username": "kim", "password": "correct horse battery"})
    assert "may not use medialib" in words(page(response).select_one("[role=alert]"))
    assert "_auth_user_id" not in client.session


def test_wrong_password_is_answered_in_words(client: Client, db: None) -> None:
    response = client.post("/sign-in/", {"username": "kim", "password": "wrong"})
    assert words(page(response).select_one("[role=alert]"))


def test_home_without_an_account_shows_the_first_steps(staff_client: Client) -> None:
    steps = page(staff_client.get("/")).select(".steps > li h2")
    assert [words(step) for step in steps] == [
        "Add an ImageKit account",
        "Sync its library",
        "Browse, tick, review",
    ]


def test_home_with_one_account_is_its_library(staff_client: Client, acme: Account) -> None:
    factories.api_key(acme)
    assert staff_client.get("/")["Location"] == "/acme/library/"


def test_home_with_several_accounts_lists_them_with_their_colours(staff_client: Client, acme: Account) -> None:
    factories.account("beta", colour="pink")
    entries = page(staff_client.get("/")).select(".account-list > li")
    assert {words(entry.select_one(".account-card-name")): entry["class"] for entry in entries} == {
        "acme": ["account-colour-teal"],
        "beta": ["account-colour-pink"],
    }


def test_sign_out_needs_a_post_and_ends_the_session(staff_client: Client) -> None:
    assert staff_client.get("/sign-out/").status_code == 405
    assert staff_client.post("/sign-out/")["Location"] == "/sign-in/"
    assert "_auth_user_id" not in staff_client.session


def test_health_is_answered_to_anybody(client: Client, db: None) -> None:
    assert client.get("/healthz").json() == {"status": "ok"}


def test_page_that_does_not_exist_says_so_in_words(staff_client: Client) -> None:
    response = staff_client.get("/no/such/page/")
    assert response.status_code == 404
    assert "nothing at this address" in words(page(response).h1)
    assert "Resolver404" not in words(page(response).main)


def test_form_with_an_old_token_says_that_nothing_was_done(staff: User, acme: Account) -> None:
    client = Client(enforce_csrf_checks=True)
    client.force_login(staff)
    response = client.post("/acme/selection/", {"action": "clear"})
    assert response.status_code == 403
    assert "Nothing was done" in words(page(response).main)


def test_crash_page_stands_without_the_database(rf: RequestFactory) -> None:
    response = server_error(rf.get("/"))
    assert response.status_code == 500
    assert "Something went wrong on our side" in words(page(response).h1)


@pytest.mark.parametrize("address", ["/sign-in/", "/healthz"])
def test_stranger_learns_no_account(client: Client, acme: Account, address: str) -> None:
    assert b"acme" not in client.get(address).content
