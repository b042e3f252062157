"""Accounts and their keys."""

from __future__ import annotations

import base64
import io
import logging
from datetime import timedelta

import pytest
import responses
from cryptography.fernet import Fernet
from django.core.management import call_command
from django.utils.timezone import now

from medialib.errors import Refused, WrongUse
from medialib.models import Account, ApiKey, AuditEvent, EventKind, KeyKind, KeyPurpose
from medialib.services.accounts import accounts, keys, reencryption
from medialib.services.audit.log import SYSTEM, Actor

KEY, OTHER_KEY = "private_first_abcdefgh1111", "private_other_abcdefgh2222"
FILES_URL = "https://api.imagekit.io/v1/files"

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def strict(settings, monkeypatch):
    settings.IMAGEKIT_ALLOW_PRIVATE_API = False
    monkeypatch.setattr("medialib.services.accounts.addresses._look_up", lambda host: set())


@pytest.fixture
def acme():
    return accounts.add_account(name="acme", url_endpoint="https://ik.imagekit.io/acme", private_key=KEY)


def events(*kinds):
    return list(AuditEvent.objects.filter(event__in=kinds).order_by("pk"))


def answer(**kwargs):
    responses.add(responses.GET, FILES_URL, **{"json": [], "headers": {"x-ik-requestId": "req_1"}} | kwargs)


def test_an_added_account_has_its_defaults_and_one_key(acme):
    assert (acme.api_url, acme.colour) == ("https://api.imagekit.io", "teal")
    assert [(key.last_four, key.kind) for key in acme.api_keys.all()] == [("1111", KeyKind.READ_WRITE)]


def test_adding_records_the_account_and_the_key_but_never_the_secret(acme):
    assert [event.event for event in AuditEvent.objects.order_by("pk")] == [
        EventKind.ACCOUNT_ADDED,
        EventKind.KEY_ADDED,
    ]
    assert events(EventKind.KEY_ADDED)[0].detail["key"] == "…1111"
    assert events(EventKind.ACCOUNT_ADDED)[0].detail["url_endpoint"] == "https://ik.imagekit.io/acme"


@pytest.mark.parametrize("name", ["acme", "ACME"])
def test_a_second_account_of_the_same_name_is_refused_with_the_way_out(acme, name):
    with pytest.raises(Refused, match="already an account named .* Choose another name"):
        accounts.add_account(name=name, url_endpoint="https://ik.imagekit.io/b", private_key=KEY)
    assert Account.objects.count() == 1


@pytest.mark.parametrize(
    ("changes", "sentence"),
    [
        ({"name": ""}, "1 to 60 letters"),
        ({"name": "a b"}, "1 to 60 letters"),
        ({"name": "a/../b"}, "1 to 60 letters"),
        ({"name": "acme\n"}, "1 to 60 letters"),
        ({"name": "Jobs"}, "one of medialib's own pages"),
        ({"url_endpoint": "ik.imagekit.io/acme"}, "URL endpoint is not a valid address"),
        ({"api_url": "http://api.imagekit.io"}, "API address must begin with https://"),
        ({"upload_url": "https://127.0.0.1"}, "upload address .* not a public address"),
        ({"colour": "beige"}, "colour: .*beige"),
        ({"private_key": " \n"}, "private key is empty"),
        ({"private_key": "public_abcdefgh"}, "public key"),
        ({"private_key": "private_two\nprivate_lines"}, "not a private key"),
        ({"private_key": "private_ä"}, "not a private key"),
        ({"private_key": "p" * 201}, "not a private key"),
    ],
)
def test_a_bad_value_is_refused_in_one_sentence_and_leaves_nothing(changes, sentence):
    good = {"name": "acme", "url_endpoint": "https://ik.imagekit.io/acme", "private_key": KEY}
    with pytest.raises(WrongUse, match=sentence) as refusal:
        accounts.add_account(**good | changes)
    assert changes.get("private_key", KEY) == " \n" or changes.get("private_key", KEY) not in str(refusal.value)
    assert (Account.objects.count(), ApiKey.objects.count(), AuditEvent.objects.count()) == (0, 0, 0)


def test_a_new_key_retires_the_earlier_one_and_erases_its_secret(acme):
    keys.set_key(acme, private_key=OTHER_KEY, label="spring", actor=SYSTEM)
    old, new = acme.api_keys.order_by("pk")
    assert (old.last_four, old.ciphertext, old.retired_at is not None) == ("1111", "", True)
    assert (new.last_four, new.label, new.retired_at) == ("2222", "spring", None)
    assert [event.detail["key"] for event in events(EventKind.KEY_RETIRED)] == ["…1111"]


def test_a_read_only_key_stands_beside_the_one_that_deletes_and_reads_in_its_place(acme):
    keys.set_key(acme, private_key=OTHER_KEY, kind=KeyKind.READ_ONLY, actor=SYSTEM)
    best = {purpose: acme.api_keys.all().for_purpose(purpose).first().last_four for purpose in KeyPurpose}
    assert best == {KeyPurpose.READ: "2222", KeyPurpose.DELETE: "1111"}


def test_a_short_key_shows_nothing_of_itself(acme):
    key = keys.set_key(acme, private_key="short_key", actor=SYSTEM)
    assert str(key) == "…"


def test_a_change_is_recorded_with_old_and_new_values_and_who_did_it(acme, django_user_model):
    kim = django_user_model.objects.create(username="kim")
    acme.colour, acme.protected_folders = "pink", "/brand"
    accounts.change_account(acme, actor=Actor.person(kim, address="192.0.2.7"))
    (event,) = events(EventKind.ACCOUNT_CHANGED)
    assert event.detail["changed"] == {
        "colour": {"from": "teal", "to": "pink"},
        "protected_folders": {"from": "", "to": "/brand"},
    }
    assert (event.actor_name, event.address) == ("kim", "192.0.2.7")


def test_saving_an_account_unchanged_records_nothing(acme):
    assert accounts.change_account(acme, actor=SYSTEM) == {}
    assert events(EventKind.ACCOUNT_CHANGED) == []


@responses.activate
def test_the_client_speaks_with_the_decrypted_key(acme):
    answer()
    with keys.client_for(acme) as client:
        client.list_files(limit=1)
    sent = responses.calls[0].request.headers["Authorization"]
    assert base64.b64decode(sent.removeprefix("Basic ")) == f"{KEY}:".encode()


def test_a_use_is_noted_at_most_once_a_minute(acme):
    keys.client_for(acme).close()
    first = acme.api_keys.get().last_used_at
    keys.client_for(acme).close()
    assert acme.api_keys.get().last_used_at == first
    ApiKey.objects.update(last_used_at=now() - timedelta(seconds=61))
    keys.client_for(acme).close()
    assert acme.api_keys.get().last_used_at > first


def test_without_a_key_there_is_no_client(acme):
    acme.api_keys.all().delete()
    with pytest.raises(Refused, match="has no private key"):
        keys.client_for(acme)


def test_an_address_that_is_no_longer_allowed_gets_no_key(acme):
    Account.objects.update(api_url="http://127.0.0.1:8010")
    acme.refresh_from_db()
    with pytest.raises(WrongUse, match="must begin with https://"):
        keys.client_for(acme)


def test_a_name_that_now_leads_into_a_private_network_gets_no_key(acme, monkeypatch):
    monkeypatch.setattr("medialib.services.accounts.addresses._look_up", lambda host: {"169.254.169.254"})
    with pytest.raises(Refused, match="leads into a private network"):
        keys.client_for(acme)


@responses.activate
def test_a_check_says_how_many_files_it_saw_and_is_recorded(acme):
    answer()
    check = accounts.check_account(acme)
    assert (check.is_ok, check.files_seen, check.request_id) == (True, 0, "req_1")
    assert events(EventKind.KEY_CHECKED)[0].detail["is_ok"] is True


@responses.activate
def test_a_refused_key_is_an_answer_in_words(acme):
    answer(status=403, json={"message": "Your account cannot be authenticated."})
    check = accounts.check_account(acme)
    assert not check.is_ok
    assert check.request_id == "req_1"
    assert KEY not in check.message
    assert events(EventKind.KEY_CHECKED)[0].detail["is_ok"] is False


def test_a_check_without_a_fitting_encryption_key_fails_closed(acme, settings):
    settings.FIELD_ENCRYPTION_KEYS = [Fernet.generate_key().decode()]
    check = accounts.check_account(acme)
    assert not check.is_ok
    assert "cannot be decrypted" in check.message


def test_reencryption_lets_the_old_encryption_key_go(acme, settings):
    new = Fernet.generate_key().decode()
    settings.FIELD_ENCRYPTION_KEYS = [new, *settings.FIELD_ENCRYPTION_KEYS]
    assert reencryption.reencrypt_keys() == reencryption.Reencryption(1, ())
    settings.FIELD_ENCRYPTION_KEYS = [new]
    keys.client_for(acme).close()
    assert events(EventKind.KEYS_REENCRYPTED)[0].detail == {"reencrypted": 1, "unreadable": []}


def test_reencryption_names_what_it_cannot_read_and_leaves_it(acme, settings):
    before = acme.api_keys.get().ciphertext
    settings.FIELD_ENCRYPTION_KEYS = [Fernet.generate_key().decode()]
    assert reencryption.reencrypt_keys() == reencryption.Reencryption(0, ("…1111 of acme",))
    assert acme.api_keys.get().ciphertext == before


@responses.activate
def test_the_key_is_in_no_dump_no_log_and_no_representation(acme, caplog):
    caplog.set_level(logging.DEBUG)
    answer(status=401, json={"message": "Your request does not contain private API key."})
    accounts.check_account(acme)
    dump = io.StringIO()
    call_command("dumpdata", "medialib", stdout=dump)
    client = keys.client_for(acme)
    for text in (dump.getvalue(), caplog.text, repr(client), repr(vars(acme)), str(acme.api_keys.get())):
        assert KEY not in text
        assert base64.b64encode(f"{KEY}:".encode()).decode() not in text
    client.close()
