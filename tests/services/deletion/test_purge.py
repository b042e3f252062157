"""A purge is followed to its end, each step of it in the log, and the job's rows of it are held to the log."""

from __future__ import annotations

from typing import Any

import pytest
from django.db import connection

from medialib.models import AuditEvent, DeletionJob, EventKind, PurgeState
from medialib.services.deletion import purge
from medialib.services.jobs import agreement
from tests.services.deletion.conftest import run

pytestmark = pytest.mark.django_db(transaction=True)
PURGES = [EventKind.PURGE_REQUESTED, EventKind.PURGE_COMPLETED]


@pytest.fixture
def purged(job_for: Any) -> DeletionJob:
    job = run(job_for(2, purge_cache=True))
    for _ in range(2):  # ImageKit says “Pending” at the first look.
        purge.run_purge(job)
    return job


def test_each_step_is_recorded_once(purged):
    purge.run_purge(purged)
    assert {one.state for one in purged.purges.all()} == {PurgeState.COMPLETED}
    events = AuditEvent.objects.filter(job=purged, event__in=PURGES).order_by("pk").values_list("event", flat=True)
    assert sorted(events) == sorted(PURGES * 2)
    assert agreement.contradictions(purged) == []


def test_a_purge_under_way_contradicts_nothing(job_for):
    job = run(job_for(2, purge_cache=True))
    assert agreement.contradictions(job) == []
    purge.run_purge(job)
    assert agreement.contradictions(job) == []


@pytest.mark.parametrize(
    "change",
    [
        "SET state = 'failed'",
        "SET state = 'waiting'",
        "SET request_id = 'made-up'",
        "SET url = url || '?'",
        "SET error = 'x'",
    ],
)
def test_a_changed_row_is_told(purged, change):
    with connection.cursor() as cursor:
        cursor.execute(f"UPDATE medialib_purgerequest {change}")
    assert agreement.contradictions(purged) == ["its purges are not those that the log knows of"]
