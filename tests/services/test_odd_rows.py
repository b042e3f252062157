"""Rows that nobody would choose, from ImageKit's list to a deletion's frozen list and back in by its export: every set
is the plain Python set on the whole way.
"""

from __future__ import annotations

import csv
import os
import unicodedata
from io import BytesIO, StringIO
from random import Random
from typing import TYPE_CHECKING, Any

import pytest
from django.contrib.auth.models import User
from django.http import QueryDict

from medialib.models import Account, Asset
from medialib.models.query.filters import AssetFilter
from medialib.services.audit.log import Actor
from medialib.services.library import facets, summary
from medialib.services.manifests import freezing, review
from medialib.services.selections import list_imports, ticks
from medialib.services.sync import run as sync
from tests.models.plain_meaning import is_meant

if TYPE_CHECKING:
    from medialib.sandbox.server import Sandbox

pytestmark = pytest.mark.django_db

ROWS = int(os.environ.get("ODD_ROWS", "600"))
SIGNS = [*"ab ,;|\t\n\"'`%+?#&=<>()[]{}*\\\u00a0\u200b\u202e\ufeff\u0301äß中🙂-.", "%20", "%25", "tr:w-1"]
TAGS = ["red, blue", "red", " spaced ", "spaced", 'q"t', "Größe", "a|b", "tag:x", "*", "NOT"]


def name(random: Random) -> str:
    text = "".join(random.choice(SIGNS) for _ in range(random.randint(1, 12)))
    return unicodedata.normalize(random.choice(["NFC", "NFD"]), text).strip("/") or "x"


def odd_rows(random: Random) -> dict[str, dict[str, Any]]:
    """By path: the files of a library."""
    folders = ["", *[f"/{name(random)}" for _ in range(12)], "/archive", "/archive ", "/ "]
    folders += [f"{random.choice(folders)}/{name(random)}" for _ in range(12)]
    rows = {}
    for _ in range(ROWS):
        path = f"{random.choice(folders)}/{name(random)}{random.choice(['', '.jpg', '.JPEG ', '.PNG'])}"
        rows[path] = {"path": path, "tags": random.sample(TAGS, random.randint(0, 2))}
    return rows


def listed(account: Account, asset_filter: AssetFilter) -> set[int]:
    return set(Asset.objects.live(account).matching(asset_filter).rows.values_list("pk", flat=True))


def selected(user: User, account: Account) -> set[int]:
    return set(ticks.selection_of(user, account).items.included().values_list("asset_id", flat=True))


def imported(user: User, account: Account, content: bytes) -> set[int]:
    made = list_imports.begin(ticks.selection_of(user, account), BytesIO(content), user=user, is_replacing=True)
    list_imports.go_on(made)
    assert (made.not_found, made.ambiguous) == (0, 0), made.problems
    return selected(user, account)


def column(exported: bytes, head: str) -> bytes:
    """One column of the export, as somebody cuts it out in a spreadsheet."""
    rows = csv.DictReader(StringIO(exported.decode("utf-8-sig"), newline=""))
    text = StringIO(newline="")
    csv.writer(text).writerows([[head], *[[row[head]] for row in rows]])
    return text.getvalue().encode()


def test_odd_rows_keep_every_set_on_the_whole_way(sandbox: Sandbox, sandbox_account: Account, staff: User) -> None:
    random = Random(14)
    rows = odd_rows(random)
    sandbox.add_files(rows.values())
    sync.run_sync(sandbox_account)
    assets = list(Asset.objects.live(sandbox_account))
    assert {asset.path for asset in assets} == set(rows)
    summary.rebuild(sandbox_account)
    parts = [value for facet in facets.facets(sandbox_account, AssetFilter()).facets for value in facet.values]
    asked = [(AssetFilter.from_query(QueryDict(value.filter.to_query())), value.count) for value in parts]
    asked += [(AssetFilter(folder=each), -1) for each in {asset.folder for asset in assets}]
    for asset_filter, count in asked:
        meant = {asset.pk for asset in assets if is_meant(asset, asset_filter)}
        assert listed(sandbox_account, asset_filter) == meant
        assert count in (-1, len(meant))
    for asset_filter, _count in random.sample(asked, min(12, len(asked))):
        selection = ticks.selection_of(staff, sandbox_account)
        ticks.clear(selection)
        ticks.take_all_matching(selection, asset_filter)
        meant = listed(sandbox_account, asset_filter)
        assert selected(staff, sandbox_account) == meant
        manifest = freezing.freeze(selection, actor=Actor.person(staff))
        exported = "".join(review.manifest_csv(manifest)).encode()
        assert manifest.file_count == len(meant)
        assert imported(staff, sandbox_account, exported) == meant
        assert imported(staff, sandbox_account, column(exported, "file_id")) == meant
        assert imported(staff, sandbox_account, column(exported, "path")) == meant
