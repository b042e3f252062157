"""How much a deletion asks of a person, and how long it waits, by what is at stake."""

from __future__ import annotations

import threading
from datetime import timedelta

import pytest
from django.db import connection
from django.utils.timezone import now

from medialib.errors import Refused
from medialib.imagekit.types import RateLimit
from medialib.models import DeletionJob, JobState, Manifest, Pace
from medialib.services.accounts import pacing
from medialib.services.audit.log import Actor
from medialib.services.jobs import controls
from medialib.services.manifests.plan import asks_for_number, deletion_plan
from tests import factories
from tests.views.jobs import job_rows

pytestmark = pytest.mark.django_db
DELETER = ("view_library", "delete_files")


@pytest.fixture
def by_risk(settings):
    settings.UNDO_WINDOW_S = None


@pytest.mark.parametrize(
    ("count", "library", "seconds"),
    [(10, 10, 0), (11, 1000, 300), (199, 1000, 300), (200, 1000, 1800), (1000, 10**6, 300), (1001, 10**6, 1800)],
)
def test_undo_lasts_the_longer_the_more_is_at_stake(by_risk, account, count, library, seconds):
    plan = deletion_plan(Manifest(account=account, file_count=count, library_count=library))
    assert plan.undo_window_s == seconds


def test_an_account_or_the_machine_may_set_it_for_all(by_risk, settings, account):
    settings.UNDO_WINDOW_S = 60
    frozen = Manifest(account=account, file_count=500, library_count=1000)
    assert deletion_plan(frozen).undo_window_s == 60
    account.undo_window_s = 7
    assert deletion_plan(frozen).undo_window_s == 7


def test_before_the_first_job_it_goes_by_what_imagekit_usually_allows(account):
    account.headroom_percent = 20
    frozen = Manifest(account=account, file_count=1_600, library_count=10_000)
    assert deletion_plan(frozen).seconds == 5  # 16 calls at 5 a second less a fifth, unevenly sent.
    assert Pace.objects.get(account=account).limit == 2  # The job itself begins as carefully as ever.
    pacing.note_answer(pace := Pace.objects.get(account=account), RateLimit(limit=20, interval_s=1.0), at=now())
    pace.save()
    assert deletion_plan(frozen).seconds == 2


def open_job(account, person, files: int, **options) -> DeletionJob:
    frozen = job_rows.manifest(account, person, files, library_count=10_000)
    return controls.open_deletion_job(manifest=frozen, actor=Actor.person(person), reason="Old", **options)


def test_four_jobs_of_eighty_are_one_of_three_hundred_and_twenty(account):
    kim = factories.user("kim", permissions=DELETER)
    account.limit_files = 300
    account.save()
    asked = []
    for _ in range(4):
        frozen = job_rows.manifest(account, kim, 80, library_count=10_000)
        asked.append(deletion_plan(frozen).must_type_number)
        controls.open_deletion_job(manifest=frozen, actor=Actor.person(kim), reason="Old")
    assert asked == [False, False, False, True]


def test_what_is_older_than_a_day_or_was_taken_back_does_not_count(account):
    kim = factories.user("kim", permissions=DELETER)
    old, undone = (open_job(account, kim, 20, start_after_s=300) for _ in range(2))
    controls.undo(undone, actor=Actor.person(kim))
    DeletionJob.objects.filter(pk=old.pk).update(created_at=now() - timedelta(hours=25))
    assert deletion_plan(job_rows.manifest(account, kim, 5)).lately.files == 0


def test_what_was_confirmed_since_the_last_proof_counts_together_however_long_ago(account):
    kim = factories.user("kim", permissions=DELETER)
    account.limit_files = account.approval_files = 100
    account.save()
    days_ago = [open_job(account, kim, 80) for _ in range(2)]
    for days, job in zip((3, 2), days_ago, strict=True):
        DeletionJob.objects.filter(pk=job.pk).update(created_at=now() - timedelta(days=days))
    frozen = job_rows.manifest(account, kim, 15, library_count=10_000)
    asked = {days: deletion_plan(frozen, proved_at=now() - timedelta(days=days)) for days in (0, 2.5, 4)}
    assert {days: (plan.files, plan.must_type_number) for days, plan in asked.items()} == {
        0: (15, False),
        2.5: (95, False),
        4: (175, True),
    }
    long_ago = Actor.person(kim, proved_at=now() - timedelta(days=4))
    assert controls.open_deletion_job(manifest=frozen, actor=long_ago, reason="Old").needs_approval


@pytest.mark.parametrize("limits", [{"daily_files": 30}, {"daily_bytes": 30 * 1024}, {"daily_percent": 3}])
def test_more_than_a_days_limit_since_the_last_proof_asks_for_the_number_and_a_new_proof(account, limits):
    kim = factories.user("kim", permissions=DELETER, is_member=False)
    factories.membership(kim, account, **limits)
    frozen = job_rows.manifest(account, kim, 20, library_count=1000)
    earlier = controls.open_deletion_job(manifest=frozen, actor=Actor.person(kim), reason="Old")
    DeletionJob.objects.filter(pk=earlier.pk).update(created_at=now() - timedelta(hours=30))
    frozen = job_rows.manifest(account, kim, 20, library_count=1000)
    proofs = [now() - timedelta(hours=hours) for hours in (40, 1)]
    assert [deletion_plan(frozen, proved_at=proof).must_type_number for proof in proofs] == [True, False]
    controls.open_deletion_job(manifest=frozen, actor=Actor.person(kim, proved_at=proofs[0]), reason="Old")


@pytest.mark.parametrize(
    "limits", [{"daily_files": 30}, {"daily_bytes": 30 * 1024}, {"daily_percent": 1, "daily_files": 10_000}]
)
def test_a_person_deletes_no_more_in_a_day_than_their_membership_allows(account, limits):
    kim = factories.user("kim", permissions=DELETER, is_member=False)
    factories.membership(kim, account, **limits)
    first = 30 if "daily_percent" not in limits else 100
    open_job(account, kim, first)
    with pytest.raises(Refused, match="24 hours"):
        open_job(account, kim, 1)


def test_a_whole_library_needs_a_right_of_its_own(account):
    kim = factories.user("kim", permissions=DELETER)
    frozen = job_rows.manifest(account, kim, 12, library_count=12)
    with pytest.raises(Refused, match="whole library"):
        controls.open_deletion_job(manifest=frozen, actor=Actor.person(kim), reason="Old")
    lou = factories.user("lou", permissions=(*DELETER, "delete_whole_library"))
    frozen = job_rows.manifest(account, lou, 12, library_count=12)
    assert controls.open_deletion_job(manifest=frozen, actor=Actor.person(lou), reason="Old").pk


def test_large_jobs_ask_again_before_they_start_go_on_or_are_tried_again(account):
    kim = factories.user("kim", permissions=(*DELETER, "delete_whole_library"))
    frozen = job_rows.manifest(account, kim, 12, library_count=100)
    job = controls.open_deletion_job(manifest=frozen, actor=Actor.person(kim), reason="Old", start_after_s=300)
    assert [asks_for_number(job, action) for action in ("start", "resume", "pause")] == [12, 0, 0]
    DeletionJob.objects.filter(pk=job.pk).update(state=JobState.PAUSED, deleted=4)
    job.refresh_from_db()
    assert asks_for_number(job, "resume") == 8


def test_a_list_of_yesterday_is_not_confirmed(account):
    kim = factories.user("kim", permissions=DELETER)
    frozen = job_rows.manifest(account, kim, 3, frozen_at=now() - timedelta(hours=25))
    with pytest.raises(Refused, match="select again"):
        controls.open_deletion_job(manifest=frozen, actor=Actor.person(kim), reason="Old")
    assert not DeletionJob.objects.exists()


@pytest.mark.django_db(transaction=True)
def test_two_confirmations_at_once_do_not_both_pass_a_daily_limit(account):
    kim = factories.user("kim", permissions=DELETER, is_member=False)
    factories.membership(kim, account, daily_files=30)
    account.approval_files = 25
    account.save()
    lists = [job_rows.manifest(account, kim, 20, library_count=10_000) for _ in range(4)]
    together, ended = threading.Barrier(len(lists)), []

    def confirm(frozen):
        try:
            together.wait(5)
            ended.append(controls.open_deletion_job(manifest=frozen, actor=Actor.person(kim), reason="Old"))
        except Refused as refused:
            ended.append(str(refused))
        finally:
            connection.close()

    threads = [threading.Thread(target=confirm, args=[frozen]) for frozen in lists]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(30)
    assert len(ended) == 4
    assert DeletionJob.objects.count() == 1, ended
