"""Copy, delete, restore: the same bytes, paths, tags, metadata and privacy; never over what is there."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from django.contrib.auth.models import Permission
from django.utils.timezone import now

from medialib.errors import Refused, WrongUse
from medialib.models import (
    Account,
    Asset,
    AuditEvent,
    EventKind,
    KeptCopy,
    Membership,
    RestoreItem,
    RestoreJob,
    RestoreState,
)
from medialib.sandbox.http.answers import Refusal, Response
from medialib.sandbox.library import uploads
from medialib.services.copies import sweeping
from medialib.services.restoring import controls, freezing, runner, settling
from tests.services.deletion.conftest import run
from tests.services.deletion.test_crashes import Killed, kill_at
from tests.services.restoring.conftest import assert_adds_up, ends, library, restore_of, run_restore

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.usefixtures("copies_kept")]


def files(count: int) -> list[dict[str, Any]]:
    return [
        {
            "path": f"/old/{n % 7}/{n:04}.jpg",
            "size": 300 + n,
            "tags": [f"t{n % 3}", "all"],
            "custom_metadata": {"number": n},
            "custom_coordinates": "1,2,3,4" if n % 2 else None,
            "description": f"words {n}" if n % 5 == 0 else None,
            "is_private": n % 4 == 0,
            "created_at": f"2021-03-04T05:06:{n % 60:02}.{n:03}",
        }
        for n in range(count)
    ]


@pytest.fixture
def deleted(sandbox, job_for) -> Any:
    """A deletion job over so many files, done."""

    def delete(count: int = 5) -> Any:
        made = [{name: value for name, value in row.items() if value is not None} for row in files(count)]
        return run(job_for(sandbox.add_files(made)))

    return delete


def test_500_files_come_back_as_they_were(sandbox, job_for, actor, sandbox_account):
    made = [{name: value for name, value in row.items() if value is not None} for row in files(500)]
    ids = sandbox.add_files(made)
    before = library(sandbox)
    job = run(job_for(ids))
    assert (job.deleted, sandbox.file_count()) == (500, 0)
    restore = run_restore(restore_of(job, actor))
    assert (restore.state, restore.restored) == (RestoreState.FINISHED, 500)
    assert library(sandbox) == before
    assert_adds_up(restore)
    new = dict(restore.items.values_list("path", "new_file_id"))
    live = {row.path: row.file_id for row in Asset.objects.live(sandbox_account)}
    assert live == new
    assert not set(new.values()) & set(ids)


@pytest.mark.parametrize(
    ("module", "name", "after", "nth"),
    [
        (runner, "claim", False, 1),
        (runner, "claim", True, 2),  # Intent committed, nothing uploaded.
        (runner, "settle", False, 2),  # Uploaded, end not committed.
        (settling, "record", True, 2),  # In the middle of what is committed together.
        (runner, "settle", True, 3),
        (settling, "close_if_done", False, 1),
    ],
)
def test_a_worker_that_dies_in_a_restore_loses_and_doubles_nothing(
    sandbox, deleted, actor, monkeypatch, module, name, after, nth
):
    job = deleted(30)
    restore = restore_of(job, actor)
    kill_at(monkeypatch, module, name, after=after, nth=nth)
    with pytest.raises(Killed):
        runner.run_restore(restore.pk, worker="dead")
    RestoreJob.objects.update(lease_until=now() - timedelta(seconds=1))
    run_restore(restore)
    assert (restore.state, restore.restored, sandbox.file_count()) == (RestoreState.FINISHED, 30, 30)
    assert_adds_up(restore)


def test_while_one_worker_holds_a_restore_another_does_nothing(sandbox, deleted, actor):
    restore = restore_of(deleted(), actor)
    RestoreJob.objects.update(lease_owner="other", lease_until=now() + timedelta(seconds=30))
    run_restore(restore)
    assert (restore.settled, sandbox.file_count()) == (0, 0)


def test_who_lost_the_restore_writes_nothing(sandbox, deleted, actor, monkeypatch):
    restore, real = restore_of(deleted(), actor), runner.settle

    def taken_over(*args: Any, **options: Any) -> None:
        RestoreJob.objects.update(lease_owner="other", fence=99)
        real(*args, **options)

    monkeypatch.setattr(runner, "settle", taken_over)
    run_restore(restore)
    assert restore.settled == 0
    monkeypatch.setattr(runner, "settle", real)
    RestoreJob.objects.update(lease_until=None)
    run_restore(restore)
    assert (restore.restored, sandbox.file_count()) == (5, 5)
    assert_adds_up(restore)


@pytest.mark.parametrize(
    "fault",
    ["lost_after", "lost_before", "cut_body", "500_after", "503", "timeout", "truncated_200", "html_200", "429"],
)
def test_a_lost_answer_is_looked_up_by_path(sandbox, deleted, actor, fault):
    restore = restore_of(deleted(6), actor)
    sandbox.fault(fault, times=3, on="upload")
    run_restore(restore)
    assert (restore.restored, sandbox.file_count()) == (6, 6)
    assert_adds_up(restore)


def test_another_file_at_the_path_is_a_conflict_and_stays(sandbox, deleted, actor):
    job = deleted(4)
    taken = sandbox.add_file(path="/old/1/0001.jpg", size=77)
    same_size = sandbox.add_file(path="/old/2/0002.jpg", size=302)
    restore = run_restore(restore_of(job, actor))
    assert (restore.restored, restore.conflict) == (2, 2)
    assert {taken, same_size} < sandbox.file_ids()
    assert sandbox.file_count() == 4
    item = restore.items.get(path="/old/1/0001.jpg")
    assert taken in item.evidence
    assert_adds_up(restore)


def test_keep_both_puts_it_beside_under_a_name_that_a_second_try_finds_again(sandbox, deleted, actor, monkeypatch):
    job = deleted(3)
    taken = sandbox.add_file(path="/old/1/0001.jpg", size=77)
    restore = restore_of(job, actor, keeps_both=True)
    kill_at(monkeypatch, runner, "settle", after=False)
    with pytest.raises(Killed):
        runner.run_restore(restore.pk, worker="dead")
    RestoreJob.objects.update(lease_until=None)
    run_restore(restore)
    assert (restore.restored, restore.conflict, sandbox.file_count()) == (3, 0, 4)
    assert restore.items.get(path="/old/1/0001.jpg").new_path == f"/old/1/0001_restored-{restore.pk}.jpg"
    assert taken in sandbox.file_ids()
    assert_adds_up(restore)


def test_the_same_bytes_at_the_path_are_already_there(sandbox, deleted, actor):
    job = deleted(5)
    assert run_restore(restore_of(job, actor)).restored == 5
    again = run_restore(restore_of(job, actor))
    assert (again.already_there, sandbox.file_count()) == (5, 5)
    assert_adds_up(again)


def test_a_copy_that_was_tampered_with_is_not_uploaded(sandbox, deleted, actor, folder):
    job = deleted(3)
    victim = KeptCopy.objects.select_related("content").get(path="/old/1/0001.jpg")
    place = folder / victim.content.name
    place.write_bytes(b"x" * victim.size_bytes)
    restore = run_restore(restore_of(job, actor))
    assert (restore.restored, restore.failed, sandbox.file_count()) == (2, 1, 2)
    assert "SHA-256" in restore.items.get(path="/old/1/0001.jpg").evidence
    assert_adds_up(restore)


def test_a_storage_that_fails_pauses_the_restore_and_resuming_goes_on(sandbox, deleted, actor, folder):
    job = deleted(3)
    hidden = folder.with_name("hidden")
    folder.rename(hidden)
    restore = run_restore(restore_of(job, actor))
    assert (restore.state, restore.settled) == (RestoreState.PAUSED, 0)
    assert "storage" in restore.pause_cause
    if folder.exists():
        for path in sorted(folder.rglob("*"), reverse=True):
            path.rmdir()
        folder.rmdir()
    Path(hidden).rename(folder)
    controls.resume(restore, actor=actor)
    run_restore(restore)
    assert restore.restored == 3
    assert_adds_up(restore)


def test_a_refused_date_is_left_out_and_said(sandbox, deleted, actor, monkeypatch):
    def refuse(extra: Any) -> int | None:
        if uploads.ORIGINAL_DATE in ((extra or {}).get("customMetadata") or {}):
            raise Refusal(400, "Invalid custom metadata.")
        return None

    monkeypatch.setattr(uploads, "_original_date", refuse)
    restore = run_restore(restore_of(deleted(6), actor))
    assert restore.restored == 6
    assert restore.items.filter(evidence__contains="does not take the original date").count() == 6


def test_a_refused_file_has_failed_with_imagekits_words(sandbox, deleted, actor):
    restore = restore_of(deleted(2), actor)
    KeptCopy.objects.filter(path="/old/1/0001.jpg").update(tags=["a%b" * 400])
    run_restore(restore)
    assert (restore.restored, restore.failed) == (1, 1)
    assert "ImageKit refused it" in restore.items.get(path="/old/1/0001.jpg").evidence
    assert_adds_up(restore)


def test_a_refused_key_pauses_and_nothing_is_lost(sandbox, deleted, actor):
    restore = restore_of(deleted(4), actor)
    sandbox.revoke_key()
    run_restore(restore)
    assert (restore.state, restore.settled) == (RestoreState.PAUSED, 0)
    sandbox.restore_key()
    controls.resume(restore, actor=actor)
    run_restore(restore)
    assert restore.restored == 4
    assert_adds_up(restore)


def test_a_cancelled_restore_puts_back_nothing_more(sandbox, deleted, actor):
    restore = restore_of(deleted(8), actor)
    controls.cancel(restore, actor=actor)
    run_restore(restore)
    assert (restore.state, restore.cancelled, sandbox.file_count()) == (RestoreState.FINISHED, 8, 0)
    assert_adds_up(restore)


def test_what_a_dead_worker_may_have_sent_is_looked_up_before_a_restore_is_cancelled(
    sandbox, deleted, actor, monkeypatch
):
    restore = restore_of(deleted(12), actor)
    kill_at(monkeypatch, runner, "settle", after=False)
    with pytest.raises(Killed):
        runner.run_restore(restore.pk, worker="dead")
    RestoreJob.objects.update(lease_until=None)
    there = sandbox.file_count()
    controls.cancel(restore, actor=actor)
    run_restore(restore)
    assert (restore.state, restore.restored, restore.cancelled) == (RestoreState.FINISHED, there, 12 - there)
    assert sandbox.file_count() == there > 0
    assert_adds_up(restore)


def test_a_list_that_was_changed_is_not_restored(sandbox, deleted, actor):
    restore = restore_of(deleted(3), actor)
    RestoreItem.objects.filter(job=restore, position=1).update(path="/elsewhere.jpg")
    run_restore(restore)
    assert (restore.state, sandbox.file_count()) == (RestoreState.PAUSED, 0)
    draft = freezing.of_files(restore.account, [restore.items.get(position=0).file_id], actor=actor).job
    RestoreItem.objects.filter(job=draft).update(path="/elsewhere.jpg")
    with pytest.raises(Refused):
        controls.confirm(draft, reason="x", keeps_both=False, actor=actor)


def test_copies_of_an_open_restore_outlive_their_time(sandbox, deleted, actor):
    restore = restore_of(deleted(3), actor)
    sweeping.sweep()
    KeptCopy.objects.update(keep_until=now() - timedelta(days=1))
    sweeping.sweep()
    assert run_restore(restore).restored == 3
    sweeping.sweep()
    assert KeptCopy.objects.count() == 0


def test_without_its_copy_a_file_has_failed(sandbox, deleted, actor):
    restore = restore_of(deleted(3), actor)
    KeptCopy.objects.filter(path="/old/0/0000.jpg").delete()
    run_restore(restore)
    assert (restore.failed, restore.restored) == (1, 2)
    assert_adds_up(restore)


def test_ids_without_a_copy_are_named_and_another_accounts_copies_are_not_found(sandbox, deleted, actor):
    job = deleted(3)
    file_id = KeptCopy.objects.order_by("pk")[0].file_id
    frozen = freezing.of_files(job.account, [file_id, "nobody", file_id], actor=actor)
    assert (frozen.job.file_count, frozen.without_copy) == (1, ["nobody"])
    other = Account.objects.create(name="other", url_endpoint="https://ik.imagekit.io/other")
    with pytest.raises(Refused):
        freezing.of_files(other, [file_id], actor=actor)
    with pytest.raises(WrongUse):
        freezing.of_files(job.account, [], actor=actor)


def test_who_lost_the_right_restores_nothing_more(sandbox, deleted, actor, staff):
    restore = restore_of(deleted(3), actor)
    staff.user_permissions.remove(Permission.objects.get(codename="restore_files"))
    run_restore(restore)
    assert (restore.state, sandbox.file_count()) == (RestoreState.PAUSED, 0)


def test_folders_of_a_membership_bound_a_restore(sandbox, deleted, actor, staff):
    job = deleted(3)
    Membership.objects.filter(user=staff).update(delete_paths="/else")
    with pytest.raises(Refused):
        freezing.of_job(job, actor=actor)


def test_a_reason_is_needed_and_a_restore_begins_once(sandbox, deleted, actor):
    draft = freezing.of_job(deleted(2), actor=actor).job
    with pytest.raises(WrongUse):
        controls.confirm(draft, reason=" ", keeps_both=False, actor=actor)
    controls.confirm(draft, reason="a mistake", keeps_both=False, actor=actor)
    with pytest.raises(Refused):
        controls.confirm(draft, reason="a mistake", keeps_both=False, actor=actor)
    run_restore(draft)
    assert AuditEvent.objects.filter(event=EventKind.RESTORE_CONFIRMED).count() == 1


def test_an_answer_that_nobody_can_look_up_is_unverified_until_it_is_verified(sandbox, deleted, actor):
    restore = restore_of(deleted(1), actor)
    sandbox.before("upload", lambda: sandbox.fault("lost_before", times=40, on="list"))
    sandbox.fault("lost_after", on="upload")
    run_restore(restore)
    assert (restore.state, restore.unverified) == (RestoreState.FINISHED, 1)
    sandbox.clear_faults()
    controls.verify(restore, actor=actor)
    run_restore(restore)
    assert (restore.restored, sandbox.file_count()) == (1, 1)


def test_what_cannot_come_back_is_counted(sandbox, job_for, actor):
    ids = [
        sandbox.add_file(path="/a.jpg", ai_tags=[{"name": "dog", "confidence": 90.0, "source": "x"}]),
        sandbox.add_file(path="/b.jpg"),
    ]
    sandbox.replace(ids[1], size=900)
    job = run(job_for(ids))
    lost = freezing.losses(freezing.of_job(job, actor=actor).job)
    assert (lost.ai_tags, lost.versions, lost.drafts) == (1, 1, 0)


def test_a_conflict_whose_bytes_the_cdn_does_not_deliver_is_not_overwritten(sandbox, deleted, actor):
    job = deleted(2)
    sandbox.add_file(path="/old/1/0001.jpg", size=301)
    sandbox.lie("/old/1/0001.jpg", Response(404, b""))
    restore = run_restore(restore_of(job, actor))
    assert ends(restore)["/old/1/0001.jpg"] == "conflict"
    assert sandbox.file_count() == 2


def test_the_sweep_wakes_a_worker_for_what_nobody_holds(sandbox, deleted, actor, monkeypatch):
    restore, woken = restore_of(deleted(1), actor), []
    monkeypatch.setattr("medialib.services.base.wake._enqueue", lambda name, args: woken.append((name, args)))
    runner.sweep()
    assert woken == [("run_restore", (restore.pk,))]
