"""Long logs: the indexes give what reading every row would give, and the database uses them."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

import pytest

from medialib.models import AuditDay, AuditEvent, AuditPath, DeletionJob, EventKind
from medialib.services.audit import indexing, places, search
from medialib.services.audit.seal import sealing
from medialib.services.audit.search import AuditFilter
from tests.audit_rows import job_of
from tests.services.audit.conftest import record

pytestmark = pytest.mark.django_db
PATHS = [
    "/brand/logo.png",
    "/brand/Größe.jpg",
    "/old/100%_off.gif",
    "/old/a_b.png",
    "/BRAND/two.png",
    '/odd/"quote.png',
]
NOON = datetime(2024, 5, 1, 12, tzinfo=UTC)


@pytest.fixture(params=["indexed", "not indexed", "half indexed"])
def paths(db, request):
    """Events of files at PATHS, one a day, in each state that the index may be in."""
    for number, path in enumerate(PATHS):
        settled(path, at=NOON + timedelta(days=number))
        if request.param == "half indexed" and number == 2:
            sealing.seal_all()
            indexing.catch_up()
    if request.param == "indexed":
        sealing.seal_all()
        assert indexing.catch_up() == len(PATHS)


def settled(path, *, at=NOON, outcome="deleted"):
    return AuditEvent.objects.create(
        time=at, event=EventKind.FILE_SETTLED, job_id=1, file_id=f"id-{path}", file_path=path, size_bytes=10,
        outcome=outcome, actor_name="kim", account_name="acme",
    )  # fmt: skip


def found(**wanted):
    return {event.file_path for event in search.page(AuditFilter(**wanted)).events}


@pytest.mark.parametrize(
    ("term", "expected"),
    [
        ("/brand/", {"/brand/logo.png", "/brand/Größe.jpg", "/BRAND/two.png"}),
        ("/old/100%", {"/old/100%_off.gif"}),
        ("a_b", {"/old/a_b.png"}),
        ("LOGO", {"/brand/logo.png"}),
        ('"quo', {'/odd/"quote.png'}),
        ("rand/logo.png", {"/brand/logo.png"}),
        ("of", {"/old/100%_off.gif"}),
        ("nowhere", set()),
        ("/", set(PATHS)),
    ],
)
@pytest.mark.parametrize(("many", "common"), [(5_000, 100), (1, 100), (5_000, 1)])
def test_a_path_is_found_whatever_is_indexed(paths, monkeypatch, term, expected, many, common):
    monkeypatch.setattr(places, "MANY", many)
    monkeypatch.setattr(places, "COMMON", common)
    assert found(path=term) == expected


def test_letters_of_any_script_are_found_without_case(db):
    settled("/brand/Größe.jpg")
    sealing.seal_all()
    indexing.catch_up()
    assert found(path="GRÖSSE") == {"/brand/Größe.jpg"}


def test_days_are_found_whatever_is_sealed(paths):
    days = {"after": date(2024, 5, 2), "before": date(2024, 5, 3)}
    assert found(**days) == set(PATHS[1:3])
    assert found(after=date(2024, 5, 6)) == set(PATHS[5:])
    assert found(before=date(2024, 5, 1)) == set(PATHS[:1])
    assert found(after=date(2030, 1, 1)) == found(before=date(2000, 1, 1)) == set()


def test_a_late_event_with_an_early_time_is_found(paths):
    sealing.seal_all()
    settled("/late.png", at=NOON)
    assert found(before=date(2024, 5, 1)) >= {PATHS[0]}
    sealing.seal_all()
    assert found(before=date(2024, 5, 1)) == {PATHS[0], "/late.png"}


def test_indexing_again_counts_nothing_twice(paths):
    sealing.seal_all()
    indexing.catch_up()
    assert indexing.catch_up() == 0
    assert AuditPath.objects.count() == len(PATHS)
    assert {(day.day, day.files, day.size_bytes) for day in AuditDay.objects.all()} == {
        (date(2024, 5, 1 + number), 1, 10) for number in range(len(PATHS))
    }


def test_a_running_job_is_not_disturbed_for_a_few_events(paths, account, monkeypatch):
    sealing.seal_all()
    indexing.catch_up()
    settled("/later.png")
    sealing.seal_all()
    DeletionJob.objects.filter(pk=job_of(account).pk).update(state="running")
    assert indexing.catch_up_beside_work() == 0
    assert found(path="later") == {"/later.png"}
    monkeypatch.setattr(indexing, "READABLE", 1)
    assert indexing.catch_up_beside_work() == 1


@pytest.mark.parametrize(
    ("wanted", "index"),
    [
        ({"outcome": "failed"}, "audit_unusual"),
        ({"event": "job.finished"}, "audit_of_kind"),
        ({"file": "x"}, "audit_of_file"),
        ({"actor": "kim"}, "audit_of_actor"),
        ({"job": 1}, "audit_of_job"),
    ],
)
@pytest.mark.sqlite
# PostgreSQL reads so short a table without its indexes.
def test_each_filter_has_its_index(db, wanted, index):
    for number in range(3):
        record(number)
    assert f"USING INDEX {index}" in search.matching(AuditFilter(**wanted)).order_by("-pk").explain()
