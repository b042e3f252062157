"""Freezing: what was shown is what the manifest holds, and its hash says so."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import pytest
import rfc8785
from hypothesis import given
from hypothesis import strategies as st

from medialib.errors import MedialibError, Refused, WrongUse
from medialib.imagekit.errors import AnswerLost, BadRequest, FileMissing
from medialib.imagekit.types import FoundFiles, RemoteFile
from medialib.models import Account, Asset, AuditEvent, Item, Manifest
from medialib.models.query.filters import AssetFilter
from medialib.models.query.units import UNKNOWN_TIME
from medialib.services.audit.log import SYSTEM, Actor
from medialib.services.manifests import freezing
from medialib.services.manifests.hashing import canonical_lines, manifest_sha256
from medialib.services.selections import ticks
from tests import dba, factories
from tests.models.random_libraries import FIELDS, examples, filters, filters_by, libraries, library_of

if TYPE_CHECKING:
    from django.contrib.auth.models import User

NOBODY = "0123456789abcdef01234567"  # Looks like an id, and no file has it.

pytestmark = pytest.mark.django_db


class Lookups:
    """Answers like ImageKitClient, for files given by path; notes what it was asked."""

    def __init__(self, *, found: dict[str, str] | None = None, only_in_details: dict[str, str] | None = None) -> None:
        self.found = found or {}
        self.only_in_details = only_in_details or {}
        self.searches: list[list[str]] = []
        self.error: Exception = FileMissing("The file does not exist.", http_status=404)

    def find_files(self, file_ids: Iterable[str]) -> FoundFiles:
        self.searches.append(list(file_ids))
        known = [file_id for file_id in self.searches[-1] if file_id in self.found]
        return FoundFiles({file_id: remote(file_id, self.found[file_id]) for file_id in known})

    def file_details(self, file_id: str) -> RemoteFile:
        if file_id not in self.only_in_details:
            raise self.error
        return remote(file_id, self.only_in_details[file_id])


def remote(file_id: str, path: str) -> RemoteFile:
    row = {"fileId": file_id, "filePath": path, "size": 7, "createdAt": "2024-01-01T00:00:00Z"}
    file = RemoteFile.from_json(row)
    assert file is not None
    return file


def freeze_all(account: Account, **kwargs: Any) -> Manifest:
    return freezing.freeze_assets(account, Asset.objects.live(account), source={}, actor=SYSTEM, **kwargs)


def freeze_ids(account: Account, *file_ids: str, client: Any = None) -> freezing.FrozenList:
    return freezing.freeze_file_ids(account, file_ids, actor=SYSTEM, client=client or Lookups())


def file_ids(manifest: Manifest) -> list[str]:
    return list(manifest.items.order_by("position").values_list("file_id", flat=True))


@pytest.mark.parametrize("field", [field for field in FIELDS if field != "subfolders"])
@given(data=st.data(), fields=libraries)
@examples
def test_for_each_filter_the_frozen_set_is_the_listed_set(
    account: Account, staff: User, field: str, data: Any, fields: list[Any]
) -> None:
    _assert_frozen_is_listed(account, staff, data.draw(filters_by(field)), fields)


@given(wanted=filters, fields=libraries)
@examples
def test_for_filters_together_the_frozen_set_is_the_listed_set(
    account: Account, staff: User, wanted: AssetFilter, fields: list[Any]
) -> None:
    _assert_frozen_is_listed(account, staff, wanted, fields)


def _assert_frozen_is_listed(account: Account, staff: User, wanted: AssetFilter, fields: list[Any]) -> None:
    with library_of(account, fields):
        listed = {row.file_id for row in Asset.objects.live(account).matching(wanted).rows}
        selection = ticks.selection_of(staff, account)
        if not wanted or not listed:
            return
        ticks.take_all_matching(selection, wanted)
        frozen = freezing.freeze(selection, actor=SYSTEM)
        assert file_ids(frozen) == sorted(listed)
        assert frozen.sha256 == manifest_sha256(frozen)


def test_a_manifest_tells_what_was_shown(account: Account, staff: User) -> None:
    asset = factories.asset(account, "/a/hero.jpg", size_bytes=500)
    factories.asset(account)
    selection = ticks.selection_of(staff, account)
    ticks.tick(selection, [asset.pk])
    manifest = freezing.freeze(selection, actor=Actor.person(staff))
    item = manifest.items.get()
    assert (manifest.file_count, manifest.total_bytes, manifest.library_count) == (1, 500, 2)
    assert (manifest.frozen_by, manifest.frozen_by_name) == (staff, "sam")
    assert (item.file_id, item.path, item.size_bytes, item.file_updated_at) == (
        asset.file_id,
        "/a/hero.jpg",
        500,
        asset.updated_at,
    )


def test_excluded_and_gone_files_are_not_frozen(account: Account, staff: User) -> None:
    out, gone, kept = (factories.asset(account) for _ in range(3))
    selection = ticks.selection_of(staff, account)
    ticks.take_all_matching(selection, AssetFilter(folder="/", subfolders=True))
    ticks.untick(selection, [out.pk])
    Asset.objects.filter(pk=gone.pk).update(removed_at=factories.LONG_AGO, removal="missing")
    assert file_ids(freezing.freeze(selection, actor=SYSTEM)) == [kept.file_id]


def test_an_empty_selection_is_refused_and_leaves_nothing(account: Account, staff: User) -> None:
    with pytest.raises(Refused):
        freezing.freeze(ticks.selection_of(staff, account), actor=SYSTEM)
    assert not Manifest.objects.exists()


def test_freezing_is_audited_with_the_hash(account: Account, staff: User) -> None:
    factories.asset(account, size_bytes=9)
    manifest = freezing.freeze_assets(account, Asset.objects.all(), source={"kind": "test"}, actor=Actor.person(staff))
    event = AuditEvent.objects.get(event="manifest.frozen")
    told = {key: event.detail[key] for key in ("sha256", "file_count", "total_bytes")}
    assert told == {"sha256": manifest.sha256, "file_count": 1, "total_bytes": 9}
    assert (event.actor_name, event.account) == ("sam", account)


def test_files_of_another_account_never_come_in(account: Account) -> None:
    mine = factories.asset(account)
    factories.asset(factories.account())
    manifest = freezing.freeze_assets(account, Asset.objects.all(), source={}, actor=SYSTEM)
    assert file_ids(manifest) == [mine.file_id]


def test_positions_follow_the_file_ids_by_code_point(account: Account) -> None:
    ids = ["b", "B", "_", "a", "10", "9", "-"]
    for file_id in ids:
        factories.asset(account, file_id=file_id)
    manifest = freeze_all(account)
    assert list(manifest.items.order_by("position").values_list("position", "file_id")) == list(enumerate(sorted(ids)))


NASTY = [
    '"',
    "\\",
    "/a\nb\tc\r\b\f",
    "\x01\x1f\x7f",
    "ä é ü",
    "中文",
    "😀",
    "\u2028\u2029",
    "</script>",
    "\ufeff",
    "a/b",
]


@given(
    st.lists(
        st.sampled_from(NASTY) | st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\x00")),
        max_size=4,
    )
)
@examples
def test_the_lines_are_canonical_json(account: Account, paths: list[str]) -> None:
    fields = [
        {"file_id": f"f{n}", "path": path, "folder": "/", "name": path, "kind": "image", "size_bytes": n}
        for n, path in enumerate(paths)
    ]
    times = {"created_at": factories.LONG_AGO, "updated_at": datetime(2024, 5, 6, 7, 8, 9, 120_000, tzinfo=UTC)}
    with library_of(account, [row | times for row in fields]):
        if not paths:
            return
        manifest = freeze_all(account)
        items = [
            {
                "file_id": row["file_id"],
                "path": row["path"],
                "size_bytes": row["size_bytes"],
                "updated_at": "2024-05-06T07:08:09.120000Z",
            }
            for row in fields
        ]
        header = {"format": "medialib-manifest-1", "account": account.name, "file_count": len(paths)}
        expected = b"".join(rfc8785.dumps(line) + b"\n" for line in [header, *items])
        assert "".join(canonical_lines(manifest)).encode() == expected
        assert manifest.sha256 == hashlib.sha256(expected).hexdigest()


@given(st.datetimes(datetime(1971, 1, 1), datetime(2199, 1, 1), timezones=st.just(UTC)))
@examples
def test_times_are_in_utc_with_microseconds(account: Account, updated_at: datetime) -> None:
    row = {"file_id": "a", "path": "/a", "folder": "/", "name": "a", "kind": "image", "size_bytes": 1}
    with library_of(account, [row | {"created_at": updated_at, "updated_at": updated_at}]):
        shown = json.loads(list(canonical_lines(freeze_all(account)))[1])["updated_at"]
        assert shown == updated_at.strftime("%Y-%m-%dT%H:%M:%S.%fZ")


def test_an_unknown_time_is_null(account: Account) -> None:
    factories.asset(account, file_id="a")
    lines = list(canonical_lines(freeze_ids(account, "a", NOBODY).manifest))
    assert json.loads(lines[1]) == {"file_id": NOBODY, "path": "", "size_bytes": 0, "updated_at": None}


def test_a_time_that_imagekit_does_not_state_is_null_too(account: Account) -> None:
    factories.asset(account, file_id="a", updated_at=UNKNOWN_TIME)
    lines = list(canonical_lines(freeze_all(account)))
    assert json.loads(lines[1])["updated_at"] is None
    assert Item.objects.get().file_updated_at is None


def test_what_never_was_an_id_is_not_frozen(account: Account) -> None:
    factories.asset(account, file_id="a")
    frozen = freeze_ids(account, "a", "file_id", NOBODY)
    assert (frozen.strangers, frozen.unknown) == (("file_id",), [NOBODY])
    assert set(frozen.manifest.items.values_list("file_id", flat=True)) == {"a", NOBODY}


def test_the_same_files_have_the_same_hash_whatever_their_order(account: Account, staff: User) -> None:
    assets = [factories.asset(account) for _ in range(5)]
    names = [asset.file_id for asset in assets]
    selection = ticks.selection_of(staff, account)
    ticks.tick(selection, [asset.pk for asset in reversed(assets)])
    manifests = [
        freezing.freeze(selection, actor=SYSTEM),
        freeze_all(account),
        freeze_ids(account, *names).manifest,
        freeze_ids(account, *reversed(names)).manifest,
    ]
    assert len({manifest.sha256 for manifest in manifests}) == 1
    assert len({manifest.pk for manifest in manifests}) == 4


@pytest.mark.parametrize("change", [{"path": "/b"}, {"size_bytes": 2}, {"file_updated_at": None}, {"file_id": "x"}])
def test_a_changed_item_is_noticed(account: Account, change: dict[str, Any]) -> None:
    factories.asset(account)
    manifest = freeze_all(account)
    assert manifest_sha256(manifest) == manifest.sha256
    with dba.without_triggers():
        Item.objects.update(**change)
    assert manifest_sha256(manifest) != manifest.sha256


def test_a_lost_item_is_noticed(account: Account) -> None:
    for _ in range(3):
        factories.asset(account)
    manifest = freeze_all(account)
    with dba.without_triggers():
        manifest.items.filter(position=1).delete()
    assert manifest_sha256(manifest) != manifest.sha256


def test_an_account_that_is_renamed_keeps_its_hashes(account: Account) -> None:
    factories.asset(account)
    manifest = freeze_all(account)
    Account.objects.update(name="renamed")
    assert manifest_sha256(Manifest.objects.get()) == manifest.sha256


def test_items_are_frozen_anew_as_they_were_shown(account: Account) -> None:
    assets = [factories.asset(account) for _ in range(4)]
    first = freeze_all(account)
    Asset.objects.update(path="/moved.jpg")
    again = freezing.freeze_items(account, first.items.filter(position__in=[1, 3]), source={}, actor=SYSTEM)
    assert list(again.items.values_list("position", "path")) == [(0, assets[1].path), (1, assets[3].path)]


def test_ids_in_the_index_are_not_looked_up(account: Account) -> None:
    gone = factories.asset(account, removed_at=factories.LONG_AGO, removal="deleted")
    there = factories.asset(account)
    client = Lookups()
    frozen = freeze_ids(account, there.file_id, gone.file_id, client=client)
    assert set(frozen.manifest.items.values_list("path", flat=True)) == {there.path, gone.path}
    assert client.searches == []


def test_double_ids_are_counted_and_frozen_once(account: Account) -> None:
    names = [factories.asset(account).file_id, factories.asset(account).file_id]
    frozen = freeze_ids(account, *names, *names, names[0])
    assert (frozen.duplicates, file_ids(frozen.manifest)) == (3, names)


def test_other_ids_are_looked_up_by_the_hundred(account: Account) -> None:
    names = {f"n{number:03}": f"/new/{number}.jpg" for number in range(150)}
    client = Lookups(found=names)
    frozen = freeze_ids(account, *names, client=client)
    assert dict(frozen.manifest.items.values_list("file_id", "path")) == names
    assert [len(ids) for ids in client.searches] == [100, 50]


def test_a_file_that_search_does_not_know_yet_is_found_by_its_own_page(account: Account) -> None:
    frozen = freeze_ids(account, "new", client=Lookups(only_in_details={"new": "/new.jpg"}))
    assert frozen.unknown == []
    assert frozen.manifest.items.get().path == "/new.jpg"


@pytest.mark.parametrize("error", [FileMissing("gone"), BadRequest("Your request contains invalid fileId parameter.")])
def test_unknown_ids_are_frozen_without_path_and_named(account: Account, error: Exception) -> None:
    known = factories.asset(account).file_id
    client = Lookups()
    client.error = error
    frozen = freeze_ids(account, known, NOBODY, client=client)
    assert frozen.unknown == [NOBODY]
    assert frozen.manifest.items.get(file_id=NOBODY).path == ""


def test_when_no_id_exists_nothing_is_frozen(account: Account) -> None:
    with pytest.raises(WrongUse, match="^None of the ids \\(2\\) exists"):
        freeze_ids(account, "one", "two", "two")
    assert not Manifest.objects.exists()


@pytest.mark.parametrize("wrong", [[], [""], ['a"b'], ["a b"], ["x" * 65], ["ok", 'id IN ["x"]']])
def test_lists_that_are_no_ids_are_refused_before_any_call(account: Account, wrong: list[str]) -> None:
    client = Lookups()
    with pytest.raises(WrongUse):
        freeze_ids(account, *wrong, client=client)
    assert client.searches == []


def test_when_imagekit_cannot_be_asked_nothing_is_frozen(account: Account) -> None:
    client = Lookups()
    client.error = AnswerLost("ImageKit did not answer in time.")
    with pytest.raises(MedialibError, match="nothing was frozen: ImageKit did not answer in time"):
        freeze_ids(account, factories.asset(account).file_id, "other", client=client)
    assert not Manifest.objects.exists()


def test_a_preview_has_the_same_hash_and_leaves_nothing(account: Account) -> None:
    name = factories.asset(account).file_id
    preview = freezing.preview_file_ids(account, [name], actor=SYSTEM, client=Lookups())  # type: ignore[arg-type]
    assert not Manifest.objects.exists()
    assert not Item.objects.exists()
    assert not AuditEvent.objects.exists()
    assert preview.manifest.sha256 == freeze_ids(account, name).manifest.sha256
