"""Fields with a beginning and an end: numbers, sizes, times, ages."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import cached_property
from typing import Any, ClassVar

from django.db.models import Q
from django.utils.timezone import now
from django.utils.translation import gettext_lazy as _

from medialib.errors import WrongUse
from medialib.models.query.hints import Hint
from medialib.models.query.kinds.base import Field, Key, Values, Words, impossible
from medialib.models.query.tree import Condition, Span, short_time
from medialib.models.query.units import (
    age_as_typed,
    age_in_words,
    end_of_time,
    file_size,
    read_age,
    read_period,
    read_size,
    read_time,
    size_as_typed,
)
from medialib.models.sql import MAX_INTEGER

LOOKUPS = {"=": "exact", ">": "gt", ">=": "gte", "<": "lt", "<=": "lte"}
# Upper ends of the size classes, in bytes; the last class has none.
SIZE_CLASSES = (10_000, 100_000, 1_000_000, 10_000_000, 100_000_000)


class Range(Field):
    """Whatever an index holds in the order of its column."""

    is_range: ClassVar[bool] = True

    def hints(self, node: Condition, alias: str) -> list[Hint]:
        return [Hint(self.condition(node, ""), order=self.column, is_exact=True)]


@dataclass(frozen=True, kw_only=True)
class Number(Range):
    """A whole number. The keys are min_… and max_…, each where it has a label for its chip."""

    at_least: Words = ""
    at_most: Words = ""
    unit: str = ""
    may_be_empty: bool = False

    ops: ClassVar[tuple[str, ...]] = (":", "=", ">", ">=", "<", "<=")
    widget: ClassVar[str] = "number"

    @cached_property
    def keys(self) -> tuple[Key, ...]:
        least = Key(f"min_{self.word}", self, self.at_least, ">=", _("%s from"))
        most = Key(f"max_{self.word}", self, self.at_most, "<=", _("%s to"), _("to"))
        return tuple(key for key in (least, most) if key.label)

    def read(self, text: str) -> int:
        match = re.fullmatch(rf"(\d{{1,19}})(?:\s*{self.unit})?", text.lower(), re.ASCII)
        if match is None:
            raise WrongUse(_("“%(text)s” is not a whole number."), text=text[:60])
        return self.check(int(match[1]))

    def check(self, value: Any) -> int:
        if type(value) is not int or value < 0:
            raise impossible(self.word, value)
        if value > MAX_INTEGER:
            raise WrongUse(_("“%(text)s” is larger than any file."), text=value)
        return value

    def parsed(self, op: str, text: str, key: str) -> Condition:
        return super().parsed("=" if op == ":" else op, text, key)

    def condition(self, node: Condition, transform: str) -> Q:
        compared = Q((f"{self.column}{transform}__{LOOKUPS[node.op]}", node.value))
        # An empty column compares to nothing, and NOT of nothing would be nothing too.
        return Q((f"{self.column}__isnull", False)) & compared if self.may_be_empty else compared


@dataclass(frozen=True, kw_only=True)
class Size(Number):
    """A number of bytes. Its facet is a class of sizes, by its number."""

    widget: ClassVar[str] = "text"

    def read(self, text: str) -> int:
        return self.check(read_size(text))

    def typed(self, value: Any) -> str:
        return size_as_typed(value)

    def in_words(self, value: Any) -> str:
        return file_size(value)

    def values_for_facet(self, values: Values, part: str) -> Values:
        """The class, within the bounds that the list has already."""
        least, end = _size_class(part)
        smallest, largest = f"min_{self.word}", f"max_{self.word}"
        lower = [size for size in (least, values.get(smallest)) if size is not None]
        upper = [size for size in (end and end - 1, values.get(largest)) if size is not None]
        return {smallest: max(lower, default=None), largest: min(upper, default=None)}

    def facet_label(self, part: str) -> str:
        least, end = _size_class(part)
        if least is None:
            return str(_("under %s")) % file_size(end)
        if end is None:
            return str(_("over %s")) % file_size(least)
        return str(_("%(from)s to %(to)s")) % {"from": file_size(least), "to": file_size(end)}


def _size_class(part: str) -> tuple[int | None, int | None]:
    """Where a class begins and where the next one does."""
    number = int(part)
    least = SIZE_CLASSES[number - 1] if number else None
    return least, SIZE_CLASSES[number] if number < len(SIZE_CLASSES) else None


@dataclass(frozen=True, kw_only=True)
class Versions(Number):
    """How many versions a file has, by the name of its present one."""

    is_range: ClassVar[bool] = False

    def condition(self, node: Condition, transform: str) -> Q:
        def at_least(number: int) -> Q:
            return Q((f"{self.column}{transform}__version_at_least", min(number, 10**9 + 1)))

        number: Any = node.value
        return {
            "=": at_least(number) & ~at_least(number + 1),
            ">": at_least(number + 1),
            ">=": at_least(number),
            "<": ~at_least(number),
            "<=": ~at_least(number + 1),
        }[node.op]

    def hints(self, node: Condition, alias: str) -> list[Hint]:
        number: Any = node.value
        if node.op in ("<", "<=") or number <= (0 if node.op == ">" else 1):
            return []
        return [Hint(Q((f"{self.column}__is_first_version", False)), order="created_at")]


@dataclass(frozen=True, kw_only=True)
class Moment(Range):
    """A column of times, compared with one time."""

    # Files updated before a day were created before it, too, and those created since a day were updated since.
    ASSUMED: ClassVar[dict[tuple[str, str], str]] = {
        ("updated_at", "lt"): "created_at",
        ("created_at", "gte"): "updated_at",
    }

    def bound(self, node: Condition) -> tuple[str, datetime]:
        """The lookup and the time it compares with."""
        raise NotImplementedError

    def condition(self, node: Condition, transform: str) -> Q:
        lookup, moment = self.bound(node)
        return Q((f"{self.column}{transform}__{lookup}", moment))

    def hints(self, node: Condition, alias: str) -> list[Hint]:
        return [*super().hints(node, alias), *self._assumed_hints(node)]

    def _assumed_hints(self, node: Condition) -> Iterator[Hint]:
        lookup, moment = self.bound(node)
        if other := self.ASSUMED.get((self.column, lookup)):
            yield Hint(Q((f"{other}__{lookup}", moment)), order=other, is_assumption=True)


@dataclass(frozen=True, kw_only=True)
class Time(Moment):
    """A time: since one (inclusive), before one, or in a year, month or day. The keys are …_after and …_before."""

    since: Words
    before: Words

    ops: ClassVar[tuple[str, ...]] = (":", ">", ">=", "<", "<=")
    widget: ClassVar[str] = "date"

    @cached_property
    def keys(self) -> tuple[Key, ...]:
        return (
            Key(f"{self.word}_after", self, self.since, ">=", _("%s since")),
            Key(f"{self.word}_before", self, self.before, "<", _("%s before"), _("before")),
        )

    def read(self, text: str) -> datetime:
        return read_time(text)

    def check(self, value: Any) -> datetime:
        if isinstance(value, str) and value:
            return read_time(value)
        if not isinstance(value, datetime) or not value.tzinfo:
            raise impossible(self.word, value)
        return value.astimezone(UTC)

    def text(self, value: Any) -> str:
        return short_time(value)

    def json(self, value: Any) -> str:
        return short_time(value)

    def in_words(self, value: Any) -> str:
        return short_time(value)

    def parsed(self, op: str, text: str, key: str) -> Condition:
        """Periods and the finer operators become the plain two: from an instant on, and before an instant."""
        if op == ":":
            read_period(text)
            return Condition(self.word, ":", text)
        moment = read_time(text) if op in (">=", "<") else end_of_time(text)
        return Condition(self.word, ">=" if op[0] == ">" else "<", moment)

    def bound(self, node: Condition) -> tuple[str, datetime]:
        moment: Any = node.value
        return LOOKUPS[node.op], moment

    def condition(self, node: Condition, transform: str) -> Q:
        if node.op != ":":
            return super().condition(node, transform)
        start, end = read_period(str(node.value))
        return Q((f"{self.column}{transform}__gte", start), (f"{self.column}{transform}__lt", end))

    def _assumed_hints(self, node: Condition) -> Iterator[Hint]:
        return iter(()) if node.op == ":" else super()._assumed_hints(node)

    def values_for_facet(self, values: Values, part: str) -> Values:
        """The year, within the bounds that the list has already."""
        start, end = read_period(part)
        since, before = (key.name for key in self.keys)
        return {since: max(start, values.get(since, start)), before: min(end, values.get(before, end))}

    def facet_label(self, part: str) -> str:
        return part


@dataclass(frozen=True, kw_only=True)
class Age(Moment):
    """How long ago a time was. `older` is the key of a filter that asks for more than that."""

    older: str
    chip: Words

    ops: ClassVar[tuple[str, ...]] = (">", "<", ">=", "<=")

    @cached_property
    def keys(self) -> tuple[Key, ...]:
        return (Key(self.older, self, self.chip, ">"),)

    def read(self, text: str) -> Span:
        return self.check(read_age(text))

    def check(self, value: Any) -> Any:
        if value == "":
            return None
        if isinstance(value, str):
            value = read_age(value)
        if not isinstance(value, Span):
            raise impossible(self.word, value)
        value.before(now())
        return value

    def json(self, value: Any) -> str:
        return str(value)

    def typed(self, value: Any) -> str:
        return age_as_typed(value)

    def in_words(self, value: Any) -> str:
        return age_in_words(value)

    def parsed(self, op: str, text: str, key: str) -> Condition:
        return super().parsed(op[0], text, key)

    def bound(self, node: Condition) -> tuple[str, datetime]:
        """Older than means created before that long ago; the boundary moves on by whole minutes, so pages agree."""
        age: Any = node.value
        next_minute = now().replace(second=0, microsecond=0) + timedelta(minutes=1)
        return "lt" if node.op == ">" else "gte", age.before(next_minute)
