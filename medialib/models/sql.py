"""SQL that Django has no words for, the same on SQLite and PostgreSQL."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, TypeVar

from django.core.exceptions import EmptyResultSet
from django.db import DatabaseError, connection, connections, models, router, transaction
from django.db.models import F, Func, Value
from django.db.models.constants import OnConflict

if TYPE_CHECKING:
    from django.db.backends.base.base import BaseDatabaseWrapper

Written = TypeVar("Written")

MAX_INTEGER = 2**63 - 1  # The largest that a database column holds.
MAX_INDEXED_BYTES = 2_600
PROGRAM_LIMIT_EXCEEDED = "54000"  # As PostgreSQL names it.


class BinaryTextField(models.TextField):
    """Text that each database compares and sorts by code point, as Python does.

    SQLite does so by itself. PostgreSQL follows the language of the database unless told otherwise, and then neither
    is a folder a range of paths nor do two machines agree on the order of a list.
    """

    def db_parameters(self, connection: Any) -> Any:
        parameters: dict[str, Any] = {**super().db_parameters(connection)}
        if connection.vendor == "postgresql":
            parameters["collation"] = "C"
        return parameters


def rows_of(connection: BaseDatabaseWrapper, statement: str, *params: Any) -> list[tuple[Any, ...]]:
    """What a statement finds, all of it."""
    with connection.cursor() as cursor:
        cursor.execute(statement, params or None)
        return [tuple(row) for row in cursor.fetchall()]


def quoted(compiler: Any, name: str) -> str:
    """A name of a table, an alias or a column as SQL takes it; Django 6.1 has another word for it than 5.2."""
    quote = getattr(compiler, "quote_name", None) or compiler.quote_name_unless_alias
    return str(quote(name))


class RowBeyond(models.Lookup[Any]):
    """Whether (column, pk) lies beyond (value, number), as one comparison of rows.

    An index on both starts at the exact row, however many rows share the value. Written with OR it would start at the
    first of these and read all before it. It is a lookup because Django 6.1 writes "= TRUE" behind any other condition
    on SQLite, and no index answers that.
    """

    def __init__(self, column: str, value: Any, number: int, *, field: models.Field[Any, Any], downwards: bool) -> None:
        super().__init__(_row(F(column), F("pk")), _row(Value(value, output_field=field), Value(number)))
        self.operator = "<" if downwards else ">"

    @property
    def identity(self) -> tuple[Any, ...]:
        return (*super().identity, self.operator)

    def as_sql(self, compiler: Any, connection: Any) -> Any:
        row, params = self.process_lhs(compiler, connection)
        position, given = self.process_rhs(compiler, connection)
        return f"{row} {self.operator} {position}", [*params, *given]


def _row(*columns: Any) -> Func:
    return Func(*columns, function="", output_field=models.Field())


class ByCodePoint(Func):
    """An expression to sort by that has the same order on each machine."""

    arity = 1
    template = "(%(expressions)s) COLLATE BINARY"

    def as_postgresql(self, compiler: Any, connection: Any, **extra: Any) -> Any:
        return self.as_sql(compiler, connection, template='(%(expressions)s) COLLATE "C"', **extra)


class CanonicalTime(Func):
    """A time as text in UTC, always with microseconds: 2024-01-31T12:00:00.000000Z. NULL stays NULL.

    The database writes it because a million rows go into one hash, and Python needs longer for the times than for all
    the rest. SQLite keeps what Django stores there: UTC, with or without a fraction. Any other text, such as one with
    an offset after the fraction, which readers would follow, gets a mark that no time has, so that it equals none.
    """

    arity = 1
    output_field = models.TextField()
    template = (
        "(CASE WHEN substr(%(expressions)s, 11, 1) = ' ' AND (length(%(expressions)s) = 19 OR "
        "length(%(expressions)s) = 26 AND substr(%(expressions)s, 20, 1) = '.') "
        "THEN substr(%(expressions)s, 1, 10) || 'T' || substr(%(expressions)s, 12, 8) || '.' || "
        "substr(substr(%(expressions)s, 21) || '000000', 1, 6) || 'Z' ELSE '?' || %(expressions)s END)"
    )

    def as_postgresql(self, compiler: Any, connection: Any, **extra: Any) -> Any:
        template = """pg_catalog.to_char(%(expressions)s AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"')"""
        return self.as_sql(compiler, connection, template=template, **extra)


def analyze(model: type[models.Model]) -> None:
    """Let PostgreSQL's planner see how a table has grown, which it otherwise does minutes later.

    It assumes that an account it has not seen yet is empty, and then finds some of its files by reading all of them.
    SQLite's planner is told once, see sqlite_planner.
    """
    connection = connections[router.db_for_write(model)]
    if connection.vendor == "postgresql":
        with connection.cursor() as cursor:
            cursor.execute(f"ANALYZE (SKIP_LOCKED) {connection.ops.quote_name(model._meta.db_table)}")


@contextmanager
def rare_checkpoints() -> Iterator[None]:
    """On SQLite, let this connection copy its log into the database file after 32 MB instead of 4, for a while.

    For work that touches a thousand pages in each of many transactions: copying them after each takes a third longer.
    """
    _checkpoint_after(pages=8_000)
    try:
        yield
    finally:
        _checkpoint_after(pages=1_000)  # SQLite's own.


def _checkpoint_after(*, pages: int) -> None:
    if connection.vendor == "sqlite":
        with connection.cursor() as cursor:
            cursor.execute(f"PRAGMA wal_autocheckpoint={pages}")


def insert_from_select(
    model: type[models.Model],
    columns: Sequence[str],
    queryset: models.QuerySet[Any, Any],
    *,
    unique_fields: Sequence[str] = (),
    update_fields: Sequence[str] = (),
) -> int:
    """Fill `columns` of new rows from `queryset.values_list(…)` without a row passing through Python.

    Rows that exist already by `unique_fields` get `update_fields` instead. Returns how many rows were written.
    """
    connection = connections[queryset.db]
    try:
        select, params = queryset.query.get_compiler(connection=connection).as_sql()
    except EmptyResultSet:
        return 0
    names = ", ".join(map(connection.ops.quote_name, _columns(model, columns)))
    insert = f"INSERT INTO {connection.ops.quote_name(model._meta.db_table)} ({names}) {select}"
    if update_fields:
        insert += " " + connection.ops.on_conflict_suffix_sql(
            [], OnConflict.UPDATE, _columns(model, update_fields), _columns(model, unique_fields)
        )
    with connection.cursor() as cursor:
        cursor.execute(insert, params)
        return int(cursor.rowcount)


def is_long(text: str) -> bool:
    """Whether an index of PostgreSQL may have no room for it."""
    return len(text) * 4 > MAX_INDEXED_BYTES and len(text.encode(errors="replace")) > MAX_INDEXED_BYTES


def written_if_indexable(write: Callable[[], Written]) -> Written | None:
    """What `write` returns; None, with nothing written, when a text of it is too long for an index.

    An entry of PostgreSQL's B-trees takes 2,704 bytes at most, after compression, so a text of MAX_INDEXED_BYTES always
    fits and a longer one may. SQLite's indexes take any. Source: PostgreSQL, chapter "B-Tree Indexes".
    """
    try:
        with transaction.atomic():
            return write()
    except DatabaseError as error:
        if getattr(error.__cause__, "sqlstate", "") != PROGRAM_LIMIT_EXCEEDED:
            raise
        return None


def upsert_rows(rows: Sequence[models.Model], *, unique_fields: Sequence[str], update_fields: Sequence[str]) -> None:
    """As bulk_create with update_conflicts, at half its cost: one statement of constant length for all rows.

    One for each row would cost more than time. SQLite makes a savepoint for each statement that has triggers, and
    FTS5 then writes a segment of its index of its own, which it has to merge with the others later.
    """
    if not rows:
        return
    model, connection = type(rows[0]), connections[router.db_for_write(type(rows[0]))]
    names = [field.name for field in model._meta.concrete_fields if not field.primary_key]
    source, given = _as_table(rows, names, connection, is_new=True)
    columns = ", ".join(map(connection.ops.quote_name, _columns(model, names)))
    suffix = connection.ops.on_conflict_suffix_sql(
        [], OnConflict.UPDATE, _columns(model, update_fields), _columns(model, unique_fields)
    )
    table = connection.ops.quote_name(model._meta.db_table)
    # Without WHERE, SQLite would take ON CONFLICT for the ON of a join.
    sql = f"INSERT INTO {table} ({columns}) SELECT * FROM {source} WHERE TRUE {suffix}"  # noqa: S608
    with connection.cursor() as cursor:
        cursor.execute(sql, given)


def update_rows(rows: Sequence[models.Model], names: Sequence[str]) -> None:
    """Write the named fields of each row. bulk_update's one statement would grow with rows times fields."""
    if not rows:
        return
    model, connection = type(rows[0]), connections[router.db_for_write(type(rows[0]))]
    source, given = _as_table(rows, ["id", *names], connection)
    quote = connection.ops.quote_name
    columns = ", ".join(f"{quote(column)} = given.{quote(column)}" for column in _columns(model, names))
    table = quote(model._meta.db_table)
    with connection.cursor() as cursor:
        cursor.execute(f"UPDATE {table} SET {columns} FROM {source} WHERE {table}.id = given.id", given)  # noqa: S608


def _as_table(
    rows: Sequence[models.Model], names: Sequence[str], connection: Any, *, is_new: bool = False
) -> tuple[str, list[Any]]:
    """The named fields of rows as a table "given" to select from, and the parameters of it."""
    fields = [field for name in names if isinstance(field := rows[0]._meta.get_field(name), models.Field)]
    values = [_prepared(rows, field, connection, is_new=is_new) for field in fields]
    columns = [connection.ops.quote_name(field.column) for field in fields]
    if connection.vendor == "postgresql":
        types = ", ".join(f"%s::{str(field.db_type(connection)).partition('(')[0]}[]" for field in fields)
        return f"UNNEST({types}) AS given ({', '.join(columns)})", values
    parts = ", ".join(f"json_extract(value, '$[{at}]') AS {column}" for at, column in enumerate(columns))
    return f"(SELECT {parts} FROM json_each(%s)) AS given", [json.dumps(list(zip(*values, strict=True)))]  # noqa: S608


def _prepared(rows: Sequence[models.Model], field: models.Field[Any, Any], connection: Any, *, is_new: bool) -> Any:
    """A field's value in each row, as the database takes it."""
    values = [field.pre_save(row, is_new) for row in rows]
    if isinstance(field, models.DateTimeField | models.JSONField):
        return [field.get_db_prep_save(value, connection) for value in values]
    return values  # Texts, numbers and truth values go as they are; asking the field took half the time of a sync.


def _columns(model: type[models.Model], names: Sequence[str]) -> list[str]:
    fields = (model._meta.get_field(name) for name in names)
    return [field.column for field in fields if isinstance(field, models.Field) and field.column]
