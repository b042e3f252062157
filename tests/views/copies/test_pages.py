"""Pages of copies and restores: what they say before and after, who may do what, and mistakes that lose nothing."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.test import Client
from django.utils.timezone import now

from medialib.models import (
    Account,
    Asset,
    AuditEvent,
    DeletionJob,
    EventKind,
    JobState,
    KeptCopy,
    Outcome,
    RestoreItem,
    RestoreJob,
    RestoreOutcome,
    RestoreState,
)
from tests import factories
from tests.views.jobs import job_rows

pytestmark = pytest.mark.django_db


@pytest.fixture
def job(account: Account, staff: Any) -> DeletionJob:
    """A finished job of three files, each with its copy."""
    manifest = job_rows.manifest(account, staff, 3)
    manifest.items.update(outcome=Outcome.DELETED, evidence="gone", settled_at=now())
    done = job_rows.job(manifest, state=JobState.FINISHED, deleted=3, finished_at=now(), keep_copies_days=30)
    return job_rows.copied(done)


def text(client: Client, url: str, status: int = 200) -> str:
    answer = client.get(url)
    assert answer.status_code == status, answer.content
    return answer.content.decode()


def test_the_review_says_whether_there_is_a_way_back(staff_client, account, staff):
    frozen = job_rows.manifest(account, staff, 2)
    assert "There is no way back." in text(staff_client, f"/manifests/{frozen.pk}/")
    Account.objects.update(keep_copies_days=30)
    page = text(staff_client, f"/manifests/{frozen.pk}/")
    assert "the copies are kept until" in page
    assert "There is no way back." not in page


def test_a_confirmation_of_a_page_that_said_something_else_of_copies_is_refused(staff_client, account, staff):
    frozen = job_rows.manifest(account, staff, 2)
    wish = {"reason": "old", "understood": "on", "seen_copies_days": "30"}
    answer = staff_client.post(f"/manifests/{frozen.pk}/confirm/", wish)
    assert answer.status_code == 422
    assert "Whether copies are kept was changed" in answer.content.decode()
    assert not DeletionJob.objects.exists()
    Account.objects.update(keep_copies_days=30)
    assert staff_client.post(f"/manifests/{frozen.pk}/confirm/", wish).status_code == 302
    assert DeletionJob.objects.get().keep_copies_days == 30


def test_a_job_page_leads_to_its_copies_and_says_when_there_are_none(staff_client, job, account, staff):
    assert f"/jobs/{job.pk}/copies/" in text(staff_client, f"/jobs/{job.pk}/")
    bare = job_rows.job(job_rows.manifest(account, staff, 1))
    assert "none: there is no way back" in text(staff_client, f"/jobs/{bare.pk}/")
    assert "This job kept no copies" in text(staff_client, f"/jobs/{bare.pk}/copies/")


def test_from_a_job_to_a_confirmed_restore(staff_client, job):
    page = text(staff_client, f"/jobs/{job.pk}/copies/")
    assert "3 files" in page
    answer = staff_client.post(f"/jobs/{job.pk}/restore/")
    restore = RestoreJob.objects.get()
    assert answer.headers["Location"] == f"/restores/{restore.pk}/"
    review = text(staff_client, f"/restores/{restore.pk}/")
    assert "AI tags, of 1 file" in review
    assert "What does not come back" in review
    refused = staff_client.post(f"/restores/{restore.pk}/confirm/", {"reason": ""})
    assert (refused.status_code, RestoreJob.objects.get().state) == (422, RestoreState.REVIEW)
    staff_client.post(f"/restores/{restore.pk}/confirm/", {"reason": "a mistake", "keeps_both": "on"})
    restore.refresh_from_db()
    assert (restore.state, restore.keeps_both, restore.reason) == (RestoreState.RUNNING, True, "a mistake")
    assert AuditEvent.objects.filter(event=EventKind.RESTORE_CONFIRMED).exists()
    assert "hx-trigger" in text(staff_client, f"/restores/{restore.pk}/")
    for action, state in (("pause", "paused"), ("resume", "running"), ("cancel", "finished")):
        staff_client.post(f"/restores/{restore.pk}/{action}/")
        restore.refresh_from_db()
        assert restore.state == state
    assert "hx-trigger" not in text(staff_client, f"/restores/{restore.pk}/progress/")
    assert staff_client.post(f"/restores/{restore.pk}/explode/").status_code == 404


def test_a_list_that_nobody_confirmed_is_shown_to_who_froze_it_only(staff_client, signed_in, job):
    staff_client.post(f"/jobs/{job.pk}/restore/")
    restore = RestoreJob.objects.get()
    other = signed_in(factories.user("vera", permissions=("view_library", "restore_files")))
    text(other, f"/restores/{restore.pk}/", status=404)


def test_the_map_names_old_and_new_ids_and_no_formula(staff_client, account):
    restore = job_rows.restore(account, state=RestoreState.FINISHED, file_count=1, restored=1)
    RestoreItem.objects.create(
        job=restore,
        position=0,
        file_id="old1",
        path="=evil()",
        size_bytes=1,
        sha256="0" * 64,
        outcome=RestoreOutcome.RESTORED,
        evidence="took it",
        new_file_id="new1",
        new_path="/a.jpg",
        settled_at=now(),
    )
    answer = staff_client.get(f"/restores/{restore.pk}/map.csv")
    lines = b"".join(answer.streaming_content).decode("utf-8-sig").splitlines()
    assert lines[1] == "old1,new1,'=evil(),/a.jpg,restored,took it"
    for file_id in ("old1", "new1"):
        page = text(staff_client, f"/{account.name}/files/{file_id}/history/", status=200)
        assert "old1 was restored as new1" in page


def test_a_files_history_restores_it(staff_client, job, account):
    file_id = KeptCopy.objects.first().file_id
    Asset.objects.update(removed_at=now(), removal="deleted")
    assert f"/{account.name}/files/{file_id}/restore/" in text(
        staff_client, f"/{account.name}/files/{file_id}/history/"
    )
    staff_client.post(f"/{account.name}/files/{file_id}/restore/")
    assert RestoreJob.objects.get().file_count == 1
    answer = staff_client.post(f"/{account.name}/files/nobody/restore/", follow=False)
    assert (answer.status_code, RestoreJob.objects.count()) == (302, 1)


def test_copies_are_kept_longer_or_destroyed_with_a_reason(staff_client, job):
    where = f"/jobs/{job.pk}/copies"
    assert staff_client.post(f"{where}/keep/", {"longer-days": "0", "longer-reason": ""}).status_code == 422
    assert staff_client.post(f"{where}/keep/", {"longer-days": "90", "longer-reason": "a case"}).status_code == 302
    assert KeptCopy.objects.first().keep_until > now() + timedelta(days=89)
    assert staff_client.post(f"{where}/destroy/", {"destroy-reason": "asked for"}).status_code == 422
    assert KeptCopy.objects.count() == 3
    wish = {"destroy-reason": "asked for", "destroy-understood": "on"}
    assert staff_client.post(f"{where}/destroy/", wish).status_code == 302
    assert "There is no copy any more" in text(staff_client, f"{where}/")


def test_who_may_only_look_sees_no_buttons(signed_in, job):
    viewer = signed_in(factories.user("vera", permissions=("view_library",)))
    page = text(viewer, f"/jobs/{job.pk}/copies/")
    assert "kept until" in page
    assert "<form" not in page.partition("<main")[2]


def test_the_account_says_how_much_room_copies_take(staff_client, job, account):
    page = text(staff_client, f"/{account.name}/settings/")
    assert "Copies of deleted files" in page
    assert "3 files" in page
    assert "left" in page


@pytest.mark.parametrize("days", ["0", "9999", "-1", "many"])
def test_days_that_are_none_are_refused(staff_client, account, days):
    form = staff_client.get(f"/{account.name}/settings/").context["form"]
    given = {name: field.value() for name, field in ((f.name, f) for f in form)}
    wish = {name: value for name, value in given.items() if value not in (None, False)} | {"keep_copies_days": days}
    assert staff_client.post(f"/{account.name}/settings/", wish).status_code == 422
    assert Account.objects.get().keep_copies_days is None
