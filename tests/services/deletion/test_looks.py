"""The world changes after a list was frozen: what is not as it was shown, or no longer allowed, is never sent."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.utils.timezone import now

from medialib.models import (
    Account,
    Asset,
    AuditEvent,
    Batch,
    EventKind,
    Item,
    JobState,
    Membership,
    PaceKind,
    PauseCode,
    ProtectionKind,
    SkipCause,
)
from medialib.services.accounts import keys, pacing, protections
from medialib.services.audit.log import SYSTEM, Actor
from medialib.services.deletion import claims, settling
from medialib.services.jobs import controls
from medialib.services.sync.run import run_sync
from tests import factories
from tests.services.deletion.conftest import add_files, assert_exact, outcomes, run
from tests.services.deletion.test_controls import in_thread
from tests.services.deletion.test_crashes import finish_after_death, kill_at
from tests.services.sync.test_long_paths import TOO_LONG

pytestmark = pytest.mark.django_db(transaction=True)


def evidence(file_id: str) -> str:
    return Item.objects.get(file_id=file_id).evidence


def cause(file_id: str) -> str:
    return Item.objects.get(file_id=file_id).skip_cause


def protect(account: Account, kind: ProtectionKind, value: str, **options):
    return protections.add_rule(account, kind=kind, value=value, reason="needed", actor=SYSTEM, **options)


def test_a_file_replaced_since_it_was_frozen_is_skipped_and_the_evidence_tells_how_it_differs(sandbox, job_for):
    ids = add_files(sandbox, 3)
    job = job_for(ids)
    sandbox.replace(ids[1], size=777_777)
    run(job)
    assert outcomes(job) == {ids[0]: "deleted", ids[1]: "skipped", ids[2]: "deleted"}
    assert cause(ids[1]) == SkipCause.CHANGED
    assert "→ 777,777" in evidence(ids[1])
    assert "Version 1 → Version 2" in evidence(ids[1])
    assert ids[1] in sandbox.file_ids()
    assert_exact(job, sandbox)


def test_what_a_look_found_is_in_the_index_for_the_next_list(sandbox, sandbox_account, job_for):
    ids = add_files(sandbox, 2)
    job = job_for(ids)
    sandbox.replace(ids[0], size=777_777)
    run(job)
    assert Asset.objects.get(account=sandbox_account, file_id=ids[0]).size_bytes == 777_777


@pytest.mark.parametrize("is_ruled", [False, True])
def test_a_move_that_the_index_heard_of_counts_where_imagekits_search_lags(sandbox, sandbox_account, job_for, is_ruled):
    """A move may leave the updated time as it was, so only the path tells that the index knows better."""
    ids = add_files(sandbox, 3)
    with keys.client_for(sandbox_account) as client:
        run_sync(sandbox_account, client=client)
    if is_ruled:
        protect(sandbox_account, ProtectionKind.FOLDER, "/brand")
    job = job_for(ids)
    moved = Asset.objects.filter(file_id=ids[0])
    moved.update(path="/brand/1.jpg", folder="/brand")  # As an event tells; the search still shows the old place.
    run(job)
    assert outcomes(job) == {ids[0]: "skipped", ids[1]: "deleted", ids[2]: "deleted"}
    assert "moved to /brand/1.jpg" in evidence(ids[0])
    assert cause(ids[0]) == (SkipCause.PROTECTED if is_ruled else SkipCause.CHANGED)
    assert moved.get().path == "/brand/1.jpg"  # The late search does not take it back.


def test_a_folder_renamed_into_a_protected_place_is_protected_where_it_is_now(sandbox, sandbox_account, job_for):
    rule = protect(sandbox_account, ProtectionKind.FOLDER, "/brand")
    ids = add_files(sandbox, 2, folder="/old") + add_files(sandbox, 2, folder="/other")
    job = job_for(ids)
    sandbox.rename_folder("/old", "brand")
    run(job)
    assert sorted(outcomes(job).values()) == ["deleted", "deleted", "skipped", "skipped"]
    assert cause(ids[0]) == SkipCause.PROTECTED
    assert f"Protected by rule {rule.pk}" in evidence(ids[0])
    assert "moved to /brand/" in evidence(ids[0])


@pytest.mark.parametrize(
    ("kind", "value", "change"),
    [
        (ProtectionKind.PATTERN, "**/legal-*", lambda world, file_id: world.rename(file_id, "legal-1.jpg")),
        (ProtectionKind.TAG, "keep", lambda world, file_id: world.retag(file_id, tags=["keep"])),
        (ProtectionKind.TAG, "logo", lambda world, file_id: world.retag(file_id, ai_tags=["logo"])),
        (
            ProtectionKind.METADATA,
            "licence=active",
            lambda world, file_id: world.set_metadata(file_id, licence="active"),
        ),
        (ProtectionKind.LARGER_THAN, "1000000", lambda world, file_id: world.replace(file_id, size=1_000_001)),
    ],
)
def test_each_rule_is_judged_on_what_the_look_found(sandbox, sandbox_account, job_for, kind, value, change):
    protect(sandbox_account, kind, value)
    ids = add_files(sandbox, 3)
    job = job_for(ids)
    change(sandbox, ids[0])
    run(job)
    assert outcomes(job) == {ids[0]: "skipped", ids[1]: "deleted", ids[2]: "deleted"}
    assert cause(ids[0]) == SkipCause.PROTECTED


def test_young_files_are_protected_by_their_age(sandbox, sandbox_account, job_for):
    old = sandbox.add_files([{"path": "/a/old.jpg", "created_at": "2020-01-01T00:00:00.000Z"}])
    young = add_files(sandbox, 1)
    protect(sandbox_account, ProtectionKind.YOUNGER_THAN, "30d")
    job = run(job_for([*old, *young]))
    assert outcomes(job) == {old[0]: "deleted", young[0]: "skipped"}


def test_a_hold_set_while_the_job_is_paused_counts_when_it_goes_on(sandbox, sandbox_account, job_for, actor):
    ids = add_files(sandbox, 150)
    job = job_for(ids, start_after_s=3600)
    held = ids[:5]
    protect(sandbox_account, ProtectionKind.FILES, "", file_ids=held)
    controls.start_now(job, actor=actor)
    run(job)
    assert (job.deleted, job.skipped) == (145, 5)
    assert set(held) == sandbox.file_ids()


def test_a_folder_protected_while_the_job_is_paused_counts_for_what_is_left(
    sandbox, sandbox_account, job_for, actor, settings
):
    settings.JOB_CONCURRENCY = 1
    job = job_for(900)
    sandbox.hold()
    worker = in_thread(job)
    assert sandbox.wait_until_held()
    controls.pause(job, actor=actor)
    protect(sandbox_account, ProtectionKind.FOLDER, "/old")
    sandbox.release()
    worker.join(10)
    controls.resume(job, actor=actor)
    run(job)
    assert job.skipped >= 600
    assert job.deleted + job.skipped == 900
    assert_exact(job, sandbox)


def test_a_lifted_rule_and_one_past_its_end_protect_nothing(sandbox, sandbox_account, job_for):
    ids = add_files(sandbox, 2)
    rule = protect(sandbox_account, ProtectionKind.FOLDER, "/old")
    ended = protect(sandbox_account, ProtectionKind.FOLDER, "/old", until=now() + timedelta(hours=1))
    type(ended).objects.filter(pk=ended.pk).update(until=now())
    protections.lift_rule(rule, reason="no longer needed")
    assert set(outcomes(run(job_for(ids))).values()) == {"deleted"}


def test_a_file_moved_to_a_path_that_no_index_holds_is_skipped_and_the_others_go(sandbox, job_for):
    ids = add_files(sandbox, 3)
    job = job_for(ids)
    sandbox.move(ids[1], TOO_LONG)
    run(job)
    assert outcomes(job) == {ids[0]: "deleted", ids[1]: "skipped", ids[2]: "deleted"}
    assert cause(ids[1]) == SkipCause.CHANGED
    assert_exact(job, sandbox)


def test_a_file_moved_out_of_the_requesters_folders_is_not_deleted(sandbox, sandbox_account, job_for, actor):
    ids = add_files(sandbox, 2, folder="/mine")
    job = job_for(ids)
    Membership.objects.filter(user=actor.user).update(delete_paths="/mine/*")
    sandbox.move(ids[0], "/theirs", stamp=False)
    run(job)
    assert outcomes(job) == {ids[0]: "skipped", ids[1]: "deleted"}
    assert cause(ids[0]) == SkipCause.OUTSIDE


def test_a_leavers_job_pauses_and_names_the_cause(sandbox, job_for, actor):
    job = job_for(30)
    actor.user.is_active = False
    actor.user.save()
    run(job)
    assert job.state == JobState.PAUSED
    assert "who asked for it, no longer has an account" in job.pause_cause
    assert len(sandbox.file_ids()) == 30


def test_a_look_that_finds_nothing_out_leaves_the_batch_waiting_and_sends_nothing(sandbox, job_for):
    job = job_for(30)
    sandbox.fault("500_before", times=1_000, on="list")
    run(job)
    assert job.state == JobState.PAUSED
    assert sandbox.calls("delete") == []
    assert set(outcomes(job).values()) == {""}


def test_what_is_gone_is_told_by_its_own_address_and_never_by_an_empty_search(sandbox, job_for):
    ids = add_files(sandbox, 4)
    job = job_for(ids)
    sandbox.remove(ids[3])
    run(job)
    assert outcomes(job) == dict.fromkeys(ids[:3], "deleted") | {ids[3]: "already_gone"}
    assert "A look before the call found that it is gone" in evidence(ids[3])


def test_an_account_that_does_without_looks_still_keeps_its_rules(sandbox, sandbox_account, job_for, unseen):
    protect(sandbox_account, ProtectionKind.FOLDER, "/brand")
    ids = add_files(sandbox, 2, folder="/brand") + add_files(sandbox, 2)
    job = run(job_for(ids))
    assert sorted(outcomes(job).values()) == ["deleted", "deleted", "skipped", "skipped"]
    assert sandbox.calls("list") == [] or all(
        b"searchQuery" not in c.target.encode() for c in sandbox.calls("list")[1:]
    )


@pytest.mark.parametrize("after", [False, True])
@pytest.mark.parametrize("point", [(claims, "claim"), (settling, "settle_some"), (settling, "settle_unsent")])
@pytest.mark.parametrize("nth", [1, 2])
def test_a_worker_killed_around_look_and_call_keeps_every_skip(
    sandbox, sandbox_account, job_for, monkeypatch, point, after, nth
):
    protect(sandbox_account, ProtectionKind.FOLDER, "/brand")
    protect(sandbox_account, ProtectionKind.TAG, "keep")
    ids = add_files(sandbox, 260)
    job = job_for(ids)
    for file_id in ids[:5]:
        sandbox.replace(file_id, size=777_777)
    for file_id in ids[100:105]:
        sandbox.move(file_id, "/brand")
    for file_id in ids[200:205]:
        sandbox.retag(file_id, tags=["keep"])
    for file_id in ids[210:215]:
        sandbox.remove(file_id)
    # Else all three answers may be settled together, and none of them second.
    monkeypatch.setattr(settling, "MOST_TOGETHER", 1)
    kill_at(monkeypatch, *point, after=after, nth=nth)
    finish_after_death(job, sandbox)
    job.refresh_from_db()
    assert (job.deleted, job.skipped, job.already_gone) == (240, 15, 5)
    assert set(ids[:5] + ids[100:105] + ids[200:205]) <= sandbox.file_ids()
    assert not Batch.objects.filter(job=job).open().exists()


def test_every_skip_is_in_the_log_with_its_cause(sandbox, sandbox_account, job_for):
    protect(sandbox_account, ProtectionKind.TAG, "keep")
    ids = add_files(sandbox, 3)
    job = job_for(ids)
    sandbox.retag(ids[0], tags=["keep"])
    run(job)
    event = AuditEvent.objects.get(job=job, event=EventKind.FILE_SETTLED, file_id=ids[0])
    assert (event.outcome, event.evidence) == ("skipped", evidence(ids[0]))
    assert "needed" in event.evidence


def test_somebody_else_takes_a_leavers_job_over(sandbox, job_for, actor):
    job = job_for(30)
    actor.user.is_active = False
    actor.user.save()
    run(job)
    other = Actor.person(factories.user("noor", permissions=factories.EVERY_PERMISSION))
    controls.take_over(job, actor=other)
    run(job)
    assert (job.deleted, job.requested_by_name) == (30, "noor")
    assert AuditEvent.objects.filter(job=job, event=EventKind.JOB_TAKEN_OVER, actor_name="noor").exists()


def test_a_key_of_another_account_is_doubted_and_calls_no_file_gone(sandbox, sandbox_account, job_for):
    ids = add_files(sandbox, 30)
    factories.asset(sandbox_account, "/other/a.jpg", file_id="0" * 24)
    job = job_for(ids)
    for file_id in list(sandbox.file_ids()):
        sandbox.remove(file_id)  # As another account looks: none of our files, and none of the index.
    run(job)
    assert (job.state, job.pause_code) == (JobState.PAUSED, PauseCode.KEY_REFUSED)
    assert "another ImageKit account" in job.pause_cause
    assert set(outcomes(job).values()) == {""}


def test_files_that_are_all_gone_are_believed_when_the_key_knows_others(sandbox, sandbox_account, job_for):
    known = add_files(sandbox, 1, folder="/other")
    factories.asset(sandbox_account, "/other/a.jpg", file_id=known[0])
    ids = add_files(sandbox, 30)
    job = job_for(ids)
    for file_id in ids:
        sandbox.remove(file_id)
    run(job)
    assert (job.state, job.already_gone) == (JobState.FINISHED, 30)
    assert sandbox.calls("delete") == []


def test_a_second_ahead_no_more_looks_are_begun_than_calls_may_go(sandbox_account):
    pace = pacing.pace_of(sandbox_account, PaceKind.DELETE)
    at, allowed = now(), pacing.Allowance(20, 1.05)
    pace.recent = [at.timestamp() - 0.1] * 20
    assert [pacing.calls_within(pace, allowed, at=at, seconds=s, most=100)[0] for s in (0.5, 1.0, 1.9, 2.1)] == [
        0,
        20,
        20,
        40,
    ]
