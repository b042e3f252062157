"""Keys and memberships in the admin: each with its button, its sentence and its limits."""

from __future__ import annotations

import pytest
from django.contrib.auth.models import Group
from django.urls import reverse

from medialib.models import ApiKey, AuditEvent, EventKind, KeyKind, Membership
from medialib.services.accounts import keys
from medialib.services.audit.log import SYSTEM
from tests import factories
from tests.conftest import SANDBOX_KEY
from tests.views.jobs import job_rows

KEYS, ADD_KEY = reverse("admin:medialib_apikey_changelist"), reverse("admin:medialib_apikey_add")
MEMBERS, ADD_MEMBER = reverse("admin:medialib_membership_changelist"), reverse("admin:medialib_membership_add")

pytestmark = pytest.mark.django_db


@pytest.fixture
def kim(sandbox_account):
    """A key manager who is a member of one account."""
    person = factories.user("kim", is_member=False)
    person.groups.add(Group.objects.get(name="Key manager"))
    factories.membership(person, sandbox_account)
    return person


@pytest.fixture
def manager(signed_in, kim):
    return signed_in(kim)


def told(answer):
    return [str(message) for message in answer.context["messages"]]


def wish(account, **fields):
    kept = {"account": account.pk, "kind": "read_write", "private_key": SANDBOX_KEY, "label": "spring"}
    return kept | {"keep_old_hours": "0"} | fields


def act(client, action, *rows):
    return client.post(KEYS, {"action": action, "_selected_action": [row.pk for row in rows]}, follow=True)


def test_a_second_key_is_stored_beside_the_first_and_shown_as_its_end(manager, sandbox_account):
    page = manager.post(ADD_KEY, wish(sandbox_account, kind="read_only"), follow=True)
    assert "is stored. Test what it may do." in told(page)[0]
    assert {key.kind for key in sandbox_account.api_keys.all().active()} == set(KeyKind)
    assert SANDBOX_KEY not in page.content.decode()


def test_a_rotation_says_that_the_new_key_was_verified_and_until_when_the_old_one_works(manager, sandbox_account):
    old = sandbox_account.api_keys.get()
    page = manager.post(ADD_KEY, wish(sandbox_account, replaces=old.pk, keep_old_hours="24"), follow=True)
    assert told(page)[0].startswith(f"New key …dbox verified, old one {old} retired at ")
    assert sandbox_account.api_keys.all().usable().count() == 2
    assert "works until" in page.content.decode()


def test_a_refused_rotation_changes_nothing_and_brings_no_key_back(manager, sandbox_account):
    old = sandbox_account.api_keys.get()
    page = manager.post(ADD_KEY, wish(sandbox_account, replaces=old.pk, private_key="private_wrong_key"), follow=True)
    assert "The new key was not taken, and the old one stays" in told(page)[0]
    assert list(ApiKey.objects.all()) == [old]
    assert "private_wrong_key" not in page.content.decode()


def test_a_key_takes_the_place_of_its_own_kind_only(manager, sandbox_account):
    old = sandbox_account.api_keys.get()
    page = manager.post(ADD_KEY, wish(sandbox_account, replaces=old.pk, kind="read_only"))
    assert "same account and kind" in page.content.decode()


def test_the_test_tells_what_a_key_may_do(manager, sandbox_account):
    page = act(manager, "test", sandbox_account.api_keys.get())
    assert told(page) == [
        "…dbox of acme: ImageKit accepts the key. The library is empty. It may read and delete.",
    ]


def test_the_test_tells_it_in_german_and_the_log_keeps_it_in_english(manager, sandbox_account):
    manager.post("/language/", {"language": "de", "next": "/"})
    page = act(manager, "test", sandbox_account.api_keys.get())
    assert told(page) == [
        "…dbox von acme: ImageKit nimmt den Schlüssel an. Die Bibliothek ist leer. Er darf lesen und löschen.",
    ]
    recorded = AuditEvent.objects.get(event=EventKind.KEY_CHECKED).detail["message"]
    assert recorded == "ImageKit accepts the key. The library is empty. It may read and delete."


def test_a_key_that_a_job_needs_is_not_retired_and_the_way_out_is_told(manager, kim, sandbox_account):
    job_rows.job(job_rows.manifest(sandbox_account, kim, 1))
    page = act(manager, "retire", sandbox_account.api_keys.get())
    assert "Add another read and write key first" in told(page)[0]
    assert sandbox_account.api_keys.all().usable().count() == 1


def test_a_retired_key_stays_as_a_row_without_its_secret(manager, sandbox_account):
    page = act(manager, "retire", sandbox_account.api_keys.get())
    assert told(page) == ["…dbox of acme is retired and its secret erased."]
    assert sandbox_account.api_keys.get().ciphertext == ""


def test_label_and_expiry_of_a_stored_key_can_be_changed_and_nothing_else(manager, sandbox_account):
    key = sandbox_account.api_keys.get()
    url = reverse("admin:medialib_apikey_change", args=[key.pk])
    forged = {"label": "autumn", "expires_at_0": "", "expires_at_1": "", "kind": "read_only", "ciphertext": "x"}
    assert manager.post(url, forged).status_code == 302
    after = ApiKey.objects.get()
    assert (after.label, after.kind, after.ciphertext) == ("autumn", KeyKind.READ_WRITE, key.ciphertext)


def test_keys_and_members_of_other_accounts_do_not_exist(manager, sandbox_account):
    beta = factories.account("beta")
    key = keys.add_key(beta, private_key=SANDBOX_KEY, actor=SYSTEM)
    foreign = factories.membership(factories.user("lee", is_member=False), beta)
    for page in (KEYS, MEMBERS, ADD_KEY, ADD_MEMBER):
        assert "beta" not in manager.get(page).content.decode()
    for name, row in (("apikey", key), ("membership", foreign)):
        url = reverse(f"admin:medialib_{name}_change", args=[row.pk])
        assert manager.get(url).headers["Location"] == reverse("admin:index")
    manager.post(ADD_KEY, wish(beta))
    assert beta.api_keys.count() == 1


def test_a_key_manager_grants_changes_and_revokes_in_the_own_account(manager, sandbox_account):
    lee = factories.user("lee", is_member=False)
    fields = {"user": lee.pk, "account": sandbox_account.pk, "may_delete": "on", "delete_paths": "/campaigns/*"}
    assert manager.post(ADD_MEMBER, fields).status_code == 302
    membership = Membership.objects.get(user=lee)
    assert (membership.may_delete, membership.delete_paths) == (True, "/campaigns/*")
    assert manager.post(reverse("admin:medialib_membership_delete", args=[membership.pk]), {"post": "yes"})
    assert not Membership.objects.filter(user=lee).exists()


def test_only_members_of_every_account_grant_every_account(manager):
    lee = factories.user("lee", is_member=False)
    page = manager.post(ADD_MEMBER, {"user": lee.pk, "account": "", "delete_paths": ""})
    assert "only members of every account can grant all of them" in page.content.decode()
    assert not Membership.objects.filter(user=lee).exists()


def test_a_folder_that_is_none_is_refused_beside_its_field(manager, sandbox_account):
    lee = factories.user("lee", is_member=False)
    fields = {"user": lee.pk, "account": sandbox_account.pk, "delete_paths": "../x"}
    assert "is not a folder" in manager.post(ADD_MEMBER, fields).content.decode()
