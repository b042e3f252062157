"""The page of protection rules: the same rules, refusals and audit events as the commands have."""

from __future__ import annotations

from typing import Any

import pytest
from django.contrib.auth.models import User
from django.test import Client

from medialib.models import Account, AuditEvent, EventKind, ProtectionKind, ProtectionRule, SavedView
from medialib.models.query.filters import AssetFilter
from medialib.models.query.orders import AssetSort
from medialib.services.accounts import protections
from medialib.services.audit.log import SYSTEM
from tests import factories
from tests.conftest import prove
from tests.views.pages import page, words

pytestmark = pytest.mark.django_db
LATE = 601  # Seconds: one more than a proof holds.


def address(account: Account) -> str:
    return f"/{account.name}/protections/"


def add(client: Client, account: Account, **fields: str) -> Any:
    return client.post(address(account), {"kind": "folder", "value": "/brand", "reason": "Brand assets"} | fields)


def rows(client: Client, account: Account) -> list[str]:
    return [words(row) for row in page(client.get(address(account))).select("tbody tr")]


@pytest.fixture(autouse=True)
def files(account: Account) -> None:
    factories.asset(account, "/brand/logo.svg", tags=["keep"], size_bytes=5_000_000, custom_metadata={"use": "active"})
    factories.asset(account, "/old/a.jpg")


def test_the_library_leads_to_it(staff_client: Client, account: Account) -> None:
    library = page(staff_client.get(f"/{account.name}/library/"))
    assert library.select_one(f'a[href="{address(account)}"]')


def test_a_rule_is_listed_with_who_why_until_when_and_how_many_files(staff_client: Client, account: Account) -> None:
    assert add(staff_client, account, until="2031-03-31").headers["Location"] == address(account)
    (row,) = rows(staff_client, account)
    assert all(part in row for part in ("folder /brand/", "Brand assets", "sam", "2031")), row
    assert words(page(staff_client.get(address(account))).select_one("tbody .cell-number")) == "1"
    event = AuditEvent.objects.get(event=EventKind.PROTECTION_ADDED)
    assert (event.actor_name, event.reason) == ("sam", "Brand assets")


@pytest.mark.parametrize(
    ("fields", "count"),
    [
        ({"kind": "pattern", "value": "*.svg"}, 1),
        ({"kind": "tag", "value": "keep"}, 1),
        ({"kind": "younger", "value": "30d"}, 0),
        ({"kind": "larger", "value": "1MB"}, 1),
        ({"kind": "metadata", "value": "use=active"}, 1),
        ({"kind": "files", "value": "", "listed": "/old/a.jpg\n/brand/logo.svg"}, 2),
        ({"kind": "view", "value": "", "view": "logos"}, 1),
    ],
)
def test_each_kind_of_rule_can_be_added(staff_client, staff, account, fields, count) -> None:
    stored = AssetFilter.from_query({"tag": "keep"}).as_json()
    SavedView.objects.create(account=account, owner=staff, name="logos", filter=stored, sort=AssetSort.NEWEST.value)
    answer = add(staff_client, account, **fields)
    assert answer.status_code == 302, words(page(answer).select_one("#add-rule"))
    rule = ProtectionRule.objects.get()
    assert (rule.kind, protections.file_count(rule)) == (fields["kind"], count)


@pytest.mark.parametrize(
    ("fields", "sentence"),
    [
        ({"reason": " "}, "whoever meets the rule later"),
        ({"value": ""}, "Fill this in"),
        ({"kind": "files", "value": "x"}, "Fill this in"),
        ({"kind": "view", "view": "of nobody"}, "of nobody"),
        ({"kind": "younger", "value": "soon"}, "is not an age"),
        ({"kind": "metadata", "value": "use"}, "NAME=VALUE"),
        ({"kind": "files", "listed": "/nowhere.jpg"}, "names no file"),
        ({"until": "2020-01-01"}, "lies in the future"),
        ({"until": "soon"}, "is no date"),
    ],
)
def test_what_cannot_be_a_rule_is_refused_and_what_was_typed_is_kept(staff_client, account, fields, sentence) -> None:
    answer = add(staff_client, account, **fields)
    assert (answer.status_code, ProtectionRule.objects.count()) == (422, 0)
    assert sentence in words(page(answer).select_one("#add-rule"))
    assert fields.get("reason") == " " or "Brand assets" in answer.content.decode()


def test_folders_of_the_accounts_own_list_stand_there_too_and_are_not_lifted_here(staff_client, account) -> None:
    Account.objects.filter(pk=account.pk).update(protected_folders="/old")
    (row,) = rows(staff_client, account)
    assert "folder /old" in row
    assert "own list" in row
    assert not page(staff_client.get(address(account))).select("tbody a")


def test_lifting_asks_for_a_reason_and_is_audited(staff_client: Client, account: Account) -> None:
    add(staff_client, account)
    rule = ProtectionRule.objects.get()
    lift = f"{address(account)}{rule.pk}/lift/"
    assert page(staff_client.get(address(account))).select_one(f'a[href="{lift}"]')
    assert staff_client.post(lift, {"reason": " "}).status_code == 422
    assert staff_client.post(lift, {"reason": "Case closed"}).headers["Location"] == address(account)
    assert AuditEvent.objects.get(event=EventKind.PROTECTION_LIFTED).reason == "Case closed"
    assert rows(staff_client, account) == []
    assert staff_client.post(lift, {"reason": "again"}).status_code == 404


def held(account: Account) -> ProtectionRule:
    ids = list(account.assets.values_list("file_id", flat=True))
    return protections.add_rule(account, kind=ProtectionKind.FILES, file_ids=ids, reason="Case 12", actor=SYSTEM)


def test_lifting_a_hold_asks_for_a_fresh_proof_and_keeps_the_reason(
    client: Client, staff: User, account: Account
) -> None:
    rule = held(account)
    lift = f"{address(account)}{rule.pk}/lift/"
    client.force_login(staff)
    prove(client, staff, seconds_ago=LATE)
    asked = client.post(lift, {"reason": "Case closed"})
    assert "next=" in asked.headers["Location"]
    assert ProtectionRule.objects.get().lifted_at is None
    prove(client, staff)
    assert words(page(client.get(lift)).select_one("textarea[name=reason]")) == "Case closed"
    client.post(lift, {"reason": "Case closed"})
    assert ProtectionRule.objects.get().lift_reason == "Case closed"


def test_who_may_delete_adds_but_does_not_lift_and_who_keeps_keys_lifts_but_does_not_add(signed_in, account) -> None:
    deleter = factories.user(permissions=("view_library", "delete_files"))
    keeper = factories.user(permissions=("view_library", "manage_keys"))
    client = signed_in(deleter)
    assert add(client, account).status_code == 302
    rule = ProtectionRule.objects.get()
    assert not page(client.get(address(account))).select("tbody a")
    assert client.post(f"{address(account)}{rule.pk}/lift/", {"reason": "x"}).status_code == 403
    client = signed_in(keeper)
    assert not page(client.get(address(account))).select("#add-rule")
    assert add(client, account).status_code == 403
    assert client.post(f"{address(account)}{rule.pk}/lift/", {"reason": "x"}).status_code == 302


def test_a_rule_of_another_account_is_not_lifted_here(staff_client: Client, account: Account) -> None:
    other = factories.protection(factories.account())
    assert staff_client.post(f"{address(account)}{other.pk}/lift/", {"reason": "x"}).status_code == 404


def test_rules_without_end_are_refused(staff_client: Client, account: Account, monkeypatch) -> None:
    monkeypatch.setattr(protections, "MAX_RULES", 1)
    assert add(staff_client, account).status_code == 302
    assert "1 rules already" in words(page(add(staff_client, account, value="/more")))
    assert ProtectionRule.objects.count() == 1
