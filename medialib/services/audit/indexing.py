"""Fills what the audit pages read by: paths and days of sealed events, some at a time, in the worker's sweep."""

from __future__ import annotations

import logging
import time
from collections import Counter
from datetime import date, datetime

from django.db import connection, transaction
from django.db.models import F

from medialib.models import AuditCursor, AuditEvent, AuditSegment, DeletionJob, EventKind, JobState
from medialib.models.audit.index import AuditDay, AuditPath, add_text
from medialib.models.query.folding import fold

logger = logging.getLogger(__name__)

CURSOR = "paths"
CHUNK = 2_000  # Rows in one transaction: on SQLite everybody else waits for it.
BUDGET_S = 0.2
READABLE = 20_000  # Events that are searched without an index in little time.
Row = tuple[int, str, str, str, int | None, str, str, int | None, datetime]


def indexed_up_to() -> int:
    return AuditCursor.objects.filter(name=CURSOR).values_list("event_id", flat=True).first() or 0


def catch_up_beside_work() -> int:
    """What a worker's sweep does: while a job runs it waits until there is a lot, which a search can still read."""
    is_busy = DeletionJob.objects.filter(state=JobState.RUNNING).exists()
    if is_busy and AuditSegment.objects.sealed_up_to() - indexed_up_to() < READABLE:
        return 0
    return catch_up(budget_s=BUDGET_S / 2 if is_busy else BUDGET_S)


def catch_up(*, budget_s: float | None = BUDGET_S) -> int:
    """Index what was sealed since the last time. Returns how many events were looked at."""
    began, count, up_to = time.monotonic(), 0, AuditSegment.objects.sealed_up_to()
    cursor, _ = AuditCursor.objects.get_or_create(name=CURSOR)
    while done := _index_some(cursor.event_id, up_to):
        cursor.event_id, count = done[0], count + done[1]
        if budget_s is not None and time.monotonic() - began > budget_s:
            break
    return count


def _index_some(after: int, up_to: int) -> tuple[int, int] | None:
    """(last id, rows) of the next chunk; None when there is none, or another worker does it."""
    columns = (
        "pk", "event", "file_path", "outcome", "account_id", "account_name", "actor_name", "size_bytes", "time",
    )  # fmt: skip
    rows: list[Row] = list(
        AuditEvent.objects.filter(pk__gt=after, pk__lte=up_to).order_by("pk").values_list(*columns)[:CHUNK]
    )
    if not rows:
        return None
    last = rows[-1][0]
    with transaction.atomic():
        if not AuditCursor.objects.filter(name=CURSOR, event_id=after).update(event_id=last):
            return None
        AuditPath.objects.bulk_create(AuditPath(event_id=row[0], folded=fold(row[2])) for row in rows if row[2])
        add_text(connection, after=after, up_to=last)
        _count_days(rows)
    return last, len(rows)


def _count_days(rows: list[Row]) -> None:
    files: Counter[tuple[date, int, str, str, str]] = Counter()
    sizes: Counter[tuple[date, int, str, str, str]] = Counter()
    for _, event, _, outcome, account, account_name, actor, size, at in rows:
        if event == EventKind.FILE_SETTLED:
            key = (at.date(), account or 0, account_name, actor, outcome)
            files[key] += 1
            sizes[key] += size or 0
    for key, count in files.items():
        day, account, account_name, actor, outcome = key
        known, _ = AuditDay.objects.get_or_create(
            day=day, account_id=account, account_name=account_name, actor_name=actor, outcome=outcome
        )
        AuditDay.objects.filter(pk=known.pk).update(files=F("files") + count, size_bytes=F("size_bytes") + sizes[key])
