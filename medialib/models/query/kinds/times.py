"""Fields that are times and ages. A time that is not known matches nothing but the question for just those files."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import cached_property
from typing import Any, ClassVar

from django.db.models import Q
from django.utils.timezone import now
from django.utils.translation import gettext_lazy as _

from medialib.models.query.hints import Hint
from medialib.models.query.kinds.base import Key, Values, Words, impossible
from medialib.models.query.kinds.ranges import LOOKUPS, Range
from medialib.models.query.tree import ANY, Condition, Span, short_time
from medialib.models.query.units import (
    UNKNOWN_TIME,
    age_as_typed,
    age_in_words,
    end_of_time,
    read_age,
    read_period,
    read_time,
    time_in_words,
    with_zone,
    zone_name,
)


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
        compared = Q((f"{self.column}{transform}__{lookup}", moment))
        is_beyond = lookup.startswith("g") and moment > UNKNOWN_TIME
        return compared if is_beyond else self._is_known(transform) & compared

    def condition_of_not(self, node: Condition, transform: str) -> Q:
        """A file of unknown time is neither older nor younger than anything."""
        return self._is_known(transform) & super().condition_of_not(node, transform)

    def _is_known(self, transform: str) -> Q:
        return Q((f"{self.column}{transform}__gt", UNKNOWN_TIME))

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
    takes_any: ClassVar[bool] = True  # Any time that is known.

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

    def typed(self, value: Any) -> str:
        """A day alone where it is one of the current zone: an input for dates takes nothing else."""
        return short_time(value).removesuffix(f"@{zone_name()}")

    def in_words(self, value: Any) -> str:
        return time_in_words(value)

    def parsed(self, op: str, text: str, key: str) -> Condition:
        """Periods and the finer operators become the plain two: from an instant on, and before an instant."""
        if op == ":":
            read_period(text)
            return Condition(self.word, ":", with_zone(text))
        moment = read_time(text) if op in (">=", "<") else end_of_time(text)
        return Condition(self.word, ">=" if op[0] == ">" else "<", moment)

    def bound(self, node: Condition) -> tuple[str, datetime]:
        moment: Any = node.value
        return LOOKUPS[node.op], moment

    def condition(self, node: Condition, transform: str) -> Q:
        if node.value is ANY:
            return self._is_known(transform)
        if node.op != ":":
            return super().condition(node, transform)
        start, end = read_period(str(node.value))
        within = Q((f"{self.column}{transform}__gte", start), (f"{self.column}{transform}__lt", end))
        return within if start > UNKNOWN_TIME else self._is_known(transform) & within

    def condition_of_not(self, node: Condition, transform: str) -> Q:
        if node.value is ANY:
            return Q((f"{self.column}{transform}", UNKNOWN_TIME))
        return super().condition_of_not(node, transform)

    def hints_of_not(self, node: Condition, alias: str) -> list[Hint]:
        return [Hint(self.condition_of_not(node, ""), order=self.column)] if node.value is ANY else []

    def _assumed_hints(self, node: Condition) -> Iterator[Hint]:
        return iter(()) if node.op == ":" else super()._assumed_hints(node)

    def values_for_facet(self, values: Values, part: str) -> Values:
        """The year, within the bounds that the list has already. Libraries are counted by years of UTC."""
        start, end = read_period(f"{part}@UTC")
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
