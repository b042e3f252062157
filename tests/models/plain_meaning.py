"""What each filter means, in plain Python and without the database: the other opinion of the property tests."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Any

from django.utils.timezone import now

from medialib.models import Asset
from medialib.models.query.filters import AssetFilter
from medialib.models.query.language import parse
from medialib.models.query.tree import And, Condition, Node, Not, Span

COMPARE = {
    "=": lambda a, b: a == b,
    ">": lambda a, b: a > b,
    ">=": lambda a, b: a >= b,
    "<": lambda a, b: a < b,
    "<=": lambda a, b: a <= b,
}


def is_meant(asset: Asset, wanted: AssetFilter) -> bool:
    """Whether a live asset is in the list of this filter."""
    return asset.removed_at is None and all(_holds_of_filter(asset, wanted))


def _holds_of_filter(asset: Asset, wanted: AssetFilter) -> Iterator[bool]:
    yield not wanted.folder or _is_in_folder(asset, wanted.folder, below=wanted.subfolders)
    yield not wanted.kind or asset.kind in wanted.kind
    yield not wanted.format or asset.format in wanted.format
    yield _has(asset.name, wanted.name)
    yield _has(asset.path, wanted.q)
    yield set(wanted.tag) <= set(asset.tags)
    yield from _within(asset.size_bytes, wanted.min_size, wanted.max_size)
    yield from _within(asset.width, wanted.min_width, wanted.max_width)
    yield from _within(asset.height, wanted.min_height, wanted.max_height)
    yield wanted.created_after is None or asset.created_at >= wanted.created_after
    yield wanted.created_before is None or asset.created_at < wanted.created_before
    yield wanted.updated_after is None or asset.updated_at >= wanted.updated_after
    yield wanted.updated_before is None or asset.updated_at < wanted.updated_before
    yield not wanted.older_than or asset.created_at < _ago(wanted.older_than)
    yield not wanted.unchanged_for or asset.updated_at < _ago(wanted.unchanged_for)
    yield wanted.private in (None, asset.is_private)
    yield wanted.published in (None, asset.is_published)
    yield wanted.tagged in (None, bool(asset.tags))
    yield wanted.min_versions is None or _version(asset) >= wanted.min_versions
    yield not wanted.where or holds(asset, parse(wanted.where))


def holds(asset: Asset, node: Node) -> bool:
    if isinstance(node, Not):
        return not holds(asset, node.part)
    if isinstance(node, Condition):
        return bool(_one(asset, node))
    return (all if isinstance(node, And) else any)(holds(asset, part) for part in node.parts)


def _one(asset: Asset, node: Condition) -> bool:  # noqa: C901 - One line a field reads best in one list.
    value: Any = node.value
    match node.field:
        case "folder":
            return _is_in_folder(asset, value, below=node.op == ":")
        case "type":
            return asset.kind == value
        case "format":
            return asset.format == value if value else asset.format != ""
        case "name" | "path":
            text = getattr(asset, node.field)
            return text == value if node.op == "=" else _has(text, value)
        case "tag":
            return bool(asset.tags) if value is None else value in asset.tags
        case "size":
            return COMPARE[node.op](asset.size_bytes, value)
        case "width" | "height":
            pixels = getattr(asset, node.field)
            return pixels is not None and COMPARE[node.op](pixels, value)
        case "versions":
            return COMPARE[node.op](_version(asset), value)
        case "created" | "updated":
            return _is_in_time(getattr(asset, f"{node.field}_at"), node.op, value)
        case "age":
            return (asset.created_at < _ago(str(value))) == (node.op == ">")
        case "unchanged":
            return (asset.updated_at < _ago(str(value))) == (node.op == ">")
        case "private":
            return asset.is_private == value
        case "published":
            return asset.is_published == value
    return _is_field(asset.custom_metadata.get(node.key), node.op, value)


def _is_in_folder(asset: Asset, folder: str, *, below: bool) -> bool:
    return asset.folder == folder or (below and asset.folder.startswith(f"{folder.rstrip('/')}/"))


def _has(text: str, part: str) -> bool:
    return _lowered(part) in _lowered(text)


def _lowered(text: str) -> str:
    """Case apart, and all forms of ä and of i alike."""
    composed = unicodedata.normalize("NFC", unicodedata.normalize("NFC", text).casefold())
    return composed.replace("i\u0307", "i").replace("ı", "i")


def _within(value: int | None, least: int | None, most: int | None) -> Iterator[bool]:
    yield least is None or (value is not None and value >= least)
    yield most is None or (value is not None and value <= most)


def _version(asset: Asset) -> int:
    match = re.fullmatch(r"Version ([0-9]+)", asset.version_name)
    return int(match[1]) if match else 1


def _is_in_time(moment: datetime, op: str, value: Any) -> bool:
    return moment.isoformat().startswith(value) if op == ":" else COMPARE[op](moment, value)


def _ago(text: str) -> datetime:
    minute = now().replace(second=0, microsecond=0) + timedelta(minutes=1)
    return Span(int(text[:-1]), text[-1]).before(minute)


def _is_field(found: Any, op: str, value: Any) -> bool:
    if op != ":":
        return isinstance(found, int | float) and not isinstance(found, bool) and COMPARE[op](found, value)
    if value is None:
        return found is not None
    values = found if isinstance(found, list) else [found]
    return any(_reads_as(one, value) for one in values)


def _reads_as(found: Any, text: str) -> bool:
    if isinstance(found, bool):
        return text == str(found).lower()
    if isinstance(found, int | float):
        return text.replace(".", "", 1).lstrip("-").isdigit() and float(text) == found
    return found == text
