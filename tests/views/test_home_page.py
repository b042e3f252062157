"""The home page: what needs somebody, what is under way, the accounts; the library at once where that is all."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from bs4 import Tag
from django.contrib.auth.models import User
from django.test import Client
from django.utils.timezone import now

from medialib.models import Account, ApiKey, DeletionJob, JobState, PauseCode, SyncRun, SyncState
from tests import factories
from tests.views.jobs import job_rows
from tests.views.pages import page, words

pytestmark = pytest.mark.django_db


@pytest.fixture
def synced(account: Account) -> Account:
    sync(account)
    ApiKey.objects.create(account=account, ciphertext="x", last_four="abcd")
    return account


def sync(account: Account, *, days_ago: float = 0, state: SyncState = SyncState.COMPLETE, **fields: Any) -> SyncRun:
    at = now() - timedelta(days=days_ago)
    return SyncRun.objects.create(account=account, state=state, started_at=at, finished_at=at, **fields)


def job(account: Account, user: User, **fields: Any) -> DeletionJob:
    return job_rows.job(job_rows.manifest(account, user, 3), **fields)


def section(client: Client, name: str) -> Tag | None:
    return page(client.get("/")).select_one(f"section[aria-labelledby=home-{name}]")


def test_one_account_with_nothing_to_do_is_its_library(staff_client: Client, synced: Account) -> None:
    assert staff_client.get("/")["Location"] == f"/{synced.name}/library/"


def test_a_first_sync_is_led_through_by_the_library(staff_client: Client, account: Account) -> None:
    ApiKey.objects.create(account=account, ciphertext="x", last_four="abcd")
    assert staff_client.get("/")["Location"] == f"/{account.name}/library/"


@pytest.mark.parametrize("state", [JobState.RUNNING, JobState.SCHEDULED, JobState.CANCELLING])
def test_a_job_under_way_is_followed(staff_client: Client, staff: User, synced: Account, state: JobState) -> None:
    job_rows.worker()
    running = job(synced, staff, state=state, deleted=1)
    shown = section(staff_client, "under-way")
    assert f"Job {running.pk} on {synced.name}" in words(shown)
    assert shown.select_one("progress")["value"] == "1"
    assert page(staff_client.get("/")).select_one("#home-work")["hx-trigger"].startswith("every 3s")
    assert section(staff_client, "needs") is None


def test_a_paused_job_and_one_with_failed_files_need_somebody(
    staff_client: Client, staff: User, synced: Account
) -> None:
    paused = job(synced, staff, state=JobState.PAUSED, pause_code=PauseCode.KEY_REFUSED, pause_cause="Key refused.")
    failed = job(synced, staff, state=JobState.FINISHED, failed=2, deleted=1, finished_at=now())
    text = words(section(staff_client, "needs"))
    assert f"Job {paused.pk} on" in text
    assert f"Job {failed.pk} on" in text
    assert "2 files failed" in text


def test_a_job_whose_files_were_retried_or_that_is_old_needs_nobody(
    staff_client: Client, staff: User, synced: Account
) -> None:
    retried = job(synced, staff, state=JobState.FINISHED, failed=2, deleted=1, finished_at=now())
    job(synced, staff, state=JobState.FINISHED, deleted=3, finished_at=now(), retry_of=retried)
    job(synced, staff, state=JobState.FINISHED, failed=1, deleted=2, finished_at=now() - timedelta(days=8))
    assert staff_client.get("/").status_code == 302


def test_an_approval_is_asked_of_who_may_give_it(client: Client, synced: Account) -> None:
    requester = factories.user(permissions=("view_library", "delete_files", "approve_deletions"))
    other = factories.user(permissions=("view_library", "approve_deletions"))
    waiting = job(synced, requester, needs_approval=True)
    client.force_login(requester)
    assert section(client, "needs") is None
    assert "another person approves" in words(section(client, "under-way"))
    client.force_login(other)
    link = section(client, "needs").select_one("a")
    assert (words(link), link["href"]) == ("Review and decide", f"/jobs/{waiting.pk}/")


def test_syncs_that_fail_or_are_old_are_named(staff_client: Client, synced: Account) -> None:
    other, third = factories.account("other"), factories.account("third")
    sync(other, days_ago=30)
    sync(third, state=SyncState.FAILED, error="The disk is full.", withheld=None)
    text = words(section(staff_client, "needs"))
    assert "The index of other is more than a week old." in text
    assert "The last sync of third failed." in text
    assert "The disk is full." in text
    assert synced.name not in text


def test_removals_that_were_withheld_are_asked_about(staff_client: Client, synced: Account) -> None:
    sync(synced, state=SyncState.FAILED, error="x", withheld=300)
    assert f"ImageKit no longer lists 300 files of {synced.name}" in words(section(staff_client, "needs"))


@pytest.mark.parametrize(
    ("days", "sentence"),
    [(-1, "ImageKit no longer accepts the key of"), (3, "ImageKit soon stops accepting the key of"), (60, "")],
)
def test_a_key_that_ends_is_told_to_those_who_may_mend_it(
    client: Client, synced: Account, days: int, sentence: str
) -> None:
    ApiKey.objects.update(expires_at=now() + timedelta(days=days))
    manager = factories.user(permissions=("view_library", "manage_keys"))
    viewer = factories.user(permissions=("view_library",))
    client.force_login(manager)
    shown = section(client, "needs") if sentence else None
    assert (sentence in words(shown)) if sentence else client.get("/").status_code == 302
    client.force_login(viewer)
    assert client.get("/").status_code == 302


def test_a_second_key_without_an_end_makes_the_first_ones_end_no_matter(staff_client: Client, synced: Account) -> None:
    ApiKey.objects.update(expires_at=now() + timedelta(days=1))
    ApiKey.objects.create(account=synced, ciphertext="y", last_four="efgh")
    assert staff_client.get("/").status_code == 302


def test_each_account_says_what_it_holds_and_what_was_freed(staff_client: Client, staff: User, synced: Account) -> None:
    sync(factories.account("other"))
    factories.asset(synced, size_bytes=5_000_000)
    job(synced, staff, state=JobState.FINISHED, deleted=3, deleted_bytes=7_000_000, finished_at=now())
    job(synced, staff, state=JobState.FINISHED, deleted=3, deleted_bytes=9_000_000,
        finished_at=now() - timedelta(days=31))  # fmt: skip
    text = words(section(staff_client, "accounts").select_one(f"a[href='/{synced.name}/library/']"))
    assert "7 files" in text
    assert "7.0 MB freed in the last 30 days, 3 files" in text


def test_accounts_of_others_are_not_counted(client: Client, staff: User, synced: Account) -> None:
    job(synced, staff, state=JobState.PAUSED, pause_cause="secret")
    outsider = factories.user(permissions=("view_library",), is_member=False)
    own = factories.account("own")
    sync(own)
    factories.membership(outsider, own)
    client.force_login(outsider)
    assert client.get("/")["Location"] == "/own/library/"
