"""The webhook is set up with one press, by page and command, and a second press makes no second one."""

from __future__ import annotations

from dataclasses import replace as changed
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.core.cache import cache
from django.urls import reverse

from medialib.errors import Refused, WrongUse
from medialib.imagekit.client import ImageKitClient
from medialib.models import AuditEvent, EventKind, WebhookSecret
from medialib.services.sync import webhook_setup, webhooks
from medialib.services.sync.webhook_setup import EVENTS, Done, set_up
from tests import factories
from tests.conftest import prove
from tests.views.pages import page, words

pytestmark = pytest.mark.django_db
ADDRESS = "https://media.example.com/webhooks/imagekit/acme/"


def events_set() -> int:
    return AuditEvent.objects.filter(event=EventKind.ACCOUNT_CHANGED, detail__webhook_secret="set").count()


def test_asked_for_twice_there_is_one_webhook_and_one_record(sandbox, sandbox_account):
    assert [set_up(sandbox_account, address=ADDRESS) for _ in range(2)] == [Done.MADE, Done.THERE]
    (webhook,) = sandbox._webhooks.all()
    assert (webhook.endpoint, set(webhook.events), webhook.enabled) == (ADDRESS, EVENTS, True)
    assert webhook_setup._stored(sandbox_account) == webhook.secret
    assert events_set() == 1


@pytest.mark.parametrize("change", [{"enabled": False}, {"events": ["file.created"]}])
def test_one_that_is_off_or_sends_too_little_is_put_right(sandbox, sandbox_account, change):
    set_up(sandbox_account, address=ADDRESS)
    sandbox._webhooks.change(sandbox._webhooks.all()[0].id, change)
    assert set_up(sandbox_account, address=ADDRESS) == Done.CHANGED
    (webhook,) = sandbox._webhooks.all()
    assert (webhook.enabled, set(webhook.events)) == (True, EVENTS)


def test_the_secret_of_one_that_is_there_is_taken(sandbox, sandbox_account):
    set_up(sandbox_account, address=ADDRESS)
    webhooks.forget_secret(sandbox_account)
    assert set_up(sandbox_account, address=ADDRESS) == Done.THERE
    assert webhook_setup.is_listening(sandbox_account)


def test_a_secret_that_is_not_told_is_asked_for_and_nothing_made(sandbox, sandbox_account, monkeypatch):
    set_up(sandbox_account, address=ADDRESS)
    webhooks.forget_secret(sandbox_account)
    whole = ImageKitClient.webhooks
    monkeypatch.setattr(ImageKitClient, "webhooks", lambda self: [changed(each, secret="") for each in whole(self)])
    with pytest.raises(Refused, match="does not tell its secret"):
        set_up(sandbox_account, address=ADDRESS)
    assert len(sandbox._webhooks.all()) == 1


def test_a_secret_of_another_webhook_is_replaced_on_purpose_only(sandbox, sandbox_account):
    webhooks.set_secret(sandbox_account, secret="whsec_by_hand")
    with pytest.raises(Refused, match="Replace it on purpose"):
        set_up(sandbox_account, address=ADDRESS)
    assert sandbox._webhooks.all() == []
    assert set_up(sandbox_account, address=ADDRESS, replace=True) == Done.MADE
    assert webhook_setup._stored(sandbox_account) == sandbox._webhooks.all()[0].secret


def test_two_at_once_make_one(sandbox, sandbox_account):
    cache.add(f"webhook-set-up-{sandbox_account.pk}", True, 60)
    with pytest.raises(Refused, match="being set up already"):
        set_up(sandbox_account, address=ADDRESS)
    cache.clear()
    assert set_up(sandbox_account, address=ADDRESS) == Done.MADE


def test_what_imagekit_refuses_is_told_in_one_sentence_and_may_be_tried_again(sandbox, sandbox_account):
    sandbox.revoke_key()
    for _ in range(2):
        with pytest.raises(Refused, match="it can be by hand, in ImageKit's dashboard"):
            set_up(sandbox_account, address=ADDRESS)
    assert not WebhookSecret.objects.exists()


@pytest.mark.parametrize("address", ["nonsense", "https://a b/", "https://user@host/x/", "https://host/x?y=1"])
def test_a_wrong_address_is_refused_before_anything_is_asked(sandbox, sandbox_account, address):
    with pytest.raises(WrongUse):
        set_up(sandbox_account, address=address)
    assert not sandbox.calls("webhook")


def test_the_button_of_the_account_sets_it_up_once(sandbox, sandbox_account, staff_client: Any):
    account = reverse("admin:medialib_account_change", args=[sandbox_account.pk])
    button = page(staff_client.get(account)).select_one("form.webhook-set-up")
    assert "not taken in" in words(button)
    told = [words(page(staff_client.post(button["action"], follow=True)).select_one(".messagelist")) for _ in range(2)]
    assert "from now on" in told[0]
    assert "already" in told[1]
    (webhook,) = sandbox._webhooks.all()
    assert webhook.endpoint == "http://testserver/webhooks/imagekit/acme/"
    assert webhook.secret not in staff_client.get(account).content.decode()
    assert AuditEvent.objects.filter(actor_name="sam", detail__webhook_secret="set").count() == 1


def test_the_button_asks_for_a_fresh_proof_and_for_the_right(client, staff, sandbox, sandbox_account, signed_in):
    address = reverse("admin:medialib_account_webhook", args=[sandbox_account.pk])
    client.force_login(staff)
    prove(client, staff, seconds_ago=601)
    assert "next=" in client.post(address).headers["Location"]
    viewer: User = factories.user(permissions=("view_library", "delete_files"))
    assert signed_in(viewer).post(address).status_code in (403, 404)
    assert sandbox._webhooks.all() == []
