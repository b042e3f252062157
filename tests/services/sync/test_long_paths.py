"""Paths of ImageKit's real length: an index of PostgreSQL takes 2,704 bytes an entry, and a longer path costs one file
and never the sync."""

from __future__ import annotations

from random import Random

import pytest
from django.db import connection, transaction

from medialib.imagekit.types import RemoteFile
from medialib.models import Account, Asset, FolderTotal, SyncKind, SyncRun
from medialib.models.query.filters import AssetFilter
from medialib.sandbox.server import Sandbox
from medialib.services.library import folders, summary
from medialib.services.sync import run as sync
from medialib.services.sync.indexing import index_files
from tests import factories

pytestmark = pytest.mark.django_db(transaction=True)

HAS_LIMIT = connection.vendor == "postgresql"


def random_path(levels: int, letters: int) -> str:
    """A path that no compression makes much shorter: each letter is three bytes, drawn from 20,000."""
    draw = Random(levels * letters)
    return "".join("/" + "".join(chr(draw.randrange(0x4E00, 0x9FA5)) for _ in range(letters)) for _ in range(levels))


FITS, TOO_LONG, REPETITIVE = random_path(40, 20), random_path(50, 255), "/" + "/".join(["a" * 255] * 50)


@pytest.mark.parametrize("path", [FITS, REPETITIVE], ids=["2,440 bytes", "50 levels of 255 letters"])
def test_a_long_path_is_synced_opened_filtered_and_in_the_tree(
    sandbox: Sandbox, sandbox_account: Account, path: str
) -> None:
    sandbox.add_files([{"path": path}, {"path": "/plain.jpg"}])
    assert sync.run_sync(sandbox_account).left_out == []
    live = Asset.objects.live(sandbox_account)
    assert set(live.values_list("path", flat=True)) == {path, "/plain.jpg"}
    summary.rebuild(sandbox_account)
    for above in summary.ancestors(path):
        below = live.matching(AssetFilter(folder=above, subfolders=True)).using_best_index()
        assert path in below.values_list("path", flat=True)
        assert folders.level(sandbox_account, above).children or above == summary.parent_of(path)
    assert list(live.order_by("path").values_list("path", flat=True)) == sorted([path, "/plain.jpg"])


def test_a_path_beyond_the_databases_index_costs_one_file_and_not_the_sync(
    sandbox: Sandbox, sandbox_account: Account
) -> None:
    sandbox.add_files([{"path": f"/{number}.jpg"} for number in range(20)])
    long = sandbox.add_file(path=TOO_LONG)
    left_out = [long] if HAS_LIMIT else []
    for kind in (SyncKind.FULL, SyncKind.INCREMENTAL, SyncKind.FULL):
        run = sync.run_sync(sandbox_account, kind=kind)
        assert (run.left_out, run.removed) == (left_out, 0)
        assert Asset.objects.live(sandbox_account).count() == 21 - len(left_out)
    assert run.seen == 21
    sandbox.move(long, "/")
    assert sync.run_sync(sandbox_account, kind=SyncKind.INCREMENTAL).left_out == []
    assert Asset.objects.live(sandbox_account).get(file_id=long).path == f"/{TOO_LONG.rpartition('/')[2]}"


def test_a_file_that_moved_beyond_it_stays_where_it_was_known(sandbox: Sandbox, sandbox_account: Account) -> None:
    moved, other = sandbox.add_files([{"path": "/a.jpg"}, {"path": "/b.jpg"}])
    sync.run_sync(sandbox_account)
    sandbox.move(moved, TOO_LONG)
    assert sync.run_sync(sandbox_account).removed == 0
    paths = dict(Asset.objects.live(sandbox_account).values_list("file_id", "path"))
    assert paths == {moved: "/a.jpg" if HAS_LIMIT else f"{TOO_LONG}/a.jpg", other: "/b.jpg"}


def test_a_folder_that_the_tree_cannot_hold_does_not_stop_the_count(account: Account) -> None:
    """PostgreSQL compresses only what becomes a quarter shorter: the whole path does, the folder half-way down not."""
    start, rest = random_path(12, 21), random_path(18, 21)
    folder = start + start + rest
    factories.asset(account, "/plain.jpg")
    factories.asset(account, f"{folder}{folder}{folder}/a.jpg")
    counted = summary.rebuild(account)
    assert counted.file_count == 2
    assert FolderTotal.objects.named(account, "/").deep_count == 2
    assert (FolderTotal.objects.named(account, folder) is None) is HAS_LIMIT


def test_a_name_beyond_any_index_costs_one_file_too(sandbox_account: Account) -> None:
    """ImageKit's names are short; whoever answers in its name may say otherwise, and half a surrogate pair with it."""
    run = SyncRun.objects.claim(sandbox_account)
    assert run is not None
    names = ["plain.jpg", TOO_LONG.replace("/", ""), "\ud83d.jpg"]
    rows = [{"fileId": f"{number:024x}", "filePath": "/a.jpg", "name": name} for number, name in enumerate(names)]
    files = list(filter(None, map(RemoteFile.from_json, rows)))
    with transaction.atomic():
        tally = index_files(run, files)
    assert (tally.seen, len(run.left_out)) == (3, int(HAS_LIMIT))
    assert Asset.objects.live(sandbox_account).count() == 3 - int(HAS_LIMIT)
