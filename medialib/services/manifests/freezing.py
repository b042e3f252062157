"""Freeze files into a manifest: the list that is reviewed, confirmed, sent and quoted by its SHA-256."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any, NamedTuple

from django.db import transaction
from django.db.models import DateTimeField, QuerySet, Value, Window
from django.db.models.functions import NullIf, RowNumber
from django.utils.timezone import now
from django.utils.translation import gettext_lazy as _

from medialib.errors import MedialibError, Refused, WrongUse, grouped
from medialib.imagekit.client import ImageKitClient
from medialib.imagekit.errors import BadRequest, FileMissing, ImageKitError
from medialib.imagekit.types import FILE_ID, SURE_ID, RemoteFile
from medialib.models import Account, Asset, EventKind, Item, Manifest, Selection
from medialib.models.manifests import FrozenFile
from medialib.models.memberships import DeleteScope
from medialib.models.query.units import UNKNOWN_TIME
from medialib.models.sql import ByCodePoint, insert_from_select
from medialib.services.accounts import rights
from medialib.services.audit import log
from medialib.services.audit.log import Actor
from medialib.services.base.client_words import as_part
from medialib.services.base.slices import slices
from medialib.services.manifests import counts
from medialib.services.manifests.hashing import hash_and_bytes
from medialib.services.manifests.protected import NOT_PROTECTED, Protected, protected_in
from medialib.services.sync.indexing import index_file, shown_values

FROZEN = FrozenFile._fields
# The same, as an asset has it. A time that is not known is NULL in a manifest.
KNOWN_UPDATED_AT = NullIf("updated_at", Value(UNKNOWN_TIME), output_field=DateTimeField())
INDEXED = ("file_id", "path", "size_bytes", KNOWN_UPDATED_AT, "version_name")
COLUMNS = ["manifest", "position", "outcome", "evidence", "skip_cause", *FROZEN]
SLICE = 500  # Ids in one statement; each is a parameter, and SQLite takes only so many.
LOOK_UP_SIZE = 100


@dataclass(frozen=True)
class FrozenList:
    """A frozen list of ids. `unknown` ones are in the manifest too, without path and size: they end as already gone.

    `strangers` are not: ImageKit does not know them, and they do not look like its ids, so they never were ids.
    `outside` is how many were left out because they lie where the actor may not delete, `protected` those that stay in
    it and are going to be skipped.
    """

    manifest: Manifest
    duplicates: int
    unknown: list[str]
    outside: int = 0
    strangers: tuple[str, ...] = ()
    protected: Protected = NOT_PROTECTED


def freeze(selection: Selection, *, actor: Actor, shown: int | None = None) -> Manifest:
    """Freeze what is ticked, still there and within what the actor may delete.

    Raises Refused when that is nothing, or when not as many files are selected as the person was shown.
    """
    ticked = Asset.objects.live(selection.account).filter(
        pk__in=selection.items.filter(is_excluded=False).values("asset_id")
    )
    source = {"kind": "selection", "selection": str(selection.pk), "filters": selection.filters}
    excluded = selection.items.excluded().count()
    with transaction.atomic():
        selected = ticked.count()
        counts.refuse_other_than_shown(selected, shown)
        source |= {"excluded": excluded, counts.SELECTED: selected}
        manifest = freeze_assets(selection.account, ticked, source=source, actor=actor)
        counts.refuse_unequal(manifest)
    return manifest


def freeze_assets(account: Account, queryset: QuerySet[Asset], *, source: dict[str, Any], actor: Actor) -> Manifest:
    """Freeze the assets of a queryset, in one statement. Raises Refused when there are none.

    Files outside what the actor may delete are left out, and counted in the manifest's source.
    """
    assets = queryset.filter(account=account)
    return _freeze(account, _Query(assets, INDEXED), source=source, actor=actor)


def freeze_items(
    account: Account, items: QuerySet[Item], *, source: dict[str, Any], actor: Actor, owner: Actor | None = None
) -> Manifest:
    """Freeze files of earlier manifests once more, as they were shown then. Raises Refused when there are none.

    `owner` is in whose name, where that is not the actor's: their folders count.
    """
    items = items.filter(manifest__account=account)
    return _freeze(account, _Query(items, FROZEN), source=source, actor=actor, owner=owner)


def freeze_file_ids(account: Account, file_ids: Iterable[str], *, actor: Actor, client: ImageKitClient) -> FrozenList:
    """Freeze files by their ids; those that are not in the index are looked up at ImageKit first.

    Raises WrongUse when no id is given, one cannot be an id, or none of them exists; Refused when the actor may delete
    none of them.
    """
    rights.scope_for(actor, account)
    listed = _list(account, file_ids, client)
    with transaction.atomic():
        return listed.write(account, actor=actor)


def preview_file_ids(account: Account, file_ids: Iterable[str], *, actor: Actor, client: ImageKitClient) -> FrozenList:
    """What freeze_file_ids would give, hash and all. Its rows are rolled back: nothing is left and nothing audited."""
    rights.scope_for(actor, account)
    listed = _list(account, file_ids, client)
    with transaction.atomic():
        frozen = listed.write(account, actor=actor, is_rehearsal=True)
        transaction.set_rollback(True)
    return frozen


@dataclass(frozen=True)
class _Listed:
    """Ids to freeze, sorted, and what ImageKit knows of those that the index does not hold; None for unknown ones."""

    given: int
    ids: list[str]
    remote: dict[str, RemoteFile | None]
    strangers: tuple[str, ...] = ()

    @property
    def unknown(self) -> list[str]:
        return [file_id for file_id, file in self.remote.items() if file is None]

    def write(self, account: Account, *, actor: Actor, is_rehearsal: bool = False) -> FrozenList:
        source = {"kind": "ids", "given": self.given, "unknown": len(self.unknown), counts.SELECTED: len(self.ids)}
        scope = rights.scope_for(actor, account)
        for file in filter(None, self.remote.values()):
            index_file(account, file, was_seen=True)  # Rules are judged on the index.
        manifest = _begin(account, source=source, actor=actor)
        file_count = _fill(manifest, self.ids, self.remote, scope)
        outside = len(self.ids) - file_count
        _leave_out(manifest, outside, file_count=file_count, scope=scope)
        _seal(manifest, file_count, actor=actor, is_rehearsal=is_rehearsal)
        unknown = self.unknown if scope.is_everything else []  # Of unknown path, so outside of every folder.
        duplicates = self.given - len(self.ids) - len(self.strangers)
        return FrozenList(manifest, duplicates, unknown, outside, self.strangers, protected_in(manifest))


def _list(account: Account, file_ids: Iterable[str], client: ImageKitClient) -> _Listed:
    """Look up before any transaction: none is held open over the network."""
    given = list(file_ids)
    if not given:
        raise WrongUse(_("No file id is given, so there is nothing to freeze."))
    ids = sorted(set(map(_checked, given)))
    remote = _look_up_uncached(account, ids, client)
    unknown = [file_id for file_id, file in remote.items() if file is None]
    if len(unknown) == len(ids):
        text = _("None of the ids (%(count)s) exists in “%(account)s”, so nothing was frozen.")
        raise WrongUse(text, count=grouped(len(ids)), account=account.name)
    strangers = tuple(file_id for file_id in unknown if not SURE_ID.fullmatch(file_id))
    left = sorted(set(ids).difference(strangers))
    return _Listed(len(given), left, {key: remote[key] for key in remote.keys() - set(strangers)}, strangers)


def _checked(file_id: str) -> str:
    if not isinstance(file_id, str) or not FILE_ID.fullmatch(file_id):
        raise WrongUse(_("“%(text)s” cannot be a file id, so nothing was frozen."), text=str(file_id)[:80])
    return file_id


def _look_up_uncached(account: Account, ids: list[str], client: ImageKitClient) -> dict[str, RemoteFile | None]:
    """What ImageKit knows of the ids that the index does not hold; None for those it does not know either."""
    uncached: list[str] = []
    for some in slices(ids, SLICE):
        cached = set(Asset.objects.filter(account=account, file_id__in=some).values_list("file_id", flat=True))
        uncached += [file_id for file_id in some if file_id not in cached]
    try:
        return _look_up(uncached, client)
    except ImageKitError as error:
        sentence = _("Ids that are not in the index could not be looked up, so nothing was frozen: %(cause)s.")
        raise MedialibError(sentence, cause=as_part(error)) from error


def _look_up(file_ids: list[str], client: ImageKitClient) -> dict[str, RemoteFile | None]:
    files: dict[str, RemoteFile | None] = {}
    for ids in slices(file_ids, LOOK_UP_SIZE):
        found = client.find_files(ids).files
        # A search may lag behind an upload, so only the file's own page proves that there is none.
        files |= {file_id: found.get(file_id) or _details(file_id, client) for file_id in ids}
    return files


def _details(file_id: str, client: ImageKitClient) -> RemoteFile | None:
    try:
        return client.file_details(file_id)
    except (FileMissing, BadRequest):  # ImageKit answers 400 for what it does not take for an id.
        return None


def _fill(manifest: Manifest, ids: list[str], remote: dict[str, RemoteFile | None], scope: DeleteScope) -> int:
    """Write the items within the scope, in the order of `wanted`, which Python has sorted by code point."""
    position = 0
    for some in slices(ids, SLICE):
        rows = Asset.objects.filter(account=manifest.account, file_id__in=some)
        cached = {row[0]: row[1:] for row in rows.values_list(*INDEXED)}
        entries = [(file_id, *(cached.get(file_id) or shown_now(remote.get(file_id)))) for file_id in some]
        items = [each for each in entries if scope.allows(each[1])]
        Item.objects.bulk_create(
            Item(manifest=manifest, position=position + n, **dict(zip(FROZEN, values, strict=True)))
            for n, values in enumerate(items)
        )
        position += len(items)
    return position


def shown_now(file: RemoteFile | None) -> tuple[str, int, datetime | None, str]:
    if file is None:
        return "", 0, None, ""
    values = shown_values(file)
    return values["path"], values["size_bytes"], file.updated_at, values["version_name"]


class _Query(NamedTuple):
    """Rows to freeze, and which of their columns are file id, path, size, time and version."""

    rows: QuerySet[Any]
    columns: tuple[Any, ...]

    def insert_into(self, manifest: Manifest) -> int:
        position = Window(RowNumber(), order_by=ByCodePoint(self.columns[0])) - 1
        rows = self.rows.order_by(ByCodePoint(self.columns[0])).values_list(
            Value(manifest.pk, output_field=Manifest._meta.pk), position, *[Value("")] * 3, *self.columns
        )
        return insert_from_select(Item, COLUMNS, rows)


def _freeze(
    account: Account, query: _Query, *, source: dict[str, Any], actor: Actor, owner: Actor | None = None
) -> Manifest:
    owner = owner or actor
    with transaction.atomic():
        scope = rights.scope_for(owner, account)
        manifest = _begin(account, source=source, actor=owner)
        file_count = query._replace(rows=query.rows.filter(scope.condition())).insert_into(manifest)
        outside = 0 if scope.is_everything else query.rows.exclude(scope.condition()).count()
        _leave_out(manifest, outside, file_count=file_count, scope=scope)
        return _seal(manifest, file_count, actor=actor)


def _begin(account: Account, *, source: dict[str, Any], actor: Actor) -> Manifest:
    """A manifest without files and hash; only within the transaction that fills and seals it."""
    return Manifest.objects.create(
        account=account,
        frozen_by=actor.user,
        frozen_by_name=actor.name,
        frozen_at=now(),
        sha256="",
        file_count=0,
        total_bytes=0,
        library_count=Asset.objects.live(account).count(),
        # The account may be renamed; the hash is over the name that was shown.
        source={"account": account.name, **source},
    )


def _leave_out(manifest: Manifest, outside: int, *, file_count: int, scope: DeleteScope) -> None:
    """Note how many files lie where the actor may not delete. Raises Refused when these are all."""
    if outside and not file_count:
        text = _("You may delete only in %(folders)s; none of these files is there, so nothing was frozen.")
        raise Refused(text, folders=scope.in_words())
    if outside:
        manifest.source["outside_scope"] = outside


def _seal(manifest: Manifest, file_count: int, *, actor: Actor, is_rehearsal: bool = False) -> Manifest:
    """Count, hash and, unless it is a rehearsal, audit the items of a new manifest. Raises Refused for none."""
    if not file_count:
        raise Refused(_("No file is selected that is still there, so there is nothing to freeze."))
    manifest.file_count = file_count
    manifest.sha256, manifest.total_bytes = hash_and_bytes(manifest)
    manifest.save(update_fields=["file_count", "sha256", "total_bytes", "source"])
    if not is_rehearsal:
        log.record(EventKind.MANIFEST_FROZEN, actor=actor, account=manifest.account, detail=_told(manifest))
    return manifest


def _told(manifest: Manifest) -> dict[str, Any]:
    return {
        "manifest": str(manifest.pk),
        "sha256": manifest.sha256,
        "file_count": manifest.file_count,
        "total_bytes": manifest.total_bytes,
        "source": manifest.source,
    }
