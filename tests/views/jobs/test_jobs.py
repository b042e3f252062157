"""Job pages tell where a job stands, cost one query to watch, and pass each wish to its service once."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from bs4 import BeautifulSoup
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils.timezone import now

from medialib.models import Asset, AuditEvent, DeletionJob, EventKind, Manifest, Outcome, PurgeRequest
from medialib.services.audit.log import Actor
from medialib.services.jobs import controls, progress, watching
from medialib.views.jobs.progress import JobProgress, result_sentence
from tests import dba, factories
from tests.conftest import prove
from tests.views.jobs import job_rows


def soup(response: Any) -> BeautifulSoup:
    return BeautifulSoup(response.content, "html.parser")


def text(response: Any) -> str:
    return " ".join(soup(response).get_text(" ").split())


def page_of(client: Any, job: DeletionJob, name: str = "job", **query: Any) -> Any:
    return client.get(reverse(f"medialib:{name}", args=[job.pk]), query)


def press(client: Any, job: DeletionJob, action: str, **data: Any) -> Any:
    return client.post(reverse("medialib:job-control", args=[job.pk, action]), data, follow=True)


@pytest.fixture
def running(staff, account) -> DeletionJob:
    frozen = job_rows.manifest(account, staff, 10, has_real_hash=True)
    return job_rows.job(frozen, state="running", started_at=now() - timedelta(seconds=10), deleted=4, failed=1, calls=5)


def test_progress_tells_counts_of_each_outcome(staff_client, running):
    cells = soup(page_of(staff_client, running, "job-progress")).select("[data-count]")
    counts = {cell["data-count"]: cell.get_text(strip=True) for cell in cells}
    assert counts == dict.fromkeys(Outcome.values, "0") | {"deleted": "4", "failed": "1", "left": "5"}


@pytest.mark.parametrize("part", ["job-progress", "job-tray"])
def test_watching_costs_one_query_beside_session_and_person(staff_client, running, part, django_assert_num_queries):
    url = reverse(f"medialib:{part}", args=[running.pk] if part == "job-progress" else [])
    with django_assert_num_queries(3):  # Session, person with all rights, the job.
        staff_client.get(url, headers={"HX-Request": "true"})


def test_polling_ends_with_the_job(staff_client, staff, account, running):
    done = job_rows.finished(job_rows.manifest(account, staff, 2), ["deleted", "deleted"])
    polls = {
        job.pk: "hx-trigger" in str(soup(page_of(staff_client, job, "job-progress")).section) for job in (running, done)
    }
    assert polls == {running.pk: True, done.pk: False}


def test_title_of_an_update_shows_the_progress(staff_client, running):
    assert soup(page_of(staff_client, running, "job-progress")).title.string.startswith("50 % job")


def test_page_is_told_only_when_other_controls_fit(staff_client, staff, running):
    shown = JobProgress.of(watching.look(running.pk, viewer=staff)).shown
    asked = {
        known: page_of(staff_client, running, "job-progress", shown=known).headers for known in (shown, "scheduled-100")
    }
    assert [key for key, headers in asked.items() if "HX-Trigger-After-Settle" in headers] == ["scheduled-100"]


def test_screen_readers_hear_a_tenth_not_each_file(running):
    spoken = set()
    for settled in range(4, 9):
        running.deleted = settled
        spoken.add(JobProgress(running, now()).spoken)
    assert spoken == {"50 % done", "60 % done", "70 % done", "80 % done", "90 % done"}
    running.file_count = 1000
    assert JobProgress(running, now()).spoken == "0 % done"


def test_the_rate_is_calls_over_the_time_since_the_first_call(running):
    at = now()
    first = progress.Progress(running, at, first_call_at=at - timedelta(seconds=2))
    assert (first.calls_per_s, first.files_per_s, first.left_s) == (2.5, 2.5, 2)
    assert progress.Progress(running, at, first_call_at=at).calls_per_s == 5  # Not more in the first second.
    assert progress.Progress(running, at).calls_per_s == pytest.approx(0.5, rel=0.1)  # Since the start, before a call.


def test_a_night_on_which_it_stood_still_is_no_part_of_the_rate(running, staff):
    running.breaker_from, running.calls = 3, 10
    running.started_at -= timedelta(hours=9)
    at = now()
    resumed = progress.Progress(running, at, first_call_at=running.started_at, resumed_at=at - timedelta(seconds=4))
    assert (resumed.files_per_s, resumed.calls_per_s, resumed.left_s) == (0.5, 1.0, 10)


def test_the_first_call_and_the_latest_resume_are_read_with_the_job(running, staff, account):
    call = job_rows.exchange(running)
    for _ in range(2):
        event = job_rows.event(EventKind.JOB_RESUMED, account=account, job=running)
    look = watching.look(running.pk, viewer=staff)
    assert (look.first_call_at, look.resumed_at) == (call.sent_at, event.time)


def test_missing_worker_is_told_only_while_work_waits(staff_client, running):
    assert "No worker is running" in text(page_of(staff_client, running, "job-progress"))
    worker = job_rows.worker(silent_s=31)
    assert "No worker is running" in text(page_of(staff_client, running, "job-progress"))
    worker.seen_at = now()
    worker.save()
    assert "No worker is running" not in text(page_of(staff_client, running, "job-progress"))


def test_wait_and_its_cause_are_told(staff_client, running):
    DeletionJob.objects.update(wait_until=now() + timedelta(seconds=8), wait_cause="ImageKit answered 429")
    assert "ImageKit answered 429" in text(page_of(staff_client, running, "job-progress"))


def test_pause_cause_is_told_in_its_own_words(staff_client, running):
    DeletionJob.objects.update(state="paused", pause_cause="ImageKit refused the key.")
    assert "Paused: ImageKit refused the key." in text(page_of(staff_client, running))


@pytest.mark.parametrize(("code", "is_helped"), [("key_refused", True), ("no_key", True), ("breaker", False)])
def test_a_job_that_its_key_stopped_leads_to_the_keys(staff_client, running, code, is_helped):
    DeletionJob.objects.update(state="paused", pause_code=code, pause_cause="Anything.")
    assert ("account's keys" in text(page_of(staff_client, running))) is is_helped


def buttons(response: Any) -> set[str]:
    return {
        form["action"].rstrip("/").rpartition("/")[2]
        for form in soup(response).select("#job-controls form, #job-result form")
    }


@pytest.mark.parametrize(
    ("fields", "offered"),
    [
        ({"state": "scheduled", "starts_at": now() + timedelta(hours=1)}, {"undo", "start"}),
        ({"state": "scheduled"}, {"cancel"}),
        ({"state": "running"}, {"pause", "speed", "cancel"}),
        ({"state": "paused"}, {"resume", "speed", "cancel"}),
        ({"state": "cancelling"}, set()),
    ],
)
def test_each_state_offers_what_can_be_done(staff_client, staff, account, fields, offered):
    job = job_rows.job(job_rows.manifest(account, staff), **fields)
    assert buttons(page_of(staff_client, job)) == offered


def test_finished_job_offers_retry_and_verify_where_there_is_cause(staff_client, staff, account):
    done = job_rows.finished(job_rows.manifest(account, staff, 3), ["deleted", "failed", "unverified"])
    assert buttons(page_of(staff_client, done)) == {"retry", "verify"}


def test_people_who_may_only_look_get_no_buttons_and_are_refused(client, account, running):
    client.force_login(factories.user(permissions=("view_library",)))
    assert buttons(page_of(client, running)) == set()
    assert press(client, running, "pause").status_code == 403


def test_cancelling_says_how_many_are_gone_and_how_many_stay(staff_client, running):
    assert "4 are already gone, 6 will stay." in text(page_of(staff_client, running))


def test_pause_and_resume_are_passed_on_and_audited_with_the_address(staff_client, running):
    press(staff_client, running, "pause")
    running.refresh_from_db()
    assert running.state == "paused"
    press(staff_client, running, "resume")
    kinds = set(
        AuditEvent.objects.filter(job=running, actor_name="sam", address="127.0.0.1").values_list("event", flat=True)
    )
    assert kinds == {EventKind.JOB_PAUSED, EventKind.JOB_RESUMED}


def test_undo_in_the_window_says_that_all_files_are_still_there(staff_client, staff, account):
    job = job_rows.job(job_rows.manifest(account, staff, 3), starts_at=now() + timedelta(hours=1))
    assert "all 3 files are still there" in text(press(staff_client, job, "undo"))
    assert AuditEvent.objects.filter(job=job, event=EventKind.JOB_UNDONE).exists()


@pytest.mark.parametrize(
    ("percent", "speed"), [("25", 25), ("0", 100), ("101", 100), ("", 100), ("fast", 100), ("33", 100)]
)
def test_only_offered_speeds_are_taken(staff_client, running, percent, speed):
    press(staff_client, running, "speed", percent=percent)
    running.refresh_from_db()
    assert running.speed_percent == speed


def test_what_cannot_be_done_is_told_on_the_job_page(staff_client, staff, account):
    done = job_rows.finished(job_rows.manifest(account, staff, 1), ["deleted"])
    assert soup(press(staff_client, done, "pause")).select(".messages .banner-danger")


def test_retry_leads_to_the_new_job(staff_client, staff, account):
    done = job_rows.finished(job_rows.manifest(account, staff, 3), ["deleted", "failed", "failed"])
    answer = press(staff_client, done, "retry")
    new = DeletionJob.objects.get(retry_of=done)
    assert answer.redirect_chain[-1][0] == reverse("medialib:job", args=[new.pk])
    failed = set(done.manifest.items.filter(outcome="failed").values_list("file_id", flat=True))
    assert set(new.manifest.items.values_list("file_id", flat=True)) == failed


def test_unknown_action_and_job_do_not_exist(staff_client, running):
    assert press(staff_client, running, "explode").status_code == 404
    assert staff_client.get(reverse("medialib:job", args=[running.pk + 1])).status_code == 404


def test_a_get_changes_nothing(staff_client, running):
    assert staff_client.get(reverse("medialib:job-control", args=[running.pk, "pause"])).status_code == 405


def test_result_sentence_names_only_what_happened():
    job = DeletionJob(deleted=48164, already_gone=12, skipped=31, failed=6)
    assert result_sentence(job) == "48,164 deleted, 12 already gone, 31 skipped, 6 failed"
    assert result_sentence(DeletionJob(already_gone=1)) == "0 deleted, 1 already gone"


def test_sum_is_shown_and_holds(staff_client, staff, account):
    done = job_rows.finished(job_rows.manifest(account, staff, 3), ["deleted", "deleted", "already_gone"])
    assert "Every file is accounted for: 2 + 1 = 3." in text(page_of(staff_client, done))


def test_mismatch_between_job_and_files_is_an_incident(staff_client, staff, account):
    done = job_rows.finished(job_rows.manifest(account, staff, 3), ["deleted", "deleted", "failed"])
    with dba.without_triggers():
        done.manifest.items.filter(outcome="failed").update(outcome="deleted")
    answer = page_of(staff_client, done)
    assert "Incident" in text(answer)
    assert "accounted for" not in text(answer)


@pytest.mark.parametrize("outcome", ["deleted", "failed", "left"])
def test_files_are_listed_by_outcome(staff_client, staff, account, outcome):
    done = job_rows.finished(job_rows.manifest(account, staff, 4), ["deleted", "failed", "deleted", "failed"])
    rows = soup(page_of(staff_client, done, outcome=outcome)).select("#job-files tbody th")
    wanted = done.manifest.items.filter(outcome="" if outcome == "left" else outcome)
    assert {row.get_text(strip=True) for row in rows} == set(wanted.values_list("path", flat=True))


def test_pages_of_files_give_the_whole_list_once(staff_client, staff, account):
    job = job_rows.job(job_rows.manifest(account, staff, 205))
    seen: list[str] = []
    url = f"{reverse('medialib:job', args=[job.pk])}?"
    while url:
        page = soup(staff_client.get(url))
        seen += [row.get_text(strip=True) for row in page.select("#job-files tbody th")]
        following = page.select_one("#job-files a[rel=next]")
        url = reverse("medialib:job", args=[job.pk]) + following["href"] if following else ""
    assert len(seen) == 205
    assert set(seen) == set(job.manifest.items.values_list("path", flat=True))


def test_exchange_shows_request_id_status_meaning_and_its_files(staff_client, staff, account):
    done = job_rows.finished(job_rows.manifest(account, staff, 2), ["deleted", "deleted"])
    call = done.batches.get().exchanges.get()
    answer = staff_client.get(reverse("medialib:job-exchange", args=[done.pk, call.pk]))
    assert all(part in text(answer) for part in ("ik-request-7", "200", "all deleted", "worker-1"))
    assert {row.get_text(strip=True) for row in soup(answer).select("tbody th")} == set(
        done.manifest.items.values_list("path", flat=True)
    )


def test_exchange_of_another_job_does_not_exist(staff_client, staff, account, running):
    done = job_rows.finished(job_rows.manifest(account, staff, 1), ["deleted"])
    call = done.batches.get().exchanges.get()
    assert staff_client.get(reverse("medialib:job-exchange", args=[running.pk, call.pk])).status_code == 404


def test_purge_panel_shows_request_ids(staff_client, staff, account):
    done = job_rows.finished(job_rows.manifest(account, staff, 1), ["deleted"])
    DeletionJob.objects.update(purge_cache=True)
    PurgeRequest.objects.create(
        job=done, account=account, url="https://ik/x.jpg", state="completed", request_id="purge-9"
    )
    assert "purge-9" in text(page_of(staff_client, done))
    assert "1 completed" in text(page_of(staff_client, done))


def test_tray_shows_active_jobs_and_then_says_that_they_finished(staff_client, staff, account, running):
    url = reverse("medialib:job-tray")
    first = soup(staff_client.get(url))
    assert str(running.pk) in first.select_one("[hx-get]")["hx-get"].rpartition("watched=")[2].split(".")
    DeletionJob.objects.update(state="finished", finished_at=now(), cancelled=5)
    second = soup(staff_client.get(url, {"watched": str(running.pk)}))
    assert "4 deleted, 1 failed, 5 cancelled" in second.select_one("[data-announce]")["data-announce"]


@pytest.mark.parametrize(("shown", "replaced"), [("", None), ("on", "#job-tray")])
def test_tray_goes_as_a_whole_when_no_job_is_left(staff_client, shown, replaced):
    answer = staff_client.get(reverse("medialib:job-tray"), {"shown": shown})
    assert text(answer) == ""
    assert answer.headers.get("HX-Retarget") == replaced


@pytest.mark.parametrize("watched", ["x", "1.", "1..2", "9" * 40, "1;2"])
def test_tray_ignores_what_is_no_list_of_jobs(staff_client, watched):
    assert staff_client.get(reverse("medialib:job-tray"), {"watched": watched}).status_code == 200


@pytest.mark.parametrize(
    ("state", "listed"), [("", {"a", "b", "c"}), ("active", {"a"}), ("attention", {"b"}), ("finished", {"b", "c"})]
)
def test_list_of_jobs_is_narrowed_by_state(staff_client, staff, account, state, listed):
    job_rows.job(job_rows.manifest(account, staff, 1), state="running", reason="a")
    for reason, outcome in (("b", "failed"), ("c", "deleted")):
        done = job_rows.finished(job_rows.manifest(account, staff, 1), [outcome])
        DeletionJob.objects.filter(pk=done.pk).update(reason=reason)
    rows = soup(staff_client.get(reverse("medialib:jobs"), {"state": state})).select("td.cell-clip")
    assert {row.get_text(strip=True) for row in rows} == listed


def test_list_of_jobs_costs_the_same_queries_for_one_and_many(staff_client, staff, account):
    counts = set()
    for new in (1, 9):
        for _ in range(new):
            job_rows.job(job_rows.manifest(account, staff, 1))
        with CaptureQueriesContext(connection) as queries:
            staff_client.get(reverse("medialib:jobs"))
        counts.add(len(queries))
    assert len(counts) == 1


def test_empty_list_of_jobs_says_what_to_do(staff_client):
    steps = soup(staff_client.get(reverse("medialib:jobs"))).select(".empty-steps li")
    assert "Tick files in a library" in steps[0].get_text()
    assert len(steps) == 3


def test_the_list_says_what_needs_attention_without_opening(staff_client, staff, account):
    rows = {
        "paused": job_rows.job(
            job_rows.manifest(account, staff, 1),
            state="paused",
            pause_code="breaker",
            pause_cause="6 of 100 files failed.",
        ),
        "waits": job_rows.job(job_rows.manifest(account, staff, 1), needs_approval=True),
        "unsure": job_rows.finished(job_rows.manifest(account, staff, 3), ["failed", "unverified", "unverified"]),
        "idle": job_rows.job(job_rows.manifest(account, staff, 1), state="running", started_at=now()),
        "done": job_rows.finished(job_rows.manifest(account, staff, 1), ["deleted"]),
    }
    page = soup(staff_client.get(reverse("medialib:jobs")))
    told = {
        name: " ".join(each.get_text() for each in page.select(f"tr[data-job='{job.pk}'] .job-attention li"))
        for name, job in rows.items()
    }
    assert told == {
        "paused": "Paused: 6 of 100 files failed.",
        "waits": "Waits until another person approves it.",
        "unsure": "1 file failed 2 files are unverified",
        "idle": "No worker is running. The job waits and loses nothing; it goes on as soon as one runs.",
        "done": "",
    }


def test_the_list_shows_progress_bytes_and_when_it_ended(staff_client, staff, account, running):
    DeletionJob.objects.filter(pk=running.pk).update(deleted_bytes=4_000_000)
    done = job_rows.finished(job_rows.manifest(account, staff, 1), ["deleted"])
    page = soup(staff_client.get(reverse("medialib:jobs")))
    moving, ended = (page.select_one(f"tr[data-job='{job.pk}']") for job in (running, done))
    assert (moving.progress["value"], moving.progress["max"]) == ("5", "10")
    assert {"4.0 MB", "sam"} <= {cell.get_text(strip=True) for cell in moving.select("td")}
    assert ended.progress is None
    assert ended.select("td.cell-date time")[1]["datetime"]


@pytest.mark.parametrize("may_delete", [True, False])
def test_the_tray_offers_undo_only_to_who_may(signed_in, account, staff, may_delete):
    waiting = job_rows.job(job_rows.manifest(account, staff, 1), starts_at=now() + timedelta(minutes=5))
    rights = ("view_library", "delete_files") if may_delete else ("view_library",)
    client = signed_in(factories.user("kim", permissions=rights))
    forms = soup(client.get(reverse("medialib:job-tray"))).select("#job-tray-list form")
    addresses = [f"/jobs/{waiting.pk}/{action}/" for action in ("undo", "start")]
    assert [form["action"] for form in forms] == (addresses if may_delete else [])


def test_undo_in_the_tray_takes_the_whole_job_back(staff_client, staff, account):
    waiting = job_rows.job(job_rows.manifest(account, staff, 1), starts_at=now() + timedelta(minutes=5))
    form = soup(staff_client.get(reverse("medialib:job-tray"))).select_one("#job-tray-list form")
    shown = staff_client.post(form["action"], follow=True)
    waiting.refresh_from_db()
    assert (waiting.state, waiting.cancelled) == ("finished", 1)
    assert "Undone. Nothing was sent" in text(shown)


def test_the_tray_says_how_many_more_jobs_are_under_way(staff_client, staff, account):
    for _ in range(7):
        job_rows.job(job_rows.manifest(account, staff, 1))
    tray = soup(staff_client.get(reverse("medialib:job-tray"))).select_one("#job-tray-list")
    assert tray["data-tray-count"] == "7"
    assert len(tray.select("progress")) == 5
    assert "and 2 more" in tray.get_text()


@pytest.fixture
def waiting(account):
    """A job of somebody else that waits for an approval."""
    account.approval_files = 2
    account.save()
    kim = factories.user("kim", permissions=factories.EVERY_PERMISSION)
    return controls.open_deletion_job(
        manifest=job_rows.manifest(account, kim, 3), actor=Actor.person(kim), reason="Old campaign"
    )


@pytest.fixture
def ada():
    return factories.user("ada", permissions=("view_library", "approve_deletions"))


def test_only_a_second_person_with_the_right_is_offered_to_approve(signed_in, waiting, ada):
    address = reverse("medialib:job", args=[waiting.pk])
    assert "wants to delete 3 files" in text(signed_in(ada).get(address))
    for person in (waiting.requested_by, factories.user("vera", permissions=("view_library",))):
        page = signed_in(person).get(address)
        assert "waits until another person approves it" in text(page)
        assert "Approve or reject" not in text(page)


def test_approving_needs_a_fresh_proof_and_the_hash_of_the_list(client, signed_in, waiting, ada):
    address = reverse("medialib:job-approval", args=[waiting.pk, "approve"])
    client.force_login(ada)
    prove(client, ada, seconds_ago=10**6)
    assert "/you/" in client.post(address, {"manifest_sha256": waiting.manifest.sha256})["Location"]
    fresh = signed_in(ada)
    fresh.post(address, {"manifest_sha256": "0" * 64})
    assert not DeletionJob.objects.get().approved_at
    fresh.post(address, {"manifest_sha256": waiting.manifest.sha256})
    assert DeletionJob.objects.get().approved_by == ada


def test_rejecting_on_the_page_says_why_in_the_log(signed_in, waiting, ada):
    signed_in(ada).post(reverse("medialib:job-approval", args=[waiting.pk, "reject"]), {"reason": "still used"})
    assert DeletionJob.objects.get().cancelled == 3
    assert AuditEvent.objects.get(event=EventKind.JOB_REJECTED).reason == "still used"


@pytest.mark.parametrize(("typed", "status", "starts"), [(None, 200, False), ("11", 422, False), ("12", 302, True)])
def test_start_now_of_a_large_job_asks_for_the_number_again(staff_client, staff, account, typed, status, starts):
    frozen = job_rows.manifest(account, staff, 12, library_count=100)
    job = controls.open_deletion_job(manifest=frozen, actor=Actor.person(staff), reason="Old", start_after_s=300)
    answer = staff_client.post(
        reverse("medialib:job-control", args=[job.pk, "start"]), {"typed_count": typed} if typed else {}
    )
    job.refresh_from_db()
    assert (answer.status_code, job.starts_at <= now()) == (status, starts)


def test_a_leavers_job_is_taken_over_on_its_page_by_somebody_with_the_right(staff_client, staff, account):
    kim = factories.user("kim", permissions=factories.EVERY_PERMISSION)
    job = controls.open_deletion_job(
        manifest=job_rows.manifest(account, kim, 3, has_real_hash=True), actor=Actor.person(kim), reason="Old campaign"
    )
    DeletionJob.objects.filter(pk=job.pk).update(state="paused", pause_code="requester", pause_cause="kim left.")
    page = soup(staff_client.get(reverse("medialib:job", args=[job.pk])))
    words = [button.get_text(strip=True) for button in page.select("#job-controls button")]
    assert "Take over and go on" in words
    assert "Resume" not in words
    staff_client.post(reverse("medialib:job-control", args=[job.pk, "take-over"]))
    job.refresh_from_db()
    assert (job.requested_by, job.state) == (staff, "scheduled")


def test_files_that_changed_are_offered_for_a_list_as_they_are_now(staff_client, staff, account):
    causes = ["", "changed", "protected"]
    done = job_rows.finished(job_rows.manifest(account, staff, 3), ["deleted", "skipped", "skipped"], causes)
    changed, _protected = done.manifest.items.filter(outcome="skipped")
    Asset.objects.filter(file_id=changed.file_id).update(path="/now/here.jpg", size_bytes=9)
    page = staff_client.get(reverse("medialib:job", args=[done.pk]))
    assert "1 file had changed at ImageKit since it was frozen" in text(page)
    answer = staff_client.post(reverse("medialib:freeze-changed", args=[done.pk]))
    frozen = Manifest.objects.exclude(pk=done.manifest_id).get()
    assert answer["Location"] == reverse("medialib:review", args=[frozen.pk])
    assert [(item.file_id, item.path, item.size_bytes) for item in frozen.items.all()] == [
        (changed.file_id, "/now/here.jpg", 9)
    ]


def test_what_is_said_of_a_job_that_had_begun_when_its_approver_left_is_true(signed_in, waiting, ada):
    DeletionJob.objects.filter(pk=waiting.pk).update(
        state="paused", pause_code="approver", started_at=now(), deleted=1, calls=1
    )
    waiting.manifest.items.filter(position=0).update(outcome="deleted", evidence="HTTP 200", settled_at=now())
    page = signed_in(ada).post(
        reverse("medialib:job-approval", args=[waiting.pk, "reject"]), {"reason": "still used"}, follow=True
    )
    assert "Nothing was sent" not in text(page)
    assert "1 files are already gone; 2 stay" in text(page)
    waiting.refresh_from_db()
    assert (waiting.deleted, waiting.cancelled) == (1, 2)


def test_a_second_approval_of_a_job_that_had_begun_promises_no_undo(signed_in, waiting, ada):
    DeletionJob.objects.filter(pk=waiting.pk).update(state="paused", pause_code="approver", started_at=now(), calls=1)
    data = {"manifest_sha256": waiting.manifest.sha256}
    page = signed_in(ada).post(reverse("medialib:job-approval", args=[waiting.pk, "approve"]), data, follow=True)
    assert "Undo is complete" not in text(page)
    assert "somebody with the right resumes it" in text(page)
