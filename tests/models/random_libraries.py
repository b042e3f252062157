"""Random libraries and filters for property tests, and what each filter means in plain Python."""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from typing import Any

from django.db import transaction
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st

from medialib.models import Account, Asset, AssetKind, Removal
from medialib.models.asset_filters import AssetFilter

# Few values, so that filters and rows meet often; wildcards, quotes, case and other scripts among them.
FOLDERS = ["/", "/a", "/A", "/a/b", "/a/b%", "/a_b", "/ab", "/a!", "/ä"]
NAMES = [
    "x.jpg",
    "X.JPG",
    "100%.png",
    "a_b.png",
    "aXb.png",
    "it's.pdf",
    'q".mp4',
    "back\\slash.txt",
    "中文.webp",
    "noext",
]
TAGS = ["home", "Home", "ho%me", 'q"t', "it's", "中"]
FORMATS = ["jpg", "png", "pdf"]
START = datetime(2024, 1, 1, tzinfo=UTC)

examples = settings(
    max_examples=30, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow]
)
times = st.integers(0, 5).map(lambda hours: START + timedelta(hours=hours))
sizes = st.sampled_from([0, 1, 999, 1000, 5_000_000_000])
_ids = itertools.count(1)


@st.composite
def rows(draw: st.DrawFn) -> dict[str, Any]:
    folder, name = draw(st.sampled_from(FOLDERS)), draw(st.sampled_from(NAMES))
    return {
        "file_id": f"{draw(st.integers(0, 9))}{draw(st.sampled_from('aA_z'))}{next(_ids)}",
        "name": name,
        "folder": folder,
        "path": f"{folder.rstrip('/')}/{name}",
        "kind": draw(st.sampled_from(AssetKind.values)),
        "format": draw(st.sampled_from(FORMATS)),
        "size_bytes": draw(sizes),
        "tags": draw(st.lists(st.sampled_from(TAGS), max_size=2)),
        "created_at": draw(times),
        "updated_at": draw(times),
        "removed_at": (removed_at := draw(st.sampled_from([None, None, None, START]))),
        "removal": Removal.MISSING if removed_at else "",
    }


libraries = st.lists(rows(), min_size=1, max_size=12)
_texts = st.sampled_from(["", "x", "%", "_", "a_b", "B", "'", '"', "\\", "中", "/a/", "JPG"])
FIELDS: dict[str, st.SearchStrategy[Any]] = {
    "folder": st.sampled_from(["", *FOLDERS, "/nowhere"]),
    "subfolders": st.booleans(),
    "kind": st.sets(st.sampled_from(AssetKind.values), max_size=2).map(tuple),
    "format": st.sets(st.sampled_from(FORMATS), max_size=2).map(tuple),
    "name": _texts,
    "q": _texts,
    "tag": st.sets(st.sampled_from(TAGS), max_size=2).map(tuple),
    "min_size": st.none() | sizes,
    "max_size": st.none() | sizes,
    "created_after": st.none() | times,
    "created_before": st.none() | times,
    "updated_after": st.none() | times,
    "updated_before": st.none() | times,
}
filters = st.fixed_dictionaries({}, optional=FIELDS).map(lambda fields: AssetFilter(**fields))


def filters_by(field: str) -> st.SearchStrategy[AssetFilter]:
    """Filters that set one field; a folder comes with and without what is below."""
    chosen = {"folder": FIELDS["folder"], "subfolders": FIELDS["subfolders"]} if field == "folder" else {}
    return st.fixed_dictionaries({**chosen, field: FIELDS[field]}).map(lambda fields: AssetFilter(**fields))


@contextmanager
def library_of(account: Account, fields: list[dict[str, Any]]) -> Iterator[list[Asset]]:
    """The rows in the database, for the length of the block."""
    with transaction.atomic():
        yield Asset.objects.bulk_create(Asset(account=account, **row) for row in fields)
        transaction.set_rollback(True)


def is_meant(asset: Asset, wanted: AssetFilter) -> bool:
    """Whether a live asset is in the list of this filter."""
    return asset.removed_at is None and all(_conditions(asset, wanted))


def _conditions(asset: Asset, wanted: AssetFilter) -> Iterator[bool]:
    yield _is_in_folder(asset, wanted)
    yield not wanted.kind or asset.kind in wanted.kind
    yield not wanted.format or asset.format in wanted.format
    yield wanted.name.lower() in asset.name.lower()
    yield wanted.q.lower() in asset.path.lower()
    yield set(wanted.tag) <= set(asset.tags)
    yield wanted.min_size is None or asset.size_bytes >= wanted.min_size
    yield wanted.max_size is None or asset.size_bytes <= wanted.max_size
    yield wanted.created_after is None or asset.created_at >= wanted.created_after
    yield wanted.created_before is None or asset.created_at < wanted.created_before
    yield wanted.updated_after is None or asset.updated_at >= wanted.updated_after
    yield wanted.updated_before is None or asset.updated_at < wanted.updated_before


def _is_in_folder(asset: Asset, wanted: AssetFilter) -> bool:
    if not wanted.folder or asset.folder == wanted.folder:
        return True
    return wanted.subfolders and asset.folder.startswith(f"{wanted.folder.rstrip('/')}/")
