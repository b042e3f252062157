"""The library's files in each order a listing may ask for, sorted once and kept sorted."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

from medialib.sandbox.library.files import File, Row

_READ: dict[str, Callable[[Row], Any]] = {
    "NAME": lambda row: row.name,
    "CREATED": lambda row: row.created_ms,
    "UPDATED": lambda row: row.updated_ms,
    "HEIGHT": lambda row: row.height or 0,
    "WIDTH": lambda row: row.width or 0,
    "SIZE": lambda row: row.size or 0,
    "RELEVANCE": lambda row: row.created_ms,
    "DURATION": lambda row: row.member("duration") or 0,
    "ORIGINAL_CREATION_DATE": lambda row: row.created_ms,
}
SORT_KEYS = tuple(_READ)


def sort_key(name: str) -> Callable[[Row], tuple[Any, str]]:
    """Ties are settled by id, so that pages neither repeat nor lose a row."""
    read = _READ[name]
    return lambda row: (read(row), row.id)


class Orders:
    """Not thread-safe: the library calls it under its lock."""

    def __init__(self) -> None:
        self._lists: dict[str, list[File]] = {"CREATED": []}
        self._unsorted: set[str] = set()
        self._with_gaps: set[str] = set()

    def sorted_by(self, name: str) -> list[File]:
        if name not in self._lists:
            self._lists[name] = list(self.sorted_by("CREATED"))
            self._unsorted.add(name)
        if name in self._with_gaps:
            self._lists[name] = [file for file in self._lists[name] if not file.gone]
            self._with_gaps.discard(name)
        if name in self._unsorted:
            self._lists[name].sort(key=sort_key(name))
            self._unsorted.discard(name)
        return self._lists[name]

    def add(self, files: Iterable[File]) -> None:
        files = list(files)
        for rows in self._lists.values():
            rows.extend(files)
        self.changed()

    def changed(self) -> None:
        """A file's size, time or another sorted field may be new."""
        self._unsorted.update(self._lists)

    def removed(self) -> None:
        self._with_gaps.update(self._lists)
