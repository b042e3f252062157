"""Each statement of a filtered list uses the index that stands there for it, on both databases."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta

import pytest
from django.db import connection
from django.http import QueryDict
from django.test.utils import CaptureQueriesContext

from medialib.models import Account, Asset, AssetKind
from medialib.models.query import paging, search, sqlite_planner
from medialib.models.query.filters import AssetFilter
from medialib.models.query.orders import AssetSort, Position, after_position, in_order
from medialib.models.query.paging import page_of
from tests import factories

pytestmark = pytest.mark.django_db
ORDERED = {
    "created": "asset_by_created",
    "updated": "asset_by_updated",
    "name": "asset_by_name",
    "size": "asset_by_size",
    "path": "asset_by_path",
}
# Filters of few files, and the index that gathers them: on SQLite, on PostgreSQL.
GATHERED = {
    "folder=/f7": ("asset_in_folder", "asset_in_folder"),
    "folder=/f7&subfolders=1": ("asset_by_path", "asset_by_path"),
    "kind=audio": ("asset_of_kind", "asset_of_kind"),
    "kind=audio&kind=other": ("asset_of_kind", "asset_of_kind"),
    "format=wav": ("_format", "_format"),  # Of either order: both begin with it.
    "q=seldom": ("medialib_asset_text", "asset_text"),
    "name=seldom": ("medialib_asset_text", "asset_text"),
    "tag=seldom": ("medialib_asset_word", "asset_tags"),
    "where=meta.brand:acme": ("medialib_asset_word", "asset_metadata"),
    "where=meta.brand:*": ("medialib_asset_word", "asset_metadata"),
    "where=meta.stars>3": ("medialib_asset_word", "asset_metadata"),
    "min_size=900000": ("asset_by_size", "asset_by_size"),
    "min_width=9000": ("asset_by_width", "asset_by_width"),
    "max_height=10": ("asset_by_height", "asset_by_height"),
    "created_before=2023-01-01": ("asset_by_created", "asset_by_created"),
    "updated_after=2025-01-01": ("asset_by_updated", "asset_by_updated"),
    "private=1": ("asset_private", "asset_private"),
    "published=0": ("asset_unpublished", "asset_unpublished"),
    "tagged=0": ("asset_untagged", "asset_untagged"),
    "min_versions=3": ("asset_of_versions", "asset_of_versions"),
    "kind=image&tag=seldom": ("medialib_asset_word", "asset_tags"),
}
ALONG = {
    "folder=/f7": ("asset_in_folder", AssetSort.NEWEST),
    "kind=audio": ("asset_of_kind", AssetSort.OLDEST),
    "format=wav": ("asset_of_format", AssetSort.NEWEST),
    "private=1": ("asset_private", AssetSort.NEWEST),
    "published=0": ("asset_unpublished", AssetSort.NEWEST),
    "tagged=0": ("asset_untagged", AssetSort.OLDEST),
    "min_size=900000": ("asset_by_size", AssetSort.SMALLEST),
    "updated_after=2025-01-01": ("asset_by_updated", AssetSort.UPDATED_LAST),
    "folder=/f7&subfolders=1": ("asset_by_path", AssetSort.PATH),
    "min_width=0": ("asset_by_width", AssetSort.WIDEST),
}


@pytest.fixture
def library(account: Account) -> Account:
    """A thousand ordinary pictures, and one file that each of the filters above finds."""
    ordinary = [_file(account, number) for number in range(1000)]
    unusual = _file(account, 7)
    unusual.file_id, unusual.path, unusual.folder, unusual.name = "seldom", "/f7/seldom.wav", "/f7", "seldom.wav"
    unusual.kind, unusual.format, unusual.tags = AssetKind.AUDIO, "wav", ["seldom"]
    Asset.objects.bulk_create([*ordinary, unusual])
    with connection.cursor() as cursor:
        if connection.vendor == "postgresql":
            # What earlier tests rolled back stays in the indexes and in their cost, so each test builds them anew.
            cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
            cursor.execute("REINDEX TABLE medialib_asset")
            cursor.execute("SET CONSTRAINTS ALL DEFERRED")
            cursor.execute("ANALYZE medialib_asset")
    return account


def _file(account: Account, number: int) -> Asset:
    path = f"/f{number % 50}/picture-{number:04}.jpg"
    return Asset(
        account=account,
        file_id=f"file-{number}",
        path=path,
        folder=f"/f{number % 50}",
        name=path.rpartition("/")[2],
        kind=AssetKind.IMAGE,
        format="jpg",
        size_bytes=number,
        width=number,
        height=number + 100,
        tags=["home"],
        version_name="Version 1",
        created_at=factories.LONG_AGO + timedelta(minutes=number),
        updated_at=factories.LONG_AGO + timedelta(minutes=number),
    )


@pytest.fixture
def in_search_of(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Pages that look for another way after a few rows, as in a library a thousand times as large."""
    monkeypatch.setitem(paging.LIMITS, connection.vendor, ((5, 500), (10, 500)))
    with connection.cursor() as cursor:
        if connection.vendor == "postgresql":
            cursor.execute("SET enable_seqscan = off")
            cursor.execute("SET enable_sort = off")
    yield
    if connection.vendor == "postgresql":
        with connection.cursor() as cursor:
            cursor.execute("RESET enable_seqscan")
            cursor.execute("RESET enable_sort")


def _statements(account: Account, query: str, sort: AssetSort) -> list[str]:
    wanted = AssetFilter.from_query(QueryDict(query))
    with CaptureQueriesContext(connection) as captured:
        page_of(Asset.objects.live(account).matching(wanted), sort)
    return [one["sql"] for one in captured if not one["sql"].startswith("EXPLAIN")]


def _plan_of(statement: str) -> str:
    with connection.cursor() as cursor:
        cursor.execute(("EXPLAIN QUERY PLAN " if connection.vendor == "sqlite" else "EXPLAIN ") + statement)
        return "\n".join(str(row[-1]) for row in cursor.fetchall())


@pytest.mark.usefixtures("in_search_of")
@pytest.mark.parametrize("query", GATHERED)
def test_few_files_are_gathered_by_the_index_of_their_filter(library: Account, query: str) -> None:
    statements = _statements(library, query, AssetSort.NAME)
    (gathering,) = (one for one in statements if "ORDER BY +" in one or "ORDER BY COALESCE" in one)
    assert GATHERED[query][connection.vendor == "postgresql"] in _plan_of(gathering)
    plans = [_plan_of(one) for one in statements]
    assert not any("SCAN medialib_asset\n" in plan + "\n" or "Seq Scan on medialib_asset" in plan for plan in plans)


@pytest.mark.usefixtures("in_search_of")
@pytest.mark.parametrize("query", ALONG)
def test_where_the_index_of_a_filter_is_in_order_too_nothing_is_sorted(library: Account, query: str) -> None:
    index, sort = ALONG[query]
    plan = _plan_of(_statements(library, query, sort)[-1])
    assert index in plan
    assert not any(word in plan for word in ("TEMP B-TREE", "Sort"))


@pytest.mark.parametrize("sort", [sort for sort in AssetSort if sort.word in ORDERED])
def test_many_files_are_found_by_walking_in_their_order(library: Account, sort: AssetSort) -> None:
    (group,) = sort.groups
    order, live = group.order, Asset.objects.live(library)
    matching = live.matching(AssetFilter(q="picture", private=False)).rows
    row = in_order(live, order)[300]
    position = Position(getattr(row, order.column), row.pk)
    with connection.cursor() as settings:
        if connection.vendor == "postgresql":
            settings.execute("SET LOCAL enable_seqscan = off")
            settings.execute("SET LOCAL enable_sort = off")
    after, before = (in_order(after_position(matching, position, way), way) for way in (order, order.opposite))
    for ordered in (in_order(matching, order), after, before):
        plan = str(ordered[:101].explain())
        assert ORDERED[sort.word] in plan
        assert "TEMP B-TREE" not in plan


def test_a_page_asks_as_often_whatever_it_holds(library: Account) -> None:
    search.has_text(connection)  # Which each connection asks once.
    counts = {len(_statements(library, query, AssetSort.NAME)) for query in ("q=picture-0001", "q=picture-00")}
    assert len(counts) == 1


@pytest.mark.sqlite
def test_the_planner_knows_each_index() -> None:
    assert {index.name for index in Asset._meta.indexes} <= set(sqlite_planner.STATISTICS)
