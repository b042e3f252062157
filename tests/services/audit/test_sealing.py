"""Sealing: in order, without gaps, beside the work; keys that change; backups that are restored."""

from __future__ import annotations

import stat

import pytest

from medialib.errors import Refused
from medialib.models import AuditEvent, AuditSegment, EventKind
from medialib.services.audit.log import SYSTEM
from medialib.services.audit.seal import anchors, care, horizon, keys, sealing, verify
from tests.services.audit.conftest import record

pytestmark = pytest.mark.django_db
EVENTS, SEGMENTS = "medialib_auditevent", "medialib_auditsegment"


def test_positions_have_no_gaps_where_ids_have(as_dba, monkeypatch):
    monkeypatch.setattr(sealing, "SEGMENT_EVENTS", 2)
    ids = [record(number).pk for number in range(5)]
    as_dba(f"UPDATE {EVENTS} SET id = id + 50 WHERE id > {ids[1]}")
    sealing.seal_all()
    segments = AuditSegment.objects.in_order().values_list("number", "first_position", "event_count")
    assert list(segments) == [(1, 1, 2), (2, 3, 2), (3, 5, 1)]
    assert verify.verify().problem == ""


def test_sealing_again_changes_nothing(sealed):
    assert (sealing.seal_all(), sealing.seal_due()) == (0, 0)
    assert AuditSegment.objects.count() == 3


def test_events_wait_behind_a_transaction_that_may_still_add_lower_ones(sealed, monkeypatch):
    writers = {"3/17"}
    monkeypatch.setattr(horizon, "_writers", lambda: set(writers))
    looking = horizon.Horizon()
    looking.look()
    newest = record().pk
    assert looking.look() < newest
    writers.remove("3/17")
    assert [looking.look(), looking.look()][-1] == newest


def test_a_stream_of_short_transactions_does_not_starve_the_seal(sealed, monkeypatch):
    names = iter(range(100))
    monkeypatch.setattr(horizon, "_writers", lambda: {str(next(names))})
    looking, newest = horizon.Horizon(), AuditEvent.objects.first().pk
    looking.look()
    assert looking.look() == newest


def test_the_key_is_made_once_and_readable_by_its_owner_only(sealed, own_data_dir):
    key = own_data_dir / keys.PRIVATE
    assert stat.S_IMODE(key.stat().st_mode) == 0o600
    assert (own_data_dir / keys.PUBLIC).read_text().strip() == keys.signing_key().public
    assert sorted(path.name for path in own_data_dir.iterdir()) == [
        "audit-anchors.jsonl", "audit-signing.key", "audit-signing.pub",
    ]  # fmt: skip


def test_a_worker_with_another_key_leaves_the_log_alone(sealed, settings, caplog):
    settings.AUDIT_SIGNING_KEY = "A" * 43 + "="
    record()
    assert (sealing.seal_due(), sealing.seal_due()) == (0, 0)
    assert [line.message[:39] for line in caplog.records] == ["audit log not sealed: The log is sealed"]  # Once.


def test_a_worker_without_the_key_makes_none(sealed, settings, tmp_path):
    settings.DATA_DIR = tmp_path / "elsewhere"
    settings.DATA_DIR.mkdir()
    record()
    assert sealing.seal_due() == 0
    assert list(settings.DATA_DIR.iterdir()) == []
    assert verify.verify().problem == ""


def test_a_new_key_is_named_by_the_old_one(sealed, run):
    old = keys.signing_key().public
    done = run("rotateauditkey", "--json")
    new = keys.signing_key().public
    assert done.json == {"key": new, "key_before": old}
    verdict = verify.verify()
    assert (verdict.problem, verdict.key) == ("", new)
    changes = AuditEvent.objects.filter(event=EventKind.AUDIT_KEY_CHANGED).order_by("pk")
    assert [event.detail.get("in_use", False) for event in changes] == [False, True]


def test_a_crash_between_the_last_seal_and_the_new_key_loses_nothing(sealed, monkeypatch):
    monkeypatch.setattr(keys, "adopt_next_key", lambda: 1 / 0)
    with pytest.raises(ZeroDivisionError):
        care.rotate_key(actor=SYSTEM)
    monkeypatch.undo()
    record()
    assert sealing.seal_due() >= 1
    assert verify.verify().problem == ""
    assert keys.next_key() is None


def test_a_restored_backup_is_accepted_by_a_person_only_and_stays_on_record(sealed, as_dba, run):
    as_dba(f"DELETE FROM {EVENTS} WHERE id > {sealed[7]}", f"DELETE FROM {SEGMENTS} WHERE number > 2")
    assert run("sealaudit").code == 1
    assert run("sealaudit", "--accept-restore", "disk failed, backup of 03:00").code == 0
    assert run("verifyaudit").out.startswith("9 events in 3 segments, whole, signed by ")
    (event,) = AuditEvent.objects.filter(event=EventKind.AUDIT_RESTORED)
    assert (event.detail["lost"]["segment"], event.reason) == (3, "disk failed, backup of 03:00")
    assert [anchor.number for anchor in anchors.every()] == [0, 3, 2, 3]


def test_a_whole_log_needs_no_accepting(sealed):
    with pytest.raises(Refused):
        care.accept_restore("why not", actor=SYSTEM)


def test_verifyaudit_names_the_first_bad_place_and_exits_with_1(sealed, as_dba, run):
    as_dba(f"DELETE FROM {EVENTS} WHERE id = {sealed[2]}")
    done = run("verifyaudit", "--json")
    assert done.code == 1
    assert done.json["problem"] == f"Segment 1: an event was removed at position 3, after the event {sealed[1]}."
    assert done.json["whole"] is False


def test_verifyaudit_says_what_is_not_sealed_yet(sealed, run):
    record()
    key = keys.signing_key().public
    assert run("verifyaudit").out == (
        f"12 events in 3 segments, whole, signed by {key}. 1 newer events are not sealed yet.\n"
    )
