"""From an event of ImageKit to the index and the audit log: the whole way, with a web server and a worker that runs.

The bars are those of docs/guard-rails.md; the figures are printed (`pytest -s`).
"""

from __future__ import annotations

import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from django.urls import reverse
from pytest_django.live_server_helper import LiveServer

from medialib.models import Account, Asset, AuditEvent, EventKind, SyncRun, Worker
from medialib.sandbox.server import Sandbox
from medialib.services.sync import run as sync
from medialib.services.sync.webhook_setup import set_up
from tests.services.deletion.test_controls import wait_until
from tests.services.deletion.test_crashes import worker_environment

pytestmark = pytest.mark.django_db(transaction=True)
INDEX_WITHIN_S = 10.0
AUDIT_WITHIN_S = 60.0
FILES = 250  # Of the folder that is renamed: more than two searches.


@pytest.fixture
def files(sandbox: Sandbox, sandbox_account: Account, live_server: LiveServer) -> list[str]:
    """Files in the index of an account whose webhook leads to the web server."""
    ids = sandbox.add_files([{"path": f"/old/deep/{number:03}.jpg"} for number in range(FILES)])
    sandbox.add_files([{"path": "/other/a.jpg"}])
    sync.run_sync(sandbox_account)
    address = f"{live_server.url}{reverse('medialib:webhook', args=[sandbox_account.name])}"
    set_up(sandbox_account, address=address)
    return ids


@pytest.fixture
def worker(files: list[str]) -> Iterator[None]:
    """A worker that is at home before anything happens."""
    process = subprocess.Popen([sys.executable, "manage.py", "runworker"], env=worker_environment())
    try:
        wait_until(Worker.objects.exists, within_s=60)
        yield
    finally:
        process.terminate()
        process.wait(timeout=30)


def seconds_until(condition: Callable[[], Any], *, within_s: float) -> float:
    began = time.monotonic()
    wait_until(condition, within_s=within_s)
    return time.monotonic() - began


def test_a_renamed_folder_is_in_the_index_within_ten_seconds_of_its_event(sandbox, sandbox_account, files, worker):
    below = Asset.objects.live(sandbox_account).filter(path__startswith="/brand/deep/")
    runs = SyncRun.objects.count()
    sandbox.rename_folder("/old", "brand")
    took_s = seconds_until(lambda: below.count() == FILES, within_s=INDEX_WITHIN_S)
    print(f"folder.updated, {FILES} files: {took_s:.2f} s to the index (bar: {INDEX_WITHIN_S:.0f} s)")
    assert took_s <= INDEX_WITHIN_S
    assert SyncRun.objects.count() == runs  # No sync came to help.


def test_a_file_deleted_elsewhere_is_in_the_audit_within_sixty_seconds_of_its_event(sandbox, sandbox_account, files):
    gone = AuditEvent.objects.filter(event=EventKind.FILE_GONE, file_id=files[0])
    sandbox.remove(files[0])
    took_s = seconds_until(gone.exists, within_s=AUDIT_WITHIN_S)
    print(f"file.deleted: {took_s:.2f} s to the audit log (bar: {AUDIT_WITHIN_S:.0f} s)")
    event = gone.get()
    assert took_s <= AUDIT_WITHIN_S
    assert (event.file_path, event.size_bytes) == ("/old/deep/000.jpg", Asset.objects.get(file_id=files[0]).size_bytes)
