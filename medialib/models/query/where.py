"""The one place where a filter becomes a condition.

A condition looks at the row and alone decides. It is written so that no index is used for it and a list can walk along
the index of its order undisturbed. What indexes know of a filter only helps to find the rows: see asset_hints.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any

from django.db.models import Q
from django.utils.timezone import now

from medialib.models.query import values as filter_values
from medialib.models.query.filters import AssetFilter
from medialib.models.query.folding import fold
from medialib.models.query.language import parse, period
from medialib.models.query.tree import ANY, And, Condition, Node, Not, Or, Span, all_of, any_of

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


def condition_of(node: Node, *, transform: str = "__unindexed") -> Q:
    """What must hold in a row. With an empty `transform` the database may use any index for it."""
    if isinstance(node, Not):
        return ~condition_of(node.part, transform=transform)
    if isinstance(node, Condition):
        return _LEAVES[node.field](node, transform)
    joined = Q()
    for part in node.parts:
        one = condition_of(part, transform=transform)
        joined = joined | one if isinstance(node, Or) else joined & one
    return joined


def _folder(node: Condition, transform: str) -> Q:
    folder = str(node.value)
    if node.op == "=":
        return Q((f"folder{transform}", folder))
    if folder == "/":
        return Q((f"path{transform}__gte", ""))
    # A range instead of LIKE: it is exact about case on SQLite too, has nothing to escape, and uses the index.
    below = f"{folder}/"
    return Q((f"path{transform}__gte", below), (f"path{transform}__lt", below[:-1] + chr(ord("/") + 1)))


def _equal(node: Condition, transform: str) -> Q:
    return Q((f"{COLUMNS[node.field]}{transform}", node.value))


def _format(node: Condition, transform: str) -> Q:
    return ~Q((f"format{transform}", "")) if node.value is ANY else _equal(node, transform)


def _text(node: Condition, transform: str) -> Q:
    if node.op == "=":
        return Q((f"{node.field}{transform}", node.value))
    column = "search_name" if node.field == "name" else "search_text"
    return Q((f"{column}{transform}__holds", fold(str(node.value))))


def _number(node: Condition, transform: str) -> Q:
    column = COLUMNS[node.field]
    compared = Q((f"{column}{transform}__{NUMBER_LOOKUPS[node.op]}", node.value))
    # An empty column compares to nothing, and NOT of nothing would be nothing too.
    return Q((f"{column}__isnull", False)) & compared if node.field in MAY_BE_EMPTY else compared


def _versions(node: Condition, transform: str) -> Q:
    def at_least(number: int) -> Q:
        return Q((f"version_name{transform}__version_at_least", min(number, 10**9 + 1)))

    number = int(node.value)  # type: ignore[arg-type]
    return {
        "=": at_least(number) & ~at_least(number + 1),
        ">": at_least(number + 1),
        ">=": at_least(number),
        "<": ~at_least(number),
        "<=": ~at_least(number + 1),
    }[node.op]


def _time(node: Condition, transform: str) -> Q:
    column = f"{COLUMNS[node.field]}{transform}"
    if node.op == ":":
        start, end = period(str(node.value))
        return Q((f"{column}__gte", start), (f"{column}__lt", end))
    return Q((f"{column}__{NUMBER_LOOKUPS[node.op]}", node.value))


def _age(node: Condition, transform: str) -> Q:
    """Older than means created before that long ago; the boundary moves on by whole minutes, so pages agree."""
    minute = now().replace(second=0, microsecond=0)
    boundary = node.value.before(minute + timedelta(minutes=1))  # type: ignore[union-attr]
    lookup = "lt" if node.op == ">" else "gte"
    return Q((f"{COLUMNS[node.field]}{transform}__{lookup}", boundary))


def _tag(node: Condition, transform: str) -> Q:
    if node.value is ANY:
        return Q((f"tags{transform}__is_empty_list", False))
    return Q((f"tags{transform}__has_tag", node.value))


def _meta(node: Condition, transform: str) -> Q:
    column = f"custom_metadata{transform}"
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
