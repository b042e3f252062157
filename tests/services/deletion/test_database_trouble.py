"""The real thing: a locked database, a full one, and a PostgreSQL that throws everybody out."""

from __future__ import annotations

import sqlite3
import threading

import pytest
from django.db import OperationalError, connection, connections

from medialib.models import AuditEvent, DeletionJob, EventKind
from medialib.services.base.retry import Patience
from medialib.services.deletion import runner
from medialib.services.jobs import controls
from tests.services.deletion.conftest import assert_exact, assert_log_matches_sandbox, run
from tests.services.deletion.test_controls import in_thread, wait_until

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.mark.sqlite
def test_a_database_locked_by_another_program_is_sat_out(sandbox, job_for):
    if connection.vendor != "sqlite":
        pytest.fail("This test is about SQLite; leave it out elsewhere with -m 'not sqlite'.")
    job = job_for(400)
    sandbox.hold()
    worker = in_thread(job)
    wait_until(lambda: len(sandbox.calls("delete")) >= 1)
    other = sqlite3.connect(connection.settings_dict["NAME"], isolation_level=None, check_same_thread=False)
    other.execute("BEGIN IMMEDIATE")
    release = threading.Timer(1.5, lambda: other.execute("ROLLBACK"))
    release.start()
    sandbox.release()
    worker.join(30)
    other.close()
    run(job)
    assert job.deleted == 400
    assert_exact(job, sandbox)
    assert_log_matches_sandbox(sandbox)


@pytest.mark.sqlite
def test_a_full_disk_stops_before_the_call_and_loses_nothing(sandbox, job_for, monkeypatch):
    if connection.vendor != "sqlite":
        pytest.fail("This test is about SQLite; leave it out elsewhere with -m 'not sqlite'.")
    job = job_for(2000)
    runner.lifecycle.start(job)
    monkeypatch.setattr(runner, "Patience", lambda stop: Patience(stop, wait_for_s=0.2))
    monkeypatch.setattr(
        type(connections["default"]), "close", lambda self: None
    )  # The limit below belongs to this connection.
    with connection.cursor() as cursor:
        cursor.execute("VACUUM")
        pages = cursor.execute("PRAGMA page_count").fetchone()[0]
        cursor.execute(f"PRAGMA max_page_count = {pages + 30}")
    with pytest.raises(OperationalError, match="full"):
        runner.run_deletion_job(job.pk)
    sent_without_record = len(sandbox.calls("delete")) - AuditEvent.objects.filter(event=EventKind.BATCH_SENT).count()
    with connection.cursor() as cursor:
        cursor.execute("PRAGMA max_page_count = 1073741823")
    monkeypatch.undo()
    assert sent_without_record <= 0
    job.batches.filter(lease_until__isnull=False).update(lease_until=job.created_at)
    finish(job)
    assert job.deleted == 2000
    assert_exact(job, sandbox)
    assert_log_matches_sandbox(sandbox)


@pytest.mark.postgres
def test_a_postgresql_that_ends_all_connections_midway_costs_nothing(sandbox, job_for):
    if connection.vendor != "postgresql":
        pytest.fail("This test needs PostgreSQL: run make test-postgres.")
    sandbox.set_latency(30)
    job = job_for(1500)
    worker = in_thread(job)
    for calls in (3, 8):
        wait_until(lambda least=calls: len(sandbox.calls("delete")) >= least)
        with connection.cursor() as cursor:
            cursor.execute(
                "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
                " WHERE datname = current_database() AND pid <> pg_backend_pid()"
            )
    worker.join(60)
    finish(job)
    assert job.deleted == 1500
    assert_exact(job, sandbox)
    assert_log_matches_sandbox(sandbox)


def finish(job: DeletionJob) -> None:
    """Run the job to its end with the settings of the tests, whatever `monkeypatch.undo` took back."""
    job.refresh_from_db()
    if job.state == "paused":
        controls.resume(job, actor=controls.log.SYSTEM)
    run(job)
