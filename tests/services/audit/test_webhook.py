"""The webhook: signed as the standard says, in order, none lost and none sent by two workers at once."""

from __future__ import annotations

import json
from datetime import timedelta
from typing import Any

import pytest
import requests
import responses
from standardwebhooks import Webhook

from config import env
from medialib.models import AuditCursor, AuditEvent
from medialib.services.audit import sending
from medialib.services.audit import webhook as audit_webhook
from medialib.services.audit.seal import sealing
from medialib.services.base.clock import shared_now
from tests.services.audit.conftest import record

pytestmark = pytest.mark.django_db
URL = "https://collector.example.com/audit"
SECRET = "whsec_" + "c2VjcmV0c2VjcmV0c2VjcmV0c2VjcmV0"


@pytest.fixture(autouse=True)
def webhook(settings: Any) -> Any:
    settings.AUDIT_WEBHOOK_URL, settings.AUDIT_WEBHOOK_SECRET = URL, SECRET
    AuditCursor.objects.create(name=audit_webhook.CURSOR)
    with responses.RequestsMock(assert_all_requests_are_fired=False) as mock:
        yield mock


def deliver(owner: str = "one") -> int:
    with requests.Session() as session:
        return audit_webhook.deliver_due(owner, session=session)


def sent(mock: Any) -> list[int]:
    bodies = [json.loads(call.request.body) for call in mock.calls]
    return [event["sequence"] for body in bodies for event in body["data"]["events"]]


def over_the_wait() -> None:
    AuditCursor.objects.update(lease_until=shared_now() - timedelta(seconds=1))


def test_each_sealed_event_is_sent_once_and_in_order(sealed, webhook):
    webhook.post(URL, status=204)
    record()  # Not sealed yet.
    assert (deliver(), deliver()) == (3, 0)
    assert sent(webhook) == sealed


def test_a_receiver_can_verify_it_by_the_standard(sealed, webhook):
    webhook.post(URL, status=200)
    deliver()
    for call in webhook.calls:
        body = Webhook(SECRET).verify(call.request.body, dict(call.request.headers))
        assert body["type"] == "medialib.audit"


@pytest.mark.parametrize("answer", [500, 404, 302, requests.ConnectionError(), requests.ReadTimeout()])
def test_what_is_not_taken_is_sent_again_as_the_same_message(sealed, webhook, answer):
    bad = {"body": answer} if isinstance(answer, Exception) else {"status": answer}
    webhook.post(URL, **bad)
    assert (deliver(), deliver()) == (0, 0)  # The second time it waits.
    assert len(webhook.calls) == 1
    webhook.replace(responses.POST, URL, status=200)
    record()
    sealing.seal_all()
    over_the_wait()
    assert deliver() == 4
    ids = [call.request.headers["webhook-id"] for call in webhook.calls]
    assert ids[0] == ids[1]
    assert sent(webhook)[4:] == list(AuditEvent.objects.order_by("pk").values_list("pk", flat=True))


def test_waits_grow_with_each_failure_and_end_with_a_success(sealed, webhook):
    webhook.post(URL, status=503)
    waits = []
    for _ in range(9):
        deliver()
        waits.append((AuditCursor.objects.get().lease_until - shared_now()).total_seconds())
        over_the_wait()
    assert [round(wait, -1) for wait in waits[:4]] == [0, 10, 20, 40]
    assert waits[-1] <= sending.LONGEST_WAIT_S
    webhook.replace(responses.POST, URL, status=200)
    deliver()
    assert AuditCursor.objects.values_list("failures", "error").get() == (0, "")


def test_two_workers_do_not_send_the_same(sealed, webhook):
    webhook.post(URL, status=200)
    AuditCursor.objects.update(lease_owner="other", lease_until=shared_now() + timedelta(seconds=60))
    assert deliver() == 0
    over_the_wait()  # The other one died.
    assert deliver() == 3


def test_it_begins_with_what_is_sealed_after_it_was_set_up(sealed, webhook):
    AuditCursor.objects.all().delete()
    webhook.post(URL, status=200)
    assert deliver() == 0
    newest = record().pk
    sealing.seal_all()
    assert deliver() == 1
    assert sent(webhook) == [newest]


def test_a_receiver_sees_that_the_place_was_moved_on(sealed, webhook):
    webhook.post(URL, status=204)
    deliver()
    for number in range(20, 24):
        record(number)
    sealing.seal_all()
    AuditCursor.objects.update(event_id=sealed[-1] + 2)  # By somebody who administers the database.
    deliver()
    told = [json.loads(call.request.body)["data"] for call in webhook.calls]
    follows = [message["first_position"] + len(message["events"]) for message in told]
    assert ([message["first_position"] for message in told], follows) == ([1, 5, 9, 15], [5, 9, 13, 17])


def test_nothing_is_sent_where_no_address_is_set(sealed, webhook, settings):
    settings.AUDIT_WEBHOOK_URL = ""
    assert deliver() == 0


@pytest.mark.parametrize(
    ("variables", "name"),
    [
        ({"AUDIT_WEBHOOK_URL": "ftp://x"}, "AUDIT_WEBHOOK_URL"),
        ({"AUDIT_WEBHOOK_URL": URL}, "AUDIT_WEBHOOK_SECRET"),
        ({"AUDIT_SIGNING_KEY": "short"}, "AUDIT_SIGNING_KEY"),
    ],
)
def test_settings_that_cannot_work_stop_the_start(tmp_path, variables, name):
    with pytest.raises(env.BadSetting, match=f"^{name} "):
        env.read(variables | {"MEDIALIB_DATA_DIR": str(tmp_path)})
