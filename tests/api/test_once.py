"""A request that makes something and is sent twice makes it once, and is answered twice alike."""

from __future__ import annotations

import threading
from datetime import timedelta
from typing import Any

import pytest
from django.db import connection
from django.utils.timezone import now

from medialib.models import Account, KeptAnswer, Manifest, ProtectionRule, Selection
from medialib.services.accounts import tokens
from tests import factories
from tests.api.calls import Program

RULE = {"kind": "folder", "value": "/brand", "reason": "needed"}
WHERE = "/accounts/acme/protections"


@pytest.mark.django_db
def test_the_same_request_with_the_same_key_is_answered_as_before(program: Program, acme: Account) -> None:
    first = program.ask("POST", WHERE, RULE, key="k1")
    second = program.ask("POST", WHERE, RULE, key="k1")
    assert (first.status_code, first.content) == (second.status_code, second.content)
    assert (first.headers.get("Idempotent-Replayed"), second.headers["Idempotent-Replayed"]) == (None, "true")
    assert ProtectionRule.objects.count() == 1
    assert program.post(WHERE, RULE, key="k2")["rule"] != program.post(WHERE, RULE)["rule"]
    assert ProtectionRule.objects.count() == 3


@pytest.mark.django_db
def test_another_request_with_the_same_key_is_refused(program: Program, acme: Account) -> None:
    factories.asset(acme, "/old/a.jpg")
    program.post(WHERE, RULE, key="k1")
    assert program.refused("POST", WHERE, RULE | {"value": "/other"}, key="k1") == (422, "key-reused")
    wish = {"filter": {"folder": "/old"}}
    assert program.refused("POST", "/accounts/acme/selections", wish, key="k1") == (422, "key-reused")
    assert ProtectionRule.objects.count() == 1


@pytest.mark.django_db
def test_what_was_refused_made_nothing_and_can_be_asked_again(program: Program, acme: Account) -> None:
    factories.asset(acme, "/old/a.jpg")
    selection = program.post("/accounts/acme/selections", {"filter": {"folder": "/old"}})
    address, wish = f"/selections/{selection['id']}/freeze", {"file_count": 2}
    assert program.refused("POST", address, wish, key="k1") == (409, "refused")
    assert not KeptAnswer.objects.exists()
    factories.asset(acme, "/old/b.jpg")
    program.post(f"/selections/{selection['id']}/tick", {"file_ids": [acme.assets.last().file_id]})
    frozen = program.post(address, wish, key="k1")
    assert program.post(address, wish, key="k1") == frozen
    assert Manifest.objects.count() == 1


@pytest.mark.django_db
def test_each_token_has_its_own_keys(program: Program, acme: Account) -> None:
    other = Program(program.token.user)
    assert program.post(WHERE, RULE, key="k1")["rule"] != other.post(WHERE, RULE, key="k1")["rule"]


@pytest.mark.django_db
def test_an_answer_is_not_told_to_who_may_no_longer_ask(program: Program, acme: Account) -> None:
    program.post(WHERE, RULE, key="k1")
    program.token.user.memberships.all().delete()
    assert program.refused("POST", WHERE, RULE, key="k1") == (404, "not-found")


@pytest.mark.django_db
@pytest.mark.parametrize("key", ["x" * 201, "schlüssel"])
def test_a_key_that_cannot_be_one_is_refused(program: Program, acme: Account, key: str) -> None:
    assert program.refused("POST", WHERE, RULE, key=key) == (400, "malformed")


@pytest.mark.django_db
def test_answers_are_forgotten_after_a_week(program: Program, acme: Account) -> None:
    program.post(WHERE, RULE, key="k1")
    tokens.forget_answers()
    assert KeptAnswer.objects.count() == 1
    KeptAnswer.objects.update(created_at=now() - timedelta(days=8))
    tokens.forget_answers()
    assert not KeptAnswer.objects.exists()


@pytest.mark.django_db(transaction=True)
def test_requests_at_the_same_time_make_one_thing(program: Program, acme: Account) -> None:
    factories.asset(acme, "/old/a.jpg")
    answers: list[Any] = []

    def ask() -> None:
        try:
            answers.append(program.post("/accounts/acme/selections", {"filter": {"folder": "/old"}}, key="k1"))
        finally:
            connection.close()

    threads = [threading.Thread(target=ask) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len({answer["id"] for answer in answers}) == 1
    assert len(answers) == 4
    assert Selection.objects.count() == 1
