"""The way in: limits on attempts, strong passwords, sessions that can be ended."""

from __future__ import annotations

import pytest
import time_machine
from django.contrib.auth.models import User
from django.contrib.auth.password_validation import validate_password
from django.core.cache import cache
from django.core.exceptions import ValidationError
from django.test import Client
from django.urls import reverse
from django.utils.timezone import now

from medialib.models import AuditEvent, EventKind
from tests import factories
from tests.views.pages import page, words

PASSWORD = "correct horse battery staple"

pytestmark = pytest.mark.django_db


@pytest.fixture
def kim() -> User:
    person = factories.user("kim", permissions=factories.EVERY_PERMISSION)
    person.set_password(PASSWORD)
    person.save()
    return person


def attempt(client: Client, password: str, *, name: str = "kim", address: str = "192.0.2.1") -> str:
    """What the page says; empty for who is in."""
    answer = client.post("/sign-in/", {"username": name, "password": password}, REMOTE_ADDR=address)
    return "" if answer.status_code == 302 else words(page(answer).select_one("[role=alert]"))


def test_after_five_failures_even_the_right_password_has_to_wait(client, kim):
    said = [attempt(client, f"wrong {number}", address=f"192.0.2.{number}") for number in range(6)]
    assert "not correct" in said[4]
    assert "Too many failed login attempts" in said[5]
    assert "Too many failed login attempts" in attempt(client, PASSWORD)
    with time_machine.travel(now().timestamp() + 16 * 60):
        assert attempt(client, PASSWORD) == ""


@pytest.mark.parametrize("hosts", [["testserver"], [f"testserver:{port}" for port in range(8000, 8006)]])
@pytest.mark.parametrize("names", [["kim"], ["kim", "KIM", "Kim", "ｋｉｍ"]])
def test_the_limit_of_a_name_is_not_evaded_by_another_host_or_spelling(client, kim, hosts, names):
    for number in range(5):
        login = {"username": names[number % len(names)], "password": "wrong"}
        more = {"REMOTE_ADDR": f"192.0.2.{number}", "HTTP_HOST": hosts[number % len(hosts)]}
        client.post("/sign-in/", login, **more)
    assert "Too many failed login attempts" in attempt(client, PASSWORD)


def test_who_tries_many_names_is_stopped_by_the_address(client, kim):
    for number in range(20):
        attempt(client, "wrong", name=f"person-{number}")
    assert "Too many failed login attempts" in attempt(client, PASSWORD)
    assert attempt(client, PASSWORD, address="192.0.2.99") == ""


def test_a_lock_is_the_same_for_names_that_exist_and_names_that_do_not(client, kim):
    told = {name: [attempt(client, "wrong", name=name) for _ in range(6)] for name in ("kim", "nobody")}
    assert told["kim"] == told["nobody"]


def test_a_success_between_does_not_wipe_the_failures(client, kim):
    for _ in range(4):
        attempt(client, "wrong")
    assert attempt(Client(), PASSWORD) == ""
    attempt(client, "wrong")
    assert "Too many" in attempt(client, "wrong")


def test_failures_are_audited_with_name_and_address_and_never_with_the_password(client, kim):
    attempt(client, "wrong-secret-word")
    event = AuditEvent.objects.get(event=EventKind.SIGN_IN_FAILED)
    assert (event.actor_name, event.address) == ("kim", "192.0.2.1")
    assert "wrong-secret-word" not in repr(list(AuditEvent.objects.values()))


@pytest.mark.parametrize("weak", ["short-1", "password1234", "123456789012345", "kimberley-kim"])
def test_a_weak_password_is_refused(weak):
    with pytest.raises(ValidationError):
        validate_password(weak, User(username="kimberley-ki"))


def test_a_session_begins_with_a_new_key(client, kim):
    client.get("/sign-in/")
    session = client.session
    session["planted"] = True
    session.save()
    planted = session.session_key
    attempt(client, PASSWORD)
    assert client.session.session_key != planted


def test_sign_out_everywhere_ends_all_other_sessions(kim):
    here, there = Client(), Client()
    for browser in (here, there):
        assert attempt(browser, PASSWORD) == ""
    assert "192.0.2.1" in here.get("/you/sessions/").content.decode()
    here.post("/you/sessions/", {})
    assert here.get("/").status_code == 200
    assert there.get("/").headers["Location"].startswith("/sign-in/")


def test_a_new_password_ends_the_other_sessions_and_keeps_this_one(kim):
    here, there = Client(), Client()
    for browser in (here, there):
        attempt(browser, PASSWORD)
    new = "another horse battery staple"
    here.post("/you/password/", {"oldpassword": PASSWORD, "password1": new, "password2": new})
    assert here.get("/").status_code == 200
    assert there.get("/").headers["Location"].startswith("/sign-in/")


def test_nobody_signs_up_and_no_mail_resets_a_password(client):
    for address in ("/you/signup/", "/accounts/signup/", "/you/password/reset/", "/you/email/"):
        assert client.get(address).status_code == 404


@pytest.mark.parametrize(
    "name", ["account_change_password", "mfa_index", "usersessions_list", "account_reauthenticate"]
)
def test_the_pages_of_a_persons_own_sign_in_stand_in_our_frame(signed_in, kim, name):
    answer = signed_in(kim).get(reverse(name), follow=True)
    assert answer.status_code == 200
    assert page(answer).select_one("main h1")
    assert "unsafe" not in answer.headers["Content-Security-Policy"]


def test_a_person_without_a_membership_is_told_what_is_missing_and_no_account(signed_in, account):
    answer = signed_in(factories.user(permissions=("view_library",), is_member=False)).get("/")
    assert "not a member of any account yet" in words(page(answer).main)
    assert account.name not in answer.content.decode()


def test_trying_many_names_does_not_push_out_the_count_of_one(client, kim):
    for number in range(5):
        attempt(client, "wrong", address=f"192.0.2.{number}")
    for number in range(400):
        cache.set(f"made-up-{number}", [1.0], 900)
    assert "Too many failed login attempts" in attempt(client, PASSWORD)
