"""Copies before calls: no file goes without its copy, whatever CDN, storage and workers do."""

from __future__ import annotations

import errno
import hashlib
import stat
from collections import Counter
from pathlib import Path
from typing import Any

import pytest
import requests

from medialib.errors import Refused
from medialib.models import Account, AuditEvent, Batch, EventKind, Item, JobState, KeptContent, KeptCopy, Outcome
from medialib.models import PauseCode as Code
from medialib.sandbox.http.answers import Response
from medialib.services.copies import keeping, storage
from medialib.services.deletion import claims as leases
from medialib.services.deletion import runner, settling
from medialib.services.deletion.copying import claiming, stage
from medialib.services.jobs import controls
from tests.services.deletion.conftest import assert_exact, assert_log_matches_sandbox, outcomes, run
from tests.services.deletion.test_controls import in_thread, wait_until
from tests.services.deletion.test_crashes import Killed, kill_at, let_leases_run_out

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.usefixtures("copies_kept")]


def original_of(sandbox, path: str) -> bytes:
    return requests.get(f"{sandbox.url_endpoint}{path}?tr=orig-true", timeout=5).content


def bytes_of(copy: KeptCopy) -> bytes:
    with storage.read(copy.content.name) as file:
        return file.read()


def assert_copied(job, sandbox) -> None:
    """Each file that a call deleted has its copy, whose bytes are those of its hash."""
    copies = {copy.file_id: copy for copy in KeptCopy.objects.filter(job=job).select_related("content")}
    gone = {file_id for file_id, outcome in outcomes(job).items() if outcome == Outcome.DELETED}
    assert gone <= copies.keys()
    for copy in copies.values():
        content = bytes_of(copy)
        assert (len(content), hashlib.sha256(content).hexdigest()) == (copy.size_bytes, copy.content.sha256)


def files_below(folder: Path) -> list[Path]:
    return [path for path in folder.rglob("*") if path.is_file()]


def test_each_file_is_copied_with_all_that_is_known_before_it_is_deleted(sandbox, job_for, folder):
    file_id = sandbox.add_file(
        path="/x/ü 1.jpg",
        size=5000,
        tags=["one"],
        ai_tags=[{"name": "dog", "confidence": 90.0, "source": "google-auto-tagging"}],
        custom_metadata={"brand": "Nike"},
        custom_coordinates="1,2,3,4",
        description="words",
        is_private=True,
    )
    job = run(job_for([file_id]))
    assert (job.deleted, job.keep_copies_days) == (1, 30)
    copy = KeptCopy.objects.select_related("content").get(job=job)
    assert (copy.path, copy.size_bytes, copy.tags, copy.is_private) == ("/x/ü 1.jpg", 5000, ["one"], True)
    assert (copy.ai_tags[0]["name"], copy.custom_metadata, copy.description) == ("dog", {"brand": "Nike"}, "words")
    assert (copy.custom_coordinates, copy.known["fileId"], copy.version_name) == ("1,2,3,4", file_id, "Version 1")
    assert len(bytes_of(copy)) == 5000
    assert_exact(job, sandbox)
    [place] = files_below(folder)
    assert stat.S_IMODE(place.stat().st_mode) == 0o600
    assert {stat.S_IMODE(path.stat().st_mode) for path in [folder, *folder.rglob("*")] if path.is_dir()} == {0o700}


def test_copies_of_many_files_are_what_the_cdn_delivers(sandbox, job_for):
    ids = sandbox.add_files([{"path": f"/old/{n:04}.jpg", "size": 500 + n} for n in range(250)])
    expected = {f"/old/{n:04}.jpg": original_of(sandbox, f"/old/{n:04}.jpg") for n in (0, 99, 100, 249)}
    job = run(job_for(ids))
    assert job.deleted == 250
    copies = {copy.path: copy for copy in KeptCopy.objects.filter(job=job).select_related("content")}
    assert {path: bytes_of(copies[path]) for path in expected} == expected
    assert_copied(job, sandbox)
    assert_exact(job, sandbox)
    assert_log_matches_sandbox(sandbox)


def test_equal_bytes_are_kept_once(sandbox, job_for, folder):
    ids = sandbox.add_files([{"path": f"/old/{n}.bin", "size": 100} for n in range(12)])
    for n in range(12):
        sandbox.lie(f"/old/{n}.bin", Response(200, bytes([n % 3]) * 100))
    job = run(job_for(ids))
    assert job.deleted == KeptCopy.objects.filter(job=job).count() == 12
    assert KeptContent.objects.count() == len(files_below(folder)) == 3


def test_without_the_switch_nothing_is_copied(sandbox, sandbox_account, job_for, folder):
    Account.objects.filter(pk=sandbox_account.pk).update(keep_copies_days=None)
    job = run(job_for(20))
    assert (job.deleted, job.keep_copies_days, KeptCopy.objects.count()) == (20, None, 0)
    assert not folder.exists()


def test_a_promise_holds_though_the_switch_is_turned_meanwhile(sandbox, sandbox_account, job_for):
    job = job_for(20)
    Account.objects.filter(pk=sandbox_account.pk).update(keep_copies_days=None, looks_before_delete=False)
    run(job)
    assert job.deleted == KeptCopy.objects.filter(job=job).count() == 20


@pytest.mark.parametrize(
    ("answer", "said"),
    [
        (Response(404, b"no"), "does not deliver it (HTTP 404)"),
        (Response(200, b"short"), "5 bytes"),
        (Response(200, b"x" * 10, padding=10**9), "1,000,000,010 bytes"),
        (Response(302, headers={"Location": "http://127.0.0.1:9/"}), "HTTP 302"),
        (Response(503, b"busy"), "could not deliver it now"),
    ],
)
def test_a_file_without_a_copy_is_not_deleted(sandbox, job_for, answer, said, monkeypatch):
    monkeypatch.setattr("medialib.services.copies.fetching.FIRST_WAIT_S", 0.01)
    ids = sandbox.add_files([{"path": f"/old/{n}.jpg"} for n in range(5)])
    sandbox.lie("/old/3.jpg", answer)
    job = run(job_for(ids))
    assert (job.deleted, job.failed) == (4, 1)
    item = Item.objects.get(manifest_id=job.manifest_id, file_id=ids[3])
    assert item.evidence.startswith("No copy of it could be made, so it was not deleted: ")
    assert said in item.evidence
    assert ids[3] in sandbox.file_ids()
    assert_exact(job, sandbox)
    assert_copied(job, sandbox)


def test_an_endpoint_that_delivers_nothing_stops_the_job_by_itself(sandbox, job_for, sandbox_account):
    Account.objects.filter(pk=sandbox_account.pk).update(url_endpoint=f"{sandbox.api_url}/nobody")
    job = run(job_for(300))
    assert (job.state, job.pause_code, job.deleted) == (JobState.PAUSED, Code.BREAKER, 0)
    assert sandbox.calls("delete") == []
    assert_exact(job, sandbox)


def test_the_address_that_imagekit_states_is_never_asked(sandbox, job_for, sandbox_account):
    """A file whose `url` points elsewhere is fetched from the account's own endpoint all the same."""
    file_id = sandbox.add_file(path="/a.jpg")
    sandbox._library.file(file_id).extra = {"url": "http://127.0.0.1:9/steal?me"}
    job = run(job_for([file_id]))
    assert (job.deleted, KeptCopy.objects.get(job=job).url) == (1, "http://127.0.0.1:9/steal")


def test_an_endpoint_in_a_private_network_is_not_called_and_pauses_the_job(sandbox, job_for, monkeypatch):
    job = job_for(5)

    def refuse(url: str, *, what: object) -> None:
        if url == sandbox.url_endpoint:
            raise Refused("The endpoint leads into a private network.")

    monkeypatch.setattr(stage.addresses, "refuse_private", refuse)
    run(job)
    assert (job.state, job.pause_code, job.settled) == (JobState.PAUSED, Code.STORAGE, 0)
    assert "private network" in job.pause_cause
    assert sandbox.calls("delete") == []


@pytest.mark.parametrize("path", ["/../../etc/passwd", "/x/..\\..\\a.jpg", "/./a.jpg"])
def test_names_that_climb_reach_neither_the_cdn_nor_the_storage(sandbox, job_for, folder, path):
    file_id = sandbox.add_file(path=path)
    job = run(job_for([file_id]))
    assert (job.failed, job.deleted) == (1, 0)
    assert files_below(folder) == []
    assert_exact(job, sandbox)


def test_what_is_protected_or_changed_is_not_even_copied(sandbox, job_for, sandbox_account):
    ids = sandbox.add_files([{"path": f"/{folder}/{n}.jpg"} for folder in ("old", "kept") for n in range(3)])
    job = job_for(ids)
    Account.objects.filter(pk=sandbox_account.pk).update(protected_folders="/kept")
    sandbox.replace(ids[0], size=99)
    run(job)
    assert (job.deleted, job.skipped, KeptCopy.objects.filter(job=job).count()) == (2, 4, 2)
    assert_exact(job, sandbox)


def test_a_file_that_changes_while_it_is_copied_stays(sandbox, job_for, monkeypatch):
    ids = sandbox.add_files([{"path": f"/old/{n}.jpg"} for n in range(3)])
    job, real = job_for(ids), claiming.give_back

    def changed_meanwhile(*args: Any, **options: Any) -> None:
        sandbox.replace(ids[1], size=1234)
        real(*args, **options)

    monkeypatch.setattr(claiming, "give_back", changed_meanwhile)
    run(job)
    assert outcomes(job)[ids[1]] == Outcome.SKIPPED
    assert job.deleted == 2
    assert_exact(job, sandbox)


def test_a_copy_that_is_gone_when_its_file_is_to_be_sent_keeps_the_file(sandbox, job_for, monkeypatch):
    ids = sandbox.add_files([{"path": f"/old/{n}.jpg"} for n in range(3)])
    job, real = job_for(ids), claiming.give_back

    def destroyed_meanwhile(*args: Any, **options: Any) -> None:
        real(*args, **options)
        KeptCopy.objects.filter(file_id=ids[2]).delete()

    monkeypatch.setattr(claiming, "give_back", destroyed_meanwhile)
    run(job)
    assert (outcomes(job)[ids[2]], job.deleted) == (Outcome.FAILED, 2)
    assert ids[2] in sandbox.file_ids()
    assert_exact(job, sandbox)


@pytest.mark.parametrize(("number", "said"), [(errno.ENOSPC, "no room left"), (errno.EIO, "fails")])
def test_a_full_or_failing_storage_pauses_the_job_and_resuming_goes_on(
    sandbox, job_for, actor, monkeypatch, number, said
):
    job, real, calls = job_for(250), storage.put, iter(range(10_000))

    def troubled(path: Path, name: str) -> None:
        if next(calls) >= 30:
            path.unlink()
            raise storage.StorageTrouble.of(OSError(number, "trouble"))
        real(path, name)

    monkeypatch.setattr(storage, "put", troubled)
    run(job)
    assert (job.state, job.pause_code) == (JobState.PAUSED, Code.STORAGE)
    assert said in job.pause_cause
    assert job.failed == 0
    monkeypatch.setattr(storage, "put", real)
    controls.resume(job, actor=actor)
    run(job)
    assert job.deleted == 250
    assert_exact(job, sandbox)
    assert_copied(job, sandbox)


def test_the_reserve_on_the_disk_is_not_touched(sandbox, job_for, settings):
    settings.COPIES_RESERVE_BYTES = 10**18
    job = run(job_for(5))
    assert (job.state, job.pause_code, job.deleted, job.failed) == (JobState.PAUSED, Code.STORAGE, 0, 0)


@pytest.mark.parametrize(
    ("module", "name", "after", "nth"),
    [
        (claiming, "claim_to_copy", True, 1),
        (claiming, "files_to_copy", True, 1),
        (keeping, "keep", False, 1),  # Bytes are safe, no row names them.
        (keeping, "keep", True, 2),  # Rows, and the batch still needs its copies.
        (claiming, "give_back", False, 1),
        (claiming, "give_back", True, 1),
        (leases, "claim", True, 3),  # Intent committed, call not made.
        (settling, "settle_some", False, 1),
        (settling, "settle_some", True, 1),
    ],
)
def test_a_worker_that_dies_while_it_copies_or_sends_loses_nothing(
    sandbox, job_for, monkeypatch, folder, module, name, after, nth
):
    job = job_for(250)
    kill_at(monkeypatch, module, name, after=after, nth=nth)
    with pytest.raises(Killed):
        runner.run_deletion_job(job.pk)
    let_leases_run_out()
    run(job)
    assert (job.state, job.deleted) == (JobState.FINISHED, 250)
    assert_exact(job, sandbox)
    assert_log_matches_sandbox(sandbox)
    assert_copied(job, sandbox)


def test_two_workers_share_the_copies_of_a_job(sandbox, job_for):
    job = job_for(600)
    workers = [in_thread(job), in_thread(job)]
    for worker in workers:
        worker.join(60)
    run(job)
    assert job.deleted == KeptCopy.objects.filter(job=job).count() == 600
    assert_exact(job, sandbox)
    assert_copied(job, sandbox)


def test_a_paused_job_stops_copying_and_keeps_what_is_safe(sandbox, job_for, actor, monkeypatch):
    monkeypatch.setattr(stage, "MOST_BATCHES", 1)
    job = job_for(1000)
    worker = in_thread(job)
    wait_until(lambda: KeptCopy.objects.filter(job=job).exists())
    controls.pause(job, actor=actor)
    worker.join(30)
    job.refresh_from_db()
    assert job.state == JobState.PAUSED
    assert not Batch.objects.filter(job=job, lease_until__isnull=False).exists()
    safe = KeptCopy.objects.filter(job=job).count()
    assert 0 < safe < 1000
    controls.cancel(job, actor=actor)
    run(job)
    assert Counter(outcomes(job).values())[Outcome.CANCELLED] == 1000 - job.deleted
    assert_exact(job, sandbox)


def test_the_record_says_that_copies_were_promised(sandbox, job_for):
    job = job_for(3)
    event = AuditEvent.objects.get(job=job, event=EventKind.JOB_CONFIRMED)
    assert event.detail["keep_copies_days"] == 30
