"""What each filter means, in plain Python and without the database: the other opinion of the property tests."""

from __future__ import annotations

import re
import unicodedata
from datetime import datetime, timedelta
from typing import Any

from django.utils.timezone import now

from medialib.models import Asset
from medialib.models.query.filters import AssetFilter
from medialib.models.query.language import parse
from medialib.models.query.tree import And, Condition, Node, Not, Span
from medialib.models.query.units import UNKNOWN_TIME

COMPARE = {
    "=": lambda a, b: a == b,
    ">": lambda a, b: a > b,
    ">=": lambda a, b: a >= b,
    "<": lambda a, b: a < b,
    "<=": lambda a, b: a <= b,
}


def is_meant(asset: Asset, asset_filter: AssetFilter) -> bool:
    """Whether a live asset is in the list of this filter."""
    below = bool(asset_filter.get("subfolders"))
    asked = {name: value for name, value in asset_filter.items if name != "subfolders"}
    return asset.removed_at is None and all(_is_asked(asset, name, value, below) for name, value in asked.items())


def _is_asked(asset: Asset, name: str, value: Any, below: bool) -> bool:  # noqa: C901 - As in _one.
    match name:
        case "folder":
            return _is_in_folder(asset, value, below=below)
        case "kind" | "format":
            return getattr(asset, name) in value
        case "name":
            return _has(asset.name, value)
        case "q":
            return _has(asset.path, value)
        case "tag":
            return set(value) <= {*asset.tags, *asset.ai_tags}
        case "tagged":
            return value == bool(asset.tags or asset.ai_tags)
        case "min_size":
            return asset.size_bytes >= value
        case "max_size":
            return asset.size_bytes <= value
        case "min_width" | "min_height":
            pixels = getattr(asset, name.removeprefix("min_"))
            return pixels is not None and pixels >= value
        case "max_width" | "max_height":
            pixels = getattr(asset, name.removeprefix("max_"))
            return pixels is not None and pixels <= value
        case "min_versions":
            return _version(asset) >= value
        case "created_after" | "updated_after":
            moment = getattr(asset, f"{name.removesuffix('_after')}_at")
            return moment != UNKNOWN_TIME and moment >= value
        case "created_before" | "updated_before":
            moment = getattr(asset, f"{name.removesuffix('_before')}_at")
            return moment != UNKNOWN_TIME and moment < value
        case "older_than":
            return asset.created_at != UNKNOWN_TIME and asset.created_at < _ago(str(value))
        case "unchanged_for":
            return asset.updated_at != UNKNOWN_TIME and asset.updated_at < _ago(str(value))
        case "private" | "published":
            return getattr(asset, f"is_{name}") == value
        case "where":
            return bool(holds(asset, parse(value)))
    raise AssertionError(f"No second opinion on {name}")


def holds(asset: Asset, node: Node) -> bool | None:
    """None where nobody knows, since the time that is asked about is not known."""
    if isinstance(node, Not):
        inner = holds(asset, node.part)
        return None if inner is None else not inner
    if isinstance(node, Condition):
        found = _one(asset, node)
        return None if found is None else bool(found)
    parts = [holds(asset, part) for part in node.parts]
    if isinstance(node, And):
        return False if False in parts else None if None in parts else True
    return True if True in parts else None if None in parts else False


def _one(asset: Asset, node: Condition) -> bool | None:  # noqa: C901 - One line a field reads best in one list.
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
            tags = {*asset.tags, *asset.ai_tags}
            return bool(tags) if value is None else value in tags
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
            return _is_of_age(asset.created_at, node.op, value)
        case "unchanged":
            return _is_of_age(asset.updated_at, node.op, value)
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


def _version(asset: Asset) -> int:
    match = re.fullmatch(r"Version ([0-9]+)", asset.version_name)
    return int(match[1]) if match else 1


def _is_of_age(moment: datetime, op: str, value: Any) -> bool | None:
    return None if moment == UNKNOWN_TIME else (moment < _ago(str(value))) == (op == ">")


def _is_in_time(moment: datetime, op: str, value: Any) -> bool | None:
    if value is None:
        return moment != UNKNOWN_TIME
    if moment == UNKNOWN_TIME:
        return None
    return moment.isoformat().startswith(value.removesuffix("@UTC")) if op == ":" else COMPARE[op](moment, value)


def _ago(text: str) -> datetime:
    minute = now().replace(second=0, microsecond=0) + timedelta(minutes=1)
    return Span(int(text[:-1]), text[-1]).before(minute)


def _is_field(found: Any, op: str, value: Any) -> bool:
    if op != ":":
        if isinstance(found, str) and re.match(r"\d{4}-\d\d-\d\d", found):
            return bool(COMPARE[op](found[: len(str(value))], str(value))) if _is_period(value) else False
        is_number = isinstance(found, int | float) and not isinstance(found, bool)
        return is_number and not isinstance(value, str) and COMPARE[op](found, value)
    if value is None:
        return found is not None
    values = found if isinstance(found, list) else [found]
    return any(_reads_as(one, value) for one in values)


def _is_period(value: Any) -> bool:
    return re.fullmatch(r"\d{4}(-\d\d){0,2}", str(value)) is not None


def _reads_as(found: Any, text: str) -> bool:
    if isinstance(found, bool):
        return text == str(found).lower()
    if isinstance(found, int | float):
        return text.replace(".", "", 1).lstrip("-").isdigit() and float(text) == found
    return found == text
