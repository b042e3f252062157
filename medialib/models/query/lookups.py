"""Conditions on assets that Django has no words for. Each means the same on SQLite and PostgreSQL.

Those named `indexed_…` are asked of an index; their namesakes look at the row. Both are true for the same rows.
"""

from __future__ import annotations

import json
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
