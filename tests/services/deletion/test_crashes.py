"""Workers that die, sleep or lose their database: nothing is lost, nothing is reported twice."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Iterator
from datetime import timedelta
from itertools import count
from pathlib import Path

import pytest
from django.conf import settings as django_settings
from django.db import OperationalError, connection
from django.utils.timezone import now

from medialib.models import AuditEvent, Batch, DeletionJob, EventKind, Exchange, JobState, Outcome
from medialib.services.base.retry import Patience
from medialib.services.deletion import claims as leases
from medialib.services.deletion import runner, settling
from tests.services.deletion.conftest import add_files, assert_exact, assert_log_matches_sandbox, outcomes, run
from tests.services.deletion.test_controls import in_thread, wait_until

pytestmark = pytest.mark.django_db(transaction=True)


class Killed(BaseException):
    """Ends a worker at a chosen point, past every `except Exception`."""


def kill_at(monkeypatch: pytest.MonkeyPatch, module: object, name: str, *, after: bool, nth: int = 1) -> None:
    """The next (or nth) call of `module.name` ends the worker, before it does its work or right after."""
    real, calls = getattr(module, name), count(1)

    def dying(*args: object, **kwargs: object) -> object:
        if next(calls) < nth:
            return real(*args, **kwargs)
        monkeypatch.setattr(module, name, real)
        if after:
            real(*args, **kwargs)
        raise Killed

    monkeypatch.setattr(module, name, dying)


def let_leases_run_out() -> None:
    Batch.objects.filter(lease_until__isnull=False).update(lease_until=now() - timedelta(seconds=1))


def finish_after_death(job: DeletionJob, sandbox) -> None:
    with pytest.raises(Killed):
        runner.run_deletion_job(job.pk)
    let_leases_run_out()
    run(job)
    assert job.state == JobState.FINISHED
    assert_exact(job, sandbox)
    assert_log_matches_sandbox(sandbox)


@pytest.mark.parametrize(
    ("module", "name", "after"),
    [
        (leases, "claim", False),
        (leases, "claim", True),  # Intent committed, call not made.
        (settling, "settle_some", False),  # Call made, answer not committed.
        (settling, "settle", True),  # In the middle of what is committed together.
        (settling, "settle_some", True),  # Answer committed.
    ],
)
def test_a_worker_that_dies_at_any_point_loses_nothing(sandbox, job_for, monkeypatch, module, name, after):
    job = job_for(250)
    kill_at(monkeypatch, module, name, after=after)
    finish_after_death(job, sandbox)
    assert job.deleted == 250


def test_a_call_that_was_never_sent_is_told_from_one_that_was(sandbox, job_for, monkeypatch, unseen):
    job = job_for(30)
    kill_at(monkeypatch, leases, "claim", after=True)
    finish_after_death(job, sandbox)
    kinds = list(Exchange.objects.filter(batch__job=job).values_list("kind", "attempt"))
    assert kinds == [("delete", 1), ("look_up", 1), ("delete", 2)]


def test_a_worker_that_wakes_after_its_lease_writes_nothing(sandbox, job_for, settings):
    job = job_for(40)
    sandbox.hold()
    sleeper = in_thread(job)
    wait_until(lambda: len(sandbox.calls("delete")) == 1)
    let_leases_run_out()
    other = in_thread(job)
    wait_until(lambda: Batch.objects.filter(job=job, fence__gte=2).exists())
    sandbox.release()
    sleeper.join(10)
    other.join(10)
    run(job)
    assert job.deleted == 40
    assert_exact(job, sandbox)


def test_a_lost_lease_among_several_answers_costs_the_others_nothing(sandbox, job_for, unseen):
    job = job_for(300)
    runner.lifecycle.start(job)
    claims = leases.claim(job, worker="w", want=3, look_ups=2).claims
    with runner.keys.client_for(job.account) as client:
        reports = [runner.perform(client, one, runner.Gate(), runner.ReadPace(1000)) for one in claims]
    Batch.objects.filter(pk=claims[1].batch_id).update(lease_owner="other", fence=99)
    assert settling.settle_some(job, reports, worker="w", is_enough=lambda: False) == 3
    assert Counter(outcomes(job).values()) == {Outcome.DELETED: 200, "": 100}
    let_leases_run_out()
    run(job)
    assert job.deleted == 300
    assert_exact(job, sandbox)


def test_a_process_past_its_lease_does_not_begin_a_call(sandbox, job_for, settings, unseen):
    job = job_for(10)
    runner.lifecycle.start(job)
    claims = leases.claim(job, worker="w", want=1, look_ups=2)
    claims.claims[0].validity._ends_at = 0.0
    with runner.keys.client_for(job.account) as client:
        report = runner.perform(client, claims.claims[0], runner.Gate(), runner.ReadPace(1000))
    assert report.was_held
    assert sandbox.calls("delete") == []


def test_two_claims_never_hold_the_same_batch(sandbox, job_for, unseen):
    job = job_for(500)
    runner.lifecycle.start(job)
    one = leases.claim(job, worker="one", want=3, look_ups=2).claims
    two = leases.claim(job, worker="two", want=9, look_ups=2).claims
    assert {c.number for c in one} | {c.number for c in two} == set(range(5))
    assert not {c.number for c in one} & {c.number for c in two}


def test_a_clock_set_back_an_hour_holds_up_nobody(sandbox, job_for, monkeypatch):
    job = job_for(20)
    hour = timedelta(hours=1)
    for module in (leases, settling, runner, runner.lifecycle):
        monkeypatch.setattr(module, "shared_now", lambda: now() + hour)
    kill_at(monkeypatch, settling, "settle_some", after=False)
    with pytest.raises(Killed):
        runner.run_deletion_job(job.pk)
    monkeypatch.undo()
    django_settings.IMAGEKIT_START_RATE = 10_000
    run(job)
    assert job.deleted == 20
    assert_exact(job, sandbox)


def test_a_database_that_is_away_for_a_moment_is_sat_out(sandbox, job_for, monkeypatch):
    failures = iter([OperationalError("database is locked"), OperationalError("server closed")])
    real = settling.settle_some

    def flaky(*args: object, **kwargs: object) -> object:
        if error := next(failures, None):
            raise error
        return real(*args, **kwargs)

    monkeypatch.setattr(settling, "settle_some", flaky)
    job = job_for(120)
    run(job)
    assert job.deleted == 120
    assert len(sandbox.calls("delete")) == 2
    assert_exact(job, sandbox)


def test_no_call_is_made_when_its_intent_cannot_be_written(sandbox, job_for, monkeypatch):
    def full(*args: object, **kwargs: object) -> None:
        raise OperationalError("database or disk is full")

    monkeypatch.setattr(leases.events, "record_intents", full)
    monkeypatch.setattr(runner, "Patience", lambda stop: Patience(stop, wait_for_s=0.2))
    job = job_for(10)
    with pytest.raises(OperationalError):
        runner.run_deletion_job(job.pk)
    assert sandbox.calls("delete") == []
    monkeypatch.undo()
    django_settings.IMAGEKIT_START_RATE = 10_000
    run(job)
    assert job.deleted == 10
    assert_exact(job, sandbox)


@pytest.fixture
def workers(sandbox, tmp_path: Path) -> Iterator[list[subprocess.Popen[bytes]]]:
    """Real worker processes on this test's database; those still alive at the end are ended."""
    started: list[subprocess.Popen[bytes]] = []
    yield started
    for worker in started:
        if worker.poll() is None:
            worker.kill()
        worker.wait()


def start_worker(workers: list[subprocess.Popen[bytes]]) -> subprocess.Popen[bytes]:
    worker = subprocess.Popen(
        [sys.executable, "manage.py", "runworker"], env=worker_environment(), stderr=subprocess.DEVNULL
    )
    workers.append(worker)
    return worker


def worker_environment() -> dict[str, str]:
    values = connection.settings_dict
    url = f"sqlite:///{values['NAME']}"
    if connection.vendor == "postgresql":
        url = f"postgres://{values['USER']}:{values['PASSWORD']}@{values['HOST']}:{values['PORT']}/{values['NAME']}"
    return {
        **os.environ,
        "DATABASE_URL": url,
        "IMAGEKIT_START_RATE": "10000",
        "IMAGEKIT_HEADROOM": "0",
        "IMAGEKIT_LOOK_UP_RATE": "10000",
        "IMAGEKIT_READ_TIMEOUT_S": "5",
        "LEASE_S": "2",
        "IMAGEKIT_ALLOW_PRIVATE_API": "1",
        "FIELD_ENCRYPTION_KEYS": ",".join(django_settings.FIELD_ENCRYPTION_KEYS),
    }


def test_workers_killed_with_sigkill_while_others_go_on(sandbox, job_for, workers):
    sandbox.set_latency(60)
    job = job_for(3000)
    for _ in range(2):
        start_worker(workers)
    for settled in (300, 900, 1500):
        wait_until(lambda least=settled: DeletionJob.objects.get(pk=job.pk).settled >= least, within_s=60)
        victim = workers[-2]
        os.kill(victim.pid, signal.SIGKILL)
        victim.wait()
        start_worker(workers)
    wait_until(lambda: DeletionJob.objects.get(pk=job.pk).is_finished, within_s=60)
    job.refresh_from_db()
    assert job.deleted == 3000
    assert_exact(job, sandbox)
    assert_log_matches_sandbox(sandbox)


def test_another_worker_takes_over_from_a_killed_one_within_thirty_seconds(sandbox, job_for, workers):
    add_files(sandbox, 1)
    job = job_for(50)
    sandbox.hold()
    victim = start_worker(workers)
    wait_until(lambda: len(sandbox.calls("delete")) == 1, within_s=30)
    os.kill(victim.pid, signal.SIGKILL)
    victim.wait()
    killed_at = time.monotonic()
    sandbox.release()
    start_worker(workers)
    wait_until(lambda: DeletionJob.objects.get(pk=job.pk).is_finished, within_s=30)
    assert time.monotonic() - killed_at < 30
    assert_exact(job, sandbox)
    assert AuditEvent.objects.filter(job=job, event=EventKind.JOB_FINISHED).count() == 1
