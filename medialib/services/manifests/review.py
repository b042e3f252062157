"""What a person sees of a manifest before confirming it: sums by the database, a few rows, never the whole list."""

from __future__ import annotations

import csv
import random
from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import astuple, dataclass
from datetime import datetime, timedelta
from typing import Any

from django.db import connection
from django.utils.timezone import now

from medialib.models import Asset, Item, Manifest
from medialib.models.query.units import UNKNOWN_TIME
from medialib.services.base.csv_cells import BOM, plain
from medialib.services.manifests.plan import DeletionPlan, calls_per_second
from medialib.services.manifests.protected import Protected, protected_in

RECENT = timedelta(days=7)
LARGEST = 20
SAMPLE = 20
GROUPS = 12


@dataclass(frozen=True)
class FileGroup:
    """Some files of a manifest that share a folder or a type."""

    name: str
    file_count: int
    total_bytes: int


@dataclass(frozen=True)
class Breakdown:
    """The biggest groups, and what all the others hold together."""

    groups: list[FileGroup]
    other_files: int
    other_bytes: int


@dataclass(frozen=True)
class Flags:
    """What should make a person look twice, as numbers of files."""

    protected: int
    recent: int
    changed: int
    gone: int
    foreign: int
    excluded: int
    outside: int
    undated: int

    @property
    def is_raised(self) -> bool:
        return any(astuple(self))


@dataclass(frozen=True)
class Overview:
    folders: Breakdown
    kinds: Breakdown
    largest: list[Picture]
    flags: Flags
    protected: Protected
    plan: DeletionPlan
    calls_per_s: float
    library_percent: float


@dataclass(frozen=True)
class Picture:
    """One frozen file together with what the index knows of it."""

    item: Item
    asset: Asset | None


def manifest_overview(plan: DeletionPlan) -> Overview:
    manifest = plan.manifest
    joints, protected = _joints(manifest), protected_in(manifest)
    return Overview(
        folders=_breakdown(joints, "folder"),
        kinds=_breakdown(joints, "kind"),
        largest=_pictures(manifest, manifest.items.order_by("-size_bytes", "position")[:LARGEST]),
        flags=_flags(manifest, joints, protected.files),
        protected=protected,
        plan=plan,
        calls_per_s=calls_per_second(manifest.account),
        library_percent=library_percent(manifest),
    )


def sample(manifest: Manifest, *, seed: int) -> list[Picture]:
    """Up to SAMPLE files picked at random; the same seed gives the same ones. Positions have no gaps, so no scan."""
    count = min(SAMPLE, manifest.file_count)
    positions = random.Random(seed).sample(range(manifest.file_count), count)
    return _pictures(manifest, manifest.items.filter(position__in=positions).order_by("position"))


def library_percent(manifest: Manifest) -> float:
    """Share of the account's files, never rounded to nothing; files outside the index can make it 100 at most."""
    if not manifest.library_count:
        return 100.0
    return min(100.0, 100 * manifest.file_count / manifest.library_count)


def manifest_csv(manifest: Manifest) -> Iterator[str]:
    """The frozen list, line by line, for a spreadsheet that must not take any cell for a formula."""
    writer = csv.writer(_Echo())
    yield BOM
    yield writer.writerow(["position", "file_id", "path", "size_bytes", "updated_at"])
    rows = manifest.items.order_by("position").values_list(
        "position", "file_id", "path", "size_bytes", "file_updated_at"
    )
    for row in rows.iterator(chunk_size=2000):
        yield writer.writerow([_plain_cell(value) for value in row])


class _Echo:
    """A file whose write gives the line back, so that csv can feed a streamed answer."""

    def write(self, line: str) -> str:
        return line


def _plain_cell(value: Any) -> str:
    return plain(value.isoformat() if isinstance(value, datetime) else str("" if value is None else value))


@dataclass(frozen=True)
class _Joint:
    """Items of one folder and type, with how many of them raise which flag."""

    folder: str
    kind: str
    files: int
    total: int
    recent: int
    gone: int
    changed: int
    undated: int
    foreign: int


def _joints(manifest: Manifest) -> list[_Joint]:
    """Everything that is summed up, in one pass over the items: each is looked up in the index once.

    An item has no foreign key to its index row (the index may forget, an item may not), so this join is SQL.
    """
    sql = f"""
        SELECT COALESCE(asset.folder, ''), COALESCE(asset.kind, ''), COUNT(*), SUM(item.size_bytes),
            SUM(CASE WHEN item.file_updated_at > %s THEN 1 ELSE 0 END),
            SUM(CASE WHEN asset.removed_at IS NOT NULL THEN 1 ELSE 0 END),
            SUM(CASE WHEN asset.removed_at IS NULL AND (asset.updated_at > item.file_updated_at
                OR asset.path <> item.path OR asset.size_bytes <> item.size_bytes
                OR asset.version_name <> item.version_name) THEN 1 ELSE 0 END),
            SUM(CASE WHEN asset.created_at = %s OR asset.updated_at = %s THEN 1 ELSE 0 END),
            SUM(CASE WHEN asset.id IS NULL THEN 1 ELSE 0 END)
        FROM {Item._meta.db_table} item LEFT JOIN {Asset._meta.db_table} asset
            ON asset.account_id = %s AND asset.file_id = item.file_id
        WHERE item.manifest_id = %s GROUP BY asset.folder, asset.kind"""  # noqa: S608  # Only names of our own tables.
    recent, unknown = map(connection.ops.adapt_datetimefield_value, (now() - RECENT, UNKNOWN_TIME))
    key = Manifest._meta.pk.get_db_prep_value(manifest.pk, connection)
    with connection.cursor() as cursor:
        cursor.execute(sql, [recent, unknown, unknown, manifest.account_id, key])
        return [_Joint(folder, kind, *map(int, sums)) for folder, kind, *sums in cursor.fetchall()]


def _breakdown(joints: list[_Joint], field: str) -> Breakdown:
    sums: dict[str, list[int]] = defaultdict(lambda: [0, 0])
    for joint in joints:
        sums[getattr(joint, field)][0] += joint.files
        sums[getattr(joint, field)][1] += joint.total
    groups = [FileGroup(name or "not in the index", files, total) for name, (files, total) in sums.items()]
    groups.sort(key=lambda group: (-group.file_count, group.name))
    others = groups[GROUPS:]
    return Breakdown(
        groups[:GROUPS], sum(group.file_count for group in others), sum(group.total_bytes for group in others)
    )


def _flags(manifest: Manifest, joints: list[_Joint], protected: int) -> Flags:
    counts = {
        name: sum(getattr(joint, name) for joint in joints)
        for name in ("recent", "changed", "gone", "undated", "foreign")
    }
    counts["protected"] = protected
    left_out = {"excluded": "excluded", "outside": "outside_scope"}
    return Flags(**counts, **{name: int(manifest.source.get(key) or 0) for name, key in left_out.items()})


def _pictures(manifest: Manifest, items: Iterable[Item]) -> list[Picture]:
    listed = list(items)
    assets = Asset.objects.filter(account_id=manifest.account_id, file_id__in=[item.file_id for item in listed])
    by_id = {asset.file_id: asset for asset in assets}
    return [Picture(item, by_id.get(item.file_id)) for item in listed]
