"""deletefiles: the same path as the pages, by hand or by programs."""

from __future__ import annotations

import json
import os
import signal
import threading
import time
from pathlib import Path
from typing import Any

import pytest

from medialib.models import AuditEvent, DeletionJob, Item, Manifest, ProtectionKind
from medialib.services.accounts import protections
from medialib.services.audit.log import SYSTEM
from medialib.services.sync import run as sync
from tests import factories

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture(autouse=True)
def quick(settings: Any) -> None:
    settings.IMAGEKIT_START_RATE = 10_000
    settings.UNDO_WINDOW_S = 0


@pytest.fixture
def delete(run, sandbox_account, staff, tmp_path):
    """delete(ids, "--yes", …): writes the ids to a file, or takes the bytes as they are."""

    def call(ids: list[str] | bytes, *arguments: str, user: str = "sam", **options: Any):
        path = Path(tmp_path) / "ids.txt"
        path.write_bytes(ids if isinstance(ids, bytes) else "\n".join(ids).encode())
        order = ["acme", "--ids-file", str(path), "--reason", "spring cleaning", "--user", user]
        return run("deletefiles", *order, *arguments, **options)

    return call


@pytest.fixture
def ids(sandbox) -> list[str]:
    return sandbox.add_files([{"path": f"/old/{number}.jpg", "size": 100} for number in range(130)])


def test_it_deletes_and_reports(delete, sandbox, ids):
    sandbox.remove(ids[7])
    done = delete(ids, "--yes", "--wait", "--json")
    counts = dict.fromkeys(["skipped", "failed", "cancelled", "unverified"], 0)
    expected = {"requested": 130, "deleted": 129, "already_gone": 1, **counts}
    assert done.code == 0
    assert {key: done.json[key] for key in expected} == expected
    assert done.json["manifest_sha256"] == Manifest.objects.get().sha256
    assert done.json["job"] == DeletionJob.objects.get().pk
    assert sandbox.file_ids() == set()


def test_a_dry_run_tells_the_same_hash_and_leaves_nothing(delete, sandbox, ids):
    plan = delete(ids, "--dry-run", "--json")
    assert (plan.code, plan.json["job"], plan.json["requested"]) == (0, None, 130)
    assert not (Manifest.objects.exists())
    assert not (Item.objects.exists())
    assert not (DeletionJob.objects.exists())
    assert not AuditEvent.objects.filter(event="manifest.frozen").exists()
    real = delete(list(reversed(ids)), "--yes", "--json")
    assert real.json["manifest_sha256"] == plan.json["manifest_sha256"]
    assert len(sandbox.file_ids()) == 130


def test_files_that_a_rule_protects_are_told_before_and_skipped(delete, sandbox_account, ids, staff):
    sync.run_sync(sandbox_account)
    protections.add_rule(sandbox_account, kind=ProtectionKind.PATTERN, value="/old/1?.jpg", reason="Case", actor=SYSTEM)
    plan = delete(ids, "--dry-run", "--json")
    assert (plan.json["protected"], list(plan.json["protected_by"].values())) == (10, [10])
    assert "10 files protected by a rule, to be skipped" in plan.err
    assert "(path pattern /old/1?.jpg): 10 files: Case" in plan.err
    done = delete(ids, "--yes", "--wait", "--json")
    assert (done.json["deleted"], done.json["skipped"]) == (120, 10)


def test_without_yes_and_without_a_terminal_it_refuses(delete, sandbox, ids):
    done = delete(ids)
    assert done.code == 2
    assert "--yes" in done.err
    assert len(sandbox.file_ids()) == 130


def test_another_count_than_confirmed_is_refused(delete, sandbox, ids):
    done = delete(ids, "--yes", "--confirm-count", "131", "--wait")
    assert done.code == 2
    assert "130" in done.err
    assert "131" in done.err
    assert not DeletionJob.objects.exists()
    assert len(sandbox.file_ids()) == 130


def test_a_list_with_a_bom_windows_ends_blank_and_double_lines(delete, sandbox, ids):
    content = "\r\n\r\n".join([*ids, ids[0]]).encode("utf-8-sig") + b"\r\n"
    done = delete(content, "--yes", "--wait", "--json")
    assert (done.code, done.json["deleted"]) == (0, 130)
    assert "1 repeated line" in done.err


@pytest.mark.parametrize(
    ("content", "sentence"),
    [
        (b"", "holds no file ids"),
        (b"\n \r\n", "holds no file ids"),
        (b"\x89PNG\r\n\x1a\n\x00\x00", "is not text"),
        (b"abc\x00def", "is not text"),
        (b"/site/a b.jpg\nwhat is this?\n", "line 2"),
    ],
)
def test_what_is_no_list_gets_one_sentence(delete, sandbox, content, sentence):
    done = delete(content, "--yes")
    assert done.code == 2
    assert sentence in done.err
    assert len(done.err.strip().splitlines()) == 1
    assert not DeletionJob.objects.exists()


def test_a_table_of_ids_paths_and_addresses_is_read_as_the_page_reads_it(delete, sandbox, sandbox_account, ids):
    sync.run_sync(sandbox_account)
    head = "File ID;Path\r\n".encode("cp1252")
    rows = f"{ids[0]};x\r\n;/old/1.jpg\r\n;/nowhere.jpg\r\nfile_id;\r\n".encode()
    plan = delete(head + rows, "--dry-run", "--json")
    assert (plan.code, plan.json["requested"], len(plan.json["not_taken"])) == (0, 2, 1)
    assert "line 4: “/nowhere.jpg”: not known to the index" in plan.err
    assert "Not a file id, so left out: file_id" in plan.err


def test_a_file_that_is_not_there(run, sandbox_account, staff):
    done = run("deletefiles", "acme", "--ids-file", "/nowhere/ids", "--reason", "r", "--user", "sam", "--yes")
    assert (done.code, "cannot be read" in done.err) == (2, True)


def test_ids_from_standard_input(run, sandbox, sandbox_account, staff, ids, monkeypatch):
    monkeypatch.setattr("medialib.management.commands.deletefiles.read_list", lambda name: "\n".join(ids).encode())
    order = ["acme", "--ids-file", "-", "--reason", "r", "--user", "sam", "--yes", "--wait", "--json"]
    assert run("deletefiles", *order).json["deleted"] == 130


def test_unknown_ids_are_named_and_count_as_already_gone(delete, sandbox, ids):
    done = delete([*ids, "0123456789abcdef01234567"], "--yes", "--wait", "--json")
    assert (done.code, done.json["deleted"], done.json["already_gone"]) == (0, 130, 1)
    assert "0123456789abcdef01234567" in done.err


def test_nothing_but_unknown_ids_is_refused(delete, sandbox):
    done = delete(["0123456789abcdef01234567"], "--yes")
    assert done.code == 2
    assert not DeletionJob.objects.exists()


def test_unknown_accounts_people_and_missing_rights(delete, run, ids, staff):
    factories.user("vic", permissions=("view_library",))
    assert delete(ids, "--yes", user="nobody").code == 2
    assert delete(ids, "--yes", user="vic").code == 1
    done = run("deletefiles", "other", "--ids-file", "-", "--reason", "r", "--user", "sam", "--yes")
    assert (done.code, "no account named" in done.err) == (2, True)


def test_a_refused_key_pauses_and_exits_with_1(delete, sandbox, sandbox_account, ids):
    from medialib.models import Asset

    for file_id in ids:
        factories.asset(sandbox_account, f"/old/{file_id}.jpg", file_id=file_id)
    assert Asset.objects.count() == 130
    sandbox.revoke_key()
    done = delete(ids, "--yes", "--wait", "--json")
    assert done.code == 1
    assert done.json["state"] == "paused"
    assert "key" in done.err
    assert "private_sandbox" not in done.err + done.out


def test_ctrl_c_ends_the_waiting_settles_what_is_in_flight_and_names_the_way_out(delete, sandbox, ids, settings):
    settings.JOB_CONCURRENCY = 1
    sandbox.hold()

    def press_ctrl_c() -> None:
        sandbox.wait_until_held()
        os.kill(os.getpid(), signal.SIGINT)
        time.sleep(0.2)
        sandbox.release()

    hand = threading.Thread(target=press_ctrl_c)
    hand.start()
    done = delete(ids, "--yes", "--wait")
    hand.join()
    job = DeletionJob.objects.get()
    assert (done.code, job.deleted, job.left) == (1, 100, 30)
    assert f"controljob {job.pk} cancel" in done.err


def test_files_that_stay_make_it_exit_with_1(delete, sandbox, ids, settings):
    settings.BREAKER_PERCENT = 100
    sandbox.fault("partial_207", stay=3)
    done = delete(ids, "--yes", "--wait", "--json")
    assert (done.code, done.json["failed"]) == (1, 3)


def test_start_after_waits_unsent_and_is_not_negative(delete, sandbox, ids):
    assert delete(ids, "--yes", "--start-after", "-1").code == 2
    done = delete(ids, "--yes", "--start-after", "3600", "--json")
    assert (done.code, done.json["state"]) == (0, "scheduled")
    assert sandbox.calls("delete") == []


def test_purging_is_refused_beyond_the_quota_and_recorded_within(delete, sandbox, ids, settings):
    settings.IMAGEKIT_START_RATE = 1000
    done = delete(ids[:5], "--yes", "--wait", "--purge-cache", "--json")
    assert done.code == 0
    assert set(sandbox.purges()) == {f"{sandbox.url_endpoint}/old/{number}.jpg" for number in range(5)}
    job = DeletionJob.objects.get()
    assert all(job.purges.values_list("request_id", flat=True))
    many = sandbox.add_files([{"path": f"/many/{number}.jpg"} for number in range(1001)])
    refused = delete(many, "--yes", "--purge-cache")
    assert (refused.code, "purges" in refused.err) == (1, True)
    assert DeletionJob.objects.count() == 1


def test_what_changed_in_the_world_since_the_sync_is_skipped_or_already_gone_and_the_audit_names_each_cause(
    run, delete, sandbox, sandbox_account
):
    ids = sandbox.add_files([{"path": f"/old/{number:03}.jpg", "size": 1000} for number in range(600)])
    sync.run_sync(sandbox_account)
    for option in (["--folder", "/brand"], ["--tag", "keep"]):
        run("protectfiles", "acme", *option, "--reason", "the brand book", "--user", "sam")
    for file_id in ids[0:5]:
        sandbox.replace(file_id, size=777_777)
    for file_id in ids[5:10]:
        sandbox.move(file_id, "/brand/2026")
    for file_id in ids[10:15]:
        sandbox.retag(file_id, tags=["keep"])
    for file_id in ids[15:20]:
        sandbox.remove(file_id)
    done = delete(ids, "--yes", "--start-after", "0", "--wait", "--json")
    expected = {"requested": 600, "deleted": 580, "skipped": 15, "already_gone": 5, "failed": 0, "unverified": 0}
    assert {key: done.json[key] for key in expected} == expected
    assert set(ids[:15]) == sandbox.file_ids()
    told = exported(run)
    assert all("→ 777,777" in told[file_id] for file_id in ids[0:5])
    assert all("the brand book" in told[file_id] and "folder" in told[file_id] for file_id in ids[5:10])
    assert all("the brand book" in told[file_id] and "keep" in told[file_id] for file_id in ids[10:15])
    assert all("404" in told[file_id] or "gone" in told[file_id] for file_id in ids[15:20])


def exported(run) -> dict[str, str]:
    """The evidence of each settled file in what `exportaudit` writes."""
    lines = run("exportaudit", "--format", "jsonl").out.splitlines()
    events = [json.loads(line) for line in lines]
    return {event["file_id"]: event["evidence"] for event in events if event.get("event") == "file.settled"}


def test_all_files_go_only_when_number_and_name_are_said_and_protected_ones_stay(
    run, sandbox, sandbox_account, staff, ids
):
    kept = sandbox.add_files([{"path": "/kept/1.jpg"}])
    protections.add_rule(sandbox_account, kind=ProtectionKind.FOLDER, value="/kept", reason="brand", actor=SYSTEM)
    order = ("acme", "--all", "--reason", "The customer left", "--user", "sam")
    assert run("deletefiles", *order, "--dry-run").code == 1  # Never synced.
    sync.run_sync(sandbox_account)
    plan = run("deletefiles", *order, "--dry-run", "--json")
    assert (plan.code, plan.json["requested"], Manifest.objects.count()) == (0, 130, 0)
    assert "1 file protected by a rule: left where they are." in plan.err
    wrong = [
        (),
        ("--confirm-count", "130"),
        ("--confirm-name", "acme"),
        ("--confirm-name", "amce", "--confirm-count", "130"),
    ]
    assert {run("deletefiles", *order, "--yes", *said).code for said in wrong} == {2}
    said = ("--yes", "--confirm-name", "acme", "--confirm-count")
    assert run("deletefiles", *order, *said, "129").code == 2
    assert run("deletefiles", *order, *said, "130", "--start-after", "0").code == 1
    assert not DeletionJob.objects.exists()
    done = run("deletefiles", *order, *said, "130", "--json")
    job = DeletionJob.objects.get()
    assert (done.code, done.json["state"], (job.starts_at - job.created_at).total_seconds()) == (0, "scheduled", 1800)
    assert done.json["manifest_sha256"] == plan.json["manifest_sha256"]
    assert sandbox.file_ids() == {*ids, *kept}


def test_all_and_a_list_are_not_taken_together(delete, ids):
    assert delete(ids, "--all", "--yes").code == 2
