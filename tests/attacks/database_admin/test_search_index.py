"""The database's administrator leaves the log alone, and takes an event out of what people search it by."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from django.db import connection
from django.utils.timezone import now

from medialib.models import AuditDay, AuditEvent, AuditPath, EventKind
from medialib.models.audit import index
from medialib.services.audit import indexing, rebuilding, search
from medialib.services.audit.seal import sealing
from medialib.services.audit.search import AuditFilter
from tests.services.audit.conftest import own_data_dir, record, run

__all__ = ["own_data_dir", "run"]
pytestmark = pytest.mark.django_db
NOON = datetime(2024, 5, 1, 12, tzinfo=UTC)
PATHS, DAYS, CURSOR = "medialib_auditpath", "medialib_auditday", "medialib_auditcursor"
FIRST = "(SELECT min(event_id) FROM medialib_auditpath)"


@pytest.fixture
def indexed(db):
    """Six settled files of three days, two of no path, all sealed and indexed."""
    for number in range(6):
        settled(number, at=NOON + timedelta(days=number // 2))
    record()
    sealing.seal_all()
    indexing.catch_up()
    settled(9, at=now())  # Not sealed and indexed yet, which is no difference.
    return everything()


def settled(number, *, at):
    return AuditEvent.objects.create(
        time=at, event=EventKind.FILE_SETTLED, job_id=1, file_id=f"id-{number}", file_path=f"/brand/{number}.png",
        size_bytes=10, outcome="deleted", actor_name="kim", account_name="acme",
    )  # fmt: skip


def everything():
    days = AuditDay.objects.order_by("day").values_list("day", "actor_name", "outcome", "files", "size_bytes")
    return list(AuditPath.objects.order_by("pk").values_list()), list(days)


ATTEMPTS = {
    "a removed path": f"DELETE FROM {PATHS} WHERE event_id = {FIRST}",
    "a changed path": f"UPDATE {PATHS} SET folded = '/elsewhere' WHERE event_id = {FIRST}",
    "a path of no event": f"INSERT INTO {PATHS} (event_id, folded) VALUES (-5, '/brand/made-up.png')",
    "a removed day": f"DELETE FROM {DAYS} WHERE day = '2024-05-02'",
    "a smaller sum": f"UPDATE {DAYS} SET files = files - 1 WHERE day = '2024-05-02'",
    "a smaller size": f"UPDATE {DAYS} SET size_bytes = 1 WHERE day = '2024-05-02'",
    "another person": f"UPDATE {DAYS} SET actor_name = 'somebody else' WHERE day = '2024-05-02'",
    "a cursor that runs ahead": f"UPDATE {CURSOR} SET event_id = event_id + 1000 WHERE name = 'paths'",
}


@pytest.mark.parametrize("attempt", ATTEMPTS)
def test_what_is_taken_out_of_the_index_is_told_and_put_back(indexed, run, attempt):
    assert run("verifyaudit").code == 0
    with connection.cursor() as cursor:
        cursor.execute(ATTEMPTS[attempt])
    done = run("verifyaudit")
    assert (done.code, "rebuildaudit" in done.err) == (1, True)
    assert run("rebuildaudit").code == 0
    assert run("verifyaudit").code == 0
    assert everything()[0][: len(indexed[0])] == indexed[0]
    assert [path for _, path in everything()[0]] == [f"/brand/{n}.png" for n in (0, 1, 2, 3, 4, 5)]
    assert search.page(AuditFilter(path="/brand/0")).events


@pytest.mark.sqlite
def test_what_is_taken_out_of_the_text_index_alone_is_told_and_put_back(indexed, run):
    if not index.has_text(connection):
        pytest.fail("this SQLite has no FTS5, so there is nothing to attack")
    pk, folded = AuditPath.objects.order_by("pk").values_list().first()
    with connection.cursor() as cursor:
        table = index.TEXT
        cursor.execute(f"INSERT INTO {table} ({table}, rowid, folded) VALUES ('delete', %s, %s)", [pk, folded])
    assert run("verifyaudit").code == 1
    assert run("rebuildaudit", "--json").json["events"] == 7
    assert run("verifyaudit").code == 0


def test_days_that_were_pruned_keep_their_sums(indexed, run, tmp_path, monkeypatch):
    before = everything()[1]
    assert run("pruneaudit", "--before", "2999-01-01", "--archive", str(tmp_path / "a.jsonl"), "--yes").code == 0
    indexing.catch_up()
    assert run("verifyaudit").code == 0
    assert run("rebuildaudit").code == 0
    days = {row[0]: row[3] for row in everything()[1]}
    assert days == {row[0]: row[3] for row in before} | {now().date(): 1}
    rebuilding.check()
