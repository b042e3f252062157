"""Numbers that a page may show some moments old, kept in the cache when finding them took long."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeVar

from django.core.cache import cache

T = TypeVar("T")

KEEP_S = 60


def kept(key: str, find: Callable[[], T], *, is_dear: Callable[[T], bool]) -> T:
    """The result of `find`, never None, at most a minute old. Only what took long is kept."""
    found: T | None = cache.get(key)
    if found is None:
        found = find()
        if is_dear(found):
            cache.set(key, found, KEEP_S)
    return found
