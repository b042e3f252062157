"""Changing what was frozen, by raw SQL or through the models: the database refuses, whoever asks."""

from __future__ import annotations

import pytest
from django.db import DatabaseError, connection, transaction
from django.utils.timezone import now

from medialib.models import Account, Asset, Item, Manifest
from medialib.models.audit import append_only
from medialib.services.audit.log import SYSTEM
from medialib.services.manifests import freezing
from medialib.services.manifests.hashing import manifest_sha256
from tests import dba, factories

pytestmark = pytest.mark.django_db
ITEM, MANIFEST = "medialib_item", "medialib_manifest"
SETTLED = "position = 0"  # The first file was deleted, the second is unverified, the third waits.
UNVERIFIED, WAITING = "position = 1", "position = 2"


@pytest.fixture
def frozen(account: Account) -> Manifest:
    """Three files, frozen as people freeze them."""
    for _ in range(3):
        factories.asset(account)
    manifest = freezing.freeze_assets(account, Asset.objects.all(), source={"kind": "test"}, actor=SYSTEM)
    for position, outcome in ((0, "deleted"), (1, "unverified")):
        settle = {"outcome": outcome, "evidence": "ImageKit said so.", "settled_at": now()}
        assert manifest.items.filter(position=position).update(**settle) == 1
    return manifest


def columns_of(table: str, **changed: str) -> tuple[str, str]:
    """All columns, and the values that copy a row with some of them changed."""
    model = Item if table == ITEM else Manifest
    names = [field.column for field in model._meta.concrete_fields]
    return ", ".join(names), ", ".join(changed.get(name, name) for name in names)


def copy(
    table: str, how: str = "INSERT", *, of: str = "1 = 1", extra: tuple[str, str] = ("", ""), **changed: str
) -> str:
    names, values = columns_of(table, **changed)
    return f"{how} INTO {table} ({names}{extra[0]}) SELECT {values}{extra[1]} FROM {table} WHERE {of}"


ATTEMPTS = {
    "another file": f"UPDATE {ITEM} SET file_id = 'another' WHERE {WAITING}",
    "another path": f"UPDATE {ITEM} SET path = '/brand/logo.png' WHERE {WAITING}",
    "another size": f"UPDATE {ITEM} SET size_bytes = 1 WHERE {WAITING}",
    "another updated time": f"UPDATE {ITEM} SET file_updated_at = NULL WHERE {WAITING}",
    "another version": f"UPDATE {ITEM} SET version_name = 'Version 2' WHERE {WAITING}",
    "another place": f"UPDATE {ITEM} SET position = 7 WHERE {WAITING}",
    "another number": f"UPDATE {ITEM} SET id = id + 100 WHERE {WAITING}",
    "every file at once": f"UPDATE {ITEM} SET path = ''",
    "another file with an outcome beside it": f"UPDATE {ITEM} SET outcome = 'deleted', evidence = 'x', "
    f"settled_at = file_updated_at, file_id = 'another' WHERE {WAITING}",
    "a file less": f"DELETE FROM {ITEM} WHERE {WAITING}",
    "a file more": copy(ITEM, of=WAITING, id="id + 100", position="3", file_id="'another'"),
    "another outcome": f"UPDATE {ITEM} SET outcome = 'skipped' WHERE {SETTLED}",
    "no outcome": f"UPDATE {ITEM} SET outcome = '' WHERE {SETTLED}",
    "other evidence": f"UPDATE {ITEM} SET evidence = 'It was never sent.' WHERE {SETTLED}",
    "another answer": f"UPDATE {ITEM} SET http_status = 200 WHERE {SETTLED}",
    "another cause": f"UPDATE {ITEM} SET skip_cause = 'changed' WHERE {SETTLED}",
    "another time of its outcome": f"UPDATE {ITEM} SET settled_at = file_updated_at WHERE {SETTLED}",
    "an outcome without a look-up": f"UPDATE {ITEM} SET outcome = 'deleted' WHERE {UNVERIFIED}",
    "another hash": f"UPDATE {MANIFEST} SET sha256 = '{'0' * 64}'",
    "no hash, to open the list again": f"UPDATE {MANIFEST} SET sha256 = ''",
    "another count": f"UPDATE {MANIFEST} SET file_count = 2",
    "other bytes": f"UPDATE {MANIFEST} SET total_bytes = 2",
    "another name of the account": f"UPDATE {MANIFEST} SET source = '{{}}'",
    "a younger list": f"UPDATE {MANIFEST} SET frozen_at = '2040-01-01 00:00:00+00:00'",
    "another person": f"UPDATE {MANIFEST} SET frozen_by_name = 'somebody else'",
    "no list": f"DELETE FROM {MANIFEST}",
    "another list's number": f"UPDATE {MANIFEST} SET id = '{'0' * 32}'",
}
ON_SQLITE = {
    "a file replaced": copy(ITEM, "REPLACE", of=WAITING, path="'/brand/logo.png'"),
    "a file replaced by its place": copy(ITEM, "REPLACE", of=WAITING, id="id + 100", file_id="'another'"),
    "a file replaced by its row": f"UPDATE OR REPLACE {ITEM} SET _rowid_ = _rowid_ - 1 WHERE {WAITING}",
    "a list replaced": copy(MANIFEST, "REPLACE", sha256="''"),
    "a list replaced by its row": copy(
        MANIFEST, "REPLACE", id=f"'{'0' * 32}'", sha256="''", extra=(", rowid", ", rowid")
    ),
    "a list in another row": f"UPDATE {MANIFEST} SET rowid = rowid + 1",
}
ON_POSTGRESQL = {
    "all files at once": f"TRUNCATE {ITEM}",
    "as a replica": f"SET session_replication_role = replica; UPDATE {ITEM} SET path = '' WHERE {WAITING}",
    "all lists at once": f"TRUNCATE {MANIFEST} CASCADE",
}
OF_THIS_DATABASE = ATTEMPTS | (ON_SQLITE if connection.vendor == "sqlite" else ON_POSTGRESQL)


def rows() -> list[tuple[object, ...]]:
    return [*Item.objects.order_by("position").values_list(), *Manifest.objects.values_list()]


@pytest.mark.parametrize("attempt", OF_THIS_DATABASE)
def test_the_database_refuses(frozen: Manifest, attempt: str) -> None:
    before = rows()
    with pytest.raises(DatabaseError, match=r"frozen list|superuser|permission"):
        dba.attempt(OF_THIS_DATABASE[attempt])
    assert rows() == before
    assert manifest_sha256(frozen) == frozen.sha256


def test_the_models_are_refused_too(frozen: Manifest) -> None:
    item = frozen.items.get(position=2)
    item.path = "/brand/logo.png"
    for attempt in (item.save, item.delete, frozen.items.all().delete, frozen.delete):
        with pytest.raises(DatabaseError, match="frozen list"), transaction.atomic():
            attempt()
    late = Item(manifest=frozen, position=3, file_id="late", size_bytes=1)
    with pytest.raises(DatabaseError, match="frozen list"), transaction.atomic():
        Item.objects.bulk_create([late])


def test_a_file_of_another_list_cannot_be_brought_into_this_one(frozen: Manifest, account: Account) -> None:
    factories.asset(account, "/brand/logo.png")
    other = freezing.freeze_assets(account, Asset.objects.filter(path="/brand/logo.png"), source={}, actor=SYSTEM)
    with pytest.raises(DatabaseError, match="frozen list"), transaction.atomic():
        other.items.update(manifest=frozen, position=3)


def test_what_becomes_of_a_file_can_be_written_once(frozen: Manifest) -> None:
    settle = {"outcome": "deleted", "evidence": "ImageKit listed it.", "settled_at": now(), "http_status": 200}
    assert frozen.items.filter(outcome="").update(**settle) == 1
    with pytest.raises(DatabaseError, match="frozen list"), transaction.atomic():
        frozen.items.filter(position=2).update(outcome="skipped")


def test_an_unverified_file_can_be_looked_up_again(frozen: Manifest) -> None:
    unverified = frozen.items.filter(position=1)
    assert unverified.update(outcome="", evidence="", settled_at=None) == 1
    assert unverified.update(outcome="failed", evidence="It is still there.", settled_at=now()) == 1


def test_a_person_who_leaves_does_not_hold_up_the_list(account: Account) -> None:
    kim = factories.user("kim", permissions=factories.EVERY_PERMISSION)
    factories.asset(account)
    manifest = freezing.freeze_assets(account, Asset.objects.all(), source={}, actor=SYSTEM.person(kim))
    kim.delete()
    manifest.refresh_from_db()
    assert (manifest.frozen_by, manifest.frozen_by_name) == (None, "kim")
    with pytest.raises(DatabaseError, match="frozen list"), transaction.atomic():
        Manifest.objects.update(frozen_by=factories.user("lou"))


def test_missing_triggers_are_noticed(frozen: Manifest) -> None:
    connection.check_constraints()
    append_only.remove(connection, [ITEM])
    assert not append_only.is_installed(connection)
    append_only.install(connection)
    assert append_only.is_installed(connection)
