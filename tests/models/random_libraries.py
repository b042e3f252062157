"""Random libraries and filters for property tests; what they mean in plain Python is in plain_meaning."""

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
from medialib.models.query.fields import KEYS
from medialib.models.query.filters import QUERY_KEY, AssetFilter
from medialib.models.query.tree import Condition, Node, Not, all_of, any_of
from medialib.models.query.units import UNKNOWN_TIME, read_age

# Few values, so that filters and rows meet often; wildcards, quotes, case and other scripts among them.
FOLDERS = ["/", "/ ", "/a ", "/a", "/A", "/a/b", "/a/b%", "/a_b", "/ab", "/a!", "/ä"]
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
    " lead.jpg",
    "trail.JPEG ",
    "ÄPFEL.jpg",
    "äpfel.JPG",
    "a\u0308pfel.png",
    "İstanbul.gif",
    "ISTANBUL.gif",
    "straße.txt",
]
TAGS = ["home", "Home", "ho%me", "red, blue", " spaced ", 'q"t', "it's", "中"]
FORMATS = ["jpg", "png", "pdf"]
META_KEYS = ["brand", "stars", "5", "odd key", 'q"t']
DATES = ["2025-06-30T00:00:00.000Z", "2025-12-31", "2024-02-29T23:59:59Z", "2026-01-01", "not-a-day"]
VALUES: list[Any] = [
    *DATES,
    2025,
    "acme",
    "Acme",
    "5",
    5,
    5.5,
    -1,
    True,
    "true",
    None,
    "",
    ["acme", "x"],
    ["5", 5],
    [],
    {"acme": 1},
]
VERSIONS = ["", "Version 1", "Version 2", "Version 10", "Version 2b", "version 3", "Draft 7"]
START = datetime(2024, 1, 1, tzinfo=UTC)

examples = settings(
    max_examples=30, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow]
)
known_times = st.integers(0, 5).map(lambda hours: START + timedelta(hours=hours))
times = st.one_of(known_times, known_times, known_times, st.just(UNKNOWN_TIME))  # Of a file.
sizes = st.sampled_from([0, 1, 999, 1000, 5_000_000_000])
pixels = st.sampled_from([0, 1, 99, 100, 101])
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
        "format": draw(st.sampled_from(["", *FORMATS])),
        "size_bytes": draw(sizes),
        "tags": draw(st.lists(st.sampled_from(TAGS), max_size=2)),
        "ai_tags": draw(st.lists(st.sampled_from(TAGS), max_size=1)),
        "custom_metadata": draw(st.dictionaries(st.sampled_from(META_KEYS), st.sampled_from(VALUES), max_size=2)),
        "width": draw(st.none() | pixels),
        "height": draw(st.none() | pixels),
        "is_private": draw(st.booleans()),
        "is_published": draw(st.booleans()),
        "version_name": draw(st.sampled_from(VERSIONS)),
        "created_at": draw(times),
        "updated_at": draw(times),
        "removed_at": (removed_at := draw(st.sampled_from([None, None, None, START]))),
        "removal": Removal.MISSING if removed_at else "",
    }


libraries = st.lists(rows(), min_size=1, max_size=12)
TEXTS = [
    "x",
    "%",
    "_",
    "a_b",
    "B",
    "'",
    '"',
    "\\",
    "中",
    "中文",
    "/a/",
    "JPG",
    "Ä",
    "äpf",
    "ÄPFEL",
    "İst",
    "ist",
    "STRASSE",
    "ß",
]
SPANS = ["1h", "3d", "2w", "30m", "2y", "9y"]
_numeric = st.sampled_from(["=", ">", ">=", "<", "<="])
_days = st.sampled_from([f"{each}@UTC" for each in ("2024", "2023", "2024-01", "2024-02", "2024-01-01", "2024-01-02")])


def _conditions_on(field: str, ops: st.SearchStrategy[str], values: st.SearchStrategy[Any]) -> Any:
    return st.builds(Condition, st.just(field), ops, values)


conditions = st.one_of(
    _conditions_on("folder", st.sampled_from([":", "="]), st.sampled_from([*FOLDERS, "/nowhere"])),
    _conditions_on("type", st.just(":"), st.sampled_from(AssetKind.values)),
    _conditions_on("format", st.just(":"), st.none() | st.sampled_from(FORMATS)),
    _conditions_on("name", st.sampled_from([":", "="]), st.sampled_from([*TEXTS, *NAMES])),
    _conditions_on("path", st.sampled_from([":", "="]), st.sampled_from([*TEXTS, "/a/x.jpg", "/A/X.JPG"])),
    _conditions_on("tag", st.just(":"), st.none() | st.sampled_from(TAGS)),
    _conditions_on("size", _numeric, sizes),
    _conditions_on("width", _numeric, pixels),
    _conditions_on("height", _numeric, pixels),
    _conditions_on("versions", _numeric, st.integers(0, 11)),
    _conditions_on("created", st.sampled_from([">=", "<"]), known_times),
    _conditions_on("updated", st.sampled_from([">=", "<"]), known_times),
    _conditions_on("created", st.just(":"), st.none() | _days),
    _conditions_on("updated", st.just(":"), st.none() | _days),
    _conditions_on("age", st.sampled_from([">", "<"]), st.sampled_from(SPANS).map(read_age)),
    _conditions_on("unchanged", st.sampled_from([">", "<"]), st.sampled_from(SPANS).map(read_age)),
    _conditions_on("private", st.just(":"), st.booleans()),
    _conditions_on("published", st.just(":"), st.booleans()),
    st.builds(
        Condition,
        st.just("meta"),
        st.just(":"),
        st.sampled_from([None, "acme", "5", "5.0", "5.5", "true", "x", "-1"]),
        st.sampled_from(META_KEYS),
    ),
    st.builds(
        Condition,
        st.just("meta"),
        st.sampled_from([">", ">=", "<", "<="]),
        st.sampled_from([5, 5.5, -1, 0, 2025, 2024, "2025-06", "2025-12", "2024-02-29", "2025-12-31"]),
        st.sampled_from(META_KEYS),
    ),
)
trees: st.SearchStrategy[Node] = st.recursive(
    conditions,
    lambda parts: st.one_of(
        parts.map(Not),
        st.lists(parts, min_size=2, max_size=3).map(lambda nodes: all_of(*nodes)),
        st.lists(parts, min_size=2, max_size=3).map(lambda nodes: any_of(*nodes)),
    ),
    max_leaves=6,
)
VALUES_OF: dict[str, st.SearchStrategy[Any]] = {
    "folder": st.sampled_from([*FOLDERS, "/nowhere"]),
    "subfolders": st.booleans(),
    "type": st.sampled_from(AssetKind.values),
    "format": st.sampled_from(FORMATS),
    "name": st.sampled_from(["", *TEXTS]),
    "path": st.sampled_from(["", *TEXTS]),
    "tag": st.sampled_from(TAGS),
    "tagged": st.booleans(),
    "size": sizes,
    "created": known_times,
    "updated": known_times,
    "age": st.sampled_from(SPANS),
    "unchanged": st.sampled_from(SPANS),
    "width": pixels,
    "height": pixels,
    "private": st.booleans(),
    "published": st.booleans(),
    "versions": st.integers(0, 11),
}
# Values of a filter by its key.
FIELDS: dict[str, st.SearchStrategy[Any]] = {
    key.name: st.sets(VALUES_OF[key.field.word], max_size=2).map(tuple)
    if key.is_list
    else st.none() | VALUES_OF[key.field.word]
    for key in KEYS.values()
}
FIELDS[QUERY_KEY] = st.just("") | trees.map(str)
values = st.fixed_dictionaries({}, optional=FIELDS)
filters = values.map(lambda fields: AssetFilter(**fields))


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
