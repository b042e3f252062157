"""Conditions on assets that Django has no words for. Each means the same on SQLite and PostgreSQL.

Those named `indexed_…` are asked of an index; their namesakes look at the row. Both are true for the same rows.
"""

from __future__ import annotations

import json
import math
from decimal import Decimal
from typing import Any

from django.db import models

from medialib.models.query import search
from medialib.models.sql import quoted

Sql = tuple[str, tuple[Any, ...]]


@models.Field.register_lookup
class Unindexed(models.Transform):
    """The column itself, but no index is used for it: the statement says which index it wants."""

    lookup_name = "unindexed"

    def as_sqlite(self, compiler: Any, connection: Any, **extra: Any) -> Any:
        column, params = compiler.compile(self.lhs)
        return f"+{column}", params

    def as_postgresql(self, compiler: Any, connection: Any, **extra: Any) -> Any:
        column, params = compiler.compile(self.lhs)
        return f"COALESCE({column}, {column})", (*params, *params)

    @property
    def output_field(self) -> Any:
        return self.lhs.output_field


class PlainLookup(models.Lookup[Any]):
    """A lookup whose right side goes to the database as it is."""

    prepare_rhs = False

    def column(self, compiler: Any, connection: Any) -> tuple[str, list[Any]]:
        sql, params = self.process_lhs(compiler, connection)
        return sql, list(params)

    def row_number(self, compiler: Any) -> str:
        """The id of the row that the column belongs to."""
        return f"{quoted(compiler, self.lhs.alias)}.{quoted(compiler, 'id')}"


@models.Field.register_lookup
class IsAnyOf(PlainLookup):
    """As `in`, with one parameter for all values, however many: each of thousands costs, and SQLite has a limit."""

    lookup_name = "any_of"

    def as_sqlite(self, compiler: Any, connection: Any) -> Sql:
        column, params = self.column(compiler, connection)
        return f"{column} IN (SELECT value FROM json_each(%s))", (*params, json.dumps(list(self.rhs)))  # noqa: S608

    def as_postgresql(self, compiler: Any, connection: Any) -> Sql:
        column, params = self.column(compiler, connection)
        return f"{column} = ANY(%s)", (*params, list(self.rhs))


@models.TextField.register_lookup
class Holds(PlainLookup):
    """Whether the text contains this very text. Nothing in it is a wildcard."""

    lookup_name = "holds"

    def as_sqlite(self, compiler: Any, connection: Any) -> Sql:
        column, params = self.column(compiler, connection)
        return f"instr({column}, %s) > 0", (*params, self.rhs)

    def as_postgresql(self, compiler: Any, connection: Any) -> Sql:
        column, params = self.column(compiler, connection)
        return f"strpos({column}, %s) > 0", (*params, self.rhs)


@models.TextField.register_lookup
class IndexedHolds(PlainLookup):
    """`holds` by the index of runs of three letters; for terms of at least three."""

    lookup_name = "indexed_holds"

    def as_sqlite(self, compiler: Any, connection: Any) -> Sql:
        select = f"SELECT rowid FROM {search.TEXT} WHERE {search.TEXT} MATCH %s"  # noqa: S608
        return f"{self.row_number(compiler)} IN ({select})", (search.phrase(self.rhs),)

    def as_postgresql(self, compiler: Any, connection: Any) -> Sql:
        column, params = self.column(compiler, connection)
        return f"{column} LIKE %s", (*params, f"%{connection.ops.prep_for_like_query(self.rhs)}%")


@models.JSONField.register_lookup
class HasTag(PlainLookup):
    """Whether a JSON list of texts holds this very text. (`contains` does not exist on SQLite.)"""

    lookup_name = "has_tag"

    def as_sqlite(self, compiler: Any, connection: Any) -> Sql:
        column, params = self.column(compiler, connection)
        return f"EXISTS (SELECT 1 FROM json_each({column}) WHERE json_each.value = %s)", (*params, self.rhs)  # noqa: S608

    def as_postgresql(self, compiler: Any, connection: Any) -> Sql:
        column, params = self.column(compiler, connection)
        return f"{column} @> %s::jsonb", (*params, json.dumps([self.rhs]))


@models.JSONField.register_lookup
class IsEmptyList(PlainLookup):
    """Whether a JSON list is (or is not) empty."""

    lookup_name = "is_empty_list"

    def as_sqlite(self, compiler: Any, connection: Any) -> Sql:
        column, params = self.column(compiler, connection)
        return f"{column} {'=' if self.rhs else '<>'} '[]'", tuple(params)

    def as_postgresql(self, compiler: Any, connection: Any) -> Sql:
        column, params = self.column(compiler, connection)
        return f"{column} {'=' if self.rhs else '<>'} '[]'::jsonb", tuple(params)


@models.JSONField.register_lookup
class IndexedWord(PlainLookup):
    """SQLite only: whether the row is filed under this word, see search.WORDS."""

    lookup_name = "indexed_word"

    def as_sqlite(self, compiler: Any, connection: Any) -> Sql:
        select = f"SELECT asset_id FROM {search.WORDS} WHERE word = %s"  # noqa: S608
        return f"{self.row_number(compiler)} IN ({select})", (self.rhs,)


@models.CharField.register_lookup
class VersionAtLeast(PlainLookup):
    """Whether a version's name, such as “Version 3”, counts at least so many. Any other name counts as the first."""

    lookup_name = "version_at_least"

    def as_sqlite(self, compiler: Any, connection: Any) -> Sql:
        column, params = self.column(compiler, connection)
        is_numbered = f"{column} GLOB 'Version [0-9]*' AND {column} NOT GLOB 'Version *[^0-9]*'"
        number = f"CASE WHEN {is_numbered} THEN CAST(substr({column}, 9, 9) AS INTEGER) ELSE 1 END"
        return f"{number} >= %s", (*params * 3, self.rhs)

    def as_postgresql(self, compiler: Any, connection: Any) -> Sql:
        column, params = self.column(compiler, connection)
        digits = f"substring({column} from '^Version ([0-9]{{1,9}})[0-9]*$')"
        return f"COALESCE({digits}::bigint, 1) >= %s", (*params, self.rhs)


@models.CharField.register_lookup
class IsFirstVersion(PlainLookup):
    """Whether a version's name tells nothing of an earlier one. Literal, as the condition of an index must be."""

    lookup_name = "is_first_version"

    def as_sql(self, compiler: Any, connection: Any) -> Sql:
        column, params = self.column(compiler, connection)
        return f"{column} {'IN' if self.rhs else 'NOT IN'} ('', 'Version 1')", tuple(params)


class MetadataLookup(PlainLookup):
    """Right side: the key of a custom field and what its value is compared with."""

    @property
    def key(self) -> str:
        return str(self.rhs[0])


@models.JSONField.register_lookup
class HasField(MetadataLookup):
    """Whether a custom field has a value; null is none."""

    lookup_name = "has_field"

    def as_sqlite(self, compiler: Any, connection: Any) -> Sql:
        column, params = self.column(compiler, connection)
        return _exists_field(column, "m.type <> 'null'"), (*params, self.key)

    def as_postgresql(self, compiler: Any, connection: Any) -> Sql:
        column, params = self.column(compiler, connection)
        has_value = f"jsonb_typeof({column} -> %s) <> 'null'"
        return f"({column} ? %s AND {has_value})", (*params, self.key, *params, self.key)


@models.JSONField.register_lookup
class FieldIs(MetadataLookup):
    """Whether a custom field is this text, number or truth value, or a list that holds it."""

    lookup_name = "field_is"

    def as_sqlite(self, compiler: Any, connection: Any) -> Sql:
        column, params = self.column(compiler, connection)
        one, values = _sqlite_value("m", self.rhs[1])
        each, _ = _sqlite_value("e", self.rhs[1])
        elements = "json_each(CASE m.type WHEN 'array' THEN m.value ELSE '[]' END)"
        condition = f"({one} OR EXISTS (SELECT 1 FROM {elements} AS e WHERE {each}))"  # noqa: S608
        return _exists_field(column, condition), (*params, self.key, *values, *values)

    def as_postgresql(self, compiler: Any, connection: Any) -> Sql:
        column, params = self.column(compiler, connection)
        documents = [{self.key: form} for value in readings(self.rhs[1]) for form in (value, [value])]
        condition = " OR ".join([f"{column} @> %s::jsonb"] * len(documents))
        return f"({condition})", tuple(part for one in documents for part in (*params, json.dumps(one)))


@models.JSONField.register_lookup
class FieldCompared(MetadataLookup):
    """Whether a custom field is a number on this side of another: (key, "<", number)."""

    lookup_name = "field_compared"

    def as_sqlite(self, compiler: Any, connection: Any) -> Sql:
        column, params = self.column(compiler, connection)
        condition = f"m.type IN ('integer', 'real') AND m.value {self._operator} %s"
        return _exists_field(column, condition), (*params, self.key, float(self.rhs[2]))

    def as_postgresql(self, compiler: Any, connection: Any) -> Sql:
        column, params = self.column(compiler, connection)
        number = f"({column} ->> %s)::numeric {self._operator} %s"
        case = f"CASE WHEN jsonb_typeof({column} -> %s) = 'number' THEN {number} ELSE FALSE END"
        return case, (*params, self.key, *params, self.key, Decimal(str(self.rhs[2])))

    @property
    def _operator(self) -> str:
        """Only what is in this list goes into a statement as it is."""
        return next(operator for operator in ("<", "<=", ">", ">=") if operator == self.rhs[1])


def readings(text: str) -> list[str | float | int | bool]:
    """What a text that a person typed may stand for in JSON."""
    found: list[str | float | int | bool] = [text]
    if text in ("true", "false"):
        found.append(text == "true")
    number = number_in(text)
    return found if number is None else [*found, number]


def number_in(text: str) -> int | float | None:
    try:
        number = float(text)
    except ValueError:
        return None
    if not math.isfinite(number) or "_" in text:
        return None
    return int(number) if number.is_integer() and abs(number) < 2**53 else number


def _exists_field(column: str, condition: str) -> str:
    return f"EXISTS (SELECT 1 FROM json_each({column}) AS m WHERE m.key = %s AND {condition})"  # noqa: S608


def _sqlite_value(alias: str, text: str) -> Sql:
    parts, values = [f"({alias}.type = 'text' AND {alias}.value = %s)"], [text]
    number = number_in(text)
    if number is not None:
        parts.append(f"({alias}.type IN ('integer', 'real') AND {alias}.value = %s)")
        values.append(number)  # type: ignore[arg-type]
    if text in ("true", "false"):
        parts.append(f"{alias}.type = '{text}'")
    return f"({' OR '.join(parts)})", tuple(values)
