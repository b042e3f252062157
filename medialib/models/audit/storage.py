"""Whether the database holds the log, and what pages show beside it, as medialib writes it.

A seal is over what a value means. SQLite stores a value in several spellings that mean the same and sort apart, and
answers a query from an index without looking at the row: so both are looked at by themselves. PostgreSQL has one
spelling for a value of a column's type, so there the types are looked at.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from django.db import models

from medialib.models.accounts import Account
from medialib.models.audit.chain import AuditCursor, AuditSegment
from medialib.models.audit.events import AuditEvent
from medialib.models.audit.index import AuditDay, AuditPath
from medialib.models.deletion.batches import Batch, Exchange
from medialib.models.deletion.jobs import DeletionJob
from medialib.models.deletion.purges import PurgeRequest
from medialib.models.manifests import Item, Manifest

if TYPE_CHECKING:
    from django.db.backends.base.base import BaseDatabaseWrapper

WATCHED: tuple[type[models.Model], ...] = (
    AuditEvent, AuditSegment, AuditPath, AuditDay, AuditCursor, DeletionJob, Batch, Exchange, PurgeRequest, Manifest,
    Item, Account,
)  # fmt: skip
LARGEST_NUMBER = 2**53  # Of a row that was added in turn, by any stretch.

DIGIT = "[0-9]"
TIME = (
    "typeof({0}) = 'text' AND {0} = strftime('%Y-%m-%d %H:%M:%S', substr({0}, 1, 19)) || substr({0}, 20) "
    f"AND (length({{0}}) = 19 OR substr({{0}}, 20) GLOB '.{DIGIT * 6}' AND substr({{0}}, 21) <> '000000')"
)
# By the kind of a field: how Django writes it into SQLite.
SPELLINGS = {
    "BigAutoField": "typeof({0}) = 'integer'",
    "AutoField": "typeof({0}) = 'integer'",
    "BigIntegerField": "typeof({0}) = 'integer'",
    "PositiveIntegerField": "typeof({0}) = 'integer'",
    "PositiveSmallIntegerField": "typeof({0}) = 'integer'",
    "BooleanField": "typeof({0}) = 'integer' AND {0} IN (0, 1)",
    "FloatField": "typeof({0}) IN ('real', 'integer')",
    "CharField": "typeof({0}) = 'text'",
    "TextField": "typeof({0}) = 'text'",
    "FoldedTextField": "typeof({0}) = 'text'",
    "SlugField": "typeof({0}) = 'text'",
    "URLField": "typeof({0}) = 'text'",
    "JSONField": "typeof({0}) = 'text' AND json_valid({0})",
    "UUIDField": "typeof({0}) = 'text' AND length({0}) = 32 AND {0} NOT GLOB '*[^0-9a-f]*'",
    "BinaryField": "typeof({0}) = 'blob'",
    "DateField": "typeof({0}) = 'text' AND {0} = date({0})",
    "DateTimeField": TIME,
}
TYPE_OF_COLUMN = """
    SELECT atttypid = %s::regtype AND attgenerated = '' FROM pg_attribute
    WHERE attrelid = to_regclass(%s) AND attname = %s AND NOT attisdropped
"""
SEQUENCE = "SELECT pg_get_serial_sequence(%s, %s)"


def problems(connection: BaseDatabaseWrapper) -> Iterator[str]:
    """Each in a few words: “medialib_auditday, row 3: day is not written as medialib writes it”."""
    find = _on_sqlite if connection.vendor == "sqlite" else _on_postgresql
    return find(connection)


def _on_sqlite(connection: BaseDatabaseWrapper) -> Iterator[str]:
    for model in WATCHED:
        table = model._meta.db_table
        for (said,) in _rows(connection, f"PRAGMA integrity_check({table})"):
            if said != "ok":
                yield f"{table}: {said}"
        spellings = {field.column: _spelling(field) for field in model._meta.concrete_fields}
        wrong = " ".join(f"WHEN NOT COALESCE({is_right}, 0) THEN '{name}'" for name, is_right in spellings.items())
        # In one pass, which ends at the first.
        first = f"SELECT rowid, CASE {wrong} END AS wrong FROM {table} WHERE wrong IS NOT NULL LIMIT 1"  # noqa: S608
        for number, column in _rows(connection, first):
            yield f"{table}, row {number}: {column} is not written as medialib writes it"
    largest = f"SELECT name FROM sqlite_sequence WHERE typeof(seq) <> 'integer' OR seq > {LARGEST_NUMBER}"  # noqa: S608
    yield from (f"{name}: no number is left for a new row" for (name,) in _rows(connection, largest))


def _spelling(field: models.Field[Any, Any]) -> str:
    """The condition in SQL. KeyError for a kind of field that has none yet."""
    kind = field.target_field if isinstance(field, models.ForeignKey) else field
    is_right = f"({SPELLINGS[kind.get_internal_type()].format(field.column)})"
    return f"({field.column} IS NULL OR {is_right})" if field.null else is_right


def _on_postgresql(connection: BaseDatabaseWrapper) -> Iterator[str]:
    for model in WATCHED:
        table = model._meta.db_table
        for field in model._meta.concrete_fields:
            name = field.db_type(connection)
            if _rows(connection, TYPE_OF_COLUMN, name, table, field.column) != [(True,)]:
                yield f"{table}: {field.column} is no column of the type {name}"
        for (sequence,) in _rows(connection, SEQUENCE, table, model._meta.pk.column):
            if sequence and _rows(connection, f"SELECT last_value FROM {sequence}")[0][0] > LARGEST_NUMBER:  # noqa: S608
                yield f"{table}: no number is left for a new row"


def _rows(connection: BaseDatabaseWrapper, statement: str, *params: Any) -> list[tuple[Any, ...]]:
    with connection.cursor() as cursor:
        cursor.execute(statement, params or None)
        return [tuple(row) for row in cursor.fetchall()]
