"""Merkle trees by RFC 6962, section 2.1: one hash over a list, and short proofs that an entry is in it."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Sequence

LEAF, NODE = b"\x00", b"\x01"  # Kept apart, so that no node can be passed off as a leaf.


def leaf_hash(entry: bytes) -> bytes:
    return hashlib.sha256(LEAF + entry).digest()


def node_hash(left: bytes, right: bytes) -> bytes:
    return hashlib.sha256(NODE + left + right).digest()


def root(leaves: Iterable[bytes]) -> bytes:
    """The root over leaf hashes, at least one."""
    level = list(leaves)
    while len(level) > 1:
        level = _next_level(level)
    return level[0]


def proof(leaves: Sequence[bytes], index: int) -> list[bytes]:
    """The neighbours, from the leaf up, that lead from leaf `index` to the root: RFC 6962's audit path."""
    path, level = [], list(leaves)
    while len(level) > 1:
        neighbour = index ^ 1
        if neighbour < len(level):
            path.append(level[neighbour])
        level, index = _next_level(level), index // 2
    return path


def root_from_proof(leaf: bytes, *, index: int, count: int, path: Sequence[bytes]) -> bytes | None:
    """The root that this proof leads to; None when its length does not fit such a tree."""
    found, steps = leaf, iter(path)
    while count > 1:
        if index ^ 1 < count:
            step = next(steps, None)
            if step is None:
                return None
            found = node_hash(step, found) if index % 2 else node_hash(found, step)
        index, count = index // 2, (count + 1) // 2
    return found if next(steps, None) is None else None


def _next_level(level: list[bytes]) -> list[bytes]:
    """Neighbours joined in pairs; a last one without neighbour goes up as it is."""
    sha256 = hashlib.sha256
    joined = [sha256(NODE + level[n] + level[n + 1]).digest() for n in range(0, len(level) - 1, 2)]
    return joined + level[-1:] if len(level) % 2 else joined
