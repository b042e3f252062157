"""What a whole library holds: counted in a few statements after its files changed, and read by every page at once."""

from __future__ import annotations

import logging
from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.core.cache import cache
from django.db import connection, models, transaction
from django.db.models import Count, Func, Sum
from django.utils.timezone import now

from medialib.models import Account, Asset, FolderTotal, LibrarySummary
from medialib.models.query.filtered import capped_count
from medialib.models.query.kinds.ranges import SIZE_CLASSES
from medialib.models.query.search import WORDS
from medialib.models.query.units import UNKNOWN_TIME
from medialib.models.sql import is_long, written_if_indexable
from medialib.models.summaries import parent_key_of
from medialib.services.base.wake import wake

logger = logging.getLogger(__name__)

# Files of a library up to which it is counted at once when a page asks; larger ones wait for a worker.
COUNT_NOW_THRESHOLD = 3_000
MAX_TAGS = 200
UNKNOWN_MONTH = f"{UNKNOWN_TIME:%Y-%m}"
SLICE = 1000
NOT_BEFORE = timedelta(minutes=2)  # A job that deletes for hours makes it stale all the time.


@dataclass(frozen=True)
class Cell:
    """Files alike in kind, format, month and size class; the smallest unit that a summary keeps."""

    kind: str
    format: str
    month: str  # 2024-05, in UTC; UNKNOWN_MONTH where the time is not known.
    size_class: int
    count: int
    bytes: int

    @property
    def is_dated(self) -> bool:
        return self.month != UNKNOWN_MONTH

    @property
    def year(self) -> str:
        """Empty where it is not known."""
        return self.month[:4] if self.is_dated else ""


class Month(Func):
    """The month of a time in UTC, as text. Django's own would call Python for each row on SQLite."""

    output_field = models.CharField()
    template = "substr(%(expressions)s, 1, 7)"

    def as_postgresql(self, compiler: Any, connection: Any, **extra: Any) -> Any:
        return self.as_sql(compiler, connection, template="to_char(%(expressions)s AT TIME ZONE 'UTC', 'YYYY-MM')")


def mark_stale(account_id: int) -> None:
    """Say that the account's files changed: the next sweep of a worker counts again.

    Call it in the transaction that changes them, so that no page sees the one without the other. It is said again after
    the commit: a count that began meanwhile has not seen the change, and would otherwise pass for new.
    """
    LibrarySummary.objects.mark_stale(account_id)
    if connection.in_atomic_block:
        transaction.on_commit(lambda: LibrarySummary.objects.mark_stale(account_id))


def current(account: Account) -> LibrarySummary | None:
    """The summary as it is known. A small library is counted now; for a large one a worker is asked, and None is
    the answer until it has counted for the first time."""
    summary = LibrarySummary.objects.filter(account=account).first()
    if summary and not summary.is_stale:
        return summary
    if capped_count(Asset.objects.live(account), COUNT_NOW_THRESHOLD) <= COUNT_NOW_THRESHOLD:
        return rebuild(account)
    if summary is None:
        _wake(account)
    return summary


def older_as_of(account: Account) -> datetime | None:
    """From when the numbers of the whole library are, where files came, changed or went since."""
    return LibrarySummary.objects.stale().filter(account=account).values_list("built_at", flat=True).first()


def wake_stale() -> set[str]:
    """Ask workers to count again where files changed, and where nobody has counted yet. Returns the accounts' names."""
    stale = models.Q(summary__is_stale=True, summary__built_at__lt=now() - NOT_BEFORE)
    due = Account.objects.filter(models.Q(summary__isnull=True) | stale)
    return {account.name for account in due if _wake(account)}


def _wake(account: Account) -> bool:
    """One worker's sweep asks; the others leave it, and so does the next sweep while the queue is long."""
    is_first = cache.add(f"summary-woken-{account.pk}", True, timeout=NOT_BEFORE.seconds)
    if is_first:
        wake("summarise_library", account.pk)
    return is_first


def rebuild(account: Account) -> LibrarySummary:
    """Count everything. A change while it counts makes the result stale again, so it is never wrong for good."""
    LibrarySummary.objects.filter(account=account).update(is_stale=False)
    cells, tags, folders = _cells(account), _tags(account), _folders(account)
    with transaction.atomic():
        _write_folders(account, folders)
        summary, _ = LibrarySummary.objects.update_or_create(
            account=account,
            defaults={
                "built_at": now(),
                "file_count": sum(cell.count for cell in cells),
                "total_bytes": sum(cell.bytes for cell in cells),
                "facts": {"cells": [list(vars(cell).values()) for cell in cells], "tags": tags},
            },
        )
    logger.info("library counted account=%s files=%d folders=%d", account.name, summary.file_count, len(folders))
    return summary


def cells_of(summary: LibrarySummary) -> list[Cell]:
    return [Cell(*cell) for cell in summary.facts.get("cells", [])]


def tags_of(summary: LibrarySummary) -> dict[str, int]:
    """The most frequent tags and in how many files each is."""
    return dict(summary.facts.get("tags", []))


def size_class_of(size_bytes: int) -> int:
    return sum(size_bytes >= end for end in SIZE_CLASSES)


def _size_class() -> models.Case:
    whens = [models.When(size_bytes__lt=end, then=models.Value(place)) for place, end in enumerate(SIZE_CLASSES)]
    return models.Case(*whens, default=models.Value(len(SIZE_CLASSES)))


def _cells(account: Account) -> list[Cell]:
    # By row number, so that each row of the table is read once and in the order in which it lies on the disk.
    live = Asset.objects.live(account).filter(pk__gt=0).order_by()
    rows = live.values_list("kind", "format", Month("created_at"), _size_class())
    return [Cell(*row) for row in rows.annotate(Count("pk"), Sum("size_bytes"))]


def _folders(account: Account) -> dict[str, list[int]]:
    """Each folder's own files and bytes, then those in and below it, then its children."""
    live = Asset.objects.live(account).filter(pk__gt=0).order_by()
    found: dict[str, list[int]] = defaultdict(lambda: [0, 0, 0, 0, 0])
    for folder, count, size in live.values_list("folder").annotate(Count("pk"), Sum("size_bytes")).iterator():
        found[folder][:2] = [count, size]
        for above in (folder, *ancestors(folder)):
            found[above][2] += count
            found[above][3] += size
    for folder in list(found):
        if folder != "/":
            found[parent_of(folder)][4] += 1
    return found


def parent_of(folder: str) -> str:
    """The folder above; empty for the root."""
    return "" if folder == "/" else folder.rpartition("/")[0] or "/"


def ancestors(folder: str) -> Iterator[str]:
    """From the folder above up to the root."""
    while folder := parent_of(folder):
        yield folder


def _write_folders(account: Account, folders: dict[str, list[int]]) -> None:
    FolderTotal.objects.filter(account=account).delete()
    rows = [
        FolderTotal(
            account=account,
            folder=folder,
            parent_key=parent_key_of(parent_of(folder)),
            file_count=numbers[0],
            total_bytes=numbers[1],
            deep_count=numbers[2],
            deep_bytes=numbers[3],
            child_count=numbers[4],
        )
        for folder, numbers in folders.items()
    ]
    FolderTotal.objects.bulk_create([row for row in rows if not is_long(row.folder)], batch_size=SLICE)
    for row in rows:
        if is_long(row.folder):
            written_if_indexable(row.save)  # Else this folder is missing in the tree, and not the whole count.


def _tags(account: Account) -> list[tuple[str, int]]:
    sql = {
        "sqlite": f"""
            SELECT substr(word.word, 5), COUNT(*) AS number FROM {WORDS} AS word
            JOIN medialib_asset AS asset ON asset.id = word.asset_id
            WHERE word.word >= 'tag:' AND word.word < 'tag;' AND asset.account_id = %s AND asset.removed_at IS NULL
            GROUP BY word.word ORDER BY number DESC, word.word LIMIT %s
            """,  # noqa: S608
        "postgresql": """
            SELECT tag.value, COUNT(DISTINCT asset.id) AS number
            FROM medialib_asset AS asset, jsonb_array_elements_text(asset.tags || asset.ai_tags) AS tag
            WHERE asset.account_id = %s AND asset.removed_at IS NULL
            GROUP BY tag.value ORDER BY number DESC, tag.value COLLATE "C" LIMIT %s
            """,
    }
    with connection.cursor() as cursor:
        cursor.execute(sql[connection.vendor], [account.pk, MAX_TAGS])
        rows: Iterable[tuple[str, int]] = cursor.fetchall()
    return list(rows)
