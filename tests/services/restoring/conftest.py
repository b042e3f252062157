"""Deletion jobs whose copies were kept, from the room of the engine; and restores of them."""

from __future__ import annotations

import hashlib
from typing import Any

import pytest
import requests

from medialib.models import AuditEvent, EventKind, RestoreJob, RestoreOutcome
from medialib.services.accounts import keys
from medialib.services.audit.log import Actor
from medialib.services.restoring import controls, freezing, runner
from tests.services.deletion.conftest import actor, copies_kept, folder, job_for, quick

__all__ = ["actor", "copies_kept", "folder", "job_for", "quick"]


@pytest.fixture(autouse=True)
def short_waits(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("medialib.services.restoring.putting.FIRST_WAIT_S", 0.01)
    monkeypatch.setattr("medialib.services.restoring.putting.LOOK_AGAIN_S", 0.01)


def restore_of(job: Any, actor: Actor, *, keeps_both: bool = False) -> RestoreJob:
    restore = freezing.of_job(job, actor=actor).job
    controls.confirm(restore, reason="a mistake", keeps_both=keeps_both, actor=actor)
    return restore


def run_restore(restore: RestoreJob) -> RestoreJob:
    runner.run_restore(restore.pk, worker="w")
    restore.refresh_from_db()
    return restore


def ends(restore: RestoreJob) -> dict[str, str]:
    return dict(restore.items.values_list("path", "outcome"))


def library(sandbox: Any) -> dict[str, dict[str, Any]]:
    """By path, what ImageKit knows of each file that a restore gives back, and its bytes."""
    with keys.ImageKitClient("private_sandbox", api_url=sandbox.api_url) as client:
        files = client.list_files().files
    signer = keys.ImageKitClient("private_sandbox")
    found = {}
    for file in files:
        tail = f"{file.path.lstrip('/')}?tr=orig-true"
        signature = f"&ik-t=9999999999&ik-s={signer.sign(tail + '9999999999')}" if file.is_private else ""
        answer = requests.get(f"{sandbox.url_endpoint}/{tail}{signature}", timeout=5)
        found[file.path] = {
            "sha256": hashlib.sha256(answer.content).hexdigest(),
            "size": file.size_bytes,
            "tags": file.tags,
            "metadata": dict(file.custom_metadata),
            "is_private": file.is_private,
            "coordinates": file.raw.get("customCoordinates"),
            "description": file.raw.get("description"),
            "created_at": file.created_at,
        }
    return found


def assert_adds_up(restore: RestoreJob) -> None:
    """Outcomes add up to the list, and the log has one event a file, with the same outcome."""
    restore.refresh_from_db()
    found = dict(restore.items.values_list("file_id", "outcome"))
    counted = {outcome.value: list(found.values()).count(outcome.value) for outcome in RestoreOutcome}
    assert counted == {outcome.value: getattr(restore, outcome.value) for outcome in RestoreOutcome}
    assert sum(counted.values()) + restore.left == restore.file_count == len(found)
    events = AuditEvent.objects.filter(event=EventKind.RESTORE_SETTLED, detail__restore=restore.pk)
    said = [(file_id, detail["outcome"]) for file_id, detail in events.values_list("file_id", "detail")]
    assert sorted(said) == sorted((file_id, outcome) for file_id, outcome in found.items() if outcome)
