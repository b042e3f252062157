"""What a person asked to see: AssetFilter. In which order is in orders."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Self
from urllib.parse import urlencode

from django.utils.translation import gettext_lazy as _

from medialib.errors import WrongUse
from medialib.models.query.fields import FIELDS, KEYS
from medialib.models.query.kinds.base import impossible
from medialib.models.query.language import parse
from medialib.models.query.tree import And, Node, all_of

# Keys of a library address that say where in the list one is, not which files are in it.
PAGE_KEYS = frozenset({"sort", "after", "before", "view", "panel"})
QUERY_KEY = "where"  # The key of whatever else is asked, in the query language.


@dataclass(frozen=True)
class Chip:
    """One active filter in words, and the query string of the same list without it."""

    label: str
    query_without: str


@dataclass(frozen=True, init=False)
class AssetFilter:
    """Which assets are meant: values by KEYS and QUERY_KEY, the names in addresses and in stored JSON alike.

    Everything set must hold. Raises WrongUse for an unknown key and for a value that cannot be right: a filter that is
    not understood would mean more files than the person does.
    """

    items: tuple[tuple[str, Any], ...]  # What is set, in the order of the fields.

    def __init__(self, /, **values: Any) -> None:
        checked = {name: _checked(name, value) for name, value in values.items()}
        if not checked.get("folder") or not checked.get("subfolders"):
            checked.pop("subfolders", None)
        names = [name for name in (*KEYS, QUERY_KEY) if checked.get(name) not in (None, "", ())]
        object.__setattr__(self, "items", tuple((name, checked[name]) for name in names))

    @classmethod
    def from_query(cls, data: Mapping[str, Any]) -> Self:
        """The filter in the query of an address. Blank values count as not given. Raises WrongUse."""
        texts = {_known(name): _texts(data, name) for name in data if name not in PAGE_KEYS}
        return cls(**{name: _read(name, each) for name, each in texts.items()})

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> Self:
        """The filter that `as_json` wrote. Raises WrongUse."""
        for name, value in data.items():
            if value is None:
                raise impossible(_known(name), value)
        return cls(**data)

    def as_json(self) -> dict[str, Any]:
        """Only what is set, in types that JSON knows."""
        return {name: KEYS[name].json(value) if name in KEYS else value for name, value in self.items}

    def to_query(self) -> str:
        """The query string that brings back this filter; empty when nothing is set."""
        texts = [(name, KEYS[name].texts(value) if name in KEYS else [value]) for name, value in self.items]
        return urlencode([(name, text) for name, each in texts for text in each], safe="/:@")

    def digest(self) -> str:
        """A short name of this filter, for caches."""
        return hashlib.sha256(self.to_query().encode()).hexdigest()

    @property
    def values(self) -> dict[str, Any]:
        """What is set, by key."""
        return dict(self.items)

    def get(self, name: str) -> Any:
        """The value under a key, None where it is not set."""
        return self.values.get(name)

    def changed(self, **values: Any) -> Self:
        """The same filter with other values; None takes one away."""
        return type(self)(**self.values | values)

    def node(self) -> Node:
        """The whole filter as one tree."""
        values = self.values
        parts = [part for field in FIELDS.values() for part in field.nodes(values)]
        return all_of(*parts, *([parse(values[QUERY_KEY])] if QUERY_KEY in values else []))

    def chips(self) -> list[Chip]:
        """One for each thing that can be removed by itself."""
        removals = [removal for field in FIELDS.values() for removal in field.chips(self.values)]
        return [
            Chip(label, self.changed(**changes).to_query())
            for label, changes in [*removals, *_removals_in_query(self.get(QUERY_KEY))]
        ]

    def __bool__(self) -> bool:
        """Whether it narrows the library down, or names it as a whole by its root folder."""
        return bool(self.items)


def _removals_in_query(query: str | None) -> Iterator[tuple[str, Mapping[str, Any]]]:
    node = parse(query) if query else And(())
    parts = node.parts if isinstance(node, And) else (node,)
    for index, part in enumerate(parts):
        others = parts[:index] + parts[index + 1 :]
        yield str(part), {QUERY_KEY: str(all_of(*others)) if others else None}


def _texts(data: Mapping[str, Any], name: str) -> list[str]:
    """Every value of a key, from a QueryDict or a plain mapping."""
    if hasattr(data, "getlist"):
        return list(data.getlist(name))
    value = data[name]
    return list(value) if isinstance(value, list | tuple) else [str(value)]


def _read(name: str, texts: list[str]) -> Any:
    if name in KEYS:
        return KEYS[name].read(texts)
    queries = {text for text in texts if text}
    if len(queries) > 1:
        raise WrongUse(_("The filter “%(name)s” is given more than once."), name=name)
    return queries.pop() if queries else None


def _checked(name: str, value: Any) -> Any:
    if _known(name) in KEYS:
        return KEYS[name].check(value)
    if value is None or value == "":
        return None
    if not isinstance(value, str):
        raise impossible(name, value)
    return str(parse(value)) if value.strip() else None


def _known(name: str) -> str:
    if name not in KEYS and name != QUERY_KEY:
        raise WrongUse(_("There is no filter named “%(name)s”."), name=name[:60])
    return name
