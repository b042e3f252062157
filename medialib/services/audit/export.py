"""The audit log as rows, CSV and JSON lines: oldest first, a chunk at a time, so that memory stays flat."""

from __future__ import annotations

import csv
import io
import json
import time
from collections.abc import Callable, Iterable, Iterator
from json.encoder import encode_basestring
from typing import Any

from django.db.models import Max, TextField
from django.db.models.functions import Cast

from medialib.models import Account, AuditEvent, AuditSegment, EventKind
from medialib.models.audit.events import AuditEventQuerySet
from medialib.models.sql import CanonicalTime
from medialib.services.audit import log
from medialib.services.audit.log import Actor
from medialib.services.audit.seal import keys, proof, sealing
from medialib.services.base.csv_cells import plain
from medialib.services.base.slices import slices

CHUNK = 2_000
FOLLOW_EVERY_S = 1.0
Values = tuple[Any, ...]
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
_AS_TEXT: dict[str, Any] = {"time": CanonicalTime("time"), "detail": Cast("detail", TextField())}


def prepare(
    events: AuditEventQuerySet,
    *,
    actor: Actor,
    detail: dict[str, Any],
    account: Account | None = None,
    after: int | None = None,
) -> AuditEventQuerySet:
    """Record the export, then return what to export: the events up to now, so that it ends while others go on.

    Who sees `account` sees that it was exported; without one only who sees everything does, and who did it.
    With `after`, only later events, and only sealed ones: whoever goes on from the last sequence number misses none.
    """
    if after is not None:
        sealing.seal_all()
        events = events.filter(pk__gt=after, pk__lte=AuditSegment.objects.sealed_up_to())
        detail = detail | {"after_sequence": after}
    newest = events.aggregate(newest=Max("pk"))["newest"] or 0
    log.record(EventKind.AUDIT_EXPORTED, actor=actor, account=account, detail=detail | {"up_to_sequence": newest})
    return events.filter(pk__lte=newest)


def prepare_proof(*, actor: Actor, detail: dict[str, Any], after: int = 0) -> Iterator[str]:
    """Seal all, record the export, then return its lines: whole segments, with all that proves them."""
    sealing.seal_all()
    head = AuditSegment.objects.head()
    newest = {"up_to_sequence": head.last_id if head else 0}
    log.record(EventKind.AUDIT_EXPORTED, actor=actor, detail=detail | newest)
    return proof.stream(after_event=after, last_segment=head.number if head else 0)


def follow(after: int, *, actor: Actor, wait: Callable[[float], object] = time.sleep) -> Iterator[str]:
    """JSON lines of sealed events as they come, without end. Where the key is, it seals by itself too."""
    log.record(EventKind.AUDIT_EXPORTED, actor=actor, detail={"follow": True, "after_sequence": after})
    while True:
        if keys.known_key():
            sealing.seal_due()
        newest = AuditSegment.objects.sealed_up_to()
        if newest > after:
            yield from stream_jsonl(AuditEvent.objects.filter(pk__gt=after, pk__lte=newest))
            after = newest
        wait(FOLLOW_EVERY_S)


def rows(events: AuditEventQuerySet) -> Iterator[dict[str, Any]]:
    """Each event as a dict, in the order of their sequence numbers."""
    for values in _values(events):
        row = dict(zip(COLUMNS, values, strict=True))
        yield row | {"detail": json.loads(row["detail"])}


def stream_jsonl(events: AuditEventQuerySet) -> Iterator[str]:
    """JSON lines, many to a piece of text."""
    for chunk in slices(_values(events), CHUNK):
        yield "".join(map(_json_line, chunk))


def stream_csv(events: AuditEventQuerySet) -> Iterator[str]:
    """CSV with a header, many lines to a piece of text. Text that looks like a formula gets an apostrophe before it."""
    yield _csv([COLUMNS])
    for chunk in slices(_values(events), CHUNK):
        yield _csv(map(_cells, chunk))


def _values(events: AuditEventQuerySet) -> Iterator[Values]:
    """By key, a chunk at a time. Times and details come as the database writes them: Python would take longer."""
    ordered = events.order_by("pk").values_list(*(_AS_TEXT.get(name, name) for name in COLUMNS.values()))
    last = None
    while chunk := list((ordered if last is None else ordered.filter(pk__gt=last))[:CHUNK]):
        yield from chunk
        last = chunk[-1][0]


def _json_line(values: Values) -> str:
    """One event as JSON, put together by hand because a million may be asked for; a test holds it to json.loads."""
    (pk, time_, actor, account, job, event, file_id, path, size, outcome, evidence, status, reason, address, request,
     detail) = values  # fmt: skip
    text = encode_basestring
    return (
        f'{{"sequence":{pk},"time":"{time_}","actor":{text(actor)},"account":{text(account)},'
        f'"job":{"null" if job is None else job},"event":{text(event)},"file_id":{text(file_id)},'
        f'"file_path":{text(path)},"size_bytes":{"null" if size is None else size},"outcome":{text(outcome)},'
        f'"evidence":{text(evidence)},"http_status":{"null" if status is None else status},"reason":{text(reason)},'
        f'"address":{text(address)},"request_id":{text(request)},"detail":{detail}}}\n'
    )


def _csv(lines: Iterable[Iterable[Any]]) -> str:
    buffer = io.StringIO()
    csv.writer(buffer).writerows(lines)
    return buffer.getvalue()


def _cells(values: Values) -> list[Any]:
    cells = [plain(cell) if isinstance(cell, str) else cell for cell in values]
    if cells[-1] == "{}":
        cells[-1] = ""
    return cells
