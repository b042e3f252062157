"""SQL that Django has no words for, the same on SQLite and PostgreSQL."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from django.core.exceptions import EmptyResultSet
from django.db import connections, models
from django.db.models import Func
from django.db.models.constants import OnConflict


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


class ByCodePoint(Func):
    """An expression to sort by that has the same order on each machine."""

    arity = 1
    template = "(%(expressions)s) COLLATE BINARY"

    def as_postgresql(self, compiler: Any, connection: Any, **extra: Any) -> Any:
        return self.as_sql(compiler, connection, template='(%(expressions)s) COLLATE "C"', **extra)


class CanonicalTime(Func):
    """A time as text in UTC, always with microseconds: 2024-01-31T12:00:00.000000Z. NULL stays NULL.

    The database writes it because a million rows go into one hash, and Python needs longer for the times than for all
    the rest. SQLite keeps what Django stores there: UTC, with or without a fraction.
    """

    arity = 1
    output_field = models.TextField()
    template = (
        "(substr(%(expressions)s, 1, 10) || 'T' || substr(%(expressions)s, 12, 8) || '.' || "
        "substr(substr(%(expressions)s, 21) || '000000', 1, 6) || 'Z')"
    )

    def as_postgresql(self, compiler: Any, connection: Any, **extra: Any) -> Any:
        template = """to_char(%(expressions)s AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"')"""
        return self.as_sql(compiler, connection, template=template, **extra)


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


def _columns(model: type[models.Model], names: Sequence[str]) -> list[str]:
    fields = (model._meta.get_field(name) for name in names)
    return [field.column for field in fields if isinstance(field, models.Field) and field.column]
