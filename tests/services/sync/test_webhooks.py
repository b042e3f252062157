"""ImageKit's events: who sent them, and what they do to the index."""

from __future__ import annotations

import base64
import hmac
import json
from collections.abc import Callable
from datetime import timedelta
from hashlib import sha256
from typing import Any

import pytest
import time_machine
from django.test import Client
from django.urls import reverse
from django.utils.timezone import now

from medialib.errors import WrongUse
from medialib.models import Account, Asset, AuditEvent, LibrarySummary, Removal, WebhookReceipt, WebhookSecret
from medialib.services.accounts import reencryption
from medialib.services.library import summary
from medialib.services.sync import webhooks
from medialib.services.sync.webhook_signatures import is_signed
from tests import factories

pytestmark = pytest.mark.django_db
SECRET = "whsec_c2VjcmV0Cg=="
VECTOR = (
    b'{"id":"evt_1","type":"file.deleted","created_at":"2026-01-02T03:04:05.678Z",'
    b'"data":{"fileId":"598821f949c0a938d57563bd"}}'
)
VECTOR_AT = webhooks.now().replace(year=2026, month=1, day=2, hour=3, minute=4, second=5, microsecond=0)
Send = Callable[..., Any]


@pytest.fixture
def send(account: Account, client: Client) -> Send:
    """Send an event as ImageKit does; `secret` and `at` may be wrong."""
    webhooks.set_secret(account, secret=SECRET)
    numbers = iter(range(1, 100))

    def post(kind: str, data: dict[str, Any], *, event_id: str = "", secret: str = SECRET, age_s: int = 0) -> Any:
        body = json.dumps({"id": event_id or f"evt_{next(numbers)}", "type": kind, "data": data}).encode()
        headers = signed(body, secret=secret.encode(), stamp=int(now().timestamp()) - age_s)
        return client.post(reverse("medialib:webhook", args=[account.name]), body, "application/json", headers=headers)

    return post


def signed(body: bytes, *, secret: bytes, stamp: int) -> dict[str, str]:
    digest = hmac.new(secret, f"msg_1.{stamp}.".encode() + body, sha256).digest()
    return {
        "webhook-id": "msg_1",
        "webhook-timestamp": str(stamp),
        "webhook-signature": f"v1,AAAA v1,{base64.b64encode(digest).decode()}",
    }


def remote(file_id: str = "f1", **fields: Any) -> dict[str, Any]:
    plain = {"type": "file", "fileId": file_id, "name": "a.jpg", "filePath": "/new/a.jpg", "size": 7}
    return plain | {"createdAt": "2026-01-01T00:00:00Z", "updatedAt": "2026-01-02T00:00:00Z"} | fields


@pytest.mark.parametrize(
    "headers",
    [
        {
            "webhook-id": "msg_1",
            "webhook-timestamp": "1767323045",
            "webhook-signature": "v1,q70y3D7BXEekc7ZvdTF4YLIYkzYqBG+Z8+/KZEiFwFY=",
        },
        {"x-ik-signature": "t=1767323045678,v1=4a5292ecf3d991f6cf0d10b19e3e7b9d4a53ada42bf336452d9b17892eebd78f"},
        signed(VECTOR, secret=b"secret\n", stamp=1767323045),  # The key that is encoded in the secret.
    ],
    ids=["current", "older", "decoded key"],
)
def test_each_way_in_which_imagekit_may_sign_is_known(headers: dict[str, str]) -> None:
    assert is_signed(SECRET, headers, VECTOR, at=VECTOR_AT)
    assert not is_signed(SECRET, headers, VECTOR + b" ", at=VECTOR_AT)
    assert not is_signed(SECRET + "x", headers, VECTOR, at=VECTOR_AT)
    assert not is_signed(SECRET, headers, VECTOR, at=VECTOR_AT + timedelta(minutes=6))
    assert not is_signed(SECRET, headers, VECTOR, at=VECTOR_AT - timedelta(minutes=6))


@pytest.mark.parametrize(
    "headers",
    [
        {},
        {"webhook-signature": "v1,", "webhook-id": "m", "webhook-timestamp": "1767323045"},
        {"webhook-signature": "", "webhook-id": "m", "webhook-timestamp": "1767323045"},
        {"webhook-signature": "v1,q", "webhook-timestamp": "1767323045"},
        {"webhook-signature": "v1,q", "webhook-id": "m", "webhook-timestamp": "-1"},
        {"webhook-signature": "v1,q", "webhook-id": "m", "webhook-timestamp": "9" * 400},
        {"x-ik-signature": "t=,v1="},
        {"x-ik-signature": "v1=ü"},
        {"x-ik-signature": "t=1767323045678,v1=ü"},
    ],
)
def test_a_signature_that_is_none_is_refused(headers: dict[str, str]) -> None:
    assert not is_signed(SECRET, headers, VECTOR, at=VECTOR_AT)


def test_a_new_file_is_in_the_index_at_once(send: Send, account: Account) -> None:
    assert send("file.created", remote()).status_code == 202
    assert Asset.objects.live(account).get().path == "/new/a.jpg"


def test_a_changed_file_is_changed_here(send: Send, account: Account) -> None:
    send("file.created", remote())
    send("file.updated", remote(tags=["home"], updatedAt="2026-01-03T00:00:00Z"))
    assert Asset.objects.live(account).get().tags == ["home"]


def test_an_event_that_is_late_changes_nothing(send: Send, account: Account) -> None:
    send("file.created", remote(updatedAt="2026-01-03T00:00:00Z", size=9))
    assert send("file.updated", remote(size=1)).json() == {"answer": "ignored"}
    assert Asset.objects.live(account).get().size_bytes == 9


def test_a_deleted_file_is_not_listed_any_more(send: Send, account: Account) -> None:
    asset = factories.asset(account)
    send("file.deleted", {"fileId": asset.file_id})
    asset.refresh_from_db()
    assert asset.removal == Removal.MISSING


def test_an_event_brings_nothing_back(send: Send, account: Account) -> None:
    asset = factories.asset(account, removed_at=now(), removal=Removal.DELETED)
    send("file.updated", remote(asset.file_id, updatedAt="2030-01-01T00:00:00Z"))
    assert not Asset.objects.live(account).exists()


def test_only_files_of_the_account_it_is_about_are_touched(send: Send) -> None:
    other = factories.asset(factories.account(), file_id="f1")
    send("file.deleted", {"fileId": "f1"})
    other.refresh_from_db()
    assert other.removed_at is None


def test_an_event_sent_again_changes_nothing(send: Send, account: Account) -> None:
    send("file.created", remote(), event_id="evt_same")
    Asset.objects.all().delete()
    answer = send("file.created", remote(), event_id="evt_same")
    assert (answer.status_code, answer.json()) == (202, {"answer": "repeated"})
    assert not Asset.objects.exists()


@pytest.mark.parametrize("wrong", [{"secret": "whsec_other"}, {"age_s": 301}, {"age_s": -301}])
def test_an_event_that_cannot_be_from_imagekit_is_refused(send: Send, wrong: dict[str, Any]) -> None:
    with time_machine.travel(now(), tick=False):  # Else the second may pass that makes the difference.
        assert send("file.created", remote(), **wrong).status_code == 401
    assert not Asset.objects.exists()


def test_an_account_without_a_secret_cannot_be_told_from_an_unknown_one(client: Client, account: Account) -> None:
    answers = [
        client.post(f"/webhooks/imagekit/{name}/", b"{}", "application/json") for name in (account.name, "nobody")
    ]
    assert {(answer.status_code, answer.content) for answer in answers} == {
        (401, b'{"error": "The signature does not fit."}')
    }


@pytest.mark.parametrize("kind", ["folder.created", "video.transformation.ready", "made.up"])
def test_events_of_other_kinds_are_taken_and_ignored(send: Send, kind: str) -> None:
    assert send(kind, remote()).json() == {"answer": "ignored"}
    assert not Asset.objects.exists()


@pytest.mark.parametrize("data", [{}, {"fileId": None}, {"fileId": 5}, {"fileId": "a\0b"}, {"fileId": "nobody"}])
def test_data_that_makes_no_sense_is_ignored(send: Send, data: dict[str, Any]) -> None:
    assert send("file.deleted", data).json() == {"answer": "ignored"}


@pytest.mark.parametrize(
    "body", [b"", b"[]", b"{", b'{"id":"e","type":"x"}', b'{"id":"","type":"x","data":{}}', b"\xff"]
)
def test_a_signed_body_that_is_no_event_is_refused(client: Client, send: Send, account: Account, body: bytes) -> None:
    headers = signed(body, secret=SECRET.encode(), stamp=int(now().timestamp()))
    address = reverse("medialib:webhook", args=[account.name])
    assert client.post(address, body, "application/json", headers=headers).status_code == 400


def test_a_body_beyond_measure_is_not_read(client: Client, account: Account) -> None:
    address = reverse("medialib:webhook", args=[account.name])
    assert client.post(address, b"x" * (webhooks.MOST_BYTES + 1), "application/json").status_code == 413


def test_if_it_fails_the_event_may_come_again(send: Send, account: Account, monkeypatch: pytest.MonkeyPatch) -> None:
    def stumble(*_: Any) -> None:
        raise ZeroDivisionError

    monkeypatch.setattr(webhooks, "index_file", stumble)
    with pytest.raises(ZeroDivisionError):
        send("file.created", remote(), event_id="evt_again")
    monkeypatch.undo()
    assert send("file.created", remote(), event_id="evt_again").json() == {"answer": "done"}


def test_an_event_makes_the_summary_stale(send: Send, account: Account) -> None:
    summary.rebuild(account)
    send("file.created", remote())
    assert LibrarySummary.objects.get(account=account).is_stale


def test_the_secret_is_stored_encrypted_and_its_setting_audited(account: Account) -> None:
    webhooks.set_secret(account, secret=f" {SECRET}\n")
    assert SECRET not in WebhookSecret.objects.get().ciphertext
    assert AuditEvent.objects.get().detail == {"webhook_secret": "set"}
    assert webhooks.forget_secret(account)
    assert not webhooks.forget_secret(account)


@pytest.mark.parametrize("secret", ["", " ", "two words", "x" * 301, "schlüssel", "a\0b"])
def test_what_can_be_no_secret_is_refused(account: Account, secret: str) -> None:
    with pytest.raises(WrongUse):
        webhooks.set_secret(account, secret=secret)


def test_the_secret_follows_a_new_encryption_key(send: Send, account: Account) -> None:
    before = WebhookSecret.objects.get().ciphertext
    assert reencryption.reencrypt_keys().unreadable == ()
    assert WebhookSecret.objects.get().ciphertext != before
    assert send("file.created", remote()).status_code == 202


def test_old_receipts_are_forgotten(account: Account) -> None:
    WebhookReceipt.objects.take(account, "old", at=now() - timedelta(hours=1))
    WebhookReceipt.objects.take(account, "new", at=now())
    webhooks.forget_receipts()
    assert set(WebhookReceipt.objects.values_list("event_id", flat=True)) == {"new"}
