"""Django's admin: who may do what, and that a key goes in and never comes out."""

from __future__ import annotations

import pytest
import responses
from cryptography.fernet import Fernet
from django.contrib.admin.models import LogEntry
from django.contrib.auth.models import Group
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils.timezone import now

from medialib.models import Account, AuditEvent, EventKind, SyncRun
from medialib.services.accounts import accounts
from medialib.services.audit import log
from tests import factories

KEY, OTHER_KEY = "private_first_abcdefgh1111", "private_other_abcdefgh2222"
ACCOUNTS, ADD = reverse("admin:medialib_account_changelist"), reverse("admin:medialib_account_add")
PAGES = {
    "account": ACCOUNTS,
    "audit": reverse("admin:medialib_auditevent_changelist"),
    "jobs": reverse("admin:medialib_deletionjob_changelist"),
    "syncs": reverse("admin:medialib_syncrun_changelist"),
}
FORM = {
    "name": "acme",
    "colour": "teal",
    "limit_files": "1000",
    "limit_percent": "5",
    "url_endpoint": "https://ik.imagekit.io/acme",
    "api_url": "https://api.imagekit.io",
    "upload_url": "https://upload.imagekit.io",
    "private_key": KEY,
    "key_label": "first",
    "looks_before_delete": "on",
    "api_keys-TOTAL_FORMS": "0",
    "api_keys-INITIAL_FORMS": "0",
}

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def strict(settings, monkeypatch):
    settings.IMAGEKIT_ALLOW_PRIVATE_API = False
    monkeypatch.setattr("medialib.services.accounts.addresses._look_up", lambda host: set())


@pytest.fixture
def key_manager(signed_in):
    person = factories.user("kim")
    person.groups.add(Group.objects.get(name="Key manager"))
    return signed_in(person)


@pytest.fixture
def superuser(signed_in):
    return signed_in(factories.user("root", is_superuser=True))


@pytest.fixture
def acme():
    return accounts.add_account(name="acme", url_endpoint="https://ik.imagekit.io/acme", private_key=KEY)


def change_url(account):
    return reverse("admin:medialib_account_change", args=[account.pk])


@pytest.mark.parametrize(
    ("group", "open_pages"),
    [
        ("Viewer", {"jobs", "syncs"}),
        ("Deleter", {"jobs", "syncs"}),
        ("Auditor", {"jobs", "syncs", "audit"}),
        ("Approver", {"jobs", "syncs", "audit"}),
        ("Key manager", {"jobs", "syncs", "account"}),
    ],
)
def test_each_group_opens_its_own_pages_and_no_other(signed_in, group, open_pages):
    person = factories.user()
    person.groups.add(Group.objects.get(name=group))
    client = signed_in(person)
    assert {name for name, url in PAGES.items() if client.get(url).status_code == 200} == open_pages
    assert (client.get(ADD).status_code == 200) is (group == "Key manager")


def test_a_key_manager_who_is_not_staff_stays_outside(client):
    client.force_login(factories.user(is_staff=False, permissions=("manage_keys",)))
    assert client.get(ACCOUNTS).status_code == 302


def test_an_account_added_here_is_audited_like_one_of_the_command_line(key_manager):
    answer = key_manager.post(ADD, FORM | {"headroom_percent": "30", "protected_folders": "/brand"})
    assert answer.status_code == 302
    account = Account.objects.get(name="acme")
    assert (account.headroom_percent, account.protected_folders) == (30, "/brand")
    recorded = AuditEvent.objects.filter(account=account).values_list("event", "actor_name", "address")
    assert set(recorded) == {("account.added", "kim", "127.0.0.1"), ("key.added", "kim", "127.0.0.1")}


def test_looks_are_turned_off_with_a_reason_in_the_log_and_not_without_one(key_manager):
    key_manager.post(ADD, FORM)
    account = Account.objects.get(name="acme")
    blind = {name: value for name, value in FORM.items() if name != "looks_before_delete"} | {"private_key": ""}
    assert "Say why this account" in key_manager.post(change_url(account), blind).content.decode()
    account.refresh_from_db()
    assert account.looks_before_delete
    key_manager.post(change_url(account), blind | {"reason": "a read-only mirror"})
    account.refresh_from_db()
    assert not account.looks_before_delete
    event = AuditEvent.objects.get(account=account, event="account.changed")
    assert (event.reason, event.detail["changed"]["looks_before_delete"]) == (
        "a read-only mirror",
        {"from": True, "to": False},
    )


def test_the_key_is_in_no_page_and_in_no_history(key_manager):
    pages = [key_manager.post(ADD, FORM, follow=True)]
    account = Account.objects.get(name="acme")
    pages += [key_manager.post(change_url(account), FORM | {"private_key": OTHER_KEY}, follow=True)]
    pages += [key_manager.get(url) for url in (ACCOUNTS, change_url(account), reverse("admin:index"))]
    pages += [key_manager.get(reverse("admin:medialib_account_history", args=[account.pk]))]
    text = "".join(page.content.decode() for page in pages)
    text += "".join(entry.change_message for entry in LogEntry.objects.all())
    text += repr(list(AuditEvent.objects.values()))
    assert KEY not in text
    assert OTHER_KEY not in text
    assert "…2222" in text
    assert not any(key.ciphertext and key.ciphertext in text for key in account.api_keys.all())


def test_a_form_that_comes_back_with_an_error_does_not_bring_the_key_back(key_manager):
    answer = key_manager.post(ADD, FORM | {"name": "two words"})
    assert answer.status_code == 200
    assert KEY not in answer.content.decode()
    assert not Account.objects.exists()


@pytest.mark.parametrize(
    ("changes", "sentence"),
    [
        ({"private_key": ""}, "The private key is empty."),
        ({"private_key": "public_abcdefgh"}, "That is the public key."),
        ({"name": "jobs"}, "one of medialib&#x27;s own pages"),
        ({"api_url": "http://api.imagekit.io"}, "The API address must begin with https://."),
        ({"api_url": "https://127.0.0.1"}, "is not a public address."),
        ({"url_endpoint": "https://u:p@ik.imagekit.io"}, "must not contain a user name or password."),
        ({"headroom_percent": "99"}, "account_headroom_leaves_something"),
    ],
)
def test_a_bad_value_is_refused_beside_its_field(key_manager, changes, sentence):
    assert sentence in key_manager.post(ADD, FORM | changes).content.decode()
    assert not Account.objects.exists()


def test_a_name_that_is_taken_in_other_letters_is_refused(key_manager, acme):
    answer = key_manager.post(ADD, FORM | {"name": "ACME"})
    assert answer.status_code == 200
    assert "already an account named" in answer.content.decode()


def test_unusable_encryption_keys_refuse_the_form_instead_of_failing(key_manager, settings):
    settings.FIELD_ENCRYPTION_KEYS = ["broken"]
    assert "FIELD_ENCRYPTION_KEYS is empty or malformed" in key_manager.post(ADD, FORM).content.decode()


def test_a_change_keeps_the_key_and_records_old_and_new_values(key_manager, acme):
    key_manager.post(change_url(acme), FORM | {"private_key": "", "colour": "pink"})
    assert acme.api_keys.all().active().get().last_four == "1111"
    event = AuditEvent.objects.get(event=EventKind.ACCOUNT_CHANGED)
    assert (event.actor_name, event.detail) == ("kim", {"changed": {"colour": {"from": "teal", "to": "pink"}}})


def test_a_new_key_on_a_saved_account_rotates(key_manager, acme):
    key_manager.post(change_url(acme), FORM | {"private_key": OTHER_KEY})
    assert acme.api_keys.all().active().get().last_four == "2222"
    events = AuditEvent.objects.filter(actor_name="kim").values_list("event", flat=True)
    assert set(events) == {"person.signed_in", "key.retired", "key.added"}


@responses.activate
def test_the_test_of_a_connection_says_what_imagekit_answered(key_manager, acme):
    responses.add(responses.GET, "https://api.imagekit.io/v1/files", json=[])
    refused = {"message": "The URL is not valid for cache purging."}
    responses.add(responses.POST, "https://api.imagekit.io/v1/files/purge", status=400, json=refused)
    answer = key_manager.post(ACCOUNTS, {"action": "test_connection", "_selected_action": [acme.pk]}, follow=True)
    assert [str(message) for message in answer.context["messages"]] == [
        "acme: ImageKit accepts the key. The library is empty. It may read and delete."
    ]
    assert AuditEvent.objects.get(event=EventKind.KEY_CHECKED).actor_name == "kim"


def test_an_account_cannot_be_removed_not_even_by_a_superuser(superuser, acme):
    assert superuser.post(reverse("admin:medialib_account_delete", args=[acme.pk]), {"post": "yes"}).status_code == 403
    assert "delete_selected" not in superuser.get(ACCOUNTS).content.decode()


def test_keys_in_the_list_below_an_account_can_only_be_read(key_manager, acme):
    key = acme.api_keys.get()
    forged = {
        "api_keys-TOTAL_FORMS": "1",
        "api_keys-INITIAL_FORMS": "1",
        "api_keys-0-id": key.pk,
        "api_keys-0-DELETE": "on",
    }
    key_manager.post(change_url(acme), FORM | {"private_key": ""} | forged)
    assert acme.api_keys.filter(pk=key.pk).exists()


@pytest.fixture
def recorded(acme):
    """One row of each kind that may only be looked at."""
    event = log.record(EventKind.JOB_SPEED, account=acme)
    return {"auditevent": event, "syncrun": SyncRun.objects.create(account=acme, started_at=now())}


@pytest.mark.parametrize("model", ["auditevent", "syncrun"])
def test_records_are_read_only_even_for_superusers(superuser, recorded, model):
    row = recorded[model]
    page = superuser.get(reverse(f"admin:medialib_{model}_change", args=[row.pk]))
    assert page.status_code == 200
    assert 'name="_save"' not in page.content.decode()
    for address in ("change", "delete"):
        url = reverse(f"admin:medialib_{model}_{address}", args=[row.pk])
        assert superuser.post(url, {"post": "yes"}).status_code == 403
    assert superuser.get(reverse(f"admin:medialib_{model}_add")).status_code == 403
    assert superuser.get(PAGES["audit" if model == "auditevent" else "syncs"]).status_code == 200


def test_an_event_is_readable_after_all_it_names_is_gone(superuser, account):
    kim = factories.user("kim")
    event = log.record(EventKind.JOB_SPEED, actor=log.Actor.person(kim), account=account)
    kim.delete()
    account.delete()
    page = superuser.get(reverse("admin:medialib_auditevent_change", args=[event.pk]))
    assert page.status_code == 200
    assert "kim" in page.content.decode()


def test_the_list_of_events_costs_the_same_for_one_and_for_fifty(superuser):
    cost_of_one = queries_of(superuser, PAGES["audit"])
    for _ in range(49):
        log.record(EventKind.JOB_SPEED)
    assert queries_of(superuser, PAGES["audit"]) == cost_of_one


def queries_of(client, url):
    with CaptureQueriesContext(connection) as queries:
        client.get(url)
    return len(queries)


def test_the_list_of_accounts_costs_the_same_for_one_and_for_fifty(key_manager, acme):
    cost_of_one = queries_of(key_manager, ACCOUNTS)
    for number in range(49):
        accounts.add_account(name=f"acme-{number}", url_endpoint="https://ik.imagekit.io/acme", private_key=KEY)
    assert queries_of(key_manager, ACCOUNTS) == cost_of_one


def test_a_lost_encryption_key_does_not_hide_the_accounts(key_manager, acme, settings):
    settings.FIELD_ENCRYPTION_KEYS = [Fernet.generate_key().decode()]
    assert "…1111" in key_manager.get(ACCOUNTS).content.decode()


def test_events_are_found_by_a_whole_name(superuser):
    log.record(EventKind.JOB_SPEED, actor=log.Actor(name="kim"), reason="slower for kim")
    log.record(EventKind.JOB_SPEED, actor=log.Actor(name="kimberly"), reason="faster for the other")
    page = superuser.get(PAGES["audit"], {"q": "kim"}).content.decode()
    assert "slower for kim" in page
    assert "faster for the other" not in page
