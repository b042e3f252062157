"""Numbers that a page may show some moments old, kept in the cache when finding them took long.

All processes share them through the database; each also remembers what it read, so that the next page asks nobody.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import TypeVar

from django.core.cache import cache, caches

T = TypeVar("T")

KEEP_S = 60
HERE = "here"  # The cache of this process alone.


def kept(key: str, find: Callable[[], T], *, is_dear: Callable[[T], bool]) -> T:
    """The result of `find`, never None, at most a minute old wherever it was found. Only what took long is kept."""
    here: T | None = caches[HERE].get(key)
    if here is not None:
        return here
    shared = f"{key}-until"
    stored: tuple[T, float] | None = cache.get(shared)
    if stored is not None:
        found, until = stored
    else:
        found, until = find(), time.time() + KEEP_S
        if not is_dear(found):
            return found
        cache.set(shared, (found, until), KEEP_S)
    caches[HERE].set(key, found, until - time.time())
    return found
