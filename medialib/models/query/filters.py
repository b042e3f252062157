"""What a person asked to see: AssetFilter. In which order is asset_orders."""

from __future__ import annotations

import hashlib
from collections.abc import Collection, Iterator, Mapping
from dataclasses import MISSING, dataclass, fields, replace
from datetime import datetime
from typing import Any, Self
from urllib.parse import urlencode

from medialib.errors import WrongUse
from medialib.models.query import values as filter_values
from medialib.models.query.language import parse
from medialib.models.query.tree import And, all_of

# Keys of a library address that say where in the list one is, not which files are in it.
PAGE_KEYS = frozenset({"sort", "after", "before", "view", "focus", "panel"})


@dataclass(frozen=True)
class Chip:
    """One active filter in words, and the query string of the same list without it."""

    key: str
    label: str
    query_without: str


@dataclass(frozen=True)
class AssetFilter:
    """Which assets are meant. The field names are the keys in addresses and in stored JSON alike.

    Everything set must hold; of several kinds or formats any one; of several tags each. Times after are inclusive,
    times before exclusive. Raises WrongUse for a value that cannot be right.
    """

    folder: str = ""  # "" is the whole library, "/" the root.
    subfolders: bool = False
    kind: tuple[str, ...] = ()
    format: tuple[str, ...] = ()
    name: str = ""  # Part of the name.
    q: str = ""  # Part of the path, the name included.
    tag: tuple[str, ...] = ()
    min_size: int | None = None
    max_size: int | None = None
    created_after: datetime | None = None
    created_before: datetime | None = None
    updated_after: datetime | None = None
    updated_before: datetime | None = None
    older_than: str = ""  # Created longer ago than, for example, 2y; see filter_values.span.
    unchanged_for: str = ""
    min_width: int | None = None
    max_width: int | None = None
    min_height: int | None = None
    max_height: int | None = None
    private: bool | None = None
    published: bool | None = None
    tagged: bool | None = None  # Whether it has a tag at all.
    min_versions: int | None = None
    where: str = ""  # Anything else, in the language of filter_language.

    def __post_init__(self) -> None:
        for field in fields(self):
            object.__setattr__(self, field.name, _checked(field.name, getattr(self, field.name)))
        if self.subfolders and not self.folder:
            object.__setattr__(self, "subfolders", False)

    @classmethod
    def from_query(cls, data: Mapping[str, Any], *, ignore: Collection[str] = PAGE_KEYS) -> Self:
        """The filter in the query of an address. Blank values count as not given. Raises WrongUse."""
        given = {_known(key): filter_values.all_values(data, key) for key in data if key not in ignore}
        return cls(**{key: filter_values.from_texts(key, values) for key, values in given.items() if any(values)})

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> Self:
        """The filter that `as_json` wrote. Raises WrongUse."""
        return cls(**{_known(key): filter_values.from_json(key, value) for key, value in data.items()})

    def as_json(self) -> dict[str, Any]:
        """Only what is set, in types that JSON knows."""
        return {key: filter_values.as_json(value) for key, value in self._set_fields()}

    def to_query(self) -> str:
        """The query string that brings back this filter; empty when nothing is set."""
        pairs = [(key, text) for key, value in self._set_fields() for text in filter_values.as_texts(value)]
        return urlencode(pairs, safe="/:")

    def digest(self) -> str:
        """A short name of this filter, for caches."""
        return hashlib.sha256(self.to_query().encode()).hexdigest()

    def chips(self) -> list[Chip]:
        """One for each thing that can be removed by itself."""
        return [
            Chip(key, label, without.to_query())
            for key, value in self._set_fields()
            if key != "subfolders"
            for label, without in self._removals(key, value)
        ]

    def __bool__(self) -> bool:
        """Whether it narrows the library down, or names it as a whole by its root folder."""
        return any(self._set_fields())

    def _set_fields(self) -> Iterator[tuple[str, Any]]:
        for field in fields(self):
            value = getattr(self, field.name)
            if value != field.default:
                yield field.name, value

    def _removals(self, key: str, value: Any) -> Iterator[tuple[str, AssetFilter]]:
        if isinstance(value, tuple):
            for one in value:
                others: Any = tuple(other for other in value if other != one)
                yield f"{_LABELS[key]} {one}", replace(self, **{key: others})
        elif key == "where":
            yield from self._removals_in_where()
        elif isinstance(value, bool):
            yield _FLAG_LABELS[key][value], replace(self, **{key: _DEFAULTS[key]})
        elif key == "folder":
            below = " and below" if self.subfolders else ""
            yield f"Folder {value}{below}", replace(self, folder="", subfolders=False)
        else:
            yield _LABELS[key].format(filter_values.shown(value)), replace(self, **{key: _DEFAULTS[key]})

    def _removals_in_where(self) -> Iterator[tuple[str, AssetFilter]]:
        node = parse(self.where)
        parts = node.parts if isinstance(node, And) else (node,)
        for place, part in enumerate(parts):
            others = parts[:place] + parts[place + 1 :]
            yield str(part), replace(self, where=str(all_of(*others)) if others else "")


def _checked(key: str, value: Any) -> Any:
    if key == "where" and isinstance(value, str):
        return str(parse(value)) if value.strip() else ""
    return filter_values.checked(key, value)


_DEFAULTS: dict[str, Any] = {field.name: field.default for field in fields(AssetFilter) if field.default is not MISSING}
_LABELS = {
    "kind": "Type",
    "format": "Format",
    "tag": "Tag",
    "name": "Name contains “{}”",
    "q": "Path contains “{}”",
    "min_size": "At least {} bytes",
    "max_size": "At most {} bytes",
    "created_after": "Created since {}",
    "created_before": "Created before {}",
    "updated_after": "Updated since {}",
    "updated_before": "Updated before {}",
    "older_than": "Older than {}",
    "unchanged_for": "Unchanged for {}",
    "min_width": "At least {} px wide",
    "max_width": "At most {} px wide",
    "min_height": "At least {} px high",
    "max_height": "At most {} px high",
    "min_versions": "At least {} versions",
}
_FLAG_LABELS = {
    "private": {True: "Private", False: "Not private"},
    "published": {True: "Published", False: "Not published"},
    "tagged": {True: "Has tags", False: "Has no tags"},
}


def _known(key: str) -> str:
    if key not in _DEFAULTS:
        raise WrongUse(f"There is no filter named “{key[:60]}”.")
    return key
