"""The course of a job is what its calls say: files over time, waits up to the next call, pauses, errors."""

from __future__ import annotations

from datetime import datetime, timedelta

import pytest
from django.contrib.auth.models import User
from django.utils.timezone import now

from medialib.models import Account, DeletionJob, EventKind
from medialib.services.jobs import timeline
from medialib.services.jobs.timeline import TimedCall, Timeline
from medialib.views.jobs.timeline import drawn
from tests.views.jobs import job_rows

BEGIN = datetime.fromisoformat("2026-11-24T14:00:00+00:00")


def at(second: float) -> datetime:
    return BEGIN + timedelta(seconds=second)


ENDED = {200: "answered", 207: "answered", 404: "answered", 429: "waited", 400: "refused", 401: "refused"}


def call(
    pk: int, sent: float, status: int | None = 200, *, kind: str = "delete", ended: str = "", gone: int = 0
) -> TimedCall:
    return TimedCall(
        pk=pk,
        kind=kind,
        file_count=100,
        sent_at=at(sent),
        answered_at=at(sent + 0.5),
        http_status=status,
        ended=ended or ENDED.get(status or 0, "lost"),
        result="text",
        gone_count=gone,
    )


def course(*calls: TimedCall, pauses: list[timeline.CourseMoment] | None = None) -> Timeline:
    return timeline.course(BEGIN, at(96), list(calls), pauses or [])


def test_files_stand_where_they_were_settled() -> None:
    found = course(call(1, 0), call(2, 48), call(3, 48.2))
    assert [(bar.x, bar.height) for bar in drawn(found).bars] == [(0.5, 60.0), (480.5, 120.0)]
    assert found.peak_per_s == 200


def test_wait_lasts_until_the_next_call() -> None:
    found = course(call(1, 0, 429), call(2, 8.5))
    assert [(moment.kind, moment.seconds, moment.call) for moment in found.moments] == [("wait", 8.0, 1)]


def test_refusals_during_a_wait_belong_to_it() -> None:
    assert course(call(1, 0, 429), call(2, 0.1, 429), call(3, 9)).waits == 1


def test_wait_ends_where_a_pause_begins() -> None:
    pause = timeline.CourseMoment("pause", at(2.5), 40, "kim")
    found = course(call(1, 0, 429), call(2, 42), pauses=[pause])
    assert (found.waited_s, found.paused_s) == (2.0, 40)


@pytest.mark.parametrize(("status", "errors"), [(200, 0), (207, 0), (404, 0), (400, 1), (401, 1), (500, 1), (None, 1)])
def test_an_answer_that_settles_nothing_is_an_error(status: int | None, errors: int) -> None:
    assert course(call(1, 0, status)).errors == errors


def test_look_up_counts_what_it_found_gone_and_is_no_error() -> None:
    found = course(call(1, 0, None, kind="look_up", ended="answered", gone=7))
    assert (found.errors, found.peak_per_s) == (0, 7)
    assert course(call(1, 0, None, kind="look_up", ended="look_up_failed")).errors == 1


@pytest.fixture
def running(account: Account, staff: User) -> DeletionJob:
    return job_rows.job(job_rows.manifest(account, staff, 2), state="running", started_at=now())


def test_nothing_is_drawn_before_the_first_call(running: DeletionJob) -> None:
    assert timeline.timeline(running) is None


def test_pauses_come_from_the_audit_log(running: DeletionJob) -> None:
    job_rows.exchange(running)
    for kind in (EventKind.JOB_PAUSED, EventKind.JOB_RESUMED):
        job_rows.event(kind, job_id=running.pk, actor_name="kim")
    found = timeline.timeline(running)
    assert found is not None
    assert [mark.text for mark in drawn(found).marks] == ["Paused by kim"]
