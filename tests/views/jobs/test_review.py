"""The review page shows what is frozen, and confirming asks more the more is at stake."""

from __future__ import annotations

import csv
from datetime import timedelta
from typing import Any

import pytest
from bs4 import BeautifulSoup
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils.timezone import now

from medialib.forms.jobs import ConfirmForm
from medialib.models import AuditEvent, DeletionJob, EventKind, Manifest, ProtectionKind
from medialib.services.accounts import protections
from medialib.services.audit.log import SYSTEM
from medialib.services.manifests import review
from medialib.services.manifests.plan import deletion_plan
from medialib.services.selections import ticks
from tests import dba, factories
from tests.conftest import prove
from tests.views.jobs import job_rows


def url_of(manifest: Manifest, name: str = "review") -> str:
    return reverse(f"medialib:{name}", args=[manifest.pk])


def soup(response: Any) -> BeautifulSoup:
    return BeautifulSoup(response.content, "html.parser")


def text(response: Any) -> str:
    return " ".join(soup(response).get_text(" ").split())


def confirmed(**fields: str) -> dict[str, str]:
    return {"reason": "Old campaign", "understood": "on", **fields}


def test_button_names_number_and_account(staff_client, staff, account):
    page = soup(staff_client.get(url_of(job_rows.manifest(account, staff, 48))))
    assert (
        page.select_one("form#confirm button[type=submit]").get_text(strip=True) == f"Delete 48 files on {account.name}"
    )


def test_focus_begins_on_the_safe_choice(staff_client, staff, account):
    page = soup(staff_client.get(url_of(job_rows.manifest(account, staff))))
    assert [element.get_text(strip=True) for element in page.select("[autofocus]")] == ["Keep all files"]


def test_breakdown_counts_folders_and_types(staff, account):
    frozen = job_rows.manifest(account, staff, ["/a/1.jpg", "/a/2.jpg", "/b/3.jpg"])
    overview = review.manifest_overview(deletion_plan(frozen))
    assert {(group.name, group.file_count) for group in overview.folders.groups} == {("/a", 2), ("/b", 1)}
    assert {(group.name, group.total_bytes) for group in overview.kinds.groups} == {("image", 3 * 1024)}


def test_breakdown_sums_what_it_does_not_list(staff, account):
    frozen = job_rows.manifest(account, staff, [f"/f{n:02}/x.jpg" for n in range(15)])
    folders = review.manifest_overview(deletion_plan(frozen)).folders
    assert (len(folders.groups), folders.other_files, folders.other_bytes) == (12, 3, 3 * 1024)


def test_files_outside_the_index_are_counted_too(staff, account):
    frozen = job_rows.manifest(account, staff)
    account.assets.all().delete()
    assert [group.name for group in review.manifest_overview(deletion_plan(frozen)).folders.groups] == [
        "not in the index"
    ]


def test_flags_name_protected_recent_changed_and_gone_files(staff, account):
    account.protected_folders = "brand"
    frozen = job_rows.manifest(
        account, staff, ["/brand/a.jpg", "/Brand/b.jpg", "/brandy/c.jpg", "/x/d.jpg", "/x/e.jpg"]
    )
    account.assets.filter(path="/x/d.jpg").update(updated_at=now())
    account.assets.filter(path="/x/e.jpg").update(removed_at=now(), removal="missing")
    with dba.without_triggers():
        frozen.items.filter(path="/brandy/c.jpg").update(file_updated_at=now() - timedelta(days=1))
    flags = review.manifest_overview(deletion_plan(frozen)).flags
    assert (flags.protected, flags.recent, flags.changed, flags.gone) == (1, 1, 1, 1)


def test_rules_that_protect_files_are_named_with_their_counts_before_anything_is_sent(staff_client, staff, account):
    frozen = job_rows.manifest(account, staff, ["/a/a.jpg", "/a/b.jpg", "/a/c.jpg"])
    account.assets.filter(path="/a/b.jpg").update(tags=["keep"])
    rule = protections.add_rule(account, kind=ProtectionKind.TAG, value="keep", reason="needed", actor=SYSTEM)
    assert review.manifest_overview(deletion_plan(frozen)).flags.protected == 1
    page = text(staff_client.get(url_of(frozen)))
    assert f"Rule {rule.pk}, tag keep: 1 file. needed" in page
    protections.lift_rule(rule, reason="over")
    assert review.manifest_overview(deletion_plan(frozen)).flags.protected == 0


def test_nothing_unusual_shows_no_warning(staff_client, staff, account):
    assert not soup(staff_client.get(url_of(job_rows.manifest(account, staff)))).select("#flags")


def test_sample_is_the_same_for_one_seed_and_drawn_from_the_list(staff, account):
    frozen = job_rows.manifest(account, staff, 30)
    first, again, other = (review.sample(frozen, seed=seed) for seed in (1, 1, 2))
    ids = [{picture.item.file_id for picture in pictures} for pictures in (first, again, other)]
    assert ids[0] == ids[1] != ids[2]
    assert len(ids[0]) == 20
    assert ids[0] | ids[2] <= set(frozen.items.values_list("file_id", flat=True))


def test_another_sample_comes_alone_for_htmx(staff_client, staff, account):
    frozen = job_rows.manifest(account, staff, 30)
    page = soup(staff_client.get(url_of(frozen), {"sample": "7"}, headers={"HX-Request": "true"}))
    assert page.find().get("id") == "sample"
    assert len(page.select("li")) == 20


def test_page_costs_the_same_queries_for_few_and_many_files(staff_client, staff, account):
    urls = [url_of(job_rows.manifest(account, staff, count)) for count in (25, 60)]
    staff_client.get(urls[0])  # What is read once only, such as content types.
    asked = []
    for url in urls:
        with CaptureQueriesContext(connection) as queries:
            staff_client.get(url)
        asked.append(len(queries))
    assert asked[0] == asked[1] <= 28


def test_manifest_csv_holds_every_file_and_no_formula(staff_client, staff, account):
    frozen = job_rows.manifest(account, staff, ["/a.jpg", "=HYPERLINK(1)", "/c.jpg"])
    body = b"".join(staff_client.get(url_of(frozen, "manifest-csv")).streaming_content).decode()
    rows = list(csv.DictReader(body.splitlines()))
    assert {row["file_id"] for row in rows} == set(frozen.items.values_list("file_id", flat=True))
    assert rows[1]["path"] == "'=HYPERLINK(1)"


@pytest.mark.parametrize("name", ["review", "manifest-csv", "confirm"])
def test_list_of_somebody_else_does_not_exist(staff_client, account, name):
    url = url_of(job_rows.manifest(account, factories.user()), name)
    answer = staff_client.post(url, confirmed()) if name == "confirm" else staff_client.get(url)
    assert answer.status_code == 404
    assert not DeletionJob.objects.exists()


@pytest.mark.parametrize("permissions", [(), ("view_library", "view_audit")])
def test_who_may_not_delete_is_refused(client, account, permissions):
    person = factories.user(permissions=permissions)
    frozen = job_rows.manifest(account, person)
    client.force_login(person)
    assert {client.get(url_of(frozen)).status_code, client.post(url_of(frozen, "confirm")).status_code} == {403}


def test_confirming_opens_the_job_and_leads_to_it(staff_client, staff, account):
    frozen = job_rows.manifest(account, staff)
    answer = staff_client.post(url_of(frozen, "confirm"), confirmed(), REMOTE_ADDR="192.0.2.7")
    job = DeletionJob.objects.get(manifest=frozen)
    assert answer["Location"] == reverse("medialib:job", args=[job.pk])
    event = AuditEvent.objects.get(event=EventKind.JOB_CONFIRMED)
    assert (event.job_id, event.actor_name, event.address, event.reason) == (job.pk, "sam", "192.0.2.7", "Old campaign")


def test_second_submit_lands_on_the_same_job(staff_client, staff, account):
    frozen = job_rows.manifest(account, staff)
    answers = [staff_client.post(url_of(frozen, "confirm"), confirmed()) for _ in range(2)]
    assert answers[0]["Location"] == answers[1]["Location"]
    assert DeletionJob.objects.count() == 1


def test_confirmed_list_is_not_reviewed_again(staff_client, staff, account):
    frozen = job_rows.manifest(account, staff)
    job = job_rows.job(frozen)
    assert staff_client.get(url_of(frozen))["Location"] == reverse("medialib:job", args=[job.pk])


@pytest.mark.parametrize("missing", ["reason", "understood"])
def test_reason_and_tick_are_needed_and_input_is_kept(staff_client, staff, account, missing):
    frozen = job_rows.manifest(account, staff)
    data = confirmed(reason="Kept words") | {missing: ""}
    answer = staff_client.post(url_of(frozen, "confirm"), data)
    assert answer.status_code == 422
    assert not DeletionJob.objects.exists()
    assert soup(answer).select_one(f"#id_{missing}")["aria-invalid"] == "true"
    assert missing == "reason" or "Kept words" in answer.content.decode()


def test_blank_reason_is_no_reason(staff_client, staff, account):
    frozen = job_rows.manifest(account, staff)
    assert staff_client.post(url_of(frozen, "confirm"), confirmed(reason=" \n ")).status_code == 422


@pytest.mark.parametrize(
    ("count", "library", "must_type"),
    [(1000, 10**6, False), (1001, 10**6, True), (50, 1000, False), (51, 1000, True), (10, 10, False), (11, 11, True)],
)
def test_number_is_typed_for_many_files_or_a_large_share(account, count, library, must_type):
    plan = deletion_plan(Manifest(account=account, file_count=count, library_count=library))
    assert plan.must_type_number is must_type


@pytest.mark.parametrize(
    ("typed", "status"), [("60", 302), (" 60 ", 302), ("70", 422), ("", 422), ("sixty", 422), ("-60", 422)]
)
def test_only_the_exact_number_confirms(staff_client, staff, account, typed, status):
    frozen = job_rows.manifest(account, staff, 60, library_count=1000)
    answer = staff_client.post(url_of(frozen, "confirm"), {"reason": "Old campaign", "typed_count": typed})
    assert (answer.status_code, DeletionJob.objects.exists()) == (status, status == 302)


def test_what_was_confirmed_since_the_last_proof_asks_for_the_number_until_the_person_proves_it(client, staff, account):
    account.limit_files = 5
    account.save()
    two_days_ago = job_rows.job(job_rows.manifest(account, staff, 8), created_at=now() - timedelta(days=2))
    client.force_login(staff)
    prove(client, staff, seconds_ago=3 * 24 * 3600)
    frozen = job_rows.manifest(account, staff, 4)
    page = client.get(url_of(frozen))
    assert soup(page).select_one("#id_typed_count")
    assert "Counted together with 8 files that you confirmed" in text(page)
    assert client.post(url_of(frozen, "confirm"), confirmed()).status_code == 422
    answer = client.post(url_of(frozen, "confirm"), {"reason": "Old campaign", "typed_count": "4"})
    assert answer["Location"].startswith("/you/confirm/")
    prove(client, staff)
    assert soup(client.get(url_of(frozen))).select_one("#id_understood")
    assert client.post(url_of(frozen, "confirm"), confirmed()).status_code == 302
    assert set(DeletionJob.objects.exclude(pk=two_days_ago.pk).values_list("manifest", flat=True)) == {frozen.pk}


def test_tick_is_not_enough_where_the_number_is_asked_for(staff_client, staff, account):
    frozen = job_rows.manifest(account, staff, 60, library_count=1000)
    assert staff_client.post(url_of(frozen, "confirm"), confirmed()).status_code == 422


def test_number_may_be_typed_with_separators(staff, account):
    frozen = Manifest(account=account, file_count=48213, library_count=10**6)
    typed = ["48213", "48,213", "48.213", "48 213", "48\u202f213", "48'213"]
    assert all(
        ConfirmForm({"reason": "x", "typed_count": each}, plan=deletion_plan(frozen)).is_valid() for each in typed
    )


def test_purge_is_off_until_asked_for_and_shows_its_cost(staff_client, staff, account):
    page = staff_client.get(url_of(job_rows.manifest(account, staff)))
    assert not soup(page).select_one("#id_purge_cache").has_attr("checked")
    assert "3 of ImageKit's 1,000 a month; 0 used, 1,000 left" in text(page)


def test_freezing_leads_to_the_review_of_exactly_the_ticked_files(staff_client, staff, account):
    ticked = [factories.asset(account), factories.asset(account)]
    factories.asset(account)
    selection = ticks.selection_of(staff, account)
    ticks.tick(selection, [asset.pk for asset in ticked])
    shown = {"selection": str(selection.pk), "file_count": "2"}
    answer = staff_client.post(reverse("medialib:freeze", args=[account.name]), shown)
    frozen = Manifest.objects.get()
    assert answer["Location"] == url_of(frozen)
    assert set(frozen.items.values_list("file_id", flat=True)) == {asset.file_id for asset in ticked}


@pytest.mark.parametrize("selection", ["", "x", "00000000-0000-0000-0000-000000000000"])
def test_unknown_selection_is_told_in_the_library(staff_client, account, selection):
    answer = staff_client.post(
        reverse("medialib:freeze", args=[account.name]), {"selection": selection, "file_count": "1"}, follow=True
    )
    assert answer.redirect_chain[0][0] == reverse("medialib:library", args=[account.name])
    assert soup(answer).select(".messages .banner-danger")
    assert not Manifest.objects.exists()


def test_selection_of_somebody_else_is_refused(staff_client, account):
    other = factories.user()
    selection = ticks.selection_of(other, account)
    ticks.tick(selection, [factories.asset(account).pk])
    shown = {"selection": str(selection.pk), "file_count": "1"}
    staff_client.post(reverse("medialib:freeze", args=[account.name]), shown)
    assert not Manifest.objects.exists()
