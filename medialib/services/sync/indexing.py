"""Bring cached rows in step with files as ImageKit lists them, in a few statements for a whole page."""

from __future__ import annotations

import math
import mimetypes
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from functools import partial
from typing import Any

from django.utils.timezone import now

from medialib.imagekit.types import RemoteFile
from medialib.models import Account, Asset, AssetKind, Removal, SyncRun
from medialib.models.query.units import UNKNOWN_TIME
from medialib.models.sql import MAX_INTEGER, is_long, update_rows, upsert_rows, written_if_indexable

# ImageKit does not say how soon a deleted file leaves its lists. For so long a deletion of ours outweighs a listing.
DELETION_OUTWEIGHS = timedelta(hours=1)

SHOWN = (
    "name",
    "path",
    "folder",
    "kind",
    "format",
    "mime",
    "size_bytes",
    "width",
    "height",
    "tags",
    "ai_tags",
    "custom_metadata",
    "is_private",
    "is_published",
    "version_name",
    "version_id",
    "url",
    "thumbnail_url",
    "created_at",
    "updated_at",
)
FOLDED = ("search_text", "search_name")  # Made from the others as a row is written.
MOST_PIXELS = 2**31 - 1
DOCUMENT_TYPES = ("text/", "application/pdf", "application/msword", "application/rtf", "application/vnd.")


@dataclass
class Tally:
    """What a page of files changed, as counts of a SyncRun."""

    seen: int = 0
    added: int = 0
    changed: int = 0
    came_back: int = 0

    def add(self, other: Tally) -> None:
        for name, count in vars(other).items():
            setattr(self, name, getattr(self, name) + count)


@dataclass
class _Plan:
    """Rows to write in full, rows of which some columns changed, and rows that were only seen."""

    write: list[Asset] = field(default_factory=list)
    changed: dict[tuple[str, ...], list[Asset]] = field(default_factory=dict)
    only_seen: list[int] = field(default_factory=list)
    tally: Tally = field(default_factory=Tally)


def index_files(run: SyncRun, files: Iterable[RemoteFile]) -> Tally:
    """Insert or update the rows of up to a page of files. Call it in a transaction.

    A file whose path is too long for the database is noted on the run; a row that it had stays as it was.
    """
    listed = {file.file_id: file for file in files}
    long = {file_id: file for file_id, file in listed.items() if _is_long(file)}
    tally = _write(run, {file_id: file for file_id, file in listed.items() if file_id not in long} if long else listed)
    left_out = []
    for file_id, file in long.items():
        if one := written_if_indexable(partial(_write, run, {file_id: file})):
            tally.add(one)
        else:
            left_out.append(file_id)
    if left_out:
        Asset.objects.filter(account_id=run.account_id, file_id__in=left_out).update(seen_in=run)
    tally.seen += run.leave_out(left_out, of=listed)
    return tally


def _write(run: SyncRun, listed: dict[str, RemoteFile]) -> Tally:
    # Locked, so that a job which marks one of them deleted comes before or after this, and never in between.
    rows = Asset.objects.filter(account_id=run.account_id, file_id__in=listed).order_by("pk")
    rows = rows.select_for_update(no_key=True)  # Selections may point to them at the same time.
    plan = _plan(run, listed, {row.file_id: row for row in rows})
    upsert_rows(
        plan.write,
        unique_fields=["account", "file_id"],
        update_fields=[*SHOWN, *FOLDED, "seen_in", "removed_at", "removal"],
    )
    for columns, assets in plan.changed.items():
        update_rows(assets, [*columns, "seen_in"])
    Asset.objects.filter(pk__in=plan.only_seen).update(seen_in=run)
    return plan.tally


def index_file(account: Account, file: RemoteFile, *, was_seen: bool = False) -> bool:
    """Insert or update the row of one file that ImageKit reported by itself; False when nothing is new.

    Such a message may be late, so it changes nothing that is as new, and brings back nothing that is gone: if the file
    is there, the next list says so. One that we asked for and that `was_seen` a moment ago does. Call it in a
    transaction.
    """
    write = partial(_write_one, account, file, was_seen=was_seen)
    return bool(written_if_indexable(write)) if _is_long(file) else write()


def _write_one(account: Account, file: RemoteFile, *, was_seen: bool) -> bool:
    row = Asset.objects.filter(account=account, file_id=file.file_id).select_for_update().first()
    values = shown_values(file)
    if row is None:
        Asset.objects.create(account=account, file_id=file.file_id, **values)
        return True
    if was_seen and row.removed_at:
        values |= {"removed_at": None, "removal": ""}
    updated_at = file.updated_at or (row.updated_at if was_seen else UNKNOWN_TIME)
    if (row.removed_at and not was_seen) or updated_at < row.updated_at:
        return False
    if not (columns := _change(row, values)):
        return False
    row.save(update_fields=columns)
    return True


def _plan(run: SyncRun, listed: dict[str, RemoteFile], rows: dict[str, Asset]) -> _Plan:
    plan = _Plan()
    for file_id, file in listed.items():
        row = rows.get(file_id)
        plan.tally.seen += row is None or row.seen_in_id != run.pk
        if row is None or (row.removed_at and not _is_freshly_removed(row, run)):
            plan.tally.added += row is None
            plan.tally.came_back += row is not None
            plan.write.append(_asset(run, file))
        elif row.removed_at is None and (columns := _change(row, shown_values(file))):
            plan.tally.changed += 1
            row.seen_in = run
            plan.changed.setdefault(columns, []).append(row)
        else:
            plan.only_seen.append(row.pk)
    return plan


def _asset(run: SyncRun, file: RemoteFile) -> Asset:
    return Asset(account_id=run.account_id, file_id=file.file_id, seen_in=run, **shown_values(file))


def _is_freshly_removed(row: Asset, run: SyncRun) -> bool:
    """Whether the list may be older than what we know: the row went while we listed, or by a deletion of ours."""
    if row.removed_at is None:
        return False
    by_us = row.removal == Removal.DELETED and row.removed_at >= now() - DELETION_OUTWEIGHS
    return by_us or row.removed_at >= run.started_at


def _change(row: Asset, values: dict[str, Any]) -> tuple[str, ...]:
    """Give the row these values. Returns the columns that changed: each that is written costs its indexes."""
    names = tuple(name for name, value in values.items() if getattr(row, name) != value)
    for name in names:
        setattr(row, name, values[name])
    return (*names, *FOLDED) if {"name", "path"} & set(names) else names


def _is_long(file: RemoteFile) -> bool:
    return is_long(file.path) or is_long(file.name)


def shown_values(file: RemoteFile) -> dict[str, Any]:
    """The columns of an Asset that people see."""
    path = _storable(file.path if file.path.startswith("/") else f"/{file.path}")
    folder, _, last = path.rpartition("/")
    name = _storable(file.name) or last
    extension = name.rpartition(".")[2].lower() if "." in name else ""
    return {
        "name": name,
        "path": path,
        "folder": folder or "/",
        "kind": kind_of(file),
        "format": extension if len(extension) <= 16 else "",
        "mime": _storable(file.mime)[:120],
        "size_bytes": min(file.size_bytes, MAX_INTEGER),
        "width": _pixels(file.width),
        "height": _pixels(file.height),
        "tags": storable_json(list(file.tags)),
        "ai_tags": storable_json(list(file.ai_tags)),
        "custom_metadata": storable_json(file.custom_metadata),
        "is_private": file.is_private,
        "is_published": file.is_published,
        "version_name": _storable(file.version_name)[:40],
        "version_id": "" if file.version_id == file.file_id else _storable(file.version_id)[:64],
        "url": _storable(file.url),
        "thumbnail_url": _storable(file.thumbnail_url),
        "created_at": file.created_at or UNKNOWN_TIME,
        "updated_at": file.updated_at or UNKNOWN_TIME,
    }


def kind_of(file: RemoteFile) -> AssetKind:
    """ImageKit tells images from the rest only, so the rest goes by its media type or its ending."""
    media = (file.mime or mimetypes.guess_type(file.name)[0] or "").lower()
    family = media.partition("/")[0]
    if family in ("image", "video", "audio"):
        return AssetKind(family)
    if media.startswith(DOCUMENT_TYPES):
        return AssetKind.DOCUMENT
    return AssetKind.IMAGE if file.file_type == "image" else AssetKind.OTHER


def _storable(text: str) -> str:
    """Without what a database refuses: NUL, and half a surrogate pair, which JSON can carry."""
    return text.encode("utf-8", "replace").decode().replace("\x00", "\ufffd")


def storable_json(value: Any) -> Any:
    """JSON whose texts and numbers a database takes; Python also reads NaN and Infinity, which are none."""
    if isinstance(value, str):
        return _storable(value)
    if isinstance(value, Mapping):
        return {_storable(key): storable_json(one) for key, one in value.items()}
    if isinstance(value, list):
        return [storable_json(one) for one in value]
    return str(value) if isinstance(value, float) and not math.isfinite(value) else value


def _pixels(count: int | None) -> int | None:
    return count if count is None or count <= MOST_PIXELS else None
