"""Conditions on custom fields, which the database keeps as one JSON object a file. The same on both databases."""

from __future__ import annotations

import json
import math
import re
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

from django.db import models

from medialib.models.query.lookups import PlainLookup, Sql


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
    """Whether a custom field lies on this side of a number, or of a year, month or day: (key, "<", number or text).

    ImageKit keeps dates as texts such as 2025-06-30T00:00:00.000Z, which stand in the order of the calendar. A whole
    number of four digits may be a year, so it is compared with both.
    """

    lookup_name = "field_compared"

    def as_sqlite(self, compiler: Any, connection: Any) -> Sql:
        column, params = self.column(compiler, connection)
        conditions, values = [], []
        if not isinstance(self.rhs[2], str):
            conditions.append(f"m.type IN ('integer', 'real') AND m.value {self._operator} %s")
            values.append(float(self.rhs[2]))
        if beyond := self._date:
            conditions.append(f"m.type = 'text' AND m.value GLOB '{_DATE_GLOB}' AND m.value {beyond[0]} %s")
            values.append(beyond[1])  # type: ignore[arg-type]
        return _exists_field(column, f"({' OR '.join(conditions)})"), (*params, self.key, *values)

    def as_postgresql(self, compiler: Any, connection: Any) -> Sql:
        column, params = self.column(compiler, connection)
        cases: list[str] = []
        values: list[Any] = [*params, self.key]
        if not isinstance(self.rhs[2], str):
            cases.append(f"WHEN 'number' THEN ({column} ->> %s)::numeric {self._operator} %s")
            values += [*params, self.key, Decimal(str(self.rhs[2]))]
        if beyond := self._date:
            text = f"({column} ->> %s)"
            cases.append(f"WHEN 'string' THEN {text} ~ '{_DATE_REGEX}' AND {text} COLLATE \"C\" {beyond[0]} %s")
            values += [*params, self.key, *params, self.key, beyond[1]]
        return f"CASE jsonb_typeof({column} -> %s) {' '.join(cases)} ELSE FALSE END", tuple(values)

    @property
    def _operator(self) -> str:
        """Only what is in this list goes into a statement as it is."""
        return next(operator for operator in ("<", "<=", ">", ">=") if operator == self.rhs[1])

    @property
    def _date(self) -> tuple[str, str] | None:
        """The comparison of texts that the period means, None where it is none: after 2025 is from 2026 on."""
        period = str(self.rhs[2])
        if not is_period(period):
            return None
        is_from = self._operator in (">", ">=")
        bound = period if self._operator in (">=", "<") else _following(period)
        return (">=" if is_from else "<"), bound


_DATE_GLOB = "[0-9][0-9][0-9][0-9]-[0-9][0-9]-[0-9][0-9]*"
_DATE_REGEX = "^[0-9]{4}-[0-9]{2}-[0-9]{2}"


def is_period(text: str) -> bool:
    """Whether it is a year, month or day of the calendar, such as 2025, 2025-06 or 2025-06-30."""
    if not re.fullmatch(r"[0-9]{4}(-[0-9]{2}){0,2}", text, re.ASCII):
        return False
    try:
        date.fromisoformat(text + "-01-01"[len(text) - 4 :])
    except ValueError:
        return False
    return not text.startswith("9999")


def _following(period: str) -> str:
    """The year, month or day after it, in the same form."""
    start = date.fromisoformat(period + "-01-01"[len(period) - 4 :])
    if len(period) == 4:
        return f"{start.year + 1:04}"
    if len(period) == 7:
        return f"{start.year + start.month // 12:04}-{start.month % 12 + 1:02}"
    return (start + timedelta(days=1)).isoformat()


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
