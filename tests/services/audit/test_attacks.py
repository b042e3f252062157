"""Attacks on the log by somebody who administers the database: each is found and the place is named."""

from __future__ import annotations

import shutil
from collections.abc import Callable

import pytest
from django.db import connection

from medialib.models import AuditEvent, AuditSegment
from medialib.models.audit import append_only
from medialib.services.audit.seal import keys, sealing, verify
from tests.services.audit.conftest import record

pytestmark = pytest.mark.django_db
EVENTS, SEGMENTS = "medialib_auditevent", "medialib_auditsegment"
COPIED = [field.column for field in AuditEvent._meta.concrete_fields if field.column != "id"]


def problem() -> str:
    return verify.verify().problem


def copy_of(event_id: int, *, new_id: int) -> str:
    names = ", ".join(COPIED)
    return f"INSERT INTO {EVENTS} (id, {names}) SELECT {new_id}, {names} FROM {EVENTS} WHERE id = {event_id}"


def test_an_untouched_log_is_whole(sealed):
    verdict = verify.verify()
    assert (verdict.problem, verdict.events, verdict.segments, verdict.notes) == ("", 12, 3, [])
    assert verdict.key == keys.signing_key().public


@pytest.mark.parametrize("column", sorted({*COPIED} - {"detail"}))
def test_an_edit_of_any_column_is_found(sealed, as_dba, column):
    numbers = {"size_bytes", "http_status", "actor_id", "account_id", "job_id"}
    value = "'2020-01-01 00:00:00+00:00'" if column == "time" else "5" if column in numbers else "'x'"
    as_dba(f"UPDATE {EVENTS} SET {column} = {value} WHERE id = {sealed[5]}")
    assert problem() == f"Segment 2: the event {sealed[5]} was changed (position 6)."


def test_an_edit_of_the_detail_is_found(sealed, as_dba):
    as_dba(f"""UPDATE {EVENTS} SET detail = '{{"percent":99}}' WHERE id = {sealed[0]}""")
    assert problem() == f"Segment 1: the event {sealed[0]} was changed (position 1)."


@pytest.mark.parametrize("index", [0, 4, 7, 11])
def test_a_deleted_row_is_found(sealed, as_dba, index):
    as_dba(f"DELETE FROM {EVENTS} WHERE id = {sealed[index]}")
    assert problem().startswith(f"Segment {index // 4 + 1}: an event was removed at position {index + 1}")


def test_an_inserted_row_is_found_inside_a_segment_and_between_two(sealed, as_dba):
    as_dba(f"UPDATE {EVENTS} SET id = id + 100 WHERE id >= {sealed[8]}")
    assert problem() == f"Segment 3: its 4 events were removed (ids {sealed[8]} to {sealed[11]})."
    as_dba(f"UPDATE {EVENTS} SET id = id - 100 WHERE id >= {sealed[8]}", copy_of(sealed[3], new_id=sealed[0] - 1))
    assert problem() == f"Segment 1: the event {sealed[0] - 1} was inserted at position 1."


def test_rows_that_changed_places_are_found(sealed, as_dba):
    a, b = sealed[1], sealed[2]
    as_dba(*(f"UPDATE {EVENTS} SET id = {new} WHERE id = {old}" for old, new in ((a, 10**6), (b, a), (10**6, b))))
    assert problem() == f"Segment 1: the event {a} was changed (position 2)."


def test_a_cut_tail_is_found(sealed, as_dba):
    as_dba(f"DELETE FROM {EVENTS} WHERE id > {sealed[7]}", f"DELETE FROM {SEGMENTS} WHERE number > 2")
    assert problem().startswith("Segment 3 is missing: segment 3, with 12 events up to its end, was noted")


def test_an_emptied_log_is_found(sealed, as_dba):
    as_dba(f"DELETE FROM {EVENTS}", f"DELETE FROM {SEGMENTS}")
    assert problem().startswith("Segment 1 is missing: segment 3")


def test_a_removed_segment_is_found(sealed, as_dba):
    as_dba(f"DELETE FROM {SEGMENTS} WHERE number = 2", f"DELETE FROM {EVENTS} WHERE id IN {tuple(sealed[4:8])}")
    assert problem() == "Segment 2 is missing: segment 3 follows 1."


def test_a_copy_from_before_is_found_even_when_work_went_on_in_it(sealed, as_dba):
    record()
    sealing.seal_all()
    as_dba(f"DELETE FROM {EVENTS} WHERE id > {sealed[11]}", f"DELETE FROM {SEGMENTS} WHERE number > 3")
    record(77)
    assert sealing.seal_due() == 0  # Nothing is sealed over the loss.
    assert problem().startswith("Segment 4 is missing")


def test_a_chain_sealed_anew_with_another_key_is_found(sealed, as_dba, own_data_dir, tmp_path):
    public = keys.signing_key().public
    as_dba(f"UPDATE {EVENTS} SET reason = 'innocent' WHERE id = {sealed[0]}", f"DELETE FROM {SEGMENTS}")
    kept = tmp_path / "kept"
    shutil.move(own_data_dir, kept)
    own_data_dir.mkdir()
    sealing.seal_all()
    shutil.rmtree(own_data_dir)
    shutil.move(kept, own_data_dir)
    assert f"({public})" in problem()


@pytest.mark.parametrize(
    ("change", "told"),
    [
        ("first_id = first_id - 1", "its columns were changed"),
        ("first_time = last_time, first_position = 1", "its columns were changed"),
        ("header = replace(header, 'medialib', 'mediallb')", "its header was changed"),
        ("signature = replace(signature, substr(signature, 1, 8), '00000000')", "its header or its signature"),
        ("hash = previous", "its columns were changed"),
    ],
)
def test_a_changed_seal_is_found(sealed, as_dba, change, told):
    as_dba(f"UPDATE {SEGMENTS} SET {change} WHERE number = 2")
    assert problem().startswith(f"Segment 2: {told}")


def test_the_event_is_not_named_when_its_list_of_hashes_was_changed_too(sealed, as_dba):
    blank = "zeroblob(128)" if connection.vendor == "sqlite" else "decode(repeat('00', 128), 'hex')"
    as_dba(
        f"UPDATE {SEGMENTS} SET leaves = {blank} WHERE number = 1",
        f"UPDATE {EVENTS} SET reason = '' WHERE id = {sealed[0]}",
    )
    assert problem().startswith("Segment 1: its events")


def test_a_changed_anchor_is_found(sealed, settings):
    text = settings.AUDIT_ANCHOR_FILE.read_text()
    settings.AUDIT_ANCHOR_FILE.write_text(text.replace('"events":12', '"events":11'))
    assert problem() == "The anchor of segment 3 in audit-anchors.jsonl was changed."


def test_missing_triggers_are_told(sealed, as_dba: Callable[..., None]):
    append_only.remove(connection)
    verdict = verify.verify()
    assert "triggers that refuse changes are missing" in verdict.problem
    append_only.install(connection)


def test_the_seals_refuse_changes_like_the_events(sealed):
    for attempt in (AuditSegment.objects.all().delete, AuditSegment.objects.first().delete):
        with pytest.raises(Exception, match="cannot be removed"):
            attempt()
