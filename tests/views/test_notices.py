"""The page on which a person says where they want to be told of what."""

from __future__ import annotations

import pytest
import responses
from django.urls import reverse

from medialib.models import NoticeKind, NoticeRoute
from medialib.services.accounts import vault
from tests import factories
from tests.views.pages import page

pytestmark = pytest.mark.django_db
PAGE = "/notices/"
SLACK = "https://hooks.slack.com/services/T/B/secret"


def add(client, **more):
    return client.post(PAGE, {"channel": "slack", "address": SLACK, "kinds": ["job.paused"]} | more, follow=True)


def change(client, route, how, **data):
    return client.post(reverse("medialib:notice-change", args=[route.pk, how]), data, follow=True)


def test_a_place_is_added_and_its_address_never_shown(staff_client, staff):
    shown = add(staff_client).content.decode()
    route = NoticeRoute.objects.get()
    assert (route.user, route.kinds, route.only_mine) == (staff, [NoticeKind.JOB_PAUSED], False)
    assert vault.decrypt(route.ciphertext) == SLACK
    assert "Slack (hooks.slack.com)" in shown
    assert "secret" not in shown


def test_the_secret_of_a_webhook_is_shown_once(staff_client):
    shown = add(staff_client, channel="webhook", address="https://receiver.example.com/x?a=b")
    secret = vault.decrypt(NoticeRoute.objects.get().secret_ciphertext)
    assert secret in shown.content.decode()
    assert secret not in staff_client.get(PAGE).content.decode()


@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        ({"address": ""}, "Enter the address that takes the messages."),
        ({"address": "http:// x"}, "is not a valid address"),
        ({"kinds": []}, "Choose at least one thing"),
        ({"kinds": ["made.up"]}, "made.up"),
        ({"channel": "mail"}, "mail is not one of the available choices"),
        ({"channel": "pigeon"}, "pigeon"),
    ],
)
def test_a_wrong_entry_gets_one_sentence_and_keeps_what_was_typed(staff_client, wrong, said):
    answer = add(staff_client, **wrong)
    assert answer.status_code == 422
    assert said in page(answer).get_text()
    assert NoticeRoute.objects.count() == 0
    if "address" not in wrong:
        assert page(answer).select_one("#id_address")["value"] == SLACK


def test_what_it_tells_can_be_changed_and_it_can_be_removed(staff_client):
    add(staff_client)
    route = NoticeRoute.objects.get()
    name = f"route-{route.pk}"
    change(staff_client, route, "choose", **{f"{name}-kinds": ["key.ends"], f"{name}-only_mine": "on"})
    route.refresh_from_db()
    assert (route.kinds, route.only_mine) == (["key.ends"], True)
    assert "Choose at least one" in page(change(staff_client, route, "choose")).get_text()
    assert "Nothing goes to Slack" in page(change(staff_client, route, "remove")).get_text()
    assert NoticeRoute.objects.count() == 0


@responses.activate
def test_a_place_is_tried_at_once(staff_client, settings):
    add(staff_client)
    route = NoticeRoute.objects.get()
    responses.post(SLACK, status=200)
    assert "took a notice on trial" in page(change(staff_client, route, "test")).get_text()
    responses.replace(responses.POST, SLACK, status=404)
    said = page(change(staff_client, route, "test")).get_text()
    assert "did not take it: HTTP 404." in said
    assert "secret" not in said


def test_those_of_others_are_out_of_reach(staff_client, signed_in):
    add(staff_client)
    route = NoticeRoute.objects.get()
    other = signed_in(factories.user("eve", permissions=factories.EVERY_PERMISSION))
    for how in ("choose", "test", "remove", "made-up"):
        assert change(other, route, how).status_code == 404
    assert change(staff_client, route, "made-up").status_code == 404
    assert "hooks.slack.com" not in other.get(PAGE).content.decode()


def test_there_are_not_more_than_a_person_can_read(staff_client):
    for _ in range(10):
        add(staff_client)
    assert "10 places are enough" in page(add(staff_client)).get_text()
