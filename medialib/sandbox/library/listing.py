"""`GET /v1/files`: its parameters, and which rows they mean."""

from __future__ import annotations

import re
from bisect import bisect_left
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import islice
from typing import Any

from medialib.sandbox.http.answers import Refusal
from medialib.sandbox.library import search
from medialib.sandbox.library.fields import DateSpan
from medialib.sandbox.library.files import File, Row, StoredFolder
from medialib.sandbox.library.library import Library
from medialib.sandbox.library.orders import SORT_KEYS, sort_key

MAX_LIMIT = 1000
TYPES = ("file", "file-version", "folder", "all")
BAD_TYPE = (
    "Your request contains invalid value for type parameter. "
    "Please provide one of the following: file, file-version, folder, all."
)


@dataclass(frozen=True)
class Wanted:
    """The parameters of a listing, checked. With a query, `type`, `tags` and `name` have no effect."""

    type: str
    sort: str
    path: str | None
    file_type: str
    skip: int
    limit: int
    tags: frozenset[str]
    name: str
    query: search.Node | None

    @property
    def conditions(self) -> list[search.Node]:
        return search.required_conditions(self.query) if self.query else []


def wanted(params: Mapping[str, str], *, now_ms: int) -> Wanted:
    """Raises Refusal (400) with ImageKit's text for a parameter that is out of range."""
    text = params.get("searchQuery", "").strip()
    query = search.parse(text, now_ms=now_ms) if text else None
    path = params.get("path")
    return Wanted(
        type=_type(params),
        sort=_one_of(params, "sort", [f"{way}_{key}" for way in ("ASC", "DESC") for key in SORT_KEYS], "ASC_CREATED"),
        path="/" + path.strip("/") if path else None,
        file_type=_one_of(params, "fileType", ["all", "image", "non-image"], "all"),
        skip=_skip(params.get("skip") or "0"),
        limit=_limit(params.get("limit") or str(MAX_LIMIT)),
        tags=frozenset(filter(None, params.get("tags", "").split(","))) if not query else frozenset(),
        name=params.get("name", "") if not query else "",
        query=query,
    )


def _type(params: Mapping[str, str]) -> str:
    value = params.get("type") or ("all" if params.get("includeFolder") == "true" else "file")
    if value not in TYPES and not params.get("searchQuery", "").strip():
        raise Refusal(400, BAD_TYPE)
    return value


def _one_of(params: Mapping[str, str], name: str, choices: Sequence[str], default: str) -> str:
    value = params.get(name) or default
    if value not in choices:
        raise Refusal(400, f"Your request contains invalid value for {name} parameters.")
    return value


def _skip(text: str) -> int:
    if not re.fullmatch(r"[0-9]{1,15}", text):
        raise Refusal(400, f"The value of skip parameter should be greater than or equal to 0. Value sent is {text}.")
    return int(text)


def _limit(text: str) -> int:
    number = int(text) if re.fullmatch(r"-?[0-9]{1,15}", text) else 0
    if number < 1:
        raise Refusal(400, f"Minimum value of limit parameter is 1. Value sent is {text}.")
    if number > MAX_LIMIT:
        raise Refusal(400, f"Maximum value of limit parameter is {MAX_LIMIT}. Value sent is {text}.")
    return number


def page(library: Library, asked: Wanted) -> list[dict[str, Any]]:
    """One page of rows as the API shows them, in order."""
    with library.lock:
        return [row.as_json(library.endpoint) for row in _rows(library, asked)]


def _rows(library: Library, asked: Wanted) -> list[Row]:
    kinds = _kinds(asked)
    narrowed: Sequence[Row] | None = _by_id(library, asked)
    if narrowed is None and kinds == {"file"}:
        return _page(_file_run(library, asked), asked)
    if narrowed is None:
        narrowed = [*library.orders.sorted_by("CREATED"), *library.folders.values(), *_versions(library, kinds)]
    return _page(_in_order(narrowed, asked, kinds), asked)


def _kinds(asked: Wanted) -> set[str]:
    if asked.query is None:
        return {"file", "folder"} if asked.type == "all" else {asked.type}
    for condition in asked.conditions:
        if isinstance(condition, search.Comparison) and condition.field == "type" and condition.operator in ("=", "IN"):
            return {str(value) for value in condition.values}
    return {"file", "folder"}


def _by_id(library: Library, asked: Wanted) -> Sequence[Row] | None:
    """The few rows a query by id can mean, so that it need not look at a million."""
    for condition in asked.conditions:
        if isinstance(condition, search.Comparison) and condition.field == "id" and condition.operator in ("=", "IN"):
            return library.rows(map(str, condition.values))
    return None


def _versions(library: Library, kinds: set[str]) -> Iterator[File]:
    if "file-version" in kinds:
        for file in library.orders.sorted_by("CREATED"):
            yield from file.older or ()


def _in_order(rows_: Sequence[Row], asked: Wanted, kinds: set[str]) -> list[Row]:
    way, _, key = asked.sort.partition("_")
    return sorted((row for row in rows_ if row.type in kinds), key=sort_key(key), reverse=way == "DESC")


def _file_run(library: Library, asked: Wanted) -> Sequence[Row]:
    """The library's files in the order asked for; for a range of createdAt only the run that lies in it."""
    way, _, key = asked.sort.partition("_")
    files = library.orders.sorted_by(key)
    if key == "CREATED":
        start, end = _created_range(asked)
        low = bisect_left(files, start, key=_created) if start is not None else 0
        high = bisect_left(files, end, key=_created) if end is not None else len(files)
        files = files[low:high] if high - low < len(files) else files
    return files[::-1] if way == "DESC" else files


def _created(file: File) -> int:
    return file.created_ms


def _created_range(asked: Wanted) -> tuple[int | None, int | None]:
    starts, ends = [], []
    for condition in asked.conditions:
        if not isinstance(condition, search.Comparison) or condition.field != "createdAt":
            continue
        for span in (value for value in condition.values[:1] if isinstance(value, DateSpan)):
            if condition.operator in (">", ">="):
                starts.append(span.start_ms)
            elif condition.operator in ("<", "<="):
                ends.append(span.start_ms + 1)
    return max(starts, default=None), min(ends, default=None)


def _page(rows_: Sequence[Row], asked: Wanted) -> list[Row]:
    tests = [condition for condition in asked.conditions if not _is_settled(condition)]
    if not (tests or asked.path or asked.tags or asked.name or asked.file_type != "all"):
        return list(rows_[asked.skip : asked.skip + asked.limit])
    matching = (row for row in rows_ if _matches(row, asked) and all(test.matches(row) for test in tests))
    return list(islice(matching, asked.skip, asked.skip + asked.limit))


def _is_settled(condition: search.Node) -> bool:
    """`type = "file"` has already chosen the rows, so it need not be asked of each."""
    return (
        isinstance(condition, search.Comparison)
        and condition.field == "type"
        and condition.operator == "="
        and condition.values == ("file",)
    )


def _matches(row: Row, asked: Wanted) -> bool:
    if asked.path is not None and row.folder != asked.path:
        return False
    if asked.file_type != "all" and (isinstance(row, StoredFolder) or row.is_image != (asked.file_type == "image")):
        return False
    if asked.name and row.name != asked.name:
        return False
    return not asked.tags or not asked.tags.isdisjoint(row.tags)
