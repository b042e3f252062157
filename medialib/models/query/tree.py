"""A filter as a tree of conditions joined by and, or, not; and how it is written.

Node ── Condition   field, operator, value
     ├─ And, Or     two parts or more
     └─ Not         one part

str(node) is its one normal spelling; language.parse reads it back into the same tree.
"""

from __future__ import annotations

import calendar
import re
from dataclasses import dataclass, field
from datetime import UTC, datetime, time, timedelta

from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from medialib.errors import WrongUse

ANY = None  # The value of a condition that only asks whether there is one.
_BARE = re.compile(r'[^\s()"\\*]+')
_UNITS = {"h": "hours", "d": "days", "w": "weeks"}


@dataclass(frozen=True)
class Span:
    """A length of time that counts from now: hours, days, weeks, months or years of the calendar."""

    number: int
    unit: str  # One of h d w m y.

    def __str__(self) -> str:
        return f"{self.number}{self.unit}"

    def before(self, moment: datetime) -> datetime:
        """The time so long before `moment`. Raises WrongUse where the calendar does not reach."""
        try:
            if self.unit in _UNITS:
                return moment - timedelta(**{_UNITS[self.unit]: self.number})
            return _months_before(moment, self.number * (12 if self.unit == "y" else 1))
        except (OverflowError, ValueError):
            raise WrongUse(_("“%(age)s” is longer than the calendar reaches back."), age=str(self)) from None


def _months_before(moment: datetime, months: int) -> datetime:
    year, month = divmod(moment.year * 12 + moment.month - 1 - months, 12)
    day = min(moment.day, calendar.monthrange(year, month + 1)[1])
    return moment.replace(year=year, month=month + 1, day=day)


Value = str | int | float | bool | datetime | Span | None


@dataclass(frozen=True)
class Condition:
    """One thing that must hold. `key` names the custom field when `field` is “meta”."""

    field: str
    op: str
    value: Value
    key: str = ""

    def __str__(self) -> str:
        name = f"meta.{written(self.key)}" if self.field == "meta" else self.field
        return f"{name}{self.op}{self._value()}"

    def _value(self) -> str:
        if self.value is ANY:
            return "*"
        if isinstance(self.value, bool):
            return "yes" if self.value else "no"
        if isinstance(self.value, datetime):
            return short_time(self.value)
        return written(self.value) if isinstance(self.value, str) else str(self.value)


@dataclass(frozen=True)
class Not:
    part: Node

    def __str__(self) -> str:
        return f"NOT {_enclosed(self.part)}"


@dataclass(frozen=True)
class And:
    parts: tuple[Node, ...] = field(default=())

    def __str__(self) -> str:
        return " AND ".join(map(_enclosed, self.parts))


@dataclass(frozen=True)
class Or:
    parts: tuple[Node, ...] = field(default=())

    def __str__(self) -> str:
        return " OR ".join(map(_enclosed, self.parts))


Node = Condition | Not | And | Or


def all_of(*parts: Node) -> Node:
    """All must hold. One part stands for itself, and parts that are all_of themselves are taken apart."""
    flat = [one for part in parts for one in (part.parts if isinstance(part, And) else (part,))]
    return flat[0] if len(flat) == 1 else And(tuple(flat))


def any_of(*parts: Node) -> Node:
    """At least one must hold."""
    flat = [one for part in parts for one in (part.parts if isinstance(part, Or) else (part,))]
    return flat[0] if len(flat) == 1 else Or(tuple(flat))


def conditions_in(node: Node) -> list[Condition]:
    if isinstance(node, Condition):
        return [node]
    parts = (node.part,) if isinstance(node, Not) else node.parts
    return [condition for part in parts for condition in conditions_in(part)]


def written(text: str) -> str:
    """A text as a value: quoted where the language would read something else."""
    if _BARE.fullmatch(text) and text.upper() not in ("AND", "OR", "NOT"):
        return text
    return '"' + text.replace("\\", "\\\\").replace('"', '\\"') + '"'


def short_time(moment: datetime) -> str:
    """`2024-05-31@Asia/Tokyo` for the first instant of a day in the current zone, else the time in UTC.

    It means the same instant whoever reads it.
    """
    local = moment.astimezone(timezone.get_current_timezone())
    if local.time() == time():
        return f"{local.date()}@{timezone.get_current_timezone_name()}"
    return moment.astimezone(UTC).isoformat().replace("+00:00", "Z")


def _enclosed(node: Node) -> str:
    return f"({node})" if isinstance(node, And | Or) else str(node)
