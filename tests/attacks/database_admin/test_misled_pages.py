"""What is sealed stays as it is, and pages are to show something else: by an index that lies, by values in a spelling
that sorts elsewhere, by sums and paths that nobody added up. Both verifiers were content with each of these."""

from __future__ import annotations

import pytest
from django.db import connection, transaction

from medialib.models import AuditEvent
from medialib.models.audit import storage
from medialib.services.audit import indexing
from medialib.services.audit.seal import sealing, verify
from tests import dba
from tests.attacks.database_admin.test_search_index import NOON, settled
from tests.services.audit.conftest import own_data_dir, record, run

__all__ = ["own_data_dir", "run"]
pytestmark = pytest.mark.django_db
EVENTS, SEGMENTS = "medialib_auditevent", "medialib_auditsegment"
DAYS, PATHS, CURSOR = "medialib_auditday", "medialib_auditpath", "medialib_auditcursor"
DAY = "account_id, account_name, actor_name, outcome, files, size_bytes"


def lying_index(name: str, honest: str, lie: str) -> list[str]:
    """An index that was filled by one definition and claims another."""
    return [
        f"DROP INDEX {name}",
        f"CREATE INDEX {name} ON {lie}",
        "PRAGMA writable_schema = ON",
        f"UPDATE sqlite_master SET sql = 'CREATE INDEX {name} ON {honest}' WHERE name = '{name}'",
        "PRAGMA writable_schema = RESET",
        "PRAGMA writable_schema = OFF",
    ]


ON_SQLITE = {
    "an index that lacks an event": lying_index(
        "audit_of_actor", f"{EVENTS} (actor_name, id DESC)", f"{EVENTS} (actor_name, id DESC) WHERE id > 3"
    ),
    "an index of somebody else's that holds other words": lying_index(
        "audit_of_job", f"{EVENTS} (job_id, id DESC, file_path)", f"{EVENTS} (job_id, id DESC, file_id)"
    ),
    "the times of a segment, in another zone": [
        f"UPDATE {SEGMENTS} SET first_time = substr(first_time, 1, 19) || '+00:00'"
    ],
    "a fraction that is none": [f"UPDATE {SEGMENTS} SET first_time = substr(first_time, 1, 19) || '.000000'"],
    "a day in another spelling": [f"UPDATE {DAYS} SET day = replace(day, '-', '') WHERE day = '2024-05-01'"],
    "a day twice, once in another spelling": [
        f"INSERT INTO {DAYS} (day, {DAY}) SELECT '2024-5-01', {DAY} FROM {DAYS} WHERE day = '2024-05-01'"
    ],
    "a size that is a word": [f"UPDATE {DAYS} SET size_bytes = 'null' WHERE day = '2024-05-01'"],
    "numbers that are spent": ["UPDATE sqlite_sequence SET seq = 9223372036854775807"],
}
ON_POSTGRESQL = {
    "numbers that are spent": [f"ALTER SEQUENCE {EVENTS}_id_seq RESTART WITH 9223372036854775807"],
    "a column of another type": [f"ALTER TABLE {SEGMENTS} ALTER COLUMN event_count TYPE numeric"],
    "a column that works itself out": [
        f"ALTER TABLE {DAYS} DROP COLUMN files",
        f"ALTER TABLE {DAYS} ADD COLUMN files integer GENERATED ALWAYS AS (7) STORED",
    ],
}
ON_BOTH = {
    "a path beyond what is indexed": [f"INSERT INTO {PATHS} (event_id, folded) VALUES (999999, '/brand/made-up.png')"],
    "a cursor set back, so that days count twice": [f"UPDATE {CURSOR} SET event_id = 0"],
    "sums of another account": [f"UPDATE {DAYS} SET account_id = 77 WHERE day = '2024-05-01'"],
}
ATTEMPTS = ON_BOTH | (ON_SQLITE if connection.vendor == "sqlite" else ON_POSTGRESQL)


@pytest.fixture
def indexed(db):
    for number in range(6):
        settled(number, at=NOON)
    sealing.seal_all()
    indexing.catch_up()


@pytest.mark.parametrize("attempt", ATTEMPTS)
def test_what_pages_would_show_is_told(indexed, run, attempt):
    assert run("verifyaudit").code == 0
    with transaction.atomic():
        dba.append_only.remove(connection)
        with connection.cursor() as cursor:
            for statement in ATTEMPTS[attempt]:
                cursor.execute(statement)
        dba.append_only.install(connection)
        assert run("verifyaudit").code == 1
        transaction.set_rollback(True)


@pytest.mark.sqlite
@pytest.mark.parametrize(
    "time", ["'late'", "5", "NULL || 'x'", "substr(time, 1, 10) || 'T' || substr(time, 12) || 'Z'"]
)
def test_a_time_that_is_none_holds_up_no_seal(indexed, time):
    """PostgreSQL stores no such row."""
    last = record().pk
    with dba.without_triggers(), connection.cursor() as cursor:
        cursor.execute("PRAGMA ignore_check_constraints = ON")
        cursor.execute(f"UPDATE {EVENTS} SET time = COALESCE({time}, 'none') WHERE id = {last}")
        cursor.execute("PRAGMA ignore_check_constraints = OFF")
    assert sealing.seal_all() == 1
    assert verify.verify().problem.startswith(f"Pages can show what is not there: {EVENTS}, row {last}: time is not")


@pytest.mark.sqlite
def test_a_text_that_is_none_holds_up_no_seal(indexed):
    """Bytes that are no UTF-8 stop whoever reads them as text."""
    last = record().pk
    with dba.without_triggers(), connection.cursor() as cursor:
        cursor.execute(f"UPDATE {EVENTS} SET reason = CAST(x'ff41' AS TEXT) WHERE id = {last}")
    assert sealing.seal_all() == 1
    assert verify.verify().problem == ""
    assert settled(8, at=NOON).pk > last
    assert sealing.seal_all() == 1
    with dba.without_triggers(), connection.cursor() as cursor:
        cursor.execute(f"UPDATE {EVENTS} SET reason = CAST(x'fe41' AS TEXT) WHERE id = {last}")
    assert f"event {last} was changed" in verify.verify().problem


def test_what_medialib_writes_is_as_medialib_writes_it(indexed):
    assert AuditEvent.objects.count() == 6
    assert list(storage.problems(connection)) == []
