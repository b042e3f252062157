"""Copies stay as long as was said, go when it is over, and nothing goes that a copy still needs."""

from __future__ import annotations

import os
import time
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from django.utils.timezone import now

from medialib.errors import Refused, WrongUse
from medialib.models import AuditEvent, DeletionJob, EventKind, KeptContent, KeptCopy
from medialib.sandbox.http.answers import Response
from medialib.services.audit.log import Actor
from medialib.services.copies import controls, keeping, room, storage, sweeping
from medialib.services.jobs.controls import cancel
from tests.services.deletion.conftest import run
from tests.services.deletion.test_controls import in_thread, wait_until

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.usefixtures("copies_kept")]


def in_storage(folder: Path) -> list[Path]:
    return [path for path in folder.rglob("*") if path.is_file()]


def pass_time(**much: Any) -> None:
    KeptCopy.objects.update(keep_until=now() - timedelta(**much))


def test_copies_stay_for_the_days_that_were_said_and_then_go(sandbox, job_for, folder):
    job = run(job_for(20))
    sweeping.sweep()
    [until] = set(KeptCopy.objects.values_list("keep_until", flat=True))
    assert until == job.finished_at + timedelta(days=30)
    assert len(in_storage(folder)) == KeptContent.objects.count() == 20
    pass_time(seconds=1)
    sweeping.sweep()
    assert (KeptCopy.objects.count(), KeptContent.objects.count(), in_storage(folder)) == (0, 0, [])
    event = AuditEvent.objects.get(event=EventKind.COPIES_REMOVED)
    assert (event.job_id, event.detail["file_count"]) == (job.pk, 20)


def test_while_a_job_is_not_finished_its_copies_stay_however_long(sandbox, job_for, actor):
    job = job_for(20)
    sandbox.hold()
    worker = in_thread(job)
    wait_until(lambda: KeptCopy.objects.count() == 20)
    pass_time(days=9)
    sweeping.sweep()
    assert KeptCopy.objects.count() == 20
    sandbox.release()
    worker.join(20)


def test_copies_of_files_that_were_not_deleted_go_with_the_job(sandbox, job_for, actor, folder):
    ids = sandbox.add_files([{"path": f"/old/{n}.jpg"} for n in range(5)])
    job = job_for(ids)
    sandbox.fault("partial_207", stay=2)
    run(job)
    assert (job.deleted, job.failed, KeptCopy.objects.count()) == (3, 2, 5)
    sweeping.sweep()
    assert KeptCopy.objects.count() == len(in_storage(folder)) == 3


def test_bytes_that_another_copy_needs_stay(sandbox, job_for, folder):
    for name in ("one", "two"):
        sandbox.lie(f"/{name}.bin", Response(200, b"same" * 25))
    jobs = [run(job_for([sandbox.add_file(path=f"/{name}.bin", size=100)])) for name in ("one", "two")]
    assert len(in_storage(folder)) == 1
    controls.destroy(jobs[0], reason="a request", actor=actor_of(jobs[0]))
    sweeping.sweep()
    assert (KeptCopy.objects.get().job_id, len(in_storage(folder))) == (jobs[1].pk, 1)
    controls.destroy(jobs[1], reason="a request", actor=actor_of(jobs[1]))
    sweeping.sweep()
    assert in_storage(folder) == []


def actor_of(job: DeletionJob) -> Any:
    return Actor.person(job.requested_by)


def test_content_that_is_leaving_is_not_named_again_but_kept_anew(sandbox, job_for, folder):
    job = run(job_for([sandbox.add_file(path="/a.bin", size=100)]))
    KeptContent.objects.update(is_leaving=True)
    sandbox.lie("/b.bin", Response(200, in_storage(folder)[0].read_bytes()))
    other = run(job_for([sandbox.add_file(path="/b.bin", size=100)]))
    assert other.deleted == 1
    assert KeptContent.objects.count() == 2
    controls.destroy(job, reason="a request", actor=actor_of(job))
    sweeping.sweep()
    content = KeptContent.objects.get()
    assert content.copies.get().job_id == other.pk
    with storage.read(content.name) as file:
        assert file.read() == in_storage(folder)[0].read_bytes()


def test_a_sweep_that_was_cut_off_is_taken_up_again(sandbox, job_for, folder, monkeypatch):
    job = run(job_for(3))
    controls.destroy(job, reason="a request", actor=actor_of(job))
    real = storage.remove

    def broken(name: str) -> None:
        raise storage.StorageTrouble("away")

    monkeypatch.setattr(storage, "remove", broken)
    sweeping.sweep()
    assert (KeptContent.objects.filter(is_leaving=True).count(), len(in_storage(folder))) == (3, 3)
    monkeypatch.setattr(storage, "remove", real)
    sweeping.sweep()
    assert (KeptContent.objects.count(), in_storage(folder)) == (0, [])


def test_orphans_go_when_they_are_old_and_nothing_else_does(sandbox, job_for, folder):
    run(job_for(3))
    kept = set(in_storage(folder))
    orphan = folder / "1" / "ab" / ("ab" * 32 + "-" + "0" * 16)
    orphan.parent.mkdir(parents=True, exist_ok=True)
    half = folder / "incoming" / "half"
    stranger = folder / "1" / "ab" / "notes.txt"
    for path in (orphan, half, stranger):
        path.write_bytes(b"x")
    sweeping.sweep_storage()
    assert {orphan, half} <= set(in_storage(folder))
    for path in (*kept, orphan, half, stranger):
        os.utime(path, (time.time() - 30 * 24 * 3600,) * 2)
    sweeping.sweep_storage()
    assert set(in_storage(folder)) == {*kept, stranger}


def test_a_person_keeps_copies_longer_and_never_shorter(sandbox, job_for, actor):
    job = run(job_for(3))
    until = controls.keep_longer(job, days=90, reason="a case", actor=actor)
    assert set(KeptCopy.objects.values_list("keep_until", flat=True)) == {until}
    event = AuditEvent.objects.get(event=EventKind.COPIES_KEPT_LONGER)
    assert (event.reason, event.detail["file_count"], event.actor_name) == ("a case", 3, actor.name)
    with pytest.raises(Refused):
        controls.keep_longer(job, days=5, reason="a case", actor=actor)


def test_a_person_destroys_copies_of_some_files_or_all_and_says_why(sandbox, job_for, actor, folder):
    job = run(job_for(3))
    first = KeptCopy.objects.order_by("pk")[0].file_id
    with pytest.raises(WrongUse):
        controls.destroy(job, reason=" ", actor=actor)
    assert controls.destroy(job, reason="a request", actor=actor, file_ids=[first]) == 1
    assert controls.destroy(job, reason="a request", actor=actor) == 2
    with pytest.raises(Refused):
        controls.destroy(job, reason="a request", actor=actor)
    sweeping.sweep()
    assert in_storage(folder) == []
    said = AuditEvent.objects.filter(event=EventKind.COPIES_DESTROYED).values_list("detail", flat=True)
    assert sorted(detail["file_count"] for detail in said) == [1, 2]


def test_copies_of_a_job_that_is_not_finished_cannot_be_destroyed(sandbox, job_for, actor):
    job = job_for(3, start_after_s=60)
    with pytest.raises(Refused):
        controls.destroy(job, reason="a request", actor=actor)
    cancel(job, actor=actor)


def test_a_copy_that_an_earlier_job_made_serves_the_next(sandbox, job_for, actor, monkeypatch, folder):
    ids = sandbox.add_files([{"path": f"/old/{n}.jpg"} for n in range(4)])
    sandbox.fault("partial_207", stay=4)
    first = run(job_for(ids))
    assert (first.failed, KeptCopy.objects.filter(job=first).count()) == (4, 4)
    monkeypatch.setattr(storage, "put", lambda path, name: pytest.fail("copied twice"))
    second = run(job_for(ids))
    assert (second.deleted, KeptCopy.objects.filter(job=second).count()) == (4, 4)
    sweeping.sweep()
    assert {copy.job_id for copy in KeptCopy.objects.all()} == {second.pk}
    assert len(in_storage(folder)) == 4


def test_room_says_what_is_used_and_left(sandbox, job_for, copies_kept, settings):
    job = run(job_for(sandbox.add_files([{"path": f"/old/{n}.jpg", "size": 1000} for n in range(4)])))
    used = room.of_account(copies_kept)
    assert (used.copies, used.used_bytes, used.is_out_of_order) == (4, 4000, False)
    assert (used.left_bytes or 0) > 0
    way = room.of_job(job) or room.WayBack(0)
    assert (way.days, way.copies, way.total_bytes) == (30, 4, 4000)
    settings.COPIES_RESERVE_BYTES = 10**18
    assert room.of_account(copies_kept).left_bytes == 0


@pytest.mark.parametrize("name", ["../etc/passwd", "/etc/passwd", "1/ab/../../x", "", "1/ab/short"])
def test_no_row_leads_out_of_the_storage(folder, name):
    with pytest.raises(storage.StorageTrouble):
        storage.read(name)
    with pytest.raises(storage.StorageTrouble):
        storage.remove(name)


def test_keeping_nothing_asks_for_nothing(sandbox, job_for):
    job = run(job_for(1))
    assert keeping.reuse(job, []) == set()
