"""Background tasks: ids in, one service call each. Only wake-ups; the rows are the truth."""

from __future__ import annotations

import threading

from django_tasks import task

from medialib.models import Account, DeletionJob, SyncKind, SyncRun
from medialib.services.deletion import purge, runner
from medialib.services.library import summary
from medialib.services.restoring import runner as restoring
from medialib.services.sync import run, subtrees

STOP = threading.Event()  # Set when this process is asked to end: jobs then give their batches back in good order.

_running: set[int] = set()
_running_lock = threading.Lock()


@task()
def run_deletion_job(job_id: int) -> None:
    """Work on a job. A second wake-up in the same process finds it in good hands."""
    with _running_lock:
        if job_id in _running:
            return
        _running.add(job_id)
    try:
        runner.run_deletion_job(job_id, stop=STOP)
    finally:
        with _running_lock:
            _running.discard(job_id)


@task()
def run_restore(job_id: int) -> None:
    """Work on a restore. While another worker holds it, there is nothing to do."""
    restoring.run_restore(job_id, worker=runner.worker_name(), stop=STOP)


@task()
def purge_deleted(job_id: int) -> None:
    """Purge the CDN after a job that asked for it."""
    purge.run_purge(DeletionJob.objects.select_related("account").get(pk=job_id))


@task()
def sync_library(account_id: int) -> None:
    """Bring an account's index in step with ImageKit."""
    run.run_sync(Account.objects.get(pk=account_id))


@task()
def sync_changes(account_id: int) -> None:
    """Bring an account's index in step with what changed at ImageKit. Finds nothing to do while another sync runs."""
    account = Account.objects.get(pk=account_id)
    if not SyncRun.objects.running(account):
        run.run_sync(account, kind=SyncKind.INCREMENTAL)


@task()
def reread_folder(account_id: int, path: str) -> None:
    """Read a folder and all below it again, because ImageKit said that it was made, renamed, moved or deleted."""
    subtrees.reread_folder(Account.objects.get(pk=account_id), path)


@task()
def reread_file(account_id: int, file_id: str) -> None:
    """Read one file again, because ImageKit said that it has another version."""
    subtrees.reread_file(Account.objects.get(pk=account_id), file_id)


@task()
def summarise_library(account_id: int) -> None:
    """Count what a library holds."""
    summary.rebuild(Account.objects.get(pk=account_id))
