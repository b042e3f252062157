"""Somebody who may change people, groups, keys or memberships, and wants to become more than that."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from allauth.mfa.models import Authenticator
from allauth.mfa.totp.internal.auth import TOTP, generate_totp_secret
from django.contrib.auth.models import Group, Permission, User
from django.test import Client
from django.urls import reverse

from medialib.models import Membership
from tests import factories
from tests.conftest import prove

pytestmark = pytest.mark.django_db

PASSWORD = "correct horse battery staple"
ATTEMPTS: dict[str, Callable[[Client, User], object]] = {
    "changes the name": lambda client, root: client.post(page_of(root), form_of(root, username="mine")),
    "changes the email": lambda client, root: client.post(page_of(root), form_of(root, email="me@example.com")),
    "closes the account": lambda client, root: client.post(page_of(root), form_of(root) | {"is_active": ""}),
    "sets a password": lambda client, root: client.post(
        reverse("admin:auth_user_password_change", args=[root.pk]),
        {"password1": "another battery staple", "password2": "another battery staple", "usable_password": "true"},
    ),
    "removes the person": lambda client, root: client.post(page_of(root, "delete"), {"post": "yes"}),
    "removes the person from the list": lambda client, root: client.post(
        reverse("admin:auth_user_changelist"),
        {"action": "delete_selected", "_selected_action": [root.pk], "post": "yes"},
    ),
    "removes the second factor": lambda client, root: client.post(
        reverse("admin:mfa_authenticator_delete", args=[Authenticator.objects.get().pk]), {"post": "yes"}
    ),
    "removes the second factor from the list": lambda client, root: client.post(
        reverse("admin:mfa_authenticator_changelist"),
        {"action": "delete_selected", "_selected_action": [Authenticator.objects.get().pk], "post": "yes"},
    ),
}
# Pages of the admin whose names begin like those that stay open to set a factor up.
ADMIN_FACTORS = [
    "/admin/mfa/",
    "/admin/mfa/authenticator/",
    "/admin/mfa/authenticator/add/",
    "/admin/mfa/authenticator/{factor}/change/",
    "/admin/mfa/authenticator/{factor}/delete/",
    "/admin/mfa/authenticator/{factor}/history/",
]


@pytest.fixture
def root() -> User:
    person = factories.user("root", is_superuser=True)
    person.set_password(PASSWORD)
    person.save()
    Authenticator.objects.create(user=person, type=Authenticator.Type.TOTP, data={"secret": "x"})
    return person


@pytest.fixture
def helper(root: User, signed_in: Callable[[User], Client]) -> Client:
    """May change people and groups, and nothing else."""
    person = factories.user("helper")
    codenames = ["view_user", "change_user", "delete_user", "view_group", "change_group"]
    person.user_permissions.set(Permission.objects.filter(content_type__app_label="auth", codename__in=codenames))
    return signed_in(person)


def page_of(person: User, action: str = "change") -> str:
    return reverse(f"admin:auth_user_{action}", args=[person.pk])


def form_of(person: User, **changes: object) -> dict[str, object]:
    joined = {"date_joined_0": "2024-01-01", "date_joined_1": "12:00:00"}
    return {"username": person.username, "is_active": "on", "is_staff": "on", **joined, **changes}


def test_nobody_but_a_superuser_makes_a_superuser_or_gives_single_rights(helper):
    me = User.objects.get(username="helper")
    rights = list(me.user_permissions.all())
    every = Permission.objects.values_list("pk", flat=True)
    answer = helper.post(page_of(me), form_of(me, is_superuser="on", user_permissions=list(every)))
    assert answer.status_code == 302
    me.refresh_from_db()
    assert (me.is_superuser, list(me.user_permissions.all())) == (False, rights)


@pytest.mark.parametrize("name", ["Key manager", "Deleter", "Auditor"])
def test_nobody_joins_a_group_that_may_do_more(helper, name):
    me = User.objects.get(username="helper")
    answer = helper.post(page_of(me), form_of(me, groups=[Group.objects.get(name=name).pk]))
    assert (answer.status_code, me.groups.exists()) == (200, False)


def test_nobody_gives_a_group_more_than_they_have(helper):
    group = Group.objects.get(name="Viewer")
    every = list(Permission.objects.values_list("pk", flat=True))
    address = reverse("admin:auth_group_change", args=[group.pk])
    assert helper.post(address, {"name": group.name, "permissions": every}).status_code == 200
    assert [right.codename for right in group.permissions.all()] == ["view_library"]


@pytest.mark.parametrize("attempt", ATTEMPTS)
def test_a_superuser_is_out_of_reach(helper, root, attempt):
    before = User.objects.filter(pk=root.pk).values().get()
    ATTEMPTS[attempt](helper, root)
    assert User.objects.filter(pk=root.pk).values().get() == before
    assert Authenticator.objects.count() == 1


def test_a_superuser_may_do_all_of_it(root, signed_in):
    other, client = factories.user("other", is_superuser=True), signed_in(root)
    group = Group.objects.get(name="Key manager")
    assert client.post(page_of(other), form_of(other, groups=[group.pk])).status_code == 302
    other.refresh_from_db()
    assert (other.is_superuser, list(other.groups.all())) == (False, [group])


def test_groups_ask_for_a_fresh_proof(helper):
    prove(helper, User.objects.get(username="helper"), seconds_ago=601)
    group = Group.objects.get(name="Viewer")
    address = reverse("admin:auth_group_change", args=[group.pk])
    for answer in (helper.get(address), helper.post(address, {"name": "Mine", "permissions": []})):
        assert answer.headers["Location"].startswith("/you/")
    assert Group.objects.filter(name="Viewer").exists()


@pytest.fixture
def limited(signed_in: Callable[[User], Client]) -> Client:
    """A key manager who may delete in one folder only."""
    person = factories.user("kim", is_member=False)
    person.groups.add(Group.objects.get(name="Key manager"))
    factories.membership(person, factories.account("acme"), delete_paths="/campaigns/*")
    return signed_in(person)


def test_a_key_manager_cannot_lift_the_own_limit(limited):
    mine = Membership.objects.get()
    address = reverse("admin:medialib_membership_change", args=[mine.pk])
    assert limited.post(address, {"may_delete": "on", "delete_paths": ""}).status_code == 403
    kim = User.objects.get(username="kim")
    add = reverse("admin:medialib_membership_add")
    wanted = {"user": kim.pk, "account": mine.account_id, "may_delete": "on", "delete_paths": ""}
    assert limited.post(add, wanted).status_code == 200
    assert list(Membership.objects.values_list("delete_paths", flat=True)) == ["/campaigns/*"]


def test_the_rule_on_second_factors_holds_in_the_admin_too(root, signed_in, settings):
    """The admin's page of factors has a name that begins like those of the pages where one sets a factor up."""
    settings.REQUIRE_SECOND_FACTOR = True
    bare = signed_in(factories.user("bare", is_superuser=True))
    for page in ("changelist", "delete"):
        args = [Authenticator.objects.get().pk] if page == "delete" else []
        answer = bare.post(reverse(f"admin:mfa_authenticator_{page}", args=args), {"post": "yes"})
        assert answer.headers.get("Location") == "/you/second-factor/", page
    assert Authenticator.objects.count() == 1


@pytest.fixture
def victim() -> User:
    """Somebody who has a second factor."""
    person = factories.user("victim")
    TOTP.activate(person, generate_totp_secret())
    return person


@pytest.mark.parametrize("method", ["get", "post"])
@pytest.mark.parametrize("address", ADMIN_FACTORS)
def test_the_admin_of_factors_is_closed_without_a_factor_of_ones_own(signed_in, victim, settings, address, method):
    settings.REQUIRE_SECOND_FACTOR = True
    client = signed_in(factories.user("root", is_superuser=True))
    factor = Authenticator.objects.get(user=victim).pk
    answer = getattr(client, method)(address.format(factor=factor), {"post": "yes"})
    assert (answer.status_code, answer.headers["Location"]) == (302, reverse("mfa_index"))
    assert Authenticator.objects.filter(user=victim).exists()
