"""Somebody with a token that was stolen from a program: they can do what it was made for, and nothing beyond."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.test import Client
from django.utils.timezone import now

from medialib.models import Account, ApiToken, DeletionJob, KeptAnswer, TokenScope
from medialib.services.accounts import tokens
from medialib.services.audit.log import Actor
from tests import factories
from tests.api.calls import Program, kind_of
from tests.api.world import operations
from tests.views.jobs import job_rows
from tests.views.test_permission_matrix import RULES, named
from tests.views.test_permission_matrix import World as Pages

pytestmark = pytest.mark.django_db


@pytest.fixture
def kim() -> User:
    """May do everything, in one account."""
    person = factories.user("kim", permissions=(*factories.EVERY_PERMISSION, "approve_deletions"), is_member=False)
    factories.membership(person, factories.account("acme", limit_files=20, limit_percent=100))
    return person


@pytest.fixture
def stolen(kim: User) -> Program:
    return Program(kim, ["read", "select", "delete", "control"])


@pytest.fixture
def acme(kim: User) -> Account:
    account = Account.objects.get(name="acme")
    for number in range(30):
        factories.asset(account, f"/old/{number:02}.jpg")
    return account


def freeze(program: Program, count: int) -> Any:
    ids = [each["file_id"] for each in program.get("/accounts/acme/files", limit=count)["items"]]
    selection = program.post("/accounts/acme/selections", {"file_ids": ids})
    return program.post(f"/selections/{selection['id']}/freeze", {"file_count": count})


def wish_for(manifest: Any, **changes: Any) -> dict[str, Any]:
    return {"sha256": manifest["sha256"], "file_count": manifest["file_count"], "reason": "x"} | changes


# What is tried, with which request, for things that the scopes of the token are not for.
GROWING = {
    "read the audit log": ("GET", "/audit", None),
    "lift a protection": ("POST", "/accounts/acme/protections/1/lift", {"reason": "x"}),
    "add a protection": ("POST", "/accounts/acme/protections", {"kind": "folder", "value": "/", "reason": "x"}),
    "make a token": ("POST", "/tokens", {"name": "mine", "scopes": TokenScope.values, "days": 366}),
    "revoke a token": ("DELETE", "/token", None),
    "change its own token": ("PATCH", "/token", {"scopes": TokenScope.values}),
    "add an account": ("POST", "/accounts", {"name": "mine"}),
    "read a key": ("GET", "/accounts/acme/keys", None),
    "give a membership": ("POST", "/accounts/acme/people", {"user": "kim"}),
    "approve a job": ("POST", "/jobs/1/approve", {}),
    "empty a library": ("POST", "/accounts/acme/empty", {}),
    "accept removals": ("POST", "/accounts/acme/sync/accept-removals", {"file_count": 1}),
}


@pytest.mark.parametrize("attempt", GROWING)
def test_it_grows_no_right(stolen: Program, acme: Account, attempt: str) -> None:
    status, kind = stolen.refused(*GROWING[attempt])
    assert kind in ("scope-missing", "not-found", "wrong-method"), (status, kind)
    assert ApiToken.objects.get().scopes == ["read", "select", "delete", "control"]


def test_no_operation_makes_or_shows_a_token() -> None:
    assert [name for name in operations() if "token" in name.lower()] == ["getToken"]


def test_it_opens_no_page_and_signs_nobody_in(stolen: Program, acme: Account, kim: User) -> None:
    pages, headers = Pages(acme, kim), {"Authorization": f"Bearer {stolen.secret}"}
    opened = {}
    for address in named():
        if address.name.startswith("medialib:") and RULES[address.name] not in ("anybody", "nobody"):
            answer = Client().get(pages.url(address), headers=headers)
            if answer.status_code not in (302, 405) or "_auth_user_id" in answer.client.session:
                opened[address.name] = answer.status_code
    assert opened == {}


# How a confirmation differs from the list that was frozen.
CHANGED: dict[str, dict[str, Any]] = {
    "another hash": {"sha256": "f" * 64},
    "fewer files": {"file_count": 4},
    "more files": {"file_count": 6},
    "ids of its own": {"file_ids": ["file_1"]},
    "no undo window": {"start_after_s": 0},
    "in another name": {"user": "root"},
}


@pytest.mark.parametrize("change", CHANGED)
def test_it_confirms_no_list_but_the_one_that_was_frozen(stolen: Program, acme: Account, change: str) -> None:
    manifest = freeze(stolen, 5)
    address = f"/manifests/{manifest['id']}/confirm"
    assert stolen.refused("POST", address, wish_for(manifest, **CHANGED[change]))[1] in ("list-changed", "invalid")
    assert not DeletionJob.objects.exists()


def test_a_list_whose_rows_were_changed_is_not_confirmed(stolen: Program, acme: Account, kim: User) -> None:
    frozen = job_rows.manifest(acme, kim, 3, source={"selected": 4})
    wish = {"sha256": frozen.sha256, "file_count": 3, "reason": "x"}
    assert stolen.refused("POST", f"/manifests/{frozen.pk}/confirm", wish) == (409, "list-changed")


def test_it_deletes_no_more_than_a_person_is_asked_for_in_one_piece_or_many(stolen: Program, acme: Account) -> None:
    whole = freeze(stolen, 30)
    assert stolen.refused("POST", f"/manifests/{whole['id']}/confirm", wish_for(whole)) == (403, "needs-person")
    ids = [each["file_id"] for each in stolen.get("/accounts/acme/files", limit=30)["items"]]
    kinds = []
    for start in range(0, 30, 5):
        selection = stolen.post("/accounts/acme/selections", {"file_ids": ids[start : start + 5]})
        part = stolen.post(f"/selections/{selection['id']}/freeze", {"file_count": 5})
        answer = stolen.ask("POST", f"/manifests/{part['id']}/confirm", wish_for(part))
        kinds.append("" if answer.status_code == 201 else kind_of(answer)[1])
    assert kinds == ["", "", "", "", "needs-person", "needs-person"]
    assert sum(DeletionJob.objects.values_list("file_count", flat=True)) == 20


def test_it_reads_nothing_of_another_account(stolen: Program, acme: Account) -> None:
    other = factories.account("globex")
    gil = factories.user("gil", permissions=factories.EVERY_PERMISSION)
    frozen = job_rows.manifest(other, gil, 1)
    job = job_rows.job(job_rows.manifest(other, gil, 1))
    file_id = frozen.items.all()[0].file_id
    for path in (
        *("/accounts/globex", "/accounts/globex/files", "/accounts/globex/files-count"),
        *(f"/accounts/globex/files/{file_id}", f"/accounts/acme/files/{file_id}", "/accounts/globex/protections"),
        *(f"/manifests/{frozen.pk}", f"/manifests/{frozen.pk}/items", f"/manifests/{frozen.pk}/plan"),
        *(f"/jobs/{job.pk}", f"/jobs/{job.pk}/items", f"/jobs/{job.pk}/outcomes.jsonl"),
    ):
        assert stolen.refused("GET", path) == (404, "not-found"), path
    selection = stolen.post("/accounts/acme/selections", {"file_ids": [file_id]})
    assert (selection["file_count"], selection["not_found"]) == (0, [file_id])
    for path in ("/jobs", "/accounts", "/approvals"):
        assert "globex" not in stolen.ask("GET", path).content.decode()


def test_a_request_that_was_seen_does_nothing_when_it_is_played_again(stolen: Program, acme: Account) -> None:
    manifest = freeze(stolen, 5)
    address, wish = f"/manifests/{manifest['id']}/confirm", wish_for(manifest)
    first = stolen.post(address, wish, key="k1")
    for key in ("k1", "", "k2"):
        assert stolen.post(address, wish, key=key)["id"] == first["id"]
    assert DeletionJob.objects.count() == 1
    other = Program(stolen.token.user, ["delete"])
    assert other.post(address, wish, key="k1")["id"] == first["id"]
    assert KeptAnswer.objects.filter(token=other.token).count() == 1


@pytest.mark.parametrize("end", ["revoked", "past its end", "its person deactivated"])
def test_once_it_has_ended_not_even_an_old_answer_is_told(stolen: Program, acme: Account, end: str) -> None:
    manifest = freeze(stolen, 5)
    address, wish = f"/manifests/{manifest['id']}/confirm", wish_for(manifest)
    stolen.post(address, wish, key="k1")
    if end == "revoked":
        tokens.revoke(stolen.token, actor=Actor.person(stolen.token.user))
    elif end == "past its end":
        ApiToken.objects.update(expires_at=now() - timedelta(seconds=1))
    else:
        User.objects.filter(pk=stolen.token.user.pk).update(is_active=False)
    assert stolen.refused("POST", address, wish, key="k1") == (401, "no-token")


def test_a_dump_of_the_database_holds_no_token(stolen: Program) -> None:
    rows = [*ApiToken.objects.values(), *KeptAnswer.objects.values()]
    assert stolen.secret not in str(rows)
    digest = ApiToken.objects.get().digest
    answer = Client().get("/api/v1/token", headers={"Authorization": f"Bearer {digest}"})
    assert kind_of(answer) == (401, "no-token")
