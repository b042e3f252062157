"""What the log must hold beside the work itself: rights, weak settings, and who did it in which session."""

from __future__ import annotations

import hashlib

import pytest
from django.contrib.auth.models import Group, Permission, User
from django.urls import reverse

from medialib.models import AuditEvent, EventKind
from medialib.services.audit import weak_settings
from tests import factories
from tests.conftest import prove

pytestmark = pytest.mark.django_db


def told(event):
    return [
        dict(detail)
        for detail in AuditEvent.objects.filter(event=event).order_by("pk").values_list("detail", flat=True)
    ]


@pytest.fixture
def kim():
    person = factories.user("kim", is_staff=False)
    return User.objects.get(pk=person.pk)


def test_a_new_person_is_recorded_with_what_they_are():
    User.objects.create_superuser("root", password="secret-enough-123")
    assert told(EventKind.PERSON_ADDED) == [{"person": "root", "is_staff": True, "is_superuser": True}]


def test_a_changed_person_is_recorded_with_what_changed_and_no_password(kim):
    kim.is_staff = True
    kim.set_password("another-secret-123")
    kim.save()
    changed = {"is_staff": {"from": False, "to": True}, "password": "changed"}
    assert told(EventKind.PERSON_CHANGED)[-1] == {"person": "kim", "changed": changed}


def test_a_person_saved_without_change_and_a_sign_in_are_no_change(kim, client):
    before = told(EventKind.PERSON_CHANGED)
    kim.save()
    client.force_login(kim)
    assert told(EventKind.PERSON_CHANGED) == before


def test_a_removed_person_is_recorded(kim):
    kim.delete()
    assert told(EventKind.PERSON_REMOVED) == [{"person": "kim"}]


def test_rights_given_and_taken_are_recorded_from_either_side(kim):
    deleters, may_delete = Group.objects.create(name="Night shift"), Permission.objects.get(codename="delete_files")
    kim.groups.add(deleters)
    deleters.user_set.remove(kim)
    kim.user_permissions.add(may_delete)
    kim.user_permissions.clear()
    assert told(EventKind.PERSON_CHANGED)[-4:] == [
        {"person": "kim", "groups": {"added": ["Night shift"]}},
        {"person": "kim", "groups": {"removed": ["Night shift"]}},
        {"person": "kim", "permissions": {"added": [str(may_delete)]}},
        {"person": "kim", "permissions": {"cleared": []}},
    ]


def test_rights_of_a_group_are_recorded():
    group, may_delete = Group.objects.create(name="Night shift"), Permission.objects.get(codename="delete_files")
    group.permissions.add(may_delete)
    group.delete()
    assert told(EventKind.GROUP_CHANGED) == [
        {"group": "Night shift", "permissions": {"added": [str(may_delete)]}},
        {"group": "Night shift", "removed": True},
    ]


def test_what_is_done_in_the_admin_names_the_person_who_did_it(admin_client, admin_user, kim):
    prove(admin_client, admin_user)  # Groups are rights: the admin asks for a fresh proof.
    url = reverse("admin:auth_group_add")
    may_delete = Permission.objects.get(codename="delete_files")
    assert admin_client.post(url, {"name": "Night shift", "permissions": [may_delete.pk]}).status_code == 302
    event = AuditEvent.objects.get(event=EventKind.GROUP_CHANGED)
    assert (event.actor_name, event.address) == ("admin", "127.0.0.1")


def test_an_event_of_a_page_carries_request_and_session_but_not_its_key(staff_client):
    answer = staff_client.get(reverse("medialib:audit-export"), {"format": "csv"})
    event = AuditEvent.objects.get(event=EventKind.AUDIT_EXPORTED)
    key = staff_client.session.session_key
    assert event.web_request == answer.headers["X-Request-Id"]
    assert event.session == hashlib.sha256(key.encode()).hexdigest()[:16]
    assert key not in str(vars(event))


def test_a_request_cannot_choose_its_id(client):
    answers = [client.get("/healthz", headers={"X-Request-Id": "chosen"}).headers["X-Request-Id"] for _ in range(2)]
    assert "chosen" not in answers
    assert len(set(answers)) == 2


def test_a_sign_in_carries_the_new_session(client, db):
    User.objects.create_user("sam", password="secret-enough-123", is_staff=True)
    client.post(reverse("medialib:sign-in"), {"username": "sam", "password": "secret-enough-123"})
    event = AuditEvent.objects.get(event=EventKind.SIGNED_IN)
    assert event.session == hashlib.sha256(client.session.session_key.encode()).hexdigest()[:16]


def test_weak_settings_are_recorded_once_however_many_processes_start(settings):
    settings.DEBUG, settings.IMAGEKIT_ALLOW_PRIVATE_API = True, True
    for process in ("web", "web", "worker"):
        weak_settings.record_weak_settings(process)
    assert [(detail["process"], detail["settings"][:2]) for detail in told(EventKind.SETTINGS_WEAK)] == [
        ("web", ["DEBUG is on", "IMAGEKIT_ALLOW_PRIVATE_API is on"]),
        ("worker", ["DEBUG is on", "IMAGEKIT_ALLOW_PRIVATE_API is on"]),
    ]


def test_safe_settings_say_nothing(settings):
    settings.DEBUG = settings.IMAGEKIT_ALLOW_PRIVATE_API = False
    settings.UNDO_WINDOW_S, settings.BREAKER_PERCENT, settings.IMAGEKIT_HEADROOM = 300, 5, 20
    settings.SECURE_SSL_REDIRECT = True
    weak_settings.record_weak_settings("web")
    assert told(EventKind.SETTINGS_WEAK) == []
