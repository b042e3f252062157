"""Asked again before what cannot be undone, and before keys and rights."""

from __future__ import annotations

from urllib.parse import parse_qs, urlsplit

import pytest
from django.contrib.auth.models import User
from django.contrib.sessions.models import Session
from django.test import Client

from medialib.models import ApiKey, DeletionJob
from tests import factories
from tests.conftest import prove
from tests.views.jobs import job_rows
from tests.views.pages import page, words

PASSWORD = "correct horse battery staple"
LATE = 601  # Seconds: one more than a proof holds.

pytestmark = pytest.mark.django_db


@pytest.fixture
def kim() -> User:
    person = factories.user("kim", permissions=factories.EVERY_PERMISSION)
    person.set_password(PASSWORD)
    person.save()
    return person


@pytest.fixture
def late(client: Client, kim: User) -> Client:
    """Signed in a little longer ago than a proof holds."""
    client.force_login(kim)
    prove(client, kim, seconds_ago=LATE)
    return client


def confirm(client, manifest, **fields):
    data = {"reason": "old campaign", "typed_count": str(manifest.file_count), "understood": "on"} | fields
    return client.post(f"/manifests/{manifest.pk}/confirm/", data)


def test_a_large_deletion_asks_again_and_keeps_the_reason_but_does_nothing(late, kim, account):
    manifest = job_rows.manifest(account, kim, 60, library_count=1000)
    asked = confirm(late, manifest)
    assert asked.headers["Location"].startswith("/you/confirm/?next=")
    assert not DeletionJob.objects.exists()
    then = parse_qs(urlsplit(asked.headers["Location"]).query)["next"][0]
    answer = late.post(f"/you/confirm/?next={then}", {"password": PASSWORD, "next": then})
    assert answer.headers["Location"] == f"/manifests/{manifest.pk}/"
    assert words(page(late.get(then)).select_one("textarea[name=reason]")) == "old campaign"
    assert confirm(late, manifest).headers["Location"] == f"/jobs/{DeletionJob.objects.get().pk}/"


def test_a_wrong_password_does_not_make_it_fresh(late, kim, account):
    manifest = job_rows.manifest(account, kim, 60, library_count=1000)
    late.post("/you/confirm/", {"password": "wrong"})
    assert confirm(late, manifest).headers["Location"].startswith("/you/confirm/")


def test_a_small_deletion_is_not_held_up(late, kim, account):
    confirm(late, job_rows.manifest(account, kim, 2, library_count=1000))
    assert DeletionJob.objects.count() == 1


@pytest.mark.parametrize(
    "address",
    [
        "/admin/medialib/account/add/",
        "/admin/medialib/apikey/add/",
        "/admin/medialib/membership/add/",
    ],
)
@pytest.mark.parametrize("method", ["get", "post"])
def test_forms_of_keys_and_rights_ask_again(late, address, method):
    answer = getattr(late, method)(address, {"private_key": "private_not_to_be_kept"} if method == "post" else {})
    assert answer.headers["Location"].startswith("/you/confirm/?next=%2Fadmin%2F")
    assert not ApiKey.objects.exists()


def test_a_key_that_was_typed_too_late_is_kept_nowhere(late):
    late.post("/admin/medialib/apikey/add/", {"private_key": "private_not_to_be_kept"})
    assert "private_not_to_be_kept" not in repr([session.get_decoded() for session in Session.objects.all()])


def test_actions_on_keys_ask_again_and_lists_do_not(late):
    assert late.get("/admin/medialib/apikey/").status_code == 200
    assert late.post("/admin/medialib/apikey/", {"action": "retire"}).headers["Location"].startswith("/you/confirm/")


def test_making_somebody_a_superuser_asks_again(late, kim):
    kim.is_superuser = True
    kim.save()
    for address in (f"/admin/auth/user/{kim.pk}/change/", f"/admin/auth/user/{kim.pk}/password/"):
        assert late.get(address).headers["Location"].startswith("/you/confirm/")


def test_who_has_no_password_here_signs_in_again_at_the_provider(client, account):
    lee = factories.user("lee", permissions=factories.EVERY_PERMISSION)
    lee.set_unusable_password()
    lee.save()
    client.force_login(lee)
    asked = client.get("/admin/medialib/apikey/add/")
    assert asked.headers["Location"].startswith("/sign-in/again/?next=")
    answer = client.get(asked.headers["Location"])
    assert answer.headers["Location"] == "/sign-in/?next=/admin/medialib/apikey/add/"
    assert "_auth_user_id" not in client.session


def test_the_way_back_never_leaves_the_site(late):
    answer = late.post("/you/confirm/?next=https://evil.example/", {"password": PASSWORD, "next": "//evil.example"})
    assert "evil" not in answer.headers["Location"]
