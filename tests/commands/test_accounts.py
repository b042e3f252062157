"""addaccount, checkaccount, rotateencryptionkeys."""

from __future__ import annotations

import io

import pytest
import responses
from cryptography.fernet import Fernet

from medialib.models import Account, AuditEvent, EventKind

KEY = "private_first_abcdefgh1111"
ADD = ("addaccount", "acme", "--url-endpoint", "https://ik.imagekit.io/acme")
FILES_URL = "https://api.imagekit.io/v1/files"

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def strict(settings, monkeypatch):
    settings.IMAGEKIT_ALLOW_PRIVATE_API = False
    monkeypatch.delenv("IMAGEKIT_PRIVATE_KEY", raising=False)
    monkeypatch.setattr("medialib.services.accounts.addresses._look_up", lambda host: set())


def test_addaccount_takes_the_key_from_standard_input(run):
    done = run(*ADD, stdin=f"\ufeff{KEY}\r\n")
    assert done.code == 0
    assert "…1111" in done.out
    assert KEY not in done.out + done.err
    assert Account.objects.get().api_keys.get().last_four == "1111"


def test_addaccount_takes_the_key_from_the_environment_first(run, monkeypatch):
    monkeypatch.setenv("IMAGEKIT_PRIVATE_KEY", KEY)
    assert run(*ADD, stdin="private_not_this_one_9999").code == 0
    assert Account.objects.get().api_keys.get().last_four == "1111"


def test_addaccount_reports_as_json(run, settings):
    settings.IMAGEKIT_API_HOSTS = ["api.example.com", "upload.imagekit.io"]
    done = run(*ADD, "--colour", "pink", "--api-url", "https://api.example.com/", "--json", stdin=KEY)
    assert done.json == {
        "account": "acme",
        "url_endpoint": "https://ik.imagekit.io/acme",
        "api_url": "https://api.example.com",
        "upload_url": "https://upload.imagekit.io",
        "colour": "pink",
        "key": "…1111",
    }


def test_addaccount_records_who_added_it(run):
    run(*ADD, stdin=KEY)
    names = set(AuditEvent.objects.values_list("actor_name", flat=True))
    assert len(names) == 1
    assert names.pop().endswith("(command line)")


class Terminal(io.StringIO):
    def isatty(self):
        return True


@pytest.mark.parametrize("stdin", [Terminal(KEY), None])
def test_addaccount_without_piped_input_says_where_the_key_comes_from(run, stdin):
    done = run(*ADD, stdin=stdin)
    assert done.code == 2
    assert "Pass the private key on standard input or in the variable IMAGEKIT_PRIVATE_KEY" in done.err


@pytest.mark.parametrize(
    ("stdin", "line"),
    [("", "Standard input is empty."), (" \n", "Standard input is empty."), ("public_abc", "That is the public key.")],
)
def test_addaccount_without_a_usable_key_is_wrong_use_and_adds_nothing(run, stdin, line):
    done = run(*ADD, stdin=stdin)
    assert done.code == 2
    assert line in done.err
    assert not Account.objects.exists()


def test_addaccount_with_binary_input_is_wrong_use(run):
    done = run(*ADD, stdin=io.TextIOWrapper(io.BytesIO(b"\xff\xfe\x00\x80"), encoding="utf-8"))
    assert done.code == 2
    assert "not text" in done.err


def test_addaccount_has_no_argument_for_the_key(run):
    assert run(*ADD, "--private-key", KEY).code == 2


def test_addaccount_refuses_a_name_twice_and_keeps_the_first(run):
    run(*ADD, stdin=KEY)
    done = run(*ADD, stdin="private_other_abcdefgh2222")
    assert done.code == 1
    assert "Choose another name, or change that one in the admin" in done.err
    assert Account.objects.get().api_keys.get().last_four == "1111"


@pytest.mark.parametrize(
    "arguments",
    [
        ("addaccount", "acme"),
        ("addaccount", "a b", "--url-endpoint", "https://ik.imagekit.io/a"),
        ("addaccount", "acme", "--url-endpoint", "nonsense"),
        (*ADD, "--api-url", "http://127.0.0.1:8010"),
        (*ADD, "--colour", "beige"),
    ],
)
def test_addaccount_with_bad_values_is_wrong_use_in_one_line(run, arguments):
    done = run(*arguments, stdin=KEY)
    assert done.code == 2
    assert done.err.count("\n") == 1
    assert not Account.objects.exists()


@pytest.fixture
def acme(run):
    run(*ADD, stdin=KEY)
    return Account.objects.get()


@responses.activate
def test_checkaccount_says_that_the_key_works(run, acme):
    responses.add(responses.GET, FILES_URL, json=[], headers={"x-ik-requestId": "req_1"})
    done = run("checkaccount", "acme")
    assert (done.code, done.out) == (
        0,
        "ImageKit accepts the key. The library is empty. Whether it may delete could not be found out.\n",
    )
    assert run("checkaccount", "acme", "--json").json == {
        "account": "acme",
        "ok": True,
        "message": "ImageKit accepts the key. The library is empty. Whether it may delete could not be found out.",
        "files_seen": 0,
        "request_id": "req_1",
    }


@responses.activate
def test_checkaccount_with_a_refused_key_ends_with_1_and_one_line(run, acme):
    responses.add(responses.GET, FILES_URL, status=403, json={"message": "Your account cannot be authenticated."})
    done = run("checkaccount", "acme", "--json")
    assert (done.code, done.json["ok"], done.err.count("\n")) == (1, False, 1)
    assert KEY not in done.out + done.err
    assert run("checkaccount", "acme").out == ""


def test_checkaccount_of_an_unknown_account_is_wrong_use(run):
    done = run("checkaccount", "nobody")
    assert (done.code, done.err) == (2, "There is no account named “nobody”.\n")


def test_rotateencryptionkeys_moves_every_key_to_the_newest(run, acme, settings):
    new = Fernet.generate_key().decode()
    settings.FIELD_ENCRYPTION_KEYS = [new, *settings.FIELD_ENCRYPTION_KEYS]
    done = run("rotateencryptionkeys", "--json")
    assert (done.code, done.json) == (0, {"reencrypted": 1, "unreadable": []})
    settings.FIELD_ENCRYPTION_KEYS = [new]
    assert run("rotateencryptionkeys").code == 0


def test_rotateencryptionkeys_that_cannot_read_a_key_ends_with_1_and_names_it(run, acme, settings):
    settings.FIELD_ENCRYPTION_KEYS = [Fernet.generate_key().decode()]
    done = run("rotateencryptionkeys")
    assert done.code == 1
    assert "…1111 of acme" in done.err
    assert AuditEvent.objects.get(event=EventKind.KEYS_REENCRYPTED).detail["unreadable"] == ["…1111 of acme"]


def test_rotateencryptionkeys_with_malformed_keys_changes_nothing(run, acme, settings):
    before = acme.api_keys.get().ciphertext
    settings.FIELD_ENCRYPTION_KEYS = ["broken"]
    assert run("rotateencryptionkeys").code == 1
    assert acme.api_keys.get().ciphertext == before
