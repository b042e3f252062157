"""runworker: --once drains what is due; without it, a process that ends in good order when asked."""

from __future__ import annotations

import signal
import subprocess
import sys

import pytest

from medialib.models import Worker
from medialib.services.base.wake import wake
from tests.services.deletion.conftest import actor, job_for  # noqa: F401
from tests.services.deletion.test_controls import wait_until
from tests.services.deletion.test_crashes import worker_environment

pytestmark = pytest.mark.django_db(transaction=True)


def test_once_runs_due_jobs_and_queued_tasks_and_leaves(run, sandbox, sandbox_account, job_for, settings):  # noqa: F811
    settings.IMAGEKIT_START_RATE = 10_000
    due, later = job_for(150), job_for(20, start_after_s=3600)
    wake("sync_library", sandbox_account.pk)
    done = run("runworker", "--once", "--json")
    due.refresh_from_db()
    later.refresh_from_db()
    assert (done.code, due.deleted, later.left) == (0, 150, 20)
    assert sandbox_account.sync_runs.get().seen == 20
    assert not Worker.objects.exists()


def test_once_finds_a_job_whose_wake_up_was_lost(run, sandbox, job_for, settings, monkeypatch):  # noqa: F811
    settings.IMAGEKIT_START_RATE = 10_000
    monkeypatch.setattr("medialib.services.base.wake._enqueue", lambda *args: None)
    job = job_for(10)
    assert run("runworker", "--once").code == 0
    job.refresh_from_db()
    assert job.deleted == 10


@pytest.mark.parametrize("how", [signal.SIGTERM, signal.SIGINT])
def test_it_says_that_it_lives_and_signs_off_when_asked_to_end(db, how):
    worker = subprocess.Popen(
        [sys.executable, "manage.py", "runworker"], env=worker_environment(), stderr=subprocess.PIPE
    )
    try:
        wait_until(Worker.objects.exists, within_s=30)
        worker.send_signal(how)
        _, errors = worker.communicate(timeout=15)
    finally:
        worker.kill()
    assert worker.returncode == 0, errors
    assert b"Traceback" not in errors
    assert not Worker.objects.exists()
