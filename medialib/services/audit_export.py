"""The audit log as rows, CSV and JSON lines: oldest first, a chunk at a time, so that memory stays flat."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Iterable, Iterator
from datetime import UTC
from itertools import islice
from typing import Any

from django.db.models import Max

from medialib.models import EventKind
from medialib.models.audit import AuditEventQuerySet
from medialib.services import audit
from medialib.services.audit import Actor

CHUNK = 2_000
# Column of the export: column of the table. Programs read these names; add at the end, rename never.
COLUMNS = {
    "sequence": "pk",
    "time": "time",
    "actor": "actor_name",
    "account": "account_name",
    "job": "job_id",
    "event": "event",
    "file_id": "file_id",
    "file_path": "file_path",
    "size_bytes": "size_bytes",
    "outcome": "outcome",
    "evidence": "evidence",
    "http_status": "http_status",
    "reason": "reason",
    "address": "address",
    "request_id": "request_id",
    "detail": "detail",
}
# What a spreadsheet takes for a formula, in full width too. File names and reasons come from strangers.
FORMULA_STARTS = ("=", "+", "-", "@", "\t", "\r", "\n", "\uff1d", "\uff0b", "\uff0d", "\uff20")


def prepare(events: AuditEventQuerySet, *, actor: Actor, detail: dict[str, Any]) -> AuditEventQuerySet:
    """Record the export, then return what to export: the events up to now, so that it ends while others go on."""
    newest = events.aggregate(newest=Max("pk"))["newest"] or 0
    audit.record(EventKind.AUDIT_EXPORTED, actor=actor, detail=detail | {"up_to_sequence": newest})
    return events.filter(pk__lte=newest)


def rows(events: AuditEventQuerySet) -> Iterator[dict[str, Any]]:
    """Each event as a dict, in the order of their sequence numbers."""
    ordered = events.order_by("pk").values_list(*COLUMNS.values())
    last = 0
    while chunk := list(ordered.filter(pk__gt=last)[:CHUNK]):
        for values in chunk:
            yield _row(values)
        last = chunk[-1][0]


def stream_jsonl(events: AuditEventQuerySet) -> Iterator[str]:
    """JSON lines, many to a piece of text."""
    for chunk in _chunks(rows(events)):
        yield "".join(f"{json.dumps(row, ensure_ascii=False, separators=(',', ':'))}\n" for row in chunk)


def stream_csv(events: AuditEventQuerySet) -> Iterator[str]:
    """CSV with a header, many lines to a piece of text. Text that looks like a formula gets an apostrophe before it."""
    yield _csv([list(COLUMNS)])
    for chunk in _chunks(rows(events)):
        yield _csv([_cell(value) for value in row.values()] for row in chunk)


def _row(values: tuple[Any, ...]) -> dict[str, Any]:
    row = dict(zip(COLUMNS, values, strict=True))
    row["time"] = row["time"].astimezone(UTC).isoformat(timespec="microseconds").replace("+00:00", "Z")
    return row


def _chunks(source: Iterator[dict[str, Any]]) -> Iterator[list[dict[str, Any]]]:
    while chunk := list(islice(source, CHUNK)):
        yield chunk


def _csv(lines: Iterable[list[Any]]) -> str:
    buffer = io.StringIO()
    csv.writer(buffer).writerows(lines)
    return buffer.getvalue()


def _cell(value: Any) -> Any:
    if isinstance(value, dict):
        value = json.dumps(value, ensure_ascii=False, separators=(",", ":")) if value else ""
    if isinstance(value, str) and value.startswith(FORMULA_STARTS):
        return f"'{value}"
    return value
