"""Takes many things a few at a time, so that neither memory nor a statement grows with them."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from itertools import islice
from typing import TypeVar

T = TypeVar("T")


def slices(things: Iterable[T], size: int) -> Iterator[list[T]]:
    """Lists of `size` of the things, the last one perhaps shorter; each is read when its turn comes."""
    source = iter(things)
    while some := list(islice(source, size)):
        yield some
