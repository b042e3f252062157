"""Attacks on the way in and on forms. Brute force: tests/auth/test_sign_in.py; here what comes after it."""

from __future__ import annotations

import pytest
from django.contrib.auth.models import User
from django.test import Client
from django.urls import reverse

from medialib.models import DeletionJob, Selection
from tests import factories
from tests.views.jobs import job_rows
from tests.views.test_permission_matrix import ADDRESSES, POSTS, World

PASSWORD = "correct horse battery staple"
ELSEWHERE = ["https://evil.example/", "//evil.example", "/\\evil.example", "javascript:alert(1)", "http:evil.example"]

pytestmark = pytest.mark.django_db


@pytest.fixture
def kim() -> User:
    person = factories.user("kim", permissions=factories.EVERY_PERMISSION)
    person.set_password(PASSWORD)
    person.save()
    return person


def test_a_planted_session_key_is_worth_nothing_after_the_sign_in(kim):
    victim, attacker = Client(), Client()
    victim.get("/sign-in/")
    session = victim.session
    session["planted"] = True
    session.save()
    attacker.cookies["sessionid"] = session.session_key
    victim.cookies["sessionid"] = session.session_key
    victim.post("/sign-in/", {"username": "kim", "password": PASSWORD})
    assert victim.get("/jobs/").status_code == 200
    assert attacker.get("/jobs/").status_code == 302


def test_a_session_ends_for_good_with_the_sign_out(kim):
    here = Client()
    here.post("/sign-in/", {"username": "kim", "password": PASSWORD})
    stolen = Client()
    stolen.cookies["sessionid"] = here.cookies["sessionid"].value
    here.post("/sign-out/")
    assert stolen.get("/jobs/").status_code == 302


@pytest.mark.parametrize("name", sorted(POSTS))
def test_each_post_without_the_token_is_refused(kim, account, name):
    client = Client(enforce_csrf_checks=True)
    client.force_login(kim)
    world = World(account, kim)
    assert client.post(world.url(ADDRESSES[name]), {"reason": "x"}).status_code == 403
    assert DeletionJob.objects.count() == 1  # The one that the world was made with.


@pytest.mark.parametrize("name", ["medialib:sign-in", "account_reauthenticate", "account_change_password"])
def test_forms_of_the_way_in_ask_for_the_token_too(kim, name):
    client = Client(enforce_csrf_checks=True)
    client.force_login(kim)
    assert client.post(reverse(name), {"password": PASSWORD}).status_code == 403


@pytest.mark.parametrize("elsewhere", ELSEWHERE)
def test_no_way_back_leaves_the_site(kim, elsewhere):
    client = Client()
    data = {"username": "kim", "password": PASSWORD, "next": elsewhere}
    landed = client.post(f"/sign-in/?next={elsewhere}", data).headers["Location"]
    changed = client.post("/language/", {"language": "de", "next": elsewhere}).headers["Location"]
    again = client.get("/sign-in/", {"next": elsewhere}).headers["Location"]
    assert {landed, changed, again} == {"/"}


def test_cookies_are_for_our_own_site_and_no_script(settings, kim):
    settings.SESSION_COOKIE_SECURE = settings.CSRF_COOKIE_SECURE = True
    client = Client()
    client.get("/sign-in/")
    client.post("/sign-in/", {"username": "kim", "password": PASSWORD})
    for name, same_site in (("sessionid", "Lax"), ("csrftoken", "Strict")):
        cookie = client.cookies[name]
        assert (bool(cookie["httponly"]), bool(cookie["secure"]), cookie["samesite"]) == (True, True, same_site)


def test_a_body_that_is_too_large_is_refused_unread(settings, signed_in, kim, account):
    settings.MAX_BODY_BYTES = 1000
    answer = signed_in(kim).post(f"/{account.name}/selection/", {"action": "clear", "filler": "x" * 1001})
    assert answer.status_code == 413


def test_thousands_of_fields_are_refused(signed_in, kim, account):
    fields = {f"field-{number}": "x" for number in range(1001)}
    assert signed_in(kim).post(f"/{account.name}/selection/", fields).status_code == 400


def test_a_selection_of_somebody_else_cannot_be_frozen(signed_in, kim, account):
    other = factories.user(permissions=factories.EVERY_PERMISSION)
    theirs = Selection.objects.create(owner=other, account=account)
    answer = signed_in(kim).post(
        f"/{account.name}/freeze/", {"selection": str(theirs.pk), "file_count": "1"}, follow=True
    )
    assert "it is not yours" in answer.content.decode()


def test_a_manifest_of_somebody_else_can_be_neither_read_nor_confirmed(signed_in, kim, account):
    theirs = job_rows.manifest(account, factories.user("lee"), 1)
    client = signed_in(kim)
    asked = [client.get(f"/manifests/{theirs.pk}/"), client.get(f"/manifests/{theirs.pk}/manifest.csv")]
    asked.append(client.post(f"/manifests/{theirs.pk}/confirm/", {"reason": "mine now"}))
    assert {answer.status_code for answer in asked} == {404}
    assert not DeletionJob.objects.exists()


def test_a_call_is_shown_only_under_its_own_job(signed_in, kim, account):
    first, second = (job_rows.job(job_rows.manifest(account, kim, 1)) for _ in range(2))
    call = job_rows.exchange(first)
    assert signed_in(kim).get(f"/jobs/{second.pk}/calls/{call.pk}/").status_code == 404


@pytest.mark.parametrize("number", ["0", "-1", "99999999999999999999999", "1'--", "%00", "1e3"])
def test_odd_numbers_in_addresses_find_nothing_and_break_nothing(signed_in, kim, number):
    assert signed_in(kim).get(f"/jobs/{number}/").status_code == 404
