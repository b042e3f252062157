"""What indexes know of a filter.

A hint is added to the condition that decides, and may be left out: it holds for every row for which that one does.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from django.db import connections
from django.db.models import Q

from medialib.models.query import search
from medialib.models.query.folding import SHORTEST_INDEXED, fold
from medialib.models.query.lookups import readings
from medialib.models.query.tree import ANY, And, Condition, Node, Not, Or
from medialib.models.query.where import COLUMNS, condition_of


@dataclass(frozen=True)
class Hint:
    """An indexed condition. Along `order`, if it names a column, the index also gives the rows in that order."""

    condition: Q = field(default_factory=Q)
    order: str = ""
    is_exact: bool = False  # Whether it says the same as the part of the filter that it was made from.
    count_sql: str = ""  # How SQLite counts its rows, from a table of its own: by `text`, up to a limit.
    text: str = ""
    any_of: tuple[Hint, ...] = ()  # In place of a condition.
    is_assumption: bool = False  # True only as long as no file was updated before it was created.


def hints_of(node: Node, alias: str = "default") -> list[Hint]:
    """What indexes know of the filter: each hint alone holds for every row that matches."""
    if isinstance(node, And):
        ranges = [hint for hint in [_both_ends(node)] if hint]
        return ranges + [hint for part in node.parts for hint in hints_of(part, alias)]
    if isinstance(node, Or) and _is_one_list(node):
        return [Hint(condition_of(node, transform=""), is_exact=True)]
    if isinstance(node, Or):
        hints = [hints_of(part, alias)[:1] for part in node.parts]
        return [Hint(any_of=tuple(hint[0] for hint in hints))] if all(hints) else []
    if isinstance(node, Not):
        return _hints_of_not(node.part)
    return _hints_of_one(node, alias)


def _is_one_list(node: Or) -> bool:
    fields = {part.field if isinstance(part, Condition) and part.value else "" for part in node.parts}
    return fields in ({"type"}, {"format"})


def _both_ends(node: And) -> Hint | None:
    """From and until of one column together: a range is often short where neither of its ends is rare."""
    by_column: dict[str, list[Condition]] = {}
    for part in node.parts:
        if isinstance(part, Condition) and part.field in _RANGES:
            by_column.setdefault(COLUMNS[part.field], []).append(part)
    column, parts = max(by_column.items(), key=lambda item: len(item[1]), default=("", []))
    return Hint(condition_of(And(tuple(parts)), transform=""), order=column) if len(parts) > 1 else None


_RANGES = frozenset({"size", "width", "height", "created", "updated", "age", "unchanged"})


def _hints_of_one(node: Condition, alias: str) -> list[Hint]:
    plain = condition_of(node, transform="")
    if node.field in _RANGES:
        return [Hint(plain, order=COLUMNS[node.field], is_exact=True), *_assumed_hints(node)]
    if node.field in ("type", "format"):
        return [] if node.value is ANY else [Hint(plain, order="created_at", is_exact=True)]
    if node.field == "folder":
        is_everything = node.op == ":" and node.value == "/"
        return [] if is_everything else [Hint(plain, order="created_at" if node.op == "=" else "path", is_exact=True)]
    if node.field in ("name", "path"):
        return _hints_of_text(node, alias)
    if node.field in ("private", "published"):
        return [Hint(plain, order="created_at", is_exact=True)] if node.value == (node.field == "private") else []
    if node.field == "versions":
        is_above_one = node.op in (">", ">=", "=") and int(node.value) > (0 if node.op == ">" else 1)  # type: ignore[arg-type]
        return [Hint(Q(version_name__is_first_version=False), order="created_at")] if is_above_one else []
    return _hints_of_words(node, alias)


def _assumed_hints(node: Condition) -> list[Hint]:
    """Files updated before a day were created before it, too, and those created since a day were updated since."""
    if node.op == ":" or node.field not in _TIMES:
        return []
    other, lookups = ("created_at", ("lt",)) if COLUMNS[node.field] == "updated_at" else ("updated_at", ("gte",))
    ((lookup, value),) = _time_bound(node).items()
    return [Hint(Q((f"{other}__{lookup}", value)), order=other, is_assumption=True)] if lookup in lookups else []


def _time_bound(node: Condition) -> dict[str, Any]:
    """The one comparison of a condition on a time, by its lookup."""
    ((name, value),) = condition_of(node, transform="").children  # type: ignore[misc]
    return {name.rpartition("__")[2]: value}


_TIMES = frozenset({"created", "updated", "age", "unchanged"})


def _hints_of_text(node: Condition, alias: str) -> list[Hint]:
    if node.op == "=":
        return [Hint(condition_of(node, transform=""), order=node.field)]
    term = fold(str(node.value))
    if len(term) < SHORTEST_INDEXED or not search.has_text(connections[alias]):
        return []
    return [Hint(Q(search_text__indexed_holds=term), count_sql=search.COUNT_TEXT, text=search.phrase(term))]


def _hints_of_words(node: Condition, alias: str) -> list[Hint]:
    if node.field == "tag" and node.value is ANY:
        return []
    if connections[alias].vendor != "sqlite":
        plain = condition_of(node if node.op == ":" else Condition("meta", ":", ANY, node.key), transform="")
        return [Hint(plain)]
    word = _word(node)
    column = "tags" if node.field == "tag" else "custom_metadata"
    return [Hint(Q((f"{column}__indexed_word", word)), count_sql=search.COUNT_WORDS, text=word)]


def _word(node: Condition) -> str:
    """Where SQLite files it. Numbers are filed under their field alone: they may be written in several ways."""
    if node.field == "tag":
        return f"tag:{node.value}"
    is_only_text = isinstance(node.value, str) and len(readings(node.value)) == 1
    return f"meta:{node.key}={node.value}" if is_only_text else f"meta:{node.key}"


def _hints_of_not(part: Node) -> list[Hint]:
    if part == Condition("format", ":", ANY):
        return [Hint(Q(format=""), order="created_at", is_exact=True)]
    if part == Condition("tag", ":", ANY):
        return [Hint(Q(tags__is_empty_list=True), order="created_at", is_exact=True)]
    if isinstance(part, Condition) and part.field in ("private", "published"):
        return _hints_of_one(Condition(part.field, ":", not part.value), "default")
    return []
