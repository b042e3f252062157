"""Several small questions as one statement: what stands around a page costs one way to the database.

The statement is put together by Django once for each process and database, from ordinary querysets. What varies from
one asking to the next is a mark in them, so that putting it together again does not take longer than asking.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Mapping
from functools import cache
from typing import Any, TypeVar
from uuid import UUID

from django.db import connection, connections, models
from django.db.models import F
from django.db.models.functions import JSONObject
from django.utils.dateparse import parse_datetime
from django.utils.timezone import is_naive, make_aware

Row = dict[str, Any]
Marks = Mapping[str, Any]
Questions = dict[str, tuple["models.QuerySet[Any]", Iterable[str]]]
ModelT = TypeVar("ModelT", bound=models.Model)

WRAPPERS = {
    "sqlite": "(SELECT json_group_array(json(found)) FROM ({}) AS part)",
    "postgresql": "(SELECT coalesce(jsonb_agg(found), '[]'::jsonb) FROM ({}) AS part)",
}


class AtOnce:
    """`build` names each question: a queryset, and which of its columns are wanted. It is handed the marks to use."""

    def __init__(self, build: Callable[[Marks], Questions], **marks: int | str) -> None:
        """`marks` are values that stand for nothing else in the statement, by the names that `read` is given."""
        self._build, self._marks = build, marks
        self._statement = cache(self._put_together)

    def read(self, **values: int | str) -> dict[str, list[Row]]:
        """The rows of each question, as plain JSON."""
        names, sql, params = self._statement(connection.alias)
        by_mark = {mark: values[name] for name, mark in self._marks.items()}
        with connection.cursor() as cursor:
            cursor.execute(sql, [by_mark.get(param, param) if _is_mark(param) else param for param in params])
            answers = cursor.fetchone()
        return {name: _plain(answer) for name, answer in zip(names, answers, strict=True)}

    def _put_together(self, alias: str) -> tuple[list[str], str, list[Any]]:
        parts: list[str] = []
        params: list[Any] = []
        questions = self._build(self._marks)
        for rows, columns in questions.values():
            asked = rows.using(alias).annotate(found=JSONObject(**{column: F(column) for column in columns}))
            sql, given = asked.values_list("found").query.sql_with_params()
            parts.append(WRAPPERS[connections[alias].vendor].format(sql))
            params += given
        return list(questions), f"SELECT {', '.join(parts)}", params


def _is_mark(param: Any) -> bool:
    return type(param) in (int, str)


def _plain(answer: Any) -> list[Row]:
    rows: list[Row] = json.loads(answer) if isinstance(answer, str) else answer
    return rows


def columns_of(model: type[models.Model]) -> list[str]:
    return [field.attname for field in model._meta.concrete_fields]


def as_models(model: type[ModelT], rows: Iterable[Row]) -> list[ModelT]:
    """The rows as models, as if Django had read these columns of them."""
    fields = {field.attname: field for field in model._meta.concrete_fields}
    found = []
    for row in rows:
        names = [name for name in fields if name in row]
        found.append(model.from_db(connection.alias, names, [_read(fields[name], row[name]) for name in names]))
    return found


def _read(field: models.Field[Any, Any], value: Any) -> Any:
    """SQLite has neither booleans nor times nor UUIDs, and hands stored JSON over as text."""
    if value is None:
        return None
    if isinstance(field, models.BooleanField):
        return bool(value)
    if isinstance(field, models.DateTimeField):
        time = parse_datetime(value)
        return make_aware(time, timezone=connection.timezone) if time and is_naive(time) else time
    if isinstance(field, models.UUIDField):
        return UUID(value)
    if isinstance(field, models.JSONField):
        return json.loads(value) if isinstance(value, str) else value
    return value
