"""From files to a job by a program: what is confirmed is what was frozen, what a page asks of a person is theirs."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.utils.timezone import now

from medialib.models import Account, AuditEvent, DeletionJob, EventKind, Item, Manifest, Selection, SelectionItem
from medialib.services.accounts import protections
from medialib.services.audit.log import SYSTEM
from medialib.services.selections import ticks
from tests import factories
from tests.api.calls import Program, kind_of
from tests.views.jobs import job_rows

pytestmark = pytest.mark.django_db

PATHS = [f"/old/{number:02}.jpg" for number in range(30)]


@pytest.fixture
def acme(db: None) -> Account:
    """Thirty old files among a hundred, of which a fifth may go at a time without a proof."""
    account = factories.account("acme", limit_percent=40, limit_files=1000)
    for path in [*PATHS, *(f"/new/{number:02}.jpg" for number in range(70))]:
        factories.asset(account, path)
    return account


def select(program: Program, **wish: Any) -> Any:
    return program.post("/accounts/acme/selections", wish or {"filter": {"folder": "/old", "subfolders": "1"}})


def freeze(program: Program, **wish: Any) -> Any:
    selection = select(program, **wish)
    return program.post(f"/selections/{selection['id']}/freeze", {"file_count": selection["file_count"]})


def wish_for(manifest: Any, **changes: Any) -> dict[str, Any]:
    return {"sha256": manifest["sha256"], "file_count": manifest["file_count"], "reason": "old"} | changes


def test_a_program_deletes_what_it_froze(program: Program, acme: Account) -> None:
    manifest = freeze(program)
    assert (manifest["file_count"], manifest["total_bytes"]) == (30, 30 * 1024)
    plan = program.get(f"/manifests/{manifest['id']}/plan")
    assert (plan["calls"], plan["needs_person"], plan["library_percent"]) == (1, False, 30.0)
    listed = program.get(f"/manifests/{manifest['id']}/items", limit=1000)["items"]
    assert sorted(each["path"] for each in listed) == PATHS
    job = program.post(f"/manifests/{manifest['id']}/confirm", wish_for(manifest))
    stored = DeletionJob.objects.get()
    assert (job["id"], job["state"], job["requested_by"], job["reason"]) == (stored.pk, "scheduled", "sam", "old")
    assert stored.manifest.sha256 == job["manifest_sha256"] == manifest["sha256"]
    confirmed = AuditEvent.objects.get(event=EventKind.JOB_CONFIRMED)
    assert (confirmed.actor_name, confirmed.session) == ("sam", program.token.mark)


def test_selected_by_a_filter_is_what_the_list_shows(program: Program, acme: Account) -> None:
    query = {"folder": "/old", "subfolders": "1", "q": "1"}
    listed = program.get("/accounts/acme/files", limit=1000, **query)["items"]
    select(program, filter=query)
    ticked = SelectionItem.objects.values_list("asset__file_id", flat=True)
    assert sorted(ticked) == sorted(each["file_id"] for each in listed)
    assert len(listed) == 12


def test_ids_that_name_nothing_are_told_and_ticks_can_be_taken_out_again(program: Program, acme: Account) -> None:
    ids = [each["file_id"] for each in program.get("/accounts/acme/files", limit=5)["items"]]
    selection = select(program, file_ids=[*ids[:2], "unknown_1"])
    assert (selection["file_count"], selection["not_found"]) == (2, ["unknown_1"])
    address = f"/selections/{selection['id']}"
    assert program.post(f"{address}/tick", {"file_ids": ids})["file_count"] == 5
    assert program.post(f"{address}/untick", {"file_ids": ids[:1]})["file_count"] == 4
    assert program.get(address)["file_count"] == 4
    assert program.ask("DELETE", address).status_code == 204
    assert program.refused("GET", address) == (404, "not-found")


def test_a_program_and_its_person_do_not_change_each_others_ticks(program: Program, acme: Account, staff: User) -> None:
    mine = ticks.selection_of(staff, acme)
    ticks.tick(mine, [acme.assets.all()[0].pk])
    theirs = select(program)
    other = Program(staff)
    assert ticks.selection_of(staff, acme) == mine
    assert ticks.summary(mine).file_count == 1
    assert other.refused("GET", f"/selections/{theirs['id']}") == (404, "not-found")
    assert program.refused("GET", f"/selections/{mine.pk}") == (404, "not-found")
    assert Selection.objects.count() == 2


@pytest.mark.parametrize(
    "wish",
    [
        {},
        {"filter": {}},
        {"filter": {"folder": ""}},
        {"filter": {"folder": "/old"}, "file_ids": ["a"]},
        {"filter": {"colour": "red"}},
        {"filter": {"after": "2024-01-01"}},
        {"filter": {"size": ["1", "2"], "kind": "nonsense"}},
        {"filter": {"where": "(("}},
        {"filter": {"q": "a\x00b"}},
        {"filter": ["folder"]},
        {"file_ids": []},
        {"file_ids": ["../etc"]},
        {"file_ids": [7]},
        {"fileids": ["a"]},
    ],
)
def test_what_is_not_understood_selects_nothing(program: Program, acme: Account, wish: Any) -> None:
    assert program.refused("POST", "/accounts/acme/selections", wish) == (422, "invalid")
    assert not Selection.objects.exists()


def test_another_number_of_files_than_was_seen_is_not_frozen(program: Program, acme: Account) -> None:
    selection = select(program)
    assert program.refused("POST", f"/selections/{selection['id']}/freeze", {"file_count": 29}) == (409, "refused")
    assert not Manifest.objects.exists()


@pytest.mark.parametrize(
    ("change", "expected"),
    [
        ({"sha256": "0" * 64}, (409, "list-changed")),
        ({"sha256": "short"}, (422, "invalid")),
        ({"file_count": 29}, (409, "list-changed")),
        ({"file_count": 0}, (422, "invalid")),
        ({"reason": ""}, (422, "invalid")),
        ({"reason": "  "}, (422, "invalid")),
        ({"reason": "a\x00"}, (422, "invalid")),
        ({"reason": "x" * 2001}, (422, "invalid")),
        ({"force": True}, (422, "invalid")),
    ],
)
def test_what_does_not_name_the_list_confirms_nothing(
    program: Program, acme: Account, change: dict[str, Any], expected: tuple[int, str]
) -> None:
    manifest = freeze(program)
    assert program.refused("POST", f"/manifests/{manifest['id']}/confirm", wish_for(manifest, **change)) == expected
    assert not DeletionJob.objects.exists()


def test_a_selection_that_changed_since_is_not_confirmed(program: Program, acme: Account) -> None:
    selection = select(program)
    manifest = program.post(f"/selections/{selection['id']}/freeze", {"file_count": 30})
    added = acme.assets.filter(path__startswith="/new/")[0].file_id
    program.post(f"/selections/{selection['id']}/tick", {"file_ids": [added]})
    refused = program.refused("POST", f"/manifests/{manifest['id']}/confirm", wish_for(manifest))
    assert refused == (409, "refused")


def test_a_list_with_other_rows_than_it_says_is_not_confirmed(program: Program, acme: Account, staff: User) -> None:
    frozen = job_rows.manifest(acme, staff, 3, library_count=1000, source={"selected": 4})
    wish = {"sha256": frozen.sha256, "file_count": 3, "reason": "old"}
    assert program.refused("POST", f"/manifests/{frozen.pk}/confirm", wish) == (409, "list-changed")


def test_an_old_list_is_not_confirmed(program: Program, acme: Account, staff: User) -> None:
    frozen = job_rows.manifest(acme, staff, 3, library_count=1000, frozen_at=now() - timedelta(days=2))
    wish = {"sha256": frozen.sha256, "file_count": 3, "reason": "old"}
    assert program.refused("POST", f"/manifests/{frozen.pk}/confirm", wish) == (409, "refused")


def needs_person(program: Program, manifest: Any) -> str:
    """The link of the refusal, after it was seen that nothing was confirmed."""
    assert program.get(f"/manifests/{manifest['id']}/plan")["needs_person"]
    answer = program.ask("POST", f"/manifests/{manifest['id']}/confirm", wish_for(manifest))
    assert kind_of(answer) == (403, "needs-person")
    link: str = answer.json()["link"]  # type: ignore[attr-defined]
    return link


@pytest.mark.parametrize("limits", [{"limit_percent": 29}, {"limit_files": 29}, {"approval_files": 30}])
def test_what_the_page_asks_a_person_for_is_confirmed_there(
    program: Program, acme: Account, limits: dict[str, int]
) -> None:
    Account.objects.update(**limits)
    manifest = freeze(program)
    assert needs_person(program, manifest) == f"http://testserver/manifests/{manifest['id']}/"
    assert not DeletionJob.objects.exists()


def test_below_the_limits_small_jobs_count_together(program: Program, acme: Account) -> None:
    ids = [each["file_id"] for each in program.get("/accounts/acme/files", limit=60)["items"]]
    first = freeze(program, file_ids=ids[:30])
    program.post(f"/manifests/{first['id']}/confirm", wish_for(first))
    needs_person(program, freeze(program, file_ids=ids[30:]))
    assert DeletionJob.objects.count() == 1


def test_all_that_was_confirmed_since_the_token_was_made_counts(staff: User, acme: Account) -> None:
    """Nobody has proved since then who it is: a token of months does not delete by spoonfuls."""
    old = Program(staff, created_at=now() - timedelta(days=60))
    ids = [each["file_id"] for each in old.get("/accounts/acme/files", limit=60)["items"]]
    first = freeze(old, file_ids=ids[:30])
    old.post(f"/manifests/{first['id']}/confirm", wish_for(first))
    DeletionJob.objects.update(created_at=now() - timedelta(days=30))
    second = freeze(old, file_ids=ids[30:])
    needs_person(old, second)
    assert not Program(staff).get(f"/manifests/{second['id']}/plan")["needs_person"]


def test_emptying_a_library_is_asked_of_a_person(program: Program, acme: Account, staff: User) -> None:
    frozen = job_rows.manifest(acme, staff, 3, source={"kind": "library"})
    needs_person(program, {"id": frozen.pk, "sha256": frozen.sha256, "file_count": 3})


def test_protected_files_are_named_in_the_plan_and_skipped(program: Program, acme: Account) -> None:
    protections.add_rule(acme, kind="pattern", value="/old/0*.jpg", reason="brand", actor=SYSTEM)
    assert select(program)["protected"] == 10
    manifest = freeze(program)
    plan = program.get(f"/manifests/{manifest['id']}/plan")
    assert plan["flags"]["protected"] == 10
    assert [(rule["reason"], rule["files"]) for rule in plan["protected_by"]] == [("brand", 10)]


def test_files_outside_the_folders_of_the_person_are_left_out(acme: Account) -> None:
    person = factories.user("kim", permissions=("view_library", "delete_files"), is_member=False)
    membership = factories.membership(person, acme, delete_paths="/old/*")
    program = Program(person)
    selection = select(program, filter={"folder": "/", "subfolders": "1"})
    manifest = program.post(f"/selections/{selection['id']}/freeze", {"file_count": 100})
    assert (manifest["file_count"], manifest["outside"]) == (30, 70)
    assert sorted(Item.objects.values_list("path", flat=True)) == PATHS
    membership.delete_paths = "/old/sub/*"
    membership.save()
    refused = program.refused("POST", f"/manifests/{manifest['id']}/confirm", wish_for(manifest))
    assert refused == (403, "right-missing")
    membership.may_delete = False
    membership.save()
    assert program.refused("POST", f"/selections/{selection['id']}/freeze", {"file_count": 100}) == (
        403,
        "right-missing",
    )


def test_a_list_that_was_confirmed_before_leads_to_its_one_job(program: Program, acme: Account) -> None:
    manifest = freeze(program)
    jobs = [program.post(f"/manifests/{manifest['id']}/confirm", wish_for(manifest))["id"] for _ in range(2)]
    assert jobs[0] == jobs[1]
    assert DeletionJob.objects.count() == 1


def test_nobody_confirms_the_list_of_somebody_else(program: Program, acme: Account) -> None:
    manifest = freeze(program)
    other = Program(factories.user("kim", permissions=factories.EVERY_PERMISSION))
    for method, path in (("GET", ""), ("GET", "/plan"), ("GET", "/items")):
        assert other.refused(method, f"/manifests/{manifest['id']}{path}") == (404, "not-found")
    wish = wish_for(manifest)
    assert other.refused("POST", f"/manifests/{manifest['id']}/confirm", wish) == (404, "not-found")


def test_a_token_has_so_many_selections_at_most(
    program: Program, acme: Account, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("medialib.services.selections.by_token.MAX_SELECTIONS", 1)
    select(program)
    wish = {"filter": {"folder": "/old"}}
    assert program.refused("POST", "/accounts/acme/selections", wish) == (409, "refused")
