"""A token counts for what it was made for, as long as it lasts, and never for more than its person."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from allauth.mfa.models import Authenticator
from django.contrib.auth.models import Permission, User
from django.test import Client
from django.utils.timezone import now

from medialib.errors import Refused, WrongUse
from medialib.models import Account, ApiToken, AuditEvent, EventKind
from medialib.services.accounts import tokens
from medialib.services.audit.log import Actor
from tests import factories
from tests.api.calls import ALL_SCOPES, Program, kind_of
from tests.conftest import prove
from tests.views.pages import page

pytestmark = pytest.mark.django_db


def made(person: User, **changes: Any) -> tuple[ApiToken, str]:
    wish: dict[str, Any] = {"name": "cleaner", "scopes": ["read"], "days": 30} | changes
    return tokens.add_token(**wish, actor=Actor.person(person))


def test_the_secret_is_kept_nowhere(staff: User) -> None:
    token, secret = made(staff)
    stored = " ".join(str(value) for value in ApiToken.objects.filter(pk=token.pk).values().get().values())
    recorded = " ".join(map(str, AuditEvent.objects.values()))
    assert len(secret) > 50
    for text in (stored, recorded):
        assert secret not in text
        assert secret.removeprefix(tokens.PREFIX) not in text
    assert tokens.find(secret) == token


@pytest.mark.parametrize(
    ("changes", "error"),
    [
        ({"name": " "}, WrongUse),
        ({"name": "x" * 81}, WrongUse),
        ({"name": "a\nb"}, WrongUse),
        ({"scopes": []}, WrongUse),
        ({"scopes": ["everything"]}, WrongUse),
        ({"scopes": ["read", "audit"]}, Refused),
        ({"days": 0}, WrongUse),
        ({"days": 367}, WrongUse),
    ],
)
def test_what_a_token_cannot_be(changes: dict[str, Any], error: type[Exception]) -> None:
    person = factories.user(permissions=("view_library", "delete_files"))
    with pytest.raises(error):
        made(person, **changes)
    assert not ApiToken.objects.exists()


def test_making_using_and_revoking_are_in_the_audit_log(program: Program, acme: Account, staff: User) -> None:
    token, _ = made(staff)
    tokens.revoke(token, actor=Actor.person(staff))
    with pytest.raises(Refused):
        tokens.revoke(token, actor=Actor.person(staff))
    events = AuditEvent.objects.filter(event__in=[EventKind.TOKEN_ADDED, EventKind.TOKEN_REVOKED]).order_by("pk")
    assert [(event.event, event.actor_name, event.detail["token"]) for event in events] == [
        ("token.added", "sam", token.pk),
        ("token.revoked", "sam", token.pk),
    ]
    program.post("/accounts/acme/protections", {"kind": "folder", "value": "/brand", "reason": "needed"})
    event = AuditEvent.objects.get(event=EventKind.PROTECTION_ADDED)
    assert (event.actor_name, event.session) == ("sam", f"token-{program.token.pk}")


def _revoke(program: Program) -> None:
    tokens.revoke(program.token, actor=Actor.person(program.token.user))


def _expire(program: Program) -> None:
    ApiToken.objects.update(expires_at=now() - timedelta(seconds=1))


def _deactivate(program: Program) -> None:
    User.objects.update(is_active=False)


def _take_from_staff(program: Program) -> None:
    User.objects.update(is_staff=False)


def _take_right(program: Program) -> None:
    program.token.user.user_permissions.remove(Permission.objects.get(codename="view_library"))


def _take_membership(program: Program) -> None:
    program.token.user.memberships.all().delete()


@pytest.mark.parametrize(
    ("change", "expected"),
    [
        (_revoke, (401, "no-token")),
        (_expire, (401, "no-token")),
        (_deactivate, (401, "no-token")),
        (_take_from_staff, (401, "no-token")),
        (_take_right, (403, "right-missing")),
        (_take_membership, (404, "not-found")),
    ],
)
def test_what_its_person_loses_it_loses_at_once(
    program: Program, acme: Account, change: Any, expected: tuple[int, str]
) -> None:
    assert program.get("/accounts/acme")["name"] == "acme"
    change(program)
    assert program.refused("GET", "/accounts/acme") == expected


@pytest.mark.parametrize("header", ["", "Bearer", "Bearer ", "Bearer medialib_x", "Basic c2FtOnBhc3M=", "medialib_1-0"])
def test_without_a_token_that_counts_nothing_is_told(program: Program, acme: Account, header: str) -> None:
    answer = Client().get("/api/v1/accounts/acme", headers={"Authorization": header} if header else {})
    assert kind_of(answer) == (401, "no-token")
    assert answer.headers["WWW-Authenticate"] == "Bearer"


def test_a_session_is_no_token(staff_client: Client, acme: Account) -> None:
    assert kind_of(staff_client.get("/api/v1/accounts")) == (401, "no-token")


def test_a_token_opens_no_page(program: Program) -> None:
    answer = program.client.get("/jobs/", headers={"Authorization": f"Bearer {program.secret}"})
    assert (answer.status_code, answer.headers["Location"]) == (302, "/sign-in/?next=/jobs/")


def test_too_many_requests_wait(program: Program, settings: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    settings.API_CALLS_PER_MINUTE = 30
    clock = [now()]
    monkeypatch.setattr(tokens, "shared_now", lambda: clock[0])
    assert [program.ask("GET", "/token").status_code for _ in range(31)] == [200] * 30 + [429]
    answer = program.ask("GET", "/token")
    assert kind_of(answer) == (429, "too-many-requests")
    assert answer.headers["Retry-After"] == "2"
    clock[0] += timedelta(seconds=2)
    assert [program.ask("GET", "/token").status_code for _ in range(2)] == [200, 429]
    other = Program(program.token.user)
    assert other.ask("GET", "/token").status_code == 200


def test_it_is_noted_when_it_was_last_used(program: Program) -> None:
    program.get("/token")
    program.token.refresh_from_db()
    assert program.token.last_used_at is not None


def test_where_everybody_needs_a_second_factor_a_token_without_one_is_refused(program: Program, settings: Any) -> None:
    settings.REQUIRE_SECOND_FACTOR = True
    assert program.refused("GET", "/token") == (403, "right-missing")
    Authenticator.objects.create(user=program.token.user, type="totp", data={"secret": ""})
    assert program.get("/token")["person"] == "sam"


def test_of_people_who_come_by_their_company_the_company_asks(staff: User, settings: Any) -> None:
    settings.REQUIRE_SECOND_FACTOR = True
    assert Program(staff, is_by_provider=True).get("/token")["scopes"] == list(ALL_SCOPES)


def test_a_person_makes_a_token_sees_it_once_and_revokes_it(staff_client: Client) -> None:
    answer = staff_client.post("/you/tokens/new/", {"name": "nightly", "scopes": ["read", "select"], "days": "30"})
    secret = page(answer).select_one("#secret")["value"]  # type: ignore[index]
    assert answer.headers["Cache-Control"] == "private, no-store"
    asked = Client().get("/api/v1/token", headers={"Authorization": f"Bearer {secret}"}).json()
    assert (asked["name"], asked["scopes"]) == ("nightly", ["read", "select"])
    listed = staff_client.get("/you/tokens/")
    assert secret not in listed.content.decode()
    assert "nightly" in listed.content.decode()
    token = ApiToken.objects.get()
    staff_client.post(f"/you/tokens/{token.pk}/revoke/")
    assert Client().get("/api/v1/token", headers={"Authorization": f"Bearer {secret}"}).status_code == 401


def test_making_one_asks_for_a_fresh_proof_and_revoking_does_not(staff_client: Client, staff: User) -> None:
    prove(staff_client, staff, seconds_ago=3600)
    token, _ = made(staff)
    for answer in (
        staff_client.get("/you/tokens/new/"),
        staff_client.post("/you/tokens/new/", {"name": "x", "scopes": ["read"], "days": "30"}),
    ):
        assert answer.status_code == 302
        assert "/you/confirm/" in answer.headers["Location"]
    assert ApiToken.objects.count() == 1
    staff_client.post(f"/you/tokens/{token.pk}/revoke/")
    assert not ApiToken.objects.get().is_usable


def test_the_form_offers_only_what_the_person_could_do_and_says_what_is_missing(client: Client, signed_in: Any) -> None:
    signed_in(factories.user(permissions=("view_library",)))
    offered = page(client.get("/you/tokens/new/")).select("input[name=scopes]")
    assert [each["value"] for each in offered] == ["read", "select", "control"]
    answer = client.post("/you/tokens/new/", {"name": "", "days": "30"})
    assert answer.status_code == 422
    assert "Name the program" in answer.content.decode()
    assert "Choose what" in answer.content.decode()
    answer = client.post("/you/tokens/new/", {"name": "x", "scopes": ["audit"], "days": "30"})
    assert answer.status_code == 422
    assert not ApiToken.objects.exists()


def test_nobody_revokes_the_token_of_somebody_else(staff_client: Client) -> None:
    other = Program(factories.user("kim", permissions=("view_library",)))
    assert staff_client.post(f"/you/tokens/{other.token.pk}/revoke/").status_code == 404
    assert other.get("/token")["person"] == "kim"


def test_a_person_has_so_many_tokens_at_most(staff: User, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tokens, "MAX_TOKENS", 1)
    made(staff)
    with pytest.raises(Refused, match="Revoke one"):
        made(staff)
