"""Somebody without an account here, or another site in the browser of somebody who has one. Guessing passwords:
tests/auth/test_sign_in.py; here what comes before and after it."""

from __future__ import annotations

import os
import re
import shlex
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from django.conf import settings
from django.contrib.auth.models import User
from django.test import Client
from django.urls import reverse

from medialib.management.processes import SERVE
from medialib.models import DeletionJob
from tests import factories, loops, slow_bodies
from tests.environment import STEERING
from tests.views.test_permission_matrix import ADDRESSES, POSTS, World

pytestmark = pytest.mark.django_db

ROOT = Path(settings.BASE_DIR)
PASSWORD = "correct horse battery staple"
FOR_S, MOST_P95_MS = 30.0, 100.0
ELSEWHERE = ["https://evil.example/", "//evil.example", "/\\evil.example", "javascript:alert(1)", "http:evil.example"]


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


@pytest.mark.parametrize("name", ["medialib:sign-out", "account_logout", "admin:logout"])
def test_no_link_or_picture_signs_anybody_out(staff_client, name):
    for method in (staff_client.get, staff_client.head, staff_client.options):
        method(reverse(name))
        assert "_auth_user_id" in staff_client.session
    assert staff_client.get(reverse(name)).status_code == 405
    staff_client.post(reverse(name))
    assert "_auth_user_id" not in staff_client.session


@pytest.fixture
def port(tmp_path: Path) -> Iterator[int]:
    """A server on data of its own."""
    variables = {name: value for name, value in os.environ.items() if name not in (*STEERING, "DATABASE_URL")}
    variables["MEDIALIB_DATA_DIR"] = str(tmp_path)
    subprocess.run([sys.executable, "manage.py", "migrate", "--verbosity", "0"], cwd=ROOT, env=variables, check=True)
    with slow_bodies.server(variables) as number:
        yield number


def test_two_hundred_slow_bodies_keep_nobody_waiting(port):
    times, answers = loops.run(slow_bodies.attack(port, for_s=FOR_S))
    assert slow_bodies.p95(times) < MOST_P95_MS
    assert sum(b" 408 " in line for line in answers) > slow_bodies.SOCKETS


def test_everybody_starts_the_same_server():
    """The demo's own command is the one attacked above."""
    options = shlex.join(SERVE[:-1])
    for name in ("Makefile", "docs/deploy.md"):
        text = re.sub(r"\s*\\\n\s*", " ", (ROOT / name).read_text())
        started = [line for line in text.splitlines() if "bin/granian" in line.lower() or "(BIN)/granian" in line]
        assert started, name
        assert all(options in line and SERVE[-1] in line for line in started), name
