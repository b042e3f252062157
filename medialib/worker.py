"""The worker process: the task engine that the settings name, and the sweep beside it.

DatabaseEngine   django-tasks-db: threads of this process that take tasks from our own database
CeleryEngine     Celery through django-tasks-fennel, its threads in this process
"""

from __future__ import annotations

import logging
import signal
import sys
import threading
import time
from collections.abc import Callable
from datetime import timedelta
from types import FrameType
from typing import Protocol

import requests
from django.conf import settings
from django.db import DatabaseError, close_old_connections, connection
from django_tasks import TaskResultStatus
from django_tasks_db.management.commands.db_worker import Worker as TaskThread
from django_tasks_db.models import DBTaskResult

from medialib.models import DeletionJob, RestoreJob
from medialib.models import Worker as WorkerRow
from medialib.models.workers import SILENT_AFTER
from medialib.services.accounts import keys, tokens
from medialib.services.audit import indexing, weak_settings, webhook
from medialib.services.audit.seal import copies, sealing
from medialib.services.base.clock import shared_now
from medialib.services.copies import sweeping as copies_sweeping
from medialib.services.deletion import purge, runner, sweeping
from medialib.services.jobs import approvals
from medialib.services.library import summary
from medialib.services.notices import delivering, gathering
from medialib.services.restoring import runner as restoring
from medialib.services.selections import ticks
from medialib.services.sync import schedule, webhooks
from medialib.tasks import STOP

logger = logging.getLogger(__name__)

SWEEP_EVERY_S = 2.0
TIDY_EVERY_S = 60.0
STORAGE_EVERY_S = 6 * 3600.0
PICK_UP_S = 0.3  # How often an idle thread looks for a task.
KEEP_RESULTS = timedelta(days=2)
SWITCH_S = 0.0005  # Calls go at their time though other threads read long answers; Python's own 5 ms add up.


class Engine(Protocol):
    """Runs tasks until `stop` is called."""

    name: str

    def run(self) -> None: ...

    def stop(self) -> None: ...


class DatabaseEngine:
    """django-tasks-db, several threads in one process: a long job does not hold up another account's."""

    name = "database"

    def __init__(self, worker_id: str, *, slots: int) -> None:
        self._takers = [self._taker(f"{worker_id}-{slot}") for slot in range(slots)]

    def _taker(self, name: str, *, batch: bool = False) -> TaskThread:
        return TaskThread(
            queue_names=["*"],
            interval=PICK_UP_S,
            batch=batch,
            backend_name="default",
            startup_delay=False,
            max_tasks=None,
            worker_id=name[:64],
            excluded_queue_names=[],
        )

    def run(self) -> None:
        threads = [threading.Thread(target=self._run_one, args=[taker], name=taker.worker_id) for taker in self._takers]
        for thread in threads:
            thread.start()
        for thread in threads:
            while thread.is_alive():
                thread.join(0.5)  # A join without end would keep signals from being seen.

    def _run_one(self, taker: TaskThread) -> None:
        while taker.running:
            try:
                taker.run()
            except DatabaseError as error:
                logger.warning("task queue away, trying again: %s", error)
                connection.close()
                STOP.wait(1.0)
        connection.close()

    def stop(self) -> None:
        for taker in self._takers:
            taker.running = False

    def drain(self) -> None:
        """Run what is queued and due, then return."""
        self._taker("once", batch=True).run()


class CeleryEngine:
    """Celery's own worker with threads; the sweep wakes what a lost message would have."""

    name = "celery"

    def __init__(self, worker_id: str, *, slots: int) -> None:
        from celery import current_app, signals

        self._app, self._slots, self._name = current_app, slots, worker_id
        signals.worker_shutting_down.connect(lambda **_: STOP.set(), weak=False)

    def run(self) -> None:
        arguments = ["worker", "--pool=threads", f"--concurrency={self._slots}", f"--hostname={self._name}"]
        self._app.worker_main([*arguments, "--loglevel=WARNING", "--without-gossip", "--without-mingle"])

    def stop(self) -> None:
        """Celery hears the same signals and ends by itself."""


def engine_for(worker_id: str) -> Engine:
    """The engine of the configured task backend."""
    is_celery = settings.TASKS["default"]["BACKEND"].startswith("django_tasks_fennel.")
    kind: type[DatabaseEngine | CeleryEngine] = CeleryEngine if is_celery else DatabaseEngine
    return kind(worker_id, slots=settings.WORKER_SLOTS)


def run_worker(*, on_ready: Callable[[str], None]) -> None:
    """Run until SIGINT or SIGTERM: the first gives batches back in good order, the second ends at once."""
    sys.setswitchinterval(SWITCH_S)
    worker_id = runner.worker_name()
    engine = engine_for(worker_id)
    _listen(engine)
    weak_settings.record_weak_settings("worker")
    sweeper = threading.Thread(target=_sweep_until_stopped, args=[worker_id, engine.name], name="sweep", daemon=True)
    sweeper.start()
    threading.Thread(target=_send_audit_until_stopped, args=[worker_id], name="audit webhook", daemon=True).start()
    threading.Thread(target=_copy_anchors_until_stopped, name="anchors", daemon=True).start()
    threading.Thread(target=_tell_until_stopped, name="notices", daemon=True).start()
    on_ready(engine.name)
    try:
        engine.run()
    finally:
        STOP.set()
        sweeper.join(5)
        sweeping.sign_off(worker_id)


def _listen(engine: Engine) -> None:
    def stop(signum: int, _frame: FrameType | None) -> None:
        if STOP.is_set():
            signal.signal(signum, signal.SIG_DFL)
            signal.raise_signal(signum)
        STOP.set()
        engine.stop()

    if isinstance(engine, DatabaseEngine):
        signal.signal(signal.SIGINT, stop)
        signal.signal(signal.SIGTERM, stop)


def run_once() -> int:
    """Do what is due now: queued tasks, jobs without a wake-up, purges. Returns how many jobs stopped unexpectedly."""
    failed = 0
    worker_id = runner.worker_name()
    engine = engine_for(worker_id)
    sweeping.heartbeat(worker_id, engine=engine.name)
    try:
        if isinstance(engine, DatabaseEngine):
            engine.drain()
        for job_id in list(DeletionJob.objects.due(shared_now()).values_list("pk", flat=True)):
            try:
                runner.run_deletion_job(job_id, worker=worker_id, stop=STOP)
            except Exception:  # One job in trouble must not keep the others waiting.
                logger.exception("job stopped unexpectedly job=%s", job_id)
                failed += 1
        for job_id in purge.unfinished_purges():
            purge.run_purge(DeletionJob.objects.select_related("account").get(pk=job_id))
        for restore_id in list(RestoreJob.objects.due(shared_now()).values_list("pk", flat=True)):
            restoring.run_restore(restore_id, worker=worker_id, stop=STOP)
        copies_sweeping.sweep()
        sealing.seal_due()
        indexing.catch_up()
        with requests.Session() as session:
            webhook.deliver_due(worker_id, session=session)
            copies.pass_on(session=session)
        gathering.gather_from_log()
        gathering.gather_from_state()
        with delivering.session() as session:
            delivering.deliver_due(session=session)
    finally:
        sweeping.sign_off(worker_id)
    return failed


def _sweep_until_stopped(worker_id: str, engine_name: str) -> None:
    tidied_at, storage_swept_at = 0.0, time.monotonic()
    while not STOP.is_set():
        try:
            close_old_connections()
            sweeping.heartbeat(worker_id, engine=engine_name)
            sweeping.sweep()
            restoring.sweep()
            sealing.seal_due()
            indexing.catch_up_beside_work()
            if time.monotonic() - tidied_at >= TIDY_EVERY_S:
                tidied_at = time.monotonic()
                sweeping.sweep_purges()
                approvals.expire()
                ticks.forget_expired()
                webhooks.forget_receipts()
                summary.wake_stale()
                schedule.wake_due()
                keys.erase_retired()
                tokens.forget_answers()
                copies_sweeping.sweep()
                _tidy_results()
            if time.monotonic() - storage_swept_at >= STORAGE_EVERY_S:
                storage_swept_at = time.monotonic()
                copies_sweeping.sweep_storage()
        except DatabaseError as error:
            logger.warning("sweep failed, trying again: %s", error)
            connection.close()
        STOP.wait(SWEEP_EVERY_S)
    connection.close()


def _send_audit_until_stopped(worker_id: str) -> None:
    """In a thread of its own: a receiver that hangs must not hold up the sweep."""
    with requests.Session() as session:
        while settings.AUDIT_WEBHOOK_URL and not STOP.is_set():
            try:
                close_old_connections()
                webhook.deliver_due(worker_id, session=session, is_over=STOP.is_set)
            except DatabaseError as error:
                logger.warning("audit webhook waits for the database: %s", error)
                connection.close()
            STOP.wait(SWEEP_EVERY_S)
    connection.close()


def _copy_anchors_until_stopped() -> None:
    """In a thread of its own: a mount that hangs must hold up neither seals nor the webhook."""
    with requests.Session() as session:
        while settings.AUDIT_ANCHOR_COPY and not STOP.is_set():
            try:
                close_old_connections()
                copies.pass_on(session=session, is_over=STOP.is_set)
            except (DatabaseError, OSError) as error:
                logger.warning("anchors not passed on, trying again: %s", error)
                connection.close()
            STOP.wait(SWEEP_EVERY_S)
    connection.close()


def _tell_until_stopped() -> None:
    """In a thread of its own: a mail server that hangs must hold up nothing else."""
    looked_at = 0.0
    with delivering.session() as session:
        while not STOP.is_set():
            try:
                close_old_connections()
                gathering.gather_from_log()
                if time.monotonic() - looked_at >= TIDY_EVERY_S:
                    looked_at = time.monotonic()
                    gathering.gather_from_state()
                delivering.deliver_due(session=session, is_over=STOP.is_set)
            except DatabaseError as error:
                logger.warning("notices wait for the database: %s", error)
                connection.close()
            STOP.wait(SWEEP_EVERY_S)
    connection.close()


def _tidy_results() -> None:
    """Close the queue's records of killed workers, which it never closes itself, and forget old ones."""
    at = shared_now()
    names = tuple(WorkerRow.objects.alive(at).values_list("pk", flat=True))
    for result in DBTaskResult.objects.filter(status=TaskResultStatus.RUNNING, started_at__lt=at - SILENT_AFTER):
        if not any(name.startswith(names) for name in result.worker_ids[-1:]):
            DBTaskResult.objects.filter(pk=result.pk, status=TaskResultStatus.RUNNING).update(
                status=TaskResultStatus.FAILED, finished_at=at
            )
    DBTaskResult.objects.finished().filter(finished_at__lt=at - KEEP_RESULTS).delete()
