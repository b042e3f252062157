"""What a person asked to see: AssetFilter, in which order: AssetSort, and from where: AssetCursor."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from dataclasses import MISSING, dataclass, fields, replace
from datetime import date, datetime
from typing import TYPE_CHECKING, Any, Self
from urllib.parse import urlencode

from django.db import models
from django.utils.dateparse import parse_datetime

from medialib.errors import WrongUse
from medialib.models import filter_values
from medialib.models.filter_language import parse
from medialib.models.filter_tree import And, all_of
from medialib.models.filter_values import MAX_INTEGER

if TYPE_CHECKING:
    from medialib.models.assets import Asset

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


class AssetSort(models.TextChoices):
    """The orders of a list. The value is a column, with a minus in front when its largest comes first."""

    NEWEST = "-created", "newest first"
    OLDEST = "created", "oldest first"
    UPDATED_LAST = "-updated", "last updated first"
    UPDATED_FIRST = "updated", "longest unchanged first"
    NAME = "name", "name, A to Z"
    NAME_DOWN = "-name", "name, Z to A"
    LARGEST = "-size", "largest first"
    SMALLEST = "size", "smallest first"
    PATH = "path", "folder and name, A to Z"
    PATH_DOWN = "-path", "folder and name, Z to A"

    @classmethod
    def from_query(cls, data: Mapping[str, Any]) -> AssetSort:
        """The order named by `sort`, newest first when none is. Raises WrongUse."""
        try:
            return cls(data.get("sort") or cls.NEWEST)
        except ValueError:
            raise WrongUse(f"There is no order named “{str(data.get('sort'))[:60]}”.") from None

    @property
    def column(self) -> str:
        """The field it sorts by; none of them is ever NULL, so one comparison finds the place of a cursor."""
        fields_by_word = {"created": "created_at", "updated": "updated_at", "size": "size_bytes"}
        word = self.value.removeprefix("-")
        return fields_by_word.get(word, word)

    @property
    def is_descending(self) -> bool:
        return self.value.startswith("-")

    @property
    def opposite(self) -> AssetSort:
        """The same list from its end."""
        return AssetSort(self.value.removeprefix("-") if self.is_descending else f"-{self.value}")


@dataclass(frozen=True)
class AssetCursor:
    """A place in a list: the row after or before which a page starts. The row itself may be gone by then."""

    sort: AssetSort
    value: str | int | datetime
    pk: int

    @classmethod
    def of(cls, asset: Asset, sort: AssetSort) -> Self:
        return cls(sort, getattr(asset, sort.column), asset.pk)

    @classmethod
    def from_text(cls, text: str, sort: AssetSort) -> Self:
        """The cursor that `as_text` wrote for this order. Raises WrongUse."""
        pk, _, value = text.partition("~")
        try:
            cursor = cls(sort, _cursor_value(sort, value), int(pk))
        except ValueError:
            raise WrongUse("The address does not say where the page starts; begin at the first page.") from None
        if not 0 <= cursor.pk <= MAX_INTEGER:
            raise WrongUse("The address does not say where the page starts; begin at the first page.")
        return cursor

    @property
    def turned(self) -> AssetCursor:
        """The same place, looking the other way."""
        return replace(self, sort=self.sort.opposite)

    def as_text(self) -> str:
        """For the `after` and `before` of an address."""
        value = self.value.isoformat() if isinstance(self.value, date) else self.value
        return f"{self.pk}~{value}"


def _cursor_value(sort: AssetSort, text: str) -> str | int | datetime:
    if sort.column == "size_bytes":
        return min(int(text), MAX_INTEGER)
    if sort.column in ("name", "path"):
        return text.replace("\x00", "")
    moment = parse_datetime(text)
    if moment is None or moment.tzinfo is None:
        raise ValueError(text)
    return moment
