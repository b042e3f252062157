"""The folder tree with counts and bytes, one level at a time, from totals that a worker keeps."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from medialib.models import Account, FolderTotal
from medialib.models.query.filters import AssetFilter
from medialib.services.library import summary as library_summary
from medialib.services.library.summary import ancestors

MAX_CHILDREN = 500


@dataclass(frozen=True)
class FolderNode:
    """A folder of the tree. `file_count` and `total_bytes` are in and below it, `own_count` in itself."""

    folder: str
    name: str
    own_count: int
    file_count: int
    total_bytes: int
    has_children: bool
    filter: AssetFilter  # The folder and below.


@dataclass(frozen=True)
class FolderLevel:
    """The folders right below one. `is_cut` says that there are more than are shown; `as_of` is None before the first
    count, which a worker does."""

    parent: FolderNode | None
    children: tuple[FolderNode, ...]
    is_cut: bool
    as_of: datetime | None
    is_older: bool = False  # Files came, changed or went since.


def level(account: Account, parent: str = "/") -> FolderLevel:
    """One level of the tree, as it is opened."""
    summary = library_summary.current(account)
    rows = list(FolderTotal.objects.below(account, parent).order_by("folder")[: MAX_CHILDREN + 1])
    own = FolderTotal.objects.named(account, parent)
    return FolderLevel(
        _node(own) if own else None,
        tuple(map(_node, rows[:MAX_CHILDREN])),
        len(rows) > MAX_CHILDREN,
        summary.built_at if summary else None,
        summary.is_stale if summary else False,
    )


def open_levels(account: Account, folder: str) -> list[FolderLevel]:
    """Every level from the root down to `folder`, for a tree that shows where one is."""
    above = [*reversed(list(ancestors(folder))), folder] if folder else ["/"]
    return [level(account, each) for each in above]


def largest(account: Account, parent: str = "/", *, most: int = 20) -> list[FolderNode]:
    """The folders right below one that hold most bytes."""
    rows = FolderTotal.objects.below(account, parent).order_by("-deep_bytes")
    return [_node(row) for row in rows[:most]]


def _node(row: FolderTotal) -> FolderNode:
    return FolderNode(
        folder=row.folder,
        name=row.folder.rpartition("/")[2] or "/",
        own_count=row.file_count,
        file_count=row.deep_count,
        total_bytes=row.deep_bytes,
        has_children=row.child_count > 0,
        filter=AssetFilter(folder=row.folder, subfolders=True),
    )
