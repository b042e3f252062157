"""Changes that fit what is sealed, or lie where a verifier might not look: by spelling, by number, by type, by a list
beside the seal. Somebody who read both verifiers looks for one that they call whole."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from django.db import DatabaseError, connection

from medialib.models import AuditEvent
from medialib.services.audit.seal import keys, sealing, verify
from tests.services.audit.conftest import as_dba, own_data_dir, record, run, sealed
from tests.services.audit.test_verify_export import check, export

__all__ = ["as_dba", "check", "export", "own_data_dir", "run", "sealed"]
pytestmark = pytest.mark.django_db
EVENTS, SEGMENTS = "medialib_auditevent", "medialib_auditsegment"
NAMES = ", ".join(field.column for field in AuditEvent._meta.concrete_fields if field.column != "id")
IS_SQLITE = connection.vendor == "sqlite"
LEAST = -(2**63)
TWICE = '{{"percent":99,"percent":5}}'

ATTEMPTS = {
    "an event with the least number there is": f"INSERT INTO {EVENTS} (id, {NAMES}) SELECT {LEAST}, {NAMES} "
    f"FROM {EVENTS} WHERE id = {{event}}",
    "a signature in capitals": f"UPDATE {SEGMENTS} SET signature = upper(signature) WHERE number = 2",
    "the list of hashes, by which receipts are proved": f"UPDATE {SEGMENTS} SET leaves = "
    + ("zeroblob(128)" if IS_SQLITE else "decode(repeat('00', 128), 'hex')")
    + " WHERE number = 2",
    "no list of hashes": f"UPDATE {SEGMENTS} SET leaves = "
    + ("x''" if IS_SQLITE else r"'\x'::bytea")
    + " WHERE number = 2",
    "another person, by number": f"UPDATE {EVENTS} SET actor_id = 77 WHERE id = {{event}}",
    "another person, by name": f"UPDATE {EVENTS} SET actor_name = 'somebody else' WHERE id = {{event}}",
    "a name that looks the same": f"UPDATE {EVENTS} SET reason = 'rеason 5' WHERE id = {{event}}",
    "a detail more": f"""UPDATE {EVENTS} SET detail = '{{{{"percent":5,"by":"kim"}}}}' WHERE id = {{event}}""",
    "an outcome that was none": f"UPDATE {EVENTS} SET outcome = 'deleted' WHERE id = {{event}}",
    "numbers of two events": f"UPDATE {EVENTS} SET id = CASE id WHEN {{event}} THEN -9 ELSE id END",
}
ON_SQLITE = {
    "an offset behind the time": f"UPDATE {EVENTS} SET time = time || '+09:00' WHERE id = {{event}}",
    "another sign before the fraction": f"UPDATE {EVENTS} SET time = substr(time, 1, 19) || ',' || substr(time, 21) "
    "WHERE id = {event}",
    "a T in the time": f"UPDATE {EVENTS} SET time = replace(time, ' ', 'T') WHERE id = {{event}}",
    "a name that stands twice": f"UPDATE {EVENTS} SET detail = '{TWICE}' WHERE id = {{event}}",
    "a blob for a text": f"UPDATE {EVENTS} SET reason = CAST(reason AS BLOB) WHERE id = {{event}}",
    "the time as it stands in the seal": f"UPDATE {EVENTS} SET time = (SELECT substr(time, 1, 10) || 'T' || "
    "substr(time, 12) || 'Z') WHERE id = {event}",
    "none as a text": f"UPDATE {EVENTS} SET job_id = 'null' WHERE id = {{event}}",
    "no JSON": f"UPDATE {EVENTS} SET detail = '{{{{' WHERE id = {{event}}",
    "words for a number": f"UPDATE {EVENTS} SET http_status = '5,\"x\":1' WHERE id = {{event}}",
}
OF_THIS_DATABASE = ATTEMPTS | (ON_SQLITE if IS_SQLITE else {})


@pytest.fixture
def unchecked(db: None) -> Iterator[None]:
    """SQLite lets whoever writes leave constraints out."""
    with connection.cursor() as cursor:
        cursor.execute("PRAGMA ignore_check_constraints = ON" if IS_SQLITE else "SELECT 1")
        yield
        cursor.execute("PRAGMA ignore_check_constraints = OFF" if IS_SQLITE else "SELECT 1")


@pytest.mark.parametrize("attempt", OF_THIS_DATABASE)
def test_no_change_is_called_whole(sealed, as_dba, unchecked, export, check, attempt):
    try:
        as_dba(OF_THIS_DATABASE[attempt].format(event=sealed[5]))
    except DatabaseError:
        return  # What the database does not even store needs no seal.
    assert verify.verify().problem.startswith(("Segment 1: ", "Segment 2: "))
    if "list of hashes" not in attempt:  # Which no export holds: it has the events themselves.
        code, said = check(export(), "--public-key", keys.signing_key().public)
        assert (code, said[:10]) == (1, "Not whole.")


@pytest.mark.parametrize("attempt", ["a blob for a text", "no JSON", "a name that stands twice"])
@pytest.mark.sqlite  # PostgreSQL stores no such row.
def test_a_row_that_nobody_can_read_holds_up_no_seal(sealed, as_dba, unchecked, attempt):
    last = record(20).pk
    as_dba(ON_SQLITE[attempt].format(event=last))
    assert sealing.seal_all() == 1
    assert verify.verify().segments == 4
    as_dba(f"UPDATE {EVENTS} SET reason = 'another' WHERE id = {last}")
    assert verify.verify().problem.startswith(f"Segment 4: the event {last} was changed")
