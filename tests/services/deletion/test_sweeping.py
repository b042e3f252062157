"""The sweep finds work that nobody is at, wakes once, and asks for help where there is enough to share."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.utils.timezone import now

from medialib.models import Batch, DeletionJob, JobState, Worker
from medialib.services.deletion import claims, runner, sweeping

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture(autouse=True)
def woken(monkeypatch) -> list[tuple[str, tuple[int, ...]]]:
    calls: list[tuple[str, tuple[int, ...]]] = []
    monkeypatch.setattr("medialib.services.base.wake._enqueue", lambda name, args: calls.append((name, args)))
    return calls


def quiet(job: DeletionJob) -> None:
    DeletionJob.objects.filter(pk=job.pk).update(woken_at=now() - timedelta(minutes=1))


def test_a_due_job_that_was_forgotten_is_woken_once(sandbox, job_for):
    job = job_for(10)
    assert sweeping.sweep() == []  # It was just woken by whoever opened it.
    quiet(job)
    assert sweeping.sweep() == [job.pk]
    assert sweeping.sweep() == []


def test_a_job_in_its_undo_window_is_left_alone(sandbox, job_for):
    quiet(job_for(10, start_after_s=60))
    assert sweeping.sweep() == []


def test_a_job_in_living_hands_is_left_alone_and_one_of_a_dead_worker_is_not(sandbox, job_for, unseen):
    job = job_for(50)
    runner.lifecycle.start(job)
    claims.claim(job, worker="w", want=1, look_ups=2)
    quiet(job)
    assert sweeping.sweep() == []
    Batch.objects.update(lease_until=now() - timedelta(seconds=1))
    assert sweeping.sweep() == [job.pk]


def test_a_second_worker_is_asked_to_help_where_there_is_much_to_do(sandbox, job_for, unseen):
    job = job_for(1500)
    runner.lifecycle.start(job)
    claims.claim(job, worker="one", want=2, look_ups=2)
    quiet(job)
    sweeping.heartbeat("one", engine="database")
    assert sweeping.sweep() == []
    sweeping.heartbeat("two", engine="database")
    assert sweeping.sweep() == [job.pk]


def test_paused_and_finished_jobs_wake_nobody(sandbox, job_for):
    job = job_for(10)
    for state in (JobState.PAUSED,):
        DeletionJob.objects.filter(pk=job.pk).update(state=state, woken_at=None)
        assert sweeping.sweep() == []


def test_workers_that_are_long_silent_are_forgotten():
    Worker.objects.create(id="old", engine="database", started_at=now(), seen_at=now() - timedelta(days=2))
    sweeping.heartbeat("new", engine="database")
    assert list(Worker.objects.values_list("pk", flat=True)) == ["new"]
    sweeping.sign_off("new")
    assert not Worker.objects.exists()
