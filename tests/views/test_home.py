"""The frame around every page: accounts, active jobs, the warning about a missing worker, the account's colour."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.contrib.auth.models import User
from django.test import Client
from django.utils.timezone import now

from medialib.models import Account, DeletionJob, Worker
from tests import factories
from tests.views.jobs import job_rows
from tests.views.pages import page, words


@pytest.fixture
def active_job(account: Account, staff: User) -> DeletionJob:
    frozen = job_rows.manifest(account, staff, 1)
    return DeletionJob.objects.create(
        manifest=frozen, account=account, reason="old", file_count=1, created_at=now(), starts_at=now()
    )


def worker(seconds_ago: int) -> Worker:
    seen_at = now() - timedelta(seconds=seconds_ago)
    return Worker.objects.create(id="w", engine="test", started_at=seen_at, seen_at=seen_at)


def warning(client: Client, account: Account) -> str:
    return words(page(client.get(f"/{account.name}/library/")).select_one(".banner-warning"))


def test_active_jobs_stand_beside_the_link(staff_client: Client, account: Account, active_job: DeletionJob) -> None:
    badge = page(staff_client.get(f"/{account.name}/library/")).select_one("[data-active-jobs]")
    assert words(badge) == "1"
    assert not badge.has_attr("hidden")


def test_missing_worker_is_named_while_a_job_waits(
    staff_client: Client, account: Account, active_job: DeletionJob
) -> None:
    worker(seconds_ago=3600)
    assert "No worker is running" in warning(staff_client, account)


def test_living_worker_needs_no_warning(staff_client: Client, account: Account, active_job: DeletionJob) -> None:
    worker(seconds_ago=1)
    assert warning(staff_client, account) == ""


def test_missing_worker_is_no_matter_while_nothing_waits(staff_client: Client, account: Account) -> None:
    assert warning(staff_client, account) == ""


def test_account_switch_lists_each_account_in_its_colour(staff_client: Client) -> None:
    for name, colour in (("acme", "teal"), ("beta", "amber")):
        factories.account(name, colour=colour)
    entries = page(staff_client.get("/acme/library/")).select(".account-switch a[href$='/library/']")
    assert {(words(entry), entry["class"][-1]) for entry in entries} == {
        ("acme", "account-colour-teal"),
        ("beta", "account-colour-amber"),
    }


def test_navigation_shows_only_what_the_person_may_open(client: Client, account: Account) -> None:
    client.force_login(factories.user(permissions=("view_library",)))
    links = page(client.get(f"/{account.name}/library/")).select(".topbar-nav a")
    assert [words(link).split()[0] for link in links] == ["Library", "Jobs"]


def test_every_page_has_landmarks_one_heading_and_a_way_past_the_frame(staff_client: Client, account: Account) -> None:
    for address in ("/", f"/{account.name}/library/", "/sign-in/", "/nowhere/"):
        read = page(staff_client.get(address, follow=True))
        assert len(read.select("h1")) == len(read.select("main#main")) == 1
        assert read.select_one("a.skip-link")["href"] == "#main"


@pytest.mark.parametrize(
    ("address", "link"),
    [
        ("/{account}/library/", "Library"),
        ("/{account}/insight/", "Library"),
        ("/jobs/", "Jobs"),
        ("/jobs/{job}/", "Jobs"),
        ("/audit/", "Audit"),
        ("/audit/chart/", "Audit"),
        ("/{account}/files/f1/history/", "Audit"),
        ("/accounts/", "Accounts"),
    ],
)
def test_link_of_the_section_is_the_current_one(
    admin_client: Client, account: Account, active_job: DeletionJob, address: str, link: str
) -> None:
    factories.asset(account, "/a.jpg", file_id="f1")
    shown = page(admin_client.get(address.format(account=account.name, job=active_job.pk)))
    current = shown.select('.topbar-link[aria-current="page"]')
    assert [words(each).split()[0] for each in current] == [link]
