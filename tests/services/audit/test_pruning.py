"""Retention: what leaves the log is archived with its proof, and the log stays provable without it."""

from __future__ import annotations

import hashlib
import json

import pytest
from django.db import IntegrityError, connection, transaction

from medialib.models import AuditCursor, AuditEvent, EventKind
from medialib.models.audit import append_only
from medialib.services.audit.seal import keys, pruning, verify
from tests.services.audit.test_verify_export import check, export

__all__ = ["check", "export"]
pytestmark = pytest.mark.django_db
TOMORROW, YESTERDAY = "2999-01-01", "2001-01-01"
EVENTS = "medialib_auditevent"


@pytest.fixture
def pruned(sealed, run, tmp_path):
    done = run("pruneaudit", "--before", TOMORROW, "--archive", str(tmp_path / "old.jsonl"), "--yes", "--json")
    assert done.code == 0, done.err
    return tmp_path / "old.jsonl"


def test_what_is_left_says_what_went_and_is_whole(pruned, sealed, run):
    (event,) = AuditEvent.objects.all()
    (archive,) = event.detail["archives"]
    assert (event.event, archive["events"], archive["last_segment"]) == (EventKind.AUDIT_PRUNED, 12, 3)
    assert archive["sha256"] == hashlib.sha256(pruned.read_bytes()).hexdigest()
    verdict = verify.verify()
    assert (verdict.problem, verdict.events, verdict.pruned) == ("", 13, 12)
    assert "12 of them were archived" in run("verifyaudit").out


def test_the_archive_proves_itself_and_is_signed(pruned, check):
    key = keys.signing_key().public
    assert check(pruned, "--public-key", key)[1] == f"12 events in 3 segments, whole, signed by {key}."
    digest, public, signature = (line.split()[1] for line in pruned.with_name("old.jsonl.sig").read_text().splitlines())
    assert keys.is_signed(bytes.fromhex(digest), signature, public)


def test_a_later_export_is_whole_without_the_archived_events(pruned, export, check):
    code, said = check(export())
    assert code == 0
    assert "3 segments were archived" in said


def test_the_triggers_are_back_at_once(pruned):
    assert append_only.is_installed(connection)
    with pytest.raises(IntegrityError), transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(f"DELETE FROM {EVENTS}")


def test_removing_more_than_was_recorded_is_found(pruned, as_dba, export, check):
    as_dba(f"DELETE FROM {EVENTS}")
    assert verify.verify().problem.startswith("Segment 1: its 4 events were removed")
    assert check(export())[1].startswith("Not whole. Segment 1: its events were removed")


def test_a_made_up_record_of_pruning_is_no_excuse(sealed, as_dba):
    detail = json.dumps({"first_segment": 1, "last_segment": 1})
    as_dba(
        f"DELETE FROM {EVENTS} WHERE id <= {sealed[3]}",
        f"UPDATE {EVENTS} SET event = 'audit.pruned', detail = '{detail}' WHERE id = {sealed[5]}",
    )
    assert verify.verify().problem.startswith("Segment 1: its 4 events were removed")


def test_only_whole_segments_from_before_the_date_go(sealed, run, tmp_path):
    assert run("pruneaudit", "--before", YESTERDAY, "--json").json == {"done": False, "events": 0, "segments": 0}
    assert run("pruneaudit", "--before", TOMORROW, "--json").json["events"] == 12
    assert run("pruneaudit", "--before", YESTERDAY, "--archive", str(tmp_path / "x"), "--yes").code == 1
    assert AuditEvent.objects.count() == 12


def test_a_later_pruning_remembers_the_earlier_archives(pruned, run, tmp_path):
    assert run("pruneaudit", "--before", TOMORROW, "--archive", str(tmp_path / "more.jsonl"), "--yes").code == 0
    (event,) = AuditEvent.objects.all()
    assert [archive["file"] for archive in event.detail["archives"]] == ["old.jsonl", "more.jsonl"]
    assert verify.verify().problem == ""


@pytest.mark.parametrize("wrong", [("--before", "soon"), ("--before", TOMORROW, "--yes")])
def test_a_date_and_an_archive_are_needed(sealed, run, wrong):
    assert run("pruneaudit", *wrong).code == 2


def test_a_log_that_is_not_whole_is_left_as_it_is(sealed, as_dba, run, tmp_path):
    as_dba(f"DELETE FROM {EVENTS} WHERE id = {sealed[2]}")
    done = run("pruneaudit", "--before", TOMORROW, "--archive", str(tmp_path / "x"), "--yes")
    assert (done.code, AuditEvent.objects.count()) == (1, 11)
    assert not (tmp_path / "x").exists()


def test_what_the_webhook_still_needs_stays(sealed, settings, run, tmp_path):
    settings.AUDIT_WEBHOOK_URL = "https://collector.example.com"
    AuditCursor.objects.create(name="webhook", event_id=sealed[2])
    assert run("pruneaudit", "--before", TOMORROW, "--archive", str(tmp_path / "x"), "--yes").code == 1
    assert AuditEvent.objects.count() == 12


@pytest.mark.parametrize("groups_done", [0, 1])
def test_killed_on_the_way_it_is_run_again(sealed, run, tmp_path, monkeypatch, groups_done):
    groups = pruning._groups
    monkeypatch.setattr(pruning, "AT_ONCE", 5)  # Two segments.
    with monkeypatch.context() as patch:
        patch.setattr(pruning, "_groups", lambda segments: killed_after(groups_done, groups(segments)))
        assert run("pruneaudit", "--before", TOMORROW, "--archive", str(tmp_path / "a"), "--yes").code == 1
    assert AuditEvent.objects.count() == 13 - 8 * groups_done
    assert verify.verify().problem == ""
    assert run("pruneaudit", "--before", TOMORROW, "--archive", str(tmp_path / "b"), "--yes").code == 0
    assert verify.verify().problem == ""
    assert AuditEvent.objects.filter(event=EventKind.AUDIT_PRUNED).exists()


def killed_after(count, groups):
    for _ in range(count):
        yield next(groups)
    raise RuntimeError
