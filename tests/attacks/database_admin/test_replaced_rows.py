"""REPLACE, by which SQLite removes rows without a word to the triggers on DELETE: by each column that is unique."""

from __future__ import annotations

import pytest
from django.db import DatabaseError
from django.utils.timezone import now

from medialib.models import AuditEvent, AuditSegment, EventKind
from medialib.services.audit.seal import sealing
from tests import dba
from tests.services.audit.conftest import own_data_dir

__all__ = ["own_data_dir"]
pytestmark = [pytest.mark.django_db, pytest.mark.sqlite]
EVENT, SEGMENT = AuditEvent._meta.db_table, AuditSegment._meta.db_table
NEW_SEGMENT = {
    "number": "number + 5",
    "first_id": "first_id + 50",
    "last_id": "last_id + 50",
    "previous": "'made up'",
    "rowid": "rowid + 5",
}

# The table, and what the new row has of its own; the rest is that of the row to be replaced.
ATTEMPTS = {
    "an event by its number": (EVENT, {"evidence": "'made up'"}),
    "a settled file by job and file": (EVENT, {"id": "id + 100", "evidence": "'made up'"}),
    **{
        f"a segment by its {column}": (SEGMENT, {name: new for name, new in NEW_SEGMENT.items() if name != column})
        for column in NEW_SEGMENT
    },
}


@pytest.fixture(autouse=True)
def settled_and_sealed() -> None:
    settled = {"time": now(), "event": EventKind.FILE_SETTLED, "job_id": 1, "file_id": "a", "outcome": "deleted"}
    AuditEvent.objects.create(**settled, evidence="ImageKit listed it.")
    sealing.seal_all()


@pytest.mark.sqlite  # PostgreSQL has no REPLACE.
@pytest.mark.parametrize("how", ["REPLACE", "INSERT OR REPLACE"])
@pytest.mark.parametrize("attempt", ATTEMPTS)
def test_no_row_is_replaced(attempt: str, how: str) -> None:
    table, changed = ATTEMPTS[attempt]
    model = AuditEvent if table == EVENT else AuditSegment
    names = [field.column for field in model._meta.concrete_fields] + (["rowid"] if table == SEGMENT else [])
    values = ", ".join(changed.get(name, name) for name in names)
    before = list(model.objects.values_list())
    with pytest.raises(DatabaseError, match="can only be added"):
        dba.attempt(f"{how} INTO {table} ({', '.join(names)}) SELECT {values} FROM {table}")
    assert list(model.objects.values_list()) == before
