"""What pages and exports show of restores."""

from __future__ import annotations

import csv
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from medialib.models import Account, DeletionJob, KeptCopy, RestoreItem, RestoreJob, RestoreOutcome
from medialib.services.base.csv_cells import BOM, plain

PAGE_SIZE = 100
MOST_LINKS = 20


@dataclass(frozen=True)
class RestorePage:
    items: list[RestoreItem]
    next_after: int | None


def files_page(job: RestoreJob, *, outcome: str, after: int | None) -> RestorePage:
    items = job.items.order_by("position")
    if outcome:
        items = items.filter(outcome=outcome)
    if after is not None:
        items = items.filter(position__gt=after)
    found = list(items[: PAGE_SIZE + 1])
    shown = found[:PAGE_SIZE]
    return RestorePage(shown, shown[-1].position if len(found) > PAGE_SIZE else None)


def restores_of(job: DeletionJob) -> list[RestoreJob]:
    """Confirmed restores of a deletion job, the newest first."""
    mine = RestoreJob.objects.filter(account_id=job.account_id, source__job=job.pk).exclude(state="review")
    return list(mine.order_by("-pk")[:MOST_LINKS])


def has_copy(account: Account, file_id: str) -> bool:
    return KeptCopy.objects.of_files(account.pk, [file_id]).exists()


def id_chain(account_name: str, file_id: str) -> tuple[list[str], list[RestoreItem]]:
    """The ids that a file had before, oldest first, and the restores by which it came from one to the next.

    The later ones too: whoever asks for the first id is told under which it lives on.
    """
    steps = RestoreItem.objects.filter(job__account__name=account_name, outcome=RestoreOutcome.RESTORED)
    earlier: list[RestoreItem] = []
    current = file_id
    while (step := steps.filter(new_file_id=current).order_by("-pk").first()) and len(earlier) < MOST_LINKS:
        earlier.insert(0, step)
        current = step.file_id
    later = list(steps.filter(file_id=file_id).exclude(new_file_id="").order_by("pk")[:MOST_LINKS])
    return [step.file_id for step in earlier], [*earlier, *later]


class _Passed:
    def write(self, text: str) -> str:
        return text


def map_csv(job: RestoreJob) -> Iterator[str]:
    """Old file id and new one, of every file of the restore."""
    writer: Any = csv.writer(_Passed())
    yield BOM + writer.writerow(["old_file_id", "new_file_id", "path", "new_path", "outcome", "evidence"])
    rows = job.items.order_by("position").values_list(
        "file_id", "new_file_id", "path", "new_path", "outcome", "evidence"
    )
    for row in rows.iterator(chunk_size=1000):
        yield writer.writerow([plain(cell) for cell in row])


def report(job: RestoreJob) -> dict[str, Any]:
    """For programs."""
    return {
        "restore": job.pk,
        "state": job.state,
        "manifest_sha256": job.sha256,
        "requested": job.file_count,
        **{outcome.value: count for outcome, count in job.counts},
        "left": job.left,
        "pause_cause": job.pause_cause if job.state == "paused" else "",
    }
