"""Why no file can match a filter, where its own conditions say so."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from typing import Any

from django.utils.translation import gettext as _

from medialib.models.query.fields import FIELDS
from medialib.models.query.kinds.ranges import Number
from medialib.models.query.kinds.texts import Choice, Folder, Format
from medialib.models.query.kinds.times import Moment
from medialib.models.query.tree import And, Condition, Node

Ends = tuple[Any, Any]  # The least and the largest value that conditions leave; None where there is no end.


def contradiction(node: Node) -> str:
    """`size>=10000000 and size<=1000 leave nothing over`; empty where files may match."""
    parts = node.parts if isinstance(node, And) else (node,)
    conditions = [part for part in parts if isinstance(part, Condition) and part.value is not None and not part.key]
    pairs = ((one, other) for at, one in enumerate(conditions) for other in conditions[at + 1 :])
    for one, other in pairs:
        if _is_apart(one, other):
            return _("“%(one)s” and “%(other)s” leave nothing over.") % {"one": one, "other": other}
    return ""


def _is_apart(one: Condition, other: Condition) -> bool:
    column = FIELDS[one.field].column
    if not column or FIELDS[other.field].column != column:
        return False
    kinds = (FIELDS[one.field], FIELDS[other.field])
    if all(isinstance(kind, Choice | Format) for kind in kinds):
        return one.value != other.value
    if all(isinstance(kind, Folder) for kind in kinds):
        return one.op == other.op == "=" and one.value != other.value
    if all(isinstance(kind, Moment) for kind in kinds) or all(isinstance(kind, Number) for kind in kinds):
        return any(_is_beyond(least, most) for least, most in (_ends(one, other), _ends(other, one)))
    return False


def _ends(lower: Condition, upper: Condition) -> Ends:
    return next(_bounds(lower, (">", ">=", "=")), None), next(_bounds(upper, ("<", "<=", "=")), None)


def _bounds(condition: Condition, operators: tuple[str, ...]) -> Iterator[tuple[Any, bool]]:
    """The value at this end of a condition, and whether the value itself is left out."""
    field, op, value = FIELDS[condition.field], condition.op, condition.value
    if isinstance(field, Moment):
        if op == ":":
            return
        lookup, value = field.bound(condition)
        op = {"gt": ">", "gte": ">=", "lt": "<", "lte": "<=", "exact": "="}[lookup]
    if op in operators:
        yield value, op in (">", "<")


def _is_beyond(least: tuple[Any, bool] | None, most: tuple[Any, bool] | None) -> bool:
    if least is None or most is None or isinstance(least[0], datetime) is not isinstance(most[0], datetime):
        return False
    return bool(least[0] > most[0] or (least[0] == most[0] and (least[1] or most[1])))
