"""Each audit event as canonical JSON (RFC 8785): the bytes that are hashed, sealed and exported.

Every column of the event is in it, under the column's name. `time` is in UTC with microseconds, as
2024-01-31T12:00:00.000000Z. Numbers in `detail` that JSON cannot carry exactly are written as text.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from json.encoder import encode_basestring
from typing import Any

import rfc8785
from django.db import OperationalError, connection
from django.db.models import TextField
from django.db.models.functions import Cast

from medialib.models import AuditEvent
from medialib.models.audit.events import AuditEventQuerySet
from medialib.models.sql import MAX_INTEGER, CanonicalTime

FETCH = 2_000
LARGEST_EXACT = 2**53 - 1
BEFORE_ALL = -MAX_INTEGER - 1  # The least id: a row inserted by hand may have it, and then belongs to the first run.
# In the order of canonical JSON.
COLUMNS = (
    "account_id", "account_name", "actor_id", "actor_name", "address", "detail", "event", "evidence", "file_id",
    "file_path", "http_status", "id", "job_id", "outcome", "reason", "request_id", "session", "size_bytes", "time",
    "web_request",
)  # fmt: skip
_SELECTED = [
    {"detail": Cast("detail", TextField()), "time": CanonicalTime("time")}.get(column, column) for column in COLUMNS
]
PLACE_OF_ID, PLACE_OF_TIME = COLUMNS.index("id"), COLUMNS.index("time")
NUMBERS = {int, type(None)}
Row = tuple[Any, ...]
Line = tuple[int, str, str]


def lines(*, after: int, up_to: int, limit: int | None = None) -> Iterator[Line]:
    """(id, time, canonical JSON) of the events with after < id <= up_to, in the order of their ids."""
    events = AuditEvent.objects.filter(pk__lte=up_to).order_by("pk")
    if after > BEFORE_ALL:
        events = events.filter(pk__gt=after)
    for row in _rows(events, limit):
        yield row[PLACE_OF_ID], row[PLACE_OF_TIME], line(row)


def _rows(events: AuditEventQuerySet, limit: int | None) -> Iterator[Row]:
    last, count = None, 0
    try:
        for row in events.values_list(*_SELECTED)[:limit].iterator(chunk_size=FETCH):
            yield row
            last, count = row[PLACE_OF_ID], count + 1
    except OperationalError:
        if connection.vendor != "sqlite":
            raise
        # A text that is no UTF-8: SQLite stores any bytes. Slower, so only from there on.
        rest = events if last is None else events.filter(pk__gt=last)
        with _bytes_where_no_text():
            yield from rest.values_list(*_SELECTED)[: None if limit is None else limit - count].iterator()


@contextmanager
def _bytes_where_no_text() -> Iterator[None]:
    sqlite = connection.connection
    before, sqlite.text_factory = sqlite.text_factory, _text_or_bytes
    try:
        yield
    finally:
        sqlite.text_factory = before


def _text_or_bytes(stored: bytes) -> str | bytes:
    try:
        return stored.decode()
    except UnicodeDecodeError:
        return stored


def line(row: Row) -> str:
    """One event, whatever somebody wrote into its columns: sealing must neither stop at it nor take it for another."""
    try:
        return _line(row)
    except (TypeError, ValueError, AttributeError, RecursionError):
        return canonical({"id": row[PLACE_OF_ID], "unreadable": repr(row)})


def _line(row: Row) -> str:
    """Put together by hand because millions go through it; a test holds it to RFC 8785."""
    (account, account_name, actor, actor_name, address, detail, event, evidence, file_id,
     path, status, pk, job, outcome, reason, request, session, size, time, web_request) = row  # fmt: skip
    if not {type(account), type(actor), type(status), type(job), type(size)} <= NUMBERS:
        raise TypeError("a text “null” is not the same as none")
    text = encode_basestring
    return (
        f'{{"account_id":{"null" if account is None else account},"account_name":{text(account_name)},'
        f'"actor_id":{"null" if actor is None else actor},"actor_name":{text(actor_name)},"address":{text(address)},'
        f'"detail":{"{}" if detail == "{}" else canonical_detail(detail)},"event":{text(event)},'
        f'"evidence":{text(evidence)},"file_id":{text(file_id)},"file_path":{text(path)},'
        f'"http_status":{"null" if status is None else status},"id":{pk},"job_id":{"null" if job is None else job},'
        f'"outcome":{text(outcome)},"reason":{text(reason)},"request_id":{text(request)},"session":{text(session)},'
        f'"size_bytes":{"null" if size is None else size},"time":"{time}","web_request":{text(web_request)}}}'
    )


def canonical_detail(stored: str) -> str:
    return canonical(exact(json.loads(stored, object_pairs_hook=_once_each)))


def _once_each(pairs: list[tuple[str, Any]]) -> Any:
    """Of a name that stands twice Python would take the last, and SQLite's own functions the first."""
    fields = dict(pairs)
    return fields if len(fields) == len(pairs) else {"twice": [list(pair) for pair in pairs]}


def canonical(value: Any) -> str:
    return rfc8785.dumps(value).decode()


def exact(value: Any) -> Any:
    """The value with each number as text that RFC 8785 has no exact form for."""
    if isinstance(value, dict):
        return {key: exact(inner) for key, inner in value.items()}
    if isinstance(value, list):
        return [exact(inner) for inner in value]
    if isinstance(value, bool) or not isinstance(value, int | float):
        return value
    return value if abs(value) <= LARGEST_EXACT else str(value)
