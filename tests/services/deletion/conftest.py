"""An account at a sandbox, jobs over its files, and the question that every test ends with: does it all add up?"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from django.db.models import Count

from medialib.models import Account, AuditEvent, DeletionJob, EventKind, Item, Outcome
from medialib.services.accounts import keys
from medialib.services.audit.log import Actor
from medialib.services.deletion import runner
from medialib.services.jobs import controls
from medialib.services.manifests import freezing

if TYPE_CHECKING:
    from django.contrib.auth.models import User

    from medialib.sandbox.server import Sandbox

JobFor = Callable[..., DeletionJob]


@pytest.fixture(autouse=True)
def quick(settings: Any) -> None:
    """No pacing and short time-outs, unless a test asks for them."""
    settings.IMAGEKIT_START_RATE = 10_000
    settings.IMAGEKIT_HEADROOM = 0
    settings.IMAGEKIT_LOOK_UP_RATE = 10_000
    settings.IMAGEKIT_LOOK_RATE = 10_000
    settings.IMAGEKIT_READ_TIMEOUT_S = 1.0
    settings.IMAGEKIT_CONNECT_TIMEOUT_S = 1.0
    settings.JOB_CONCURRENCY = 6


@pytest.fixture
def actor(staff: User) -> Actor:
    return Actor.person(staff)


@pytest.fixture
def job_for(sandbox: Sandbox, sandbox_account: Account, actor: Actor) -> Iterator[JobFor]:
    """Opens a job over files of the sandbox: a number of new ones, or ids.

    After the test: nothing outside the manifests was touched, and no file was in two calls at once.
    """

    def open_job(files: int | list[str], **options: Any) -> DeletionJob:
        ids = add_files(sandbox, files) if isinstance(files, int) else files
        with keys.client_for(sandbox_account) as client:
            manifest = freezing.freeze_file_ids(sandbox_account, ids, actor=actor, client=client).manifest
        return controls.open_deletion_job(
            manifest=manifest, actor=actor, reason="a test", **{"start_after_s": 0} | options
        )

    yield open_job
    named = set(Item.objects.values_list("file_id", flat=True))
    assert {gone.file_id for gone in sandbox.deleted_by_calls()} <= named
    assert sandbox.overlapping_deletes() == set()


@pytest.fixture
def unseen(sandbox_account: Account) -> None:
    """The account does without looks, so that calls meet what a look would have seen."""
    Account.objects.filter(pk=sandbox_account.pk).update(looks_before_delete=False)


@pytest.fixture
def folder(settings: Any, tmp_path: Path) -> Path:
    """Where this test's copies lie."""
    place = tmp_path / "copies"
    options = {"BACKEND": "medialib.services.copies.storage.FolderStorage", "OPTIONS": {"location": place}}
    settings.STORAGES = {**settings.STORAGES, "quarantine": options}
    settings.COPIES_RESERVE_BYTES = 0
    return place


@pytest.fixture
def copies_kept(folder: Path, sandbox_account: Account) -> Account:
    """The account keeps copies for 30 days."""
    Account.objects.filter(pk=sandbox_account.pk).update(keep_copies_days=30)
    sandbox_account.refresh_from_db()
    return sandbox_account


def add_files(sandbox: Sandbox, count: int, folder: str = "/old") -> list[str]:
    start = len(sandbox.file_ids())
    return sandbox.add_files([{"path": f"{folder}/{start + number:06}.jpg"} for number in range(count)])


def run(job: DeletionJob) -> DeletionJob:
    runner.run_to_end(job)
    return job


def outcomes(job: DeletionJob) -> dict[str, str]:
    return dict(Item.objects.filter(manifest_id=job.manifest_id).values_list("file_id", "outcome"))


def assert_exact(job: DeletionJob, sandbox: Sandbox) -> None:
    """Outcomes add up to the manifest, the log has one final event a file, and it says what the sandbox says."""
    job.refresh_from_db()
    found = outcomes(job)
    counted = {outcome.value: list(found.values()).count(outcome.value) for outcome in Outcome}
    assert counted == {outcome.value: getattr(job, outcome.value) for outcome in Outcome}
    assert sum(counted.values()) + job.left == job.file_count == len(found)
    final = AuditEvent.objects.filter(job=job, event=EventKind.FILE_SETTLED)
    assert dict(final.values_list("file_id", "outcome")) == {
        file_id: outcome for file_id, outcome in found.items() if outcome not in ("", "unverified")
    }
    assert not final.values("file_id").annotate(n=Count("pk")).filter(n__gt=1).exists()


def assert_log_matches_sandbox(sandbox: Sandbox) -> None:
    """What the sandbox really lost to calls is what the log says was deleted."""
    said = AuditEvent.objects.filter(event=EventKind.FILE_SETTLED, outcome="deleted").values_list("file_id", flat=True)
    assert sorted(said) == sorted(gone.file_id for gone in sandbox.deleted_by_calls())
