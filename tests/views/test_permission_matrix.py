"""Every address of the product, for every group, in the own and in a foreign account.

The addresses come from the URL configuration: a new one without a rule here fails the first test below. A rule names
the permission that opens the page; that a foreign account answers 404 needs no rule, it holds for all.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import pytest
from django.contrib.auth.models import Group, User
from django.test import Client
from django.urls import URLPattern, URLResolver, get_resolver, reverse
from django.utils.timezone import now

from medialib.models import Account, EventKind, Membership, SyncRun, Worker
from medialib.services.audit import log
from tests import factories
from tests.views.jobs import job_rows

ANYBODY, NOBODY = "anybody", "nobody"  # NOBODY: only superusers.
SIGNED_IN = "signed in"
EITHER = " or "
OWNER = "the person whose row it is"
# What each group may do. "" is a member of staff who is in no group.
GROUPS = {
    "": set(),
    "Viewer": {"view_library"},
    "Deleter": {"view_library", "delete_files", "restore_files"},
    "Approver": {"view_library", "view_audit", "approve_deletions"},
    "Auditor": {"view_library", "view_audit"},
    "Key manager": {"view_library", "manage_keys", "destroy_copies"},
}
RULES = {
    "medialib:home": "view_library",
    "medialib:sign-in": ANYBODY,
    "medialib:sign-out": ANYBODY,
    "medialib:healthz": ANYBODY,
    "medialib:icons": ANYBODY,
    "medialib:readyz": ANYBODY,
    "medialib:metrics": ANYBODY,  # From this machine, or with METRICS_TOKEN.
    "medialib:webhook": ANYBODY,  # Whoever signs with the account's secret.
    "medialib:language": ANYBODY,
    "medialib:styleguide": NOBODY,  # In development only.
    "medialib:sign-in-once": NOBODY,  # In development only.
    "medialib:api-reference": "view_library",
    "medialib:tokens": "view_library",
    "medialib:token-new": "view_library",
    "medialib:token-revoke": OWNER,
    "medialib:accounts": "manage_keys",
    "medialib:account-new": "manage_keys",
    "medialib:account-settings": "manage_keys",
    "medialib:account-test": "manage_keys",
    "medialib:account-webhook": "manage_keys",
    "medialib:key-new": "manage_keys",
    "medialib:key-change": "manage_keys",
    "medialib:person-new": "manage_keys",
    "medialib:person-change": "manage_keys",
    "medialib:person-remove": "manage_keys",
    "medialib:notices": "view_library",
    "medialib:notice-change": "view_library",
    "medialib:library": "view_library",
    "medialib:library-count": "view_library",
    "medialib:preferences-change": "view_library",
    "medialib:library-folders": "view_library",
    "medialib:library-facets": "view_library",
    "medialib:saved-view-change": "view_library",
    "medialib:insight": "view_library",
    "medialib:insight-part": "view_library",
    "medialib:list-import": "view_library",
    "medialib:list-report": "view_library",
    "medialib:list-report-csv": "view_library",
    "medialib:empty-library": "delete_files",
    "medialib:protections": f"delete_files{EITHER}manage_keys",
    "medialib:protection-lift": "manage_keys",
    "medialib:selection-change": "view_library",
    "medialib:asset-panel": "view_library",
    "medialib:compare": "view_library",
    "medialib:asset-versions": "view_library",
    "medialib:sync-start": "view_library",
    "medialib:sync-accept": "delete_files",
    "medialib:sync-progress": "view_library",
    "medialib:file-history": "view_audit",
    "medialib:file-restore": "restore_files",
    "medialib:job-copies": "view_library",
    "medialib:job-restore": "restore_files",
    "medialib:copies-keep": "restore_files",
    "medialib:copies-destroy": "destroy_copies",
    "medialib:restore": "view_library",
    "medialib:restore-progress": "view_library",
    "medialib:restore-confirm": "restore_files",
    "medialib:restore-control": "restore_files",
    "medialib:restore-map": "view_library",
    "medialib:freeze": "delete_files",
    "medialib:review": "delete_files",
    "medialib:manifest-csv": "delete_files",
    "medialib:review-asked": f"delete_files{EITHER}approve_deletions",
    "medialib:confirm": "delete_files",
    "medialib:manifest-changes": "view_library",
    "medialib:job-smaller": f"delete_files{EITHER}approve_deletions",
    "medialib:jobs": "view_library",
    "medialib:job-tray": "view_library",
    "medialib:job": "view_library",
    "medialib:job-progress": "view_library",
    "medialib:job-timeline": "view_library",
    "medialib:job-exchange": "view_library",
    "medialib:job-receipt": "view_library",
    "medialib:job-receipt-json": "view_audit",
    "medialib:job-outcomes": "view_library",
    "medialib:job-control": "delete_files",
    "medialib:job-approval": "approve_deletions",
    "medialib:freeze-changed": "delete_files",
    "medialib:audit": "view_audit",
    "medialib:audit-chart": "view_audit",
    "medialib:audit-export": "view_audit",
    "medialib:audit-file": "view_audit",
    "medialib:audit-job": "view_audit",
    "medialib:audit-batch": "view_audit",
    "medialib:sign-in-again": SIGNED_IN,
    "account_login": ANYBODY,
    "account_logout": ANYBODY,
    "account_reauthenticate": SIGNED_IN,
    "account_change_password": SIGNED_IN,
    "account_set_password": ANYBODY,  # Only leads home.
    "usersessions_list": SIGNED_IN,
    "mfa_index": SIGNED_IN,
    "mfa_authenticate": ANYBODY,  # The second step of a sign-in; without the first it leads back there.
    "mfa_reauthenticate": SIGNED_IN,
    "mfa_activate_totp": SIGNED_IN,
    "mfa_deactivate_totp": SIGNED_IN,
    "mfa_view_recovery_codes": SIGNED_IN,
    "mfa_generate_recovery_codes": SIGNED_IN,
    "mfa_download_recovery_codes": SIGNED_IN,
    "mfa_list_webauthn": SIGNED_IN,
    "mfa_add_webauthn": SIGNED_IN,
    "mfa_reauthenticate_webauthn": SIGNED_IN,
    "mfa_login_webauthn": ANYBODY,
    "mfa_remove_webauthn": OWNER,
    "mfa_edit_webauthn": OWNER,
    "openid_connect_login": ANYBODY,
    "openid_connect_callback": ANYBODY,
    "socialaccount_login_cancelled": ANYBODY,
    "socialaccount_login_error": ANYBODY,
    "admin/login/": ANYBODY,
    "admin/password_change/": ANYBODY,  # Only leads to the one place for it.
    "admin:login": ANYBODY,
    "admin:logout": SIGNED_IN,
    "admin:index": SIGNED_IN,
    "admin:password_change": ANYBODY,
    "admin:password_change_done": SIGNED_IN,
    "admin:autocomplete": NOBODY,
    "admin:jsi18n": SIGNED_IN,
    "admin:view_on_site": NOBODY,
    "admin:app_list": NOBODY,
}
# Models in the admin: each of their pages that exists at all.
ADMIN_RULES = {
    "medialib_account": "manage_keys",
    "medialib_apikey": "manage_keys",
    "medialib_membership": "manage_keys",
    "medialib_deletionjob": "view_library",
    "medialib_syncrun": "view_library",
    "medialib_auditevent": "view_audit",
    "auth_user": NOBODY,
    "auth_group": NOBODY,
    "mfa_authenticator": NOBODY,
}
# Pages that the admin has and nobody may use: what they would do has no sense or is not allowed.
CLOSED = {
    *(
        f"admin:medialib_{model}_{page}"
        for model in ("deletionjob", "syncrun", "auditevent")
        for page in ("add", "delete")
    ),
    "admin:medialib_account_delete",
    "admin:medialib_apikey_delete",
    "admin:mfa_authenticator_add",
}
# Opened by tokens alone, whoever is signed in: tests/api/test_rights.py asks for each.
BY_TOKEN = "api:"
# Nameless addresses of the admin that only lead on to named ones.
FORWARDS = {"<path:object_id>/", "(?P<url>.*)$"}
POSTS = {
    "medialib:sign-out",
    "medialib:language",
    "medialib:notice-change",
    "medialib:preferences-change",
    "medialib:saved-view-change",
    "medialib:selection-change",
    "medialib:sync-start",
    "medialib:sync-accept",
    "medialib:token-revoke",
    "medialib:freeze",
    "medialib:confirm",
    "medialib:job-control",
    "medialib:job-approval",
    "medialib:freeze-changed",
    "medialib:job-smaller",
    "medialib:file-restore",
    "medialib:job-restore",
    "medialib:copies-keep",
    "medialib:copies-destroy",
    "medialib:restore-confirm",
    "medialib:restore-control",
    "medialib:account-test",
    "medialib:account-webhook",
    "medialib:key-change",
    "medialib:person-remove",
    "admin:logout",
}
# Not asked: signing out would end the walk, the others answer 404 or 403 for reasons beside rights.
UNASKED = {
    "admin:logout",
    "medialib:sign-out",
    "account_logout",
    "medialib:sign-in-again",
    "medialib:sign-in-once",
    "admin:app_list",
    "admin:view_on_site",
    "admin:autocomplete",
}


@dataclass(frozen=True)
class Address:
    name: str
    parameters: tuple[str, ...]


def addresses(resolver: URLResolver | None = None, space: str = "") -> Iterator[Address]:
    for entry in (resolver or get_resolver()).url_patterns:
        if isinstance(entry, URLResolver):
            yield from addresses(entry, f"{space}{entry.namespace}:" if entry.namespace else space)
        elif isinstance(entry, URLPattern):
            yield Address(f"{space}{entry.name}" if entry.name else str(entry.pattern), tuple(entry.pattern.converters))


ADDRESSES = {address.name: address for address in addresses()}


def admin_model(name: str) -> str:
    """The model of an admin page, as medialib_account of admin:medialib_account_change."""
    for ending in ("_password_change", "_changelist", "_change", "_add", "_delete", "_history", "_webhook"):
        if name.endswith(ending):
            return name.removeprefix("admin:").removesuffix(ending)
    return ""


def rule_of(name: str) -> str:
    if name in CLOSED:
        return "closed"
    if name in RULES:
        return RULES[name]
    return ADMIN_RULES[admin_model(name)]


def is_known(name: str) -> bool:
    return name in RULES or name in FORWARDS or admin_model(name) in ADMIN_RULES or name.startswith(BY_TOKEN)


def test_each_address_has_a_rule() -> None:
    assert {name for name in ADDRESSES if not is_known(name)} == set(), "Say above who may use these."


def test_each_rule_has_an_address() -> None:
    assert (set(RULES) | CLOSED | POSTS | UNASKED | FORWARDS) - set(ADDRESSES) == set()


class World:
    """One account with a row of each kind that an address can name, and a worker beside it."""

    def __init__(self, account: Account, person: User) -> None:
        Worker.objects.get_or_create(id="w1", defaults={"started_at": now(), "seen_at": now()})
        self.account, self.person = account, person
        frozen = job_rows.manifest(account, person, 2)
        done = job_rows.manifest(account, person, 1)
        job = job_rows.job(done)
        self.values: dict[str, Any] = {
            "account": account.name,
            "file_id": frozen.items.first().file_id,
            "manifest": frozen.pk,
            "job": job.pk,
            "restore": job_rows.restore(account).pk,
            "exchange": job_rows.exchange(job).pk,
            "action": "pause",
            "answer": "approve",
            "part": "folders",
            "difference": "all",
            "number": 0,
            "rule": factories.protection(account).pk,
            "route": factories.notice_route(person).pk,
            "report": factories.list_import(account, person).pk,
            "provider_id": "company",
            "pk": 0,
            "user": person.pk,
            "token": "x",
            "digest": "x",
            "key": factories.api_key(account).pk,
            "change": "test",
            "membership": factories.membership(factories.user(is_member=False), account).pk,
        }
        key = factories.api_key(account)
        self.rows = {
            "medialib_account": account.pk,
            "medialib_apikey": key.pk,
            "medialib_membership": factories.membership(factories.user(is_member=False), account).pk,
            "medialib_deletionjob": job.pk,
            "medialib_syncrun": SyncRun.objects.create(account=account, started_at=frozen.frozen_at).pk,
            "medialib_auditevent": log.record(EventKind.JOB_SPEED, account=account).pk,
            "auth_user": person.pk,
            "auth_group": Group.objects.first().pk,
        }

    def url(self, address: Address) -> str:
        if address.name.startswith("admin/"):
            return f"/{address.name}"
        row = self.rows.get(admin_model(address.name), 0)
        kept = self.values | {"object_id": row, "id": row}
        return reverse(address.name, kwargs={name: kept[name] for name in address.parameters})


def ask(client: Client, address: Address, world: World) -> int:
    """The status, where 401 stands for being sent to sign in."""
    method = client.post if address.name in POSTS else client.get
    answer = method(world.url(address))
    location = answer.headers.get("Location", "")
    if address.name not in ("admin/login/", "admin:login", "mfa_authenticate", "socialaccount_login_error"):
        if answer.status_code == 302 and location.startswith("/sign-in/"):
            return 401
        if answer.status_code == 302 and "/admin/login/" in location:
            return 401
        if address.name.startswith("admin:") and location == reverse("admin:index"):
            return 404  # So the admin says that a row does not exist.
    return int(answer.status_code)


def named() -> list[Address]:
    """Those to ask; one without a rule fails the test above, and only that."""
    asked = {name: address for name, address in ADDRESSES.items() if name not in UNASKED | FORWARDS}
    return [address for name, address in asked.items() if is_known(name) and not name.startswith(BY_TOKEN)]


@pytest.fixture
def person(db: None) -> User:
    return factories.user("kim", is_member=False)


@pytest.fixture
def own(person: User) -> World:
    account = factories.account("own")
    Membership.objects.create(user=person, account=account, may_delete=True)
    return World(account, person)


@pytest.fixture
def foreign(person: User) -> World:
    world = World(factories.account("foreign"), person)
    world.values["route"] = factories.notice_route(factories.user(is_member=False)).pk
    return world


def expected_status(rule: str, granted: set[str]) -> set[int]:
    if rule in (ANYBODY, SIGNED_IN):
        # 404: a second factor that the person has not set up. 401: the page that says that a provider refused.
        return {200, 302, 303, 400, 404, 405, 422} | ({401} if rule == ANYBODY else set())
    if granted.intersection(rule.split(EITHER)):
        return {200, 302, 303, 400, 405, 409, 422}  # 409: the receipt of a job that is not finished.
    return {403, 404} if rule in (NOBODY, OWNER) else {403}


@pytest.mark.parametrize("group", GROUPS)
def test_a_group_opens_its_pages_in_the_own_account_and_none_in_a_foreign_one(
    client: Client, signed_in: Any, person: User, own: World, foreign: World, group: str
) -> None:
    if group:
        person.groups.add(Group.objects.get(name=group))
    signed_in(person)
    assert wrong_answers(client, named(), own, foreign, GROUPS[group]) == {}


def test_rights_hold_against_what_others_have_just_seen(
    client: Client, signed_in: Any, person: User, own: World, foreign: World
) -> None:
    """Nothing that a page kept of a superuser, or of the same person with other rights, opens anything."""
    looks = [address for address in named() if address.name not in POSTS]
    signed_in(User.objects.create_superuser("root"))
    for address in looks:
        for world in (own, foreign):
            ask(client, address, world)
    signed_in(person)
    for group, granted in GROUPS.items():
        Worker.objects.update(seen_at=now())
        person.groups.set(Group.objects.filter(name=group))
        assert (group, wrong_answers(client, looks, own, foreign, granted)) == (group, {})


def wrong_answers(
    client: Client, asked: list[Address], own: World, foreign: World, granted: set[str]
) -> dict[tuple[str, str], Any]:
    """Addresses that did not answer as this person's rights say, with what they answered and what was expected."""
    wrong = {}
    for address in asked:
        rule = rule_of(address.name)
        for world in (own, foreign) if address.parameters else (own,):
            status, wanted = ask(client, address, world), expected_status(rule, granted)
            if world is foreign and rule not in (ANYBODY, SIGNED_IN):
                wanted = {404} if 403 not in wanted else {403, 404}
            if status not in wanted:
                wrong[address.name, world.account.name] = (status, wanted)
    return wrong


def test_a_stranger_is_sent_to_sign_in_everywhere(client: Client, own: World) -> None:
    open_to_all = {name for name, rule in RULES.items() if rule == ANYBODY}
    asked = {address.name: ask(client, address, own) for address in named() if address.name not in open_to_all}
    assert {name: status for name, status in asked.items() if status != 401} == {}


def test_who_is_not_staff_opens_nothing(client: Client, own: World, person: User) -> None:
    everything = factories.user(is_staff=False, permissions=factories.EVERY_PERMISSION)
    client.force_login(everything)
    product = [address for address in named() if address.name.startswith("medialib:")]
    asked = {address.name: ask(client, address, own) for address in product if rule_of(address.name) != ANYBODY}
    assert {name: status for name, status in asked.items() if status not in (403, 404)} == {}


def test_a_superuser_opens_every_account(client: Client, signed_in: Any, own: World, foreign: World) -> None:
    signed_in(factories.user("root", is_superuser=True, is_member=False))
    mine = {"medialib:review", "medialib:manifest-csv", "medialib:confirm"}  # Only who froze a list may confirm it.
    for address in named():
        if rule_of(address.name) != "closed" and address.name not in mine:
            assert ask(client, address, foreign) in {200, 302, 303, 400, 401, 404, 405, 409, 422}, address.name
