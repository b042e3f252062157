"""What a person sees of a manifest before confirming it: sums by the database, a few rows, never the whole list."""

from __future__ import annotations

import csv
import math
import random
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.conf import settings
from django.db.models import Count, F, OuterRef, Q, QuerySet, Subquery, Sum
from django.db.models.functions import Substr
from django.utils.timezone import now

from medialib.models import Account, Asset, Item, Manifest, Pace, PaceKind
from medialib.services import pacing
from medialib.services.audit_export import FORMULA_STARTS

FILES_PER_CALL = 100  # ImageKit's limit per delete call.
CAREFUL_COUNT = 1_000  # Above this, or above 5 % of the library, the number has to be typed.
CAREFUL_PERCENT = 5
RECENT = timedelta(days=7)
LARGEST = 20
SAMPLE = 20
GROUPS = 12


@dataclass(frozen=True)
class Group:
    """Some files of a manifest that share a folder or a type."""

    name: str
    file_count: int
    total_bytes: int


@dataclass(frozen=True)
class Breakdown:
    """The biggest groups, and what all the others hold together."""

    groups: list[Group]
    other_files: int
    other_bytes: int


@dataclass(frozen=True)
class Flags:
    """What should make a person look twice, as numbers of files."""

    protected: int
    recent: int
    changed: int
    gone: int
    excluded: int

    @property
    def is_raised(self) -> bool:
        return any((self.protected, self.recent, self.changed, self.gone, self.excluded))


@dataclass(frozen=True)
class Plan:
    """What the job will cost when it runs."""

    calls: int
    calls_per_s: float
    seconds: int
    undo_window_s: int


@dataclass(frozen=True)
class Overview:
    folders: Breakdown
    kinds: Breakdown
    largest: list[Picture]
    flags: Flags
    plan: Plan
    library_percent: float
    must_type_count: bool


@dataclass(frozen=True)
class Picture:
    """One frozen file together with what the index knows of it."""

    item: Item
    asset: Asset | None


def manifest_overview(manifest: Manifest) -> Overview:
    return Overview(
        folders=_breakdown(manifest, "folder"),
        kinds=_breakdown(manifest, "kind"),
        largest=_pictures(manifest, manifest.items.order_by("-size_bytes", "position")[:LARGEST]),
        flags=_flags(manifest),
        plan=plan_of(manifest),
        library_percent=library_percent(manifest),
        must_type_count=must_type_count(manifest),
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


def must_type_count(manifest: Manifest) -> bool:
    """Whether ticking a box is too little for this many files."""
    return manifest.file_count > CAREFUL_COUNT or library_percent(manifest) > CAREFUL_PERCENT


def plan_of(manifest: Manifest) -> Plan:
    calls = math.ceil(manifest.file_count / FILES_PER_CALL)
    pace = calls_per_second(manifest.account)
    return Plan(calls, pace, math.ceil(calls / pace), manifest.account.undo_window)


def calls_per_second(account: Account) -> float:
    """Delete calls a second that medialib allows itself: ImageKit's limit less the headroom."""
    pace = Pace.objects.filter(account=account, kind=PaceKind.DELETE).first()
    pace = pace or Pace(limit=settings.IMAGEKIT_START_RATE, interval_ms=1000)
    allowed = pacing.allowance(pace, headroom_percent=account.headroom)
    return allowed.calls / allowed.interval_s


def manifest_csv(manifest: Manifest) -> Iterator[str]:
    """The frozen list, line by line, for a spreadsheet that must not take any cell for a formula."""
    writer = csv.writer(_Echo())
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
    """Spreadsheets run cells that begin with these signs; an apostrophe makes them text."""
    text = value.isoformat() if isinstance(value, datetime) else str("" if value is None else value)
    return f"'{text}" if text.startswith(FORMULA_STARTS) else text


def _indexed(manifest: Manifest, field: str) -> Subquery:
    """A column of the index row of each item. An item has no foreign key to it: the index may forget, it may not."""
    asset = Asset.objects.filter(account_id=manifest.account_id, file_id=OuterRef("file_id"))
    return Subquery(asset.values(field)[:1])


def _breakdown(manifest: Manifest, field: str) -> Breakdown:
    rows = (
        manifest.items.annotate(group=_indexed(manifest, field))
        .values("group")
        .annotate(files=Count("pk"), total=Sum("size_bytes"))
        .order_by("-files", "group")[:GROUPS]
    )
    groups = [Group(row["group"] or "not in the index", row["files"], row["total"]) for row in rows]
    return Breakdown(
        groups,
        other_files=manifest.file_count - sum(group.file_count for group in groups),
        other_bytes=manifest.total_bytes - sum(group.total_bytes for group in groups),
    )


def _flags(manifest: Manifest) -> Flags:
    items = manifest.items.annotate(
        index_updated_at=_indexed(manifest, "updated_at"), index_removed_at=_indexed(manifest, "removed_at")
    )
    is_gone = Q(index_removed_at__isnull=False)
    counts = items.aggregate(
        recent=Count("pk", filter=Q(file_updated_at__gt=now() - RECENT)),
        gone=Count("pk", filter=is_gone),
        changed=Count("pk", filter=~is_gone & Q(index_updated_at__gt=F("file_updated_at"))),
    )
    return Flags(protected=protected(manifest).count(), excluded=int(manifest.source.get("excluded") or 0), **counts)


def protected(manifest: Manifest) -> QuerySet[Item]:
    """Items in protected folders. Compared letter by letter, because LIKE ignores case on SQLite."""
    prefixes = manifest.account.protected_prefixes()
    if not prefixes:
        return manifest.items.none()
    starts = {f"start_{length}": Substr("path", 1, length) for length in {len(prefix) for prefix in prefixes}}
    is_protected = Q()
    for prefix in prefixes:
        is_protected |= Q(**{f"start_{len(prefix)}": prefix})
    return manifest.items.alias(**starts).filter(is_protected)


def _pictures(manifest: Manifest, items: Iterable[Item]) -> list[Picture]:
    listed = list(items)
    assets = Asset.objects.filter(account_id=manifest.account_id, file_id__in=[item.file_id for item in listed])
    by_id = {asset.file_id: asset for asset in assets}
    return [Picture(item, by_id.get(item.file_id)) for item in listed]
