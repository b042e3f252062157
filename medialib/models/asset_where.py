"""The one place where a filter becomes a condition.

A condition stands in two forms. The fenced one looks at the row and is what decides; it uses no index, so a list can
walk along the index of its order undisturbed. The indexed one only helps to find the rows: it is added to the first as
a hint, which may be left out, and holds for every row for which the fenced one does.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

from django.db import connections
from django.db.models import Q
from django.utils.timezone import now

from medialib.models import asset_search, filter_values
from medialib.models.asset_filters import AssetFilter
from medialib.models.asset_lookups import readings
from medialib.models.filter_language import parse, period
from medialib.models.filter_tree import ANY, And, Condition, Node, Not, Or, Span, all_of, any_of
from medialib.models.folding import SHORTEST_INDEXED, fold

ALWAYS = And(())
NUMBER_LOOKUPS = {"=": "exact", ">": "gt", ">=": "gte", "<": "lt", "<=": "lte"}
COLUMNS = {
    "size": "size_bytes",
    "width": "width",
    "height": "height",
    "created": "created_at",
    "updated": "updated_at",
    "age": "created_at",
    "unchanged": "updated_at",
    "type": "kind",
    "format": "format",
    "private": "is_private",
    "published": "is_published",
}
MAY_BE_EMPTY = frozenset({"width", "height"})


@dataclass(frozen=True)
class Hint:
    """An indexed condition. Along `order`, if it names a column, the index also gives the rows in that order."""

    condition: Q = field(default_factory=Q)
    order: str = ""
    is_exact: bool = False  # Whether it says the same as the part of the filter that it was made from.
    text: str = ""  # The term or word, where SQLite counts its rows by itself.
    table: str = ""
    any_of: tuple[Hint, ...] = ()  # In place of a condition.
    is_by_habit: bool = False  # True only as long as no file was updated before it was created.


def node_of(wanted: AssetFilter) -> Node:
    """The whole filter as one tree."""
    lists = [("type", wanted.kind), ("format", wanted.format)]
    parts: list[Node] = [any_of(*(Condition(name, ":", one) for one in values)) for name, values in lists if values]
    parts += [Condition("tag", ":", tag) for tag in wanted.tag]
    parts += [Condition(name, op, value) for name, op, value in _simple(wanted) if value not in ("", None)]
    if wanted.tagged is not None:
        parts.append(Condition("tag", ":", ANY) if wanted.tagged else Not(Condition("tag", ":", ANY)))
    if wanted.where:
        parts.append(parse(wanted.where))
    return all_of(*parts) if parts else ALWAYS


def _simple(wanted: AssetFilter) -> list[tuple[str, str, Any]]:
    return [
        ("folder", ":" if wanted.subfolders else "=", wanted.folder),
        ("name", ":", wanted.name),
        ("path", ":", wanted.q),
        ("size", ">=", wanted.min_size),
        ("size", "<=", wanted.max_size),
        ("width", ">=", wanted.min_width),
        ("width", "<=", wanted.max_width),
        ("height", ">=", wanted.min_height),
        ("height", "<=", wanted.max_height),
        ("versions", ">=", wanted.min_versions),
        ("created", ">=", wanted.created_after),
        ("created", "<", wanted.created_before),
        ("updated", ">=", wanted.updated_after),
        ("updated", "<", wanted.updated_before),
        ("age", ">", _span("older_than", wanted.older_than)),
        ("unchanged", ">", _span("unchanged_for", wanted.unchanged_for)),
        ("private", ":", wanted.private),
        ("published", ":", wanted.published),
    ]


def _span(key: str, text: str) -> Span | None:
    return filter_values.span(key, text) if text else None


def condition_of(node: Node, *, fence: str = "__fenced") -> Q:
    """What must hold in a row. With an empty `fence` the database may use any index for it."""
    if isinstance(node, Not):
        return ~condition_of(node.part, fence=fence)
    if isinstance(node, Condition):
        return _LEAVES[node.field](node, fence)
    joined = Q()
    for part in node.parts:
        one = condition_of(part, fence=fence)
        joined = joined | one if isinstance(node, Or) else joined & one
    return joined


def _folder(node: Condition, fence: str) -> Q:
    folder = str(node.value)
    if node.op == "=":
        return Q((f"folder{fence}", folder))
    if folder == "/":
        return Q((f"path{fence}__gte", ""))
    # A range instead of LIKE: it is exact about case on SQLite too, has nothing to escape, and uses the index.
    below = f"{folder}/"
    return Q((f"path{fence}__gte", below), (f"path{fence}__lt", below[:-1] + chr(ord("/") + 1)))


def _equal(node: Condition, fence: str) -> Q:
    return Q((f"{COLUMNS[node.field]}{fence}", node.value))


def _format(node: Condition, fence: str) -> Q:
    return ~Q((f"format{fence}", "")) if node.value is ANY else _equal(node, fence)


def _text(node: Condition, fence: str) -> Q:
    if node.op == "=":
        return Q((f"{node.field}{fence}", node.value))
    column = "search_name" if node.field == "name" else "search_text"
    return Q((f"{column}{fence}__holds", fold(str(node.value))))


def _number(node: Condition, fence: str) -> Q:
    column = COLUMNS[node.field]
    compared = Q((f"{column}{fence}__{NUMBER_LOOKUPS[node.op]}", node.value))
    # An empty column compares to nothing, and NOT of nothing would be nothing too.
    return Q((f"{column}__isnull", False)) & compared if node.field in MAY_BE_EMPTY else compared


def _versions(node: Condition, fence: str) -> Q:
    def at_least(number: int) -> Q:
        return Q((f"version_name{fence}__version_at_least", min(number, 10**9 + 1)))

    number = int(node.value)  # type: ignore[arg-type]
    return {
        "=": at_least(number) & ~at_least(number + 1),
        ">": at_least(number + 1),
        ">=": at_least(number),
        "<": ~at_least(number),
        "<=": ~at_least(number + 1),
    }[node.op]


def _time(node: Condition, fence: str) -> Q:
    column = f"{COLUMNS[node.field]}{fence}"
    if node.op == ":":
        start, end = period(str(node.value))
        return Q((f"{column}__gte", start), (f"{column}__lt", end))
    return Q((f"{column}__{NUMBER_LOOKUPS[node.op]}", node.value))


def _age(node: Condition, fence: str) -> Q:
    """Older than means created before that long ago; the boundary moves on by whole minutes, so pages agree."""
    minute = now().replace(second=0, microsecond=0)
    boundary = node.value.before(minute + timedelta(minutes=1))  # type: ignore[union-attr]
    lookup = "lt" if node.op == ">" else "gte"
    return Q((f"{COLUMNS[node.field]}{fence}__{lookup}", boundary))


def _tag(node: Condition, fence: str) -> Q:
    if node.value is ANY:
        return Q((f"tags{fence}__is_empty_list", False))
    return Q((f"tags{fence}__has_tag", node.value))


def _meta(node: Condition, fence: str) -> Q:
    column = f"custom_metadata{fence}"
    if node.op != ":":
        return Q((f"{column}__field_compared", (node.key, node.op, node.value)))
    if node.value is ANY:
        return Q((f"{column}__has_field", (node.key,)))
    return Q((f"{column}__field_is", (node.key, node.value)))


_LEAVES: dict[str, Callable[[Condition, str], Q]] = {
    "folder": _folder,
    "type": _equal,
    "format": _format,
    "private": _equal,
    "published": _equal,
    "name": _text,
    "path": _text,
    "size": _number,
    "width": _number,
    "height": _number,
    "versions": _versions,
    "created": _time,
    "updated": _time,
    "age": _age,
    "unchanged": _age,
    "tag": _tag,
    "meta": _meta,
}


def hints_of(node: Node, alias: str = "default") -> list[Hint]:
    """What indexes know of the filter: each hint alone holds for every row that matches."""
    if isinstance(node, And):
        ranges = [hint for hint in [_both_ends(node)] if hint]
        return ranges + [hint for part in node.parts for hint in hints_of(part, alias)]
    if isinstance(node, Or) and _is_one_list(node):
        return [Hint(condition_of(node, fence=""), is_exact=True)]
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
    return Hint(condition_of(And(tuple(parts)), fence=""), order=column) if len(parts) > 1 else None


_RANGES = frozenset({"size", "width", "height", "created", "updated", "age", "unchanged"})


def _hints_of_one(node: Condition, alias: str) -> list[Hint]:
    plain = condition_of(node, fence="")
    if node.field in _RANGES:
        return [Hint(plain, order=COLUMNS[node.field], is_exact=True), *_hints_by_habit(node)]
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


def _hints_by_habit(node: Condition) -> list[Hint]:
    """Files updated before a day were created before it, too, and those created since a day were updated since."""
    if node.op == ":" or node.field not in _TIMES:
        return []
    other, lookups = ("created_at", ("lt",)) if COLUMNS[node.field] == "updated_at" else ("updated_at", ("gte",))
    ((lookup, value),) = _time_bound(node).items()
    return [Hint(Q((f"{other}__{lookup}", value)), order=other, is_by_habit=True)] if lookup in lookups else []


def _time_bound(node: Condition) -> dict[str, Any]:
    """The one comparison of a condition on a time, by its lookup."""
    ((name, value),) = condition_of(node, fence="").children  # type: ignore[misc]
    return {name.rpartition("__")[2]: value}


_TIMES = frozenset({"created", "updated", "age", "unchanged"})


def _hints_of_text(node: Condition, alias: str) -> list[Hint]:
    if node.op == "=":
        return [Hint(condition_of(node, fence=""), order=node.field)]
    term = fold(str(node.value))
    if len(term) < SHORTEST_INDEXED or not asset_search.has_text(connections[alias]):
        return []
    return [Hint(Q(search_text__indexed_holds=term), text=asset_search.phrase(term), table=asset_search.TEXT)]


def _hints_of_words(node: Condition, alias: str) -> list[Hint]:
    if node.field == "tag" and node.value is ANY:
        return []
    if connections[alias].vendor != "sqlite":
        plain = condition_of(node if node.op == ":" else Condition("meta", ":", ANY, node.key), fence="")
        return [Hint(plain)]
    word = _word(node)
    column = "tags" if node.field == "tag" else "custom_metadata"
    return [Hint(Q((f"{column}__indexed_word", word)), text=word, table=asset_search.WORDS)]


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
