"""Fields with a beginning and an end: numbers, sizes, versions."""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cached_property
from typing import Any, ClassVar

from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from medialib.errors import WrongUse
from medialib.models.query.hints import Hint
from medialib.models.query.kinds.base import Field, Key, Values, Words, impossible
from medialib.models.query.tree import Condition
from medialib.models.query.units import (
    file_size,
    read_size,
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
