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
from medialib.models.sql import rows_of

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
    SELECT atttypid = %s::regtype AND attgenerated = '' AND attcollation IN (0, 'pg_catalog.default'::regcollation,
    'pg_catalog."C"'::regcollation) FROM pg_attribute
    WHERE attrelid = to_regclass(%s) AND attname = %s AND NOT attisdropped
"""
COLUMNS = "SELECT attname FROM pg_attribute WHERE attrelid = to_regclass(%s) AND attnum > 0 AND NOT attisdropped"
SEQUENCE = "SELECT pg_get_serial_sequence(%s, %s)"


def problems(connection: BaseDatabaseWrapper) -> Iterator[str]:
    """Each in a few words: “medialib_auditday, row 3: day is not written as medialib writes it”."""
    find = _on_sqlite if connection.vendor == "sqlite" else _on_postgresql
    return find(connection)


def _on_sqlite(connection: BaseDatabaseWrapper) -> Iterator[str]:
    for model in WATCHED:
        table = model._meta.db_table
        columns = {name for _, name, *_, hidden in rows_of(connection, f"PRAGMA table_xinfo({table})") if not hidden}
        yield from _other_columns(model, columns)
        yield from _orphans(connection, model)
        for (said,) in rows_of(connection, f"PRAGMA integrity_check({table})"):
            if said != "ok":
                yield f"{table}: {said}"
        spellings = {field.column: _spelling(field) for field in model._meta.concrete_fields}
        wrong = " ".join(f"WHEN NOT COALESCE({is_right}, 0) THEN '{name}'" for name, is_right in spellings.items())
        # In one pass, which ends at the first.
        first = f"SELECT rowid, CASE {wrong} END AS wrong FROM {table} WHERE wrong IS NOT NULL LIMIT 1"  # noqa: S608
        for number, column in rows_of(connection, first):
            yield f"{table}, row {number}: {column} is not written as medialib writes it"
    largest = f"SELECT name FROM sqlite_sequence WHERE typeof(seq) <> 'integer' OR seq > {LARGEST_NUMBER}"  # noqa: S608
    yield from (f"{name}: no number is left for a new row" for (name,) in rows_of(connection, largest))


def _spelling(field: models.Field[Any, Any]) -> str:
    """The condition in SQL. KeyError for a kind of field that has none yet."""
    kind = field.target_field if isinstance(field, models.ForeignKey) else field
    is_right = f"({SPELLINGS[kind.get_internal_type()].format(field.column)})"
    return f"({field.column} IS NULL OR {is_right})" if field.null else is_right


def _on_postgresql(connection: BaseDatabaseWrapper) -> Iterator[str]:
    for model in WATCHED:
        table = model._meta.db_table
        yield from _other_columns(model, {name for (name,) in rows_of(connection, COLUMNS, table)})
        yield from _orphans(connection, model)
        for field in model._meta.concrete_fields:
            name = field.db_type(connection)
            if rows_of(connection, TYPE_OF_COLUMN, name, table, field.column) != [(True,)]:
                yield f"{table}: {field.column} is no column of the type {name}"
        for (sequence,) in rows_of(connection, SEQUENCE, table, model._meta.pk.column):
            if sequence and rows_of(connection, f"SELECT last_value FROM {sequence}")[0][0] > LARGEST_NUMBER:  # noqa: S608
                yield f"{table}: no number is left for a new row"


def _other_columns(model: type[models.Model], found: set[str]) -> Iterator[str]:
    for name in sorted(found ^ {str(field.column) for field in model._meta.concrete_fields}):
        yield f"{model._meta.db_table}: the column {name} is too many or missing"


def _orphans(connection: BaseDatabaseWrapper, model: type[models.Model]) -> Iterator[str]:
    """A row that belongs to one that is gone is left out by whatever reads both."""
    for field in model._meta.concrete_fields:
        if isinstance(field, models.ForeignKey) and field.remote_field and field.db_constraint:  # type: ignore[attr-defined]
            target = field.related_model._meta
            gone = f"""
                SELECT {field.column} FROM {model._meta.db_table} AS mine
                WHERE {field.column} IS NOT NULL AND NOT EXISTS (
                    SELECT 1 FROM {target.db_table} AS theirs WHERE theirs.{target.pk.column} = mine.{field.column}
                ) LIMIT 1
            """  # noqa: S608
            for (number,) in rows_of(connection, gone):
                yield f"{target.db_table}: the row {number} is missing, which {model._meta.db_table} names"
