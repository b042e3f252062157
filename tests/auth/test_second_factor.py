"""Second factors: set up, asked for, enforced, lost, and secret at rest."""

from __future__ import annotations

import re

import pytest
from allauth.mfa.models import Authenticator
from allauth.mfa.recovery_codes.internal.auth import RecoveryCodes
from allauth.mfa.totp.internal.auth import (
    TOTP,
    format_hotp_value,
    generate_totp_secret,
    hotp_value,
    yield_hotp_counters_from_time,
)
from cryptography.fernet import Fernet
from django.contrib.auth.models import User
from django.test import Client

from medialib.errors import Refused
from medialib.models import AuditEvent, EventKind
from medialib.services.accounts import reencryption
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


@pytest.fixture
def secret(kim: User) -> str:
    """Of the app on kim's phone."""
    secret = generate_totp_secret()
    TOTP.activate(kim, secret)
    RecoveryCodes.activate(kim)
    return secret


def code_of(secret: str) -> str:
    """What the app shows now: neither the oldest nor the newest code that counts, so a slow test may take its time."""
    return format_hotp_value(hotp_value(secret, sorted(yield_hotp_counters_from_time())[1]))


def begin(client: Client) -> str:
    return client.post("/sign-in/", {"username": "kim", "password": PASSWORD}).headers["Location"]


def is_in(client: Client) -> bool:
    return "_auth_user_id" in client.session


def test_the_password_alone_does_not_let_in_who_has_a_second_factor(client, kim, secret):
    assert begin(client) == "/you/second-factor/sign-in/"
    assert not is_in(client)
    assert client.get("/").headers["Location"].startswith("/sign-in/")


def test_the_code_of_the_app_lets_in(client, kim, secret):
    begin(client)
    client.post("/you/second-factor/sign-in/", {"code": code_of(secret)})
    assert is_in(client)


def test_a_code_works_once(client, kim, secret):
    code = code_of(secret)
    for browser, expected in ((client, True), (Client(), False)):
        begin(browser)
        browser.post("/you/second-factor/sign-in/", {"code": code})
        assert is_in(browser) is expected


def test_a_recovery_code_lets_in_once(client, kim, secret):
    codes = Authenticator.objects.get(user=kim, type="recovery_codes").wrap().get_unused_codes()
    for browser, expected in ((client, True), (Client(), False)):
        begin(browser)
        browser.post("/you/second-factor/sign-in/", {"code": codes[0]})
        assert is_in(browser) is expected


def test_guessing_codes_is_stopped(client, kim, secret):
    begin(client)
    for number in range(6):
        answer = client.post("/you/second-factor/sign-in/", {"code": f"{number:06}"})
    assert "Too many" in answer.content.decode()
    client.post("/you/second-factor/sign-in/", {"code": code_of(secret)})
    assert not is_in(client)


def test_an_app_is_set_up_from_a_picture_that_the_policy_allows(signed_in, kim):
    answer = signed_in(kim).get("/you/second-factor/app/")
    assert page(answer).select_one("img.qr-code")["src"].startswith("data:image/svg+xml")
    secret = re.search(r'value="([A-Z2-7]{20,})"', answer.content.decode()).group(1)
    signed_in(kim).post("/you/second-factor/app/", {"code": code_of(secret)})
    assert Authenticator.objects.filter(user=kim, type="totp").exists()


def test_passkeys_are_offered_with_scripts_of_our_own_site_only(signed_in, kim, client):
    for address in ("/sign-in/", "/you/second-factor/passkeys/add/"):
        answer = (client if address == "/sign-in/" else signed_in(kim)).get(address)
        scripts = page(answer).select("script")
        assert {script.get("src", "")[:8] for script in scripts if script.get("type") != "application/json"} == {
            "/static/"
        }


def test_where_it_is_required_nothing_else_opens_until_it_is_set_up(signed_in, kim, settings):
    settings.REQUIRE_SECOND_FACTOR = True
    client = signed_in(kim)
    for address in ("/", "/jobs/", "/admin/", "/admin/medialib/account/"):
        assert client.get(address).headers["Location"] == "/you/second-factor/"
    answer = client.get("/", follow=True)
    assert "asks everybody for a second factor" in words(page(answer).main)
    assert client.get("/you/second-factor/app/").status_code == 200


def test_a_fragment_without_the_required_factor_takes_the_whole_page_along(signed_in, kim, settings):
    settings.REQUIRE_SECOND_FACTOR = True
    answer = signed_in(kim).get("/jobs/tray/", headers={"HX-Request": "true"})
    assert answer.headers["HX-Redirect"] == "/you/second-factor/"


def test_who_has_one_passes(signed_in, kim, secret, settings):
    settings.REQUIRE_SECOND_FACTOR = True
    assert signed_in(kim).get("/jobs/").status_code == 200


def test_an_administrator_helps_who_lost_everything_and_it_is_recorded(signed_in, kim, secret):
    root = signed_in(factories.user("root", is_superuser=True))
    chosen = [factor.pk for factor in Authenticator.objects.filter(user=kim)]
    data = {"action": "delete_selected", "_selected_action": chosen, "post": "yes"}
    root.post("/admin/mfa/authenticator/", data)
    assert not Authenticator.objects.filter(user=kim).exists()
    events = AuditEvent.objects.filter(event=EventKind.PERSON_CHANGED, actor_name="root")
    assert {"kim"} == {event.detail["person"] for event in events if event.detail.get("second_factor")}


def test_secrets_of_factors_are_encrypted_and_go_with_the_encryption_key(kim, secret, settings):
    stored = repr(list(Authenticator.objects.values_list("data", flat=True)))
    assert secret not in stored
    settings.FIELD_ENCRYPTION_KEYS = [Fernet.generate_key().decode()]
    with pytest.raises(Refused, match="cannot be decrypted"):
        Authenticator.objects.get(type="totp").wrap().validate_code("000000")


def test_rotating_the_encryption_key_takes_the_factors_along(client, kim, secret, settings):
    new = Fernet.generate_key().decode()
    settings.FIELD_ENCRYPTION_KEYS = [new, *settings.FIELD_ENCRYPTION_KEYS]
    reencryption.reencrypt_keys()
    settings.FIELD_ENCRYPTION_KEYS = [new]
    begin(client)
    client.post("/you/second-factor/sign-in/", {"code": code_of(secret)})
    assert is_in(client)
