"""Accounts, their keys and their people on pages of the product: what the admin does, with the same guards."""

from __future__ import annotations

from typing import Any

import pytest
from django.contrib.auth.models import Group, User
from django.test import Client

from medialib.models import Account, ApiKey, AuditEvent, Membership
from medialib.sandbox.server import Sandbox
from tests import factories
from tests.conftest import SANDBOX_KEY
from tests.views.pages import page, words

pytestmark = pytest.mark.django_db

SECRET = "private_never_shown_1234"


@pytest.fixture
def manager(signed_in: Any) -> Client:
    person = factories.user("kim")
    person.groups.add(Group.objects.get(name="Key manager"))
    client: Client = signed_in(person)
    return client


@pytest.fixture
def woken(monkeypatch: pytest.MonkeyPatch) -> list[tuple[Any, ...]]:
    calls: list[tuple[Any, ...]] = []
    monkeypatch.setattr("medialib.views.accounts.accounts.wake", lambda *args: calls.append(args))
    return calls


def filled(client: Client, address: str, index: int = -1) -> dict[str, str]:
    """What a browser would send of a form as it stands."""
    form = page(client.get(address)).select("main form")[index]
    fields = {}
    for each in form.select("input[name], textarea[name], select[name]"):
        if each.name == "select":
            chosen = each.select_one("option[selected]") or each.select_one("option")
            fields[each["name"]] = chosen["value"] if chosen else ""
        elif each.name == "textarea":
            fields[each["name"]] = each.get_text()
        elif each.get("type") != "checkbox" or each.has_attr("checked"):
            fields[each["name"]] = each.get("value", "on" if each.get("type") == "checkbox" else "")
    return fields


def events(kind: str) -> int:
    return AuditEvent.objects.filter(event=kind).count()


class TestNewAccount:
    def wish(self, sandbox: Sandbox, **fields: str) -> dict[str, str]:
        return {
            "name": "acme", "colour": "teal", "url_endpoint": sandbox.url_endpoint, "private_key": SANDBOX_KEY,
            "api_url": sandbox.api_url, "upload_url": sandbox.api_url, "limit_files": "1000", "limit_percent": "5",
            "looks_before_delete": "on", **fields,
        }  # fmt: skip

    def test_it_is_added_tried_and_synced(
        self, manager: Client, sandbox: Sandbox, settings: Any, woken: list[tuple[Any, ...]]
    ) -> None:
        settings.IMAGEKIT_ALLOW_PRIVATE_API = True
        answer = manager.post("/accounts/new/", self.wish(sandbox), follow=True)
        account = Account.objects.get()
        assert answer.request["PATH_INFO"] == "/acme/library/"
        assert "acme: " in words(page(answer).select_one(".messages"))
        assert woken == [("sync_library", account.pk)]
        assert events("account.added") == 1
        assert page(manager.get("/accounts/")).select_one("tbody th").get_text(strip=True) == "acme"

    def test_mistakes_are_marked_and_nothing_is_stored_or_shown(
        self, manager: Client, sandbox: Sandbox, settings: Any, woken: list[tuple[Any, ...]]
    ) -> None:
        settings.IMAGEKIT_ALLOW_PRIVATE_API = True
        wish = self.wish(sandbox, name="accounts", private_key=SECRET, limit_percent="many")
        answer = manager.post("/accounts/new/", wish)
        assert answer.status_code == 422
        assert len(page(answer).select(".field-error")) == 2
        assert all(part.has_attr("open") for part in page(answer).select("details.card:has(.field-error)"))
        assert SECRET not in answer.content.decode()
        assert (Account.objects.count(), woken) == (0, [])

    def test_a_stale_sign_in_is_asked_again_before_anything_is_typed(self, client: Client) -> None:
        person = factories.user("kim")
        person.groups.add(Group.objects.get(name="Key manager"))
        client.force_login(person)
        answer = client.get("/accounts/new/")
        assert answer.status_code == 302
        assert answer["Location"].endswith("next=%2Faccounts%2Fnew%2F")


class TestSettings:
    def test_a_change_is_saved_and_audited(self, manager: Client, account: Account) -> None:
        address = f"/{account.name}/settings/"
        wish = {**filled(manager, address), "limit_files": "250"}
        assert "Saved." in words(page(manager.post(address, wish, follow=True)).select_one(".messages"))
        account.refresh_from_db()
        assert (account.limit_files, events("account.changed")) == (250, 1)
        again = manager.post(address, filled(manager, address), follow=True)
        assert "Nothing was changed." in words(page(again).select_one(".messages"))
        assert events("account.changed") == 1

    def test_what_somebody_else_changed_meanwhile_is_not_taken_back(self, manager: Client, account: Account) -> None:
        address = f"/{account.name}/settings/"
        wish = {**filled(manager, address), "colour": "pink"}
        Account.objects.update(limit_files=50)
        answer = manager.post(address, wish)
        assert answer.status_code == 422
        assert "Somebody changed this account" in words(page(answer).select_one(".form-errors"))
        account.refresh_from_db()
        assert (account.limit_files, account.colour) == (50, "teal")
        manager.post(address, {**filled(manager, address), "colour": "pink"})
        account.refresh_from_db()
        assert (account.limit_files, account.colour) == (50, "pink")

    def test_doing_without_looks_needs_a_reason(self, manager: Client, account: Account) -> None:
        address = f"/{account.name}/settings/"
        wish = filled(manager, address)
        del wish["looks_before_delete"]
        answer = manager.post(address, wish)
        assert answer.status_code == 422
        assert "Say why" in words(page(answer).select_one(".field-error"))
        account.refresh_from_db()
        assert account.looks_before_delete

    def test_another_api_address_needs_the_key_anew(self, manager: Client, account: Account) -> None:
        address = f"/{account.name}/settings/"
        answer = manager.post(address, {**filled(manager, address), "api_url": "https://api.imagekit.io/v2"})
        assert "Enter the private key anew" in words(page(answer).select_one(".field-error"))

    def test_buttons_of_a_stale_sign_in_lead_back_to_the_settings(self, client: Client, account: Account) -> None:
        person = factories.user("kim")
        person.groups.add(Group.objects.get(name="Key manager"))
        client.force_login(person)
        answer = client.post(f"/{account.name}/settings/test/")
        assert answer["Location"].endswith(f"next=%2F{account.name}%2Fsettings%2F")


class TestKeys:
    def test_a_key_is_stored_tried_and_retired(
        self, manager: Client, sandbox: Sandbox, sandbox_account: Account
    ) -> None:
        address = "/acme/settings/keys/"
        wish = {**filled(manager, address), "private_key": "private_second_5678", "label": "second"}
        shown = page(manager.post(address, wish, follow=True))
        assert "…5678" in words(shown.select_one("#account-keys").find_parent("section"))
        assert "private_second" not in str(shown)
        new = ApiKey.objects.get(label="second")
        tried = manager.post(f"/acme/settings/keys/{new.pk}/test/", follow=True)
        assert "…5678" in words(page(tried).select_one(".messages"))
        manager.post(f"/acme/settings/keys/{new.pk}/retire/")
        new.refresh_from_db()
        assert not new.is_active
        assert manager.post(f"/acme/settings/keys/{new.pk}/sell/").status_code == 404

    def test_a_rotation_that_imagekit_refuses_changes_nothing(self, manager: Client, sandbox_account: Account) -> None:
        old = ApiKey.objects.get()
        wish = {**filled(manager, "/acme/settings/keys/"), "private_key": "private_wrong_9999", "replaces": str(old.pk)}
        answer = manager.post("/acme/settings/keys/", wish)
        assert answer.status_code == 422
        assert words(page(answer).select_one(".form-errors"))
        assert ApiKey.objects.get() == old

    def test_a_key_of_another_account_is_not_found_here(
        self, manager: Client, account: Account, sandbox_account: Account
    ) -> None:
        key = ApiKey.objects.get(account=sandbox_account)
        assert manager.post(f"/{account.name}/settings/keys/{key.pk}/retire/").status_code == 404
        offered = page(manager.get(f"/{account.name}/settings/keys/")).select("select[name=replaces] option")
        assert [option["value"] for option in offered] == [""]


class TestPeople:
    @pytest.fixture
    def sue(self) -> User:
        return factories.user("sue", is_member=False)

    def test_a_member_is_added_changed_and_removed(self, manager: Client, account: Account, sue: User) -> None:
        before = events("person.changed")
        address = f"/{account.name}/settings/people/"
        wish = {"user": sue.pk, "may_delete": "on", "delete_paths": "/campaigns"}
        shown = page(manager.post(address, wish, follow=True))
        row = next(row for row in shown.select("tbody tr") if "sue" in words(row))
        assert "/campaigns" in words(row)
        made = Membership.objects.get(user=sue)
        manager.post(f"{address}{made.pk}/", {"delete_paths": "/brand"})
        made.refresh_from_db()
        assert (made.may_delete, made.delete_paths) == (False, "/brand")
        manager.post(f"{address}{made.pk}/remove/")
        assert not Membership.objects.filter(user=sue).exists()
        assert events("person.changed") - before == 3

    @pytest.mark.parametrize("wish", [{"delete_paths": "no folder"}, {}])
    def test_mistakes_are_marked(self, manager: Client, account: Account, sue: User, wish: dict[str, str]) -> None:
        answer = manager.post(f"/{account.name}/settings/people/", {"user": sue.pk, **wish} if wish else {})
        assert answer.status_code == 422
        assert page(answer).select_one(".field-error")
        assert not Membership.objects.filter(user=sue).exists()

    def test_a_second_membership_is_refused(self, manager: Client, account: Account, sue: User) -> None:
        factories.membership(sue, account)
        answer = manager.post(f"/{account.name}/settings/people/", {"user": sue.pk})
        assert answer.status_code == 422
        assert Membership.objects.filter(user=sue).count() == 1

    def test_nobody_grants_themselves_more(self, signed_in: Any, account: Account) -> None:
        kim = factories.user("kim", is_member=False)
        kim.groups.add(Group.objects.get(name="Key manager"))
        own = factories.membership(kim, account, delete_paths="/brand")
        client = signed_in(kim)
        assert client.post(f"/{account.name}/settings/people/{own.pk}/", {"delete_paths": ""}).status_code == 403
        assert client.post(f"/{account.name}/settings/people/", {"user": kim.pk}).status_code == 422
        own.refresh_from_db()
        assert own.delete_paths == "/brand"

    def test_a_membership_of_every_account_is_not_changed_from_one(
        self, manager: Client, account: Account, sue: User
    ) -> None:
        everywhere = factories.membership(sue)
        for address in (f"{everywhere.pk}/", f"{everywhere.pk}/remove/"):
            assert manager.post(f"/{account.name}/settings/people/{address}").status_code == 404


def test_the_webhook_is_set_up_by_one_button(manager: Client, sandbox: Sandbox, sandbox_account: Account) -> None:
    shown = manager.post("/acme/settings/webhook/", follow=True)
    assert "ImageKit sends the library's events here from now on." in words(page(shown).select_one(".messages"))
    assert "ImageKit tells here what changes" in words(page(shown).select_one("main"))
