"""A job opened: its files in batches, what each call came to, and the files of one batch with their evidence.

Batch n holds the files 100n to 100n+99 of the frozen list, also where the job was undone before it had batches.
"""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass

from django.db.models import Count, F

from medialib.models import Batch, DeletionJob, Exchange, Item, Outcome
from medialib.models.deletion.batches import BATCH_SIZE

PER_PAGE = 25


@dataclass(frozen=True)
class BatchRow:
    """One batch. `counts` are its files by outcome, as the files themselves hold it."""

    number: int
    first: int
    last: int
    counts: list[tuple[Outcome, int]]
    calls: list[Exchange]

    @property
    def file_count(self) -> int:
        return self.last - self.first + 1

    @property
    def left(self) -> int:
        return self.file_count - sum(count for _, count in self.counts)


@dataclass(frozen=True)
class BatchesPage:
    rows: list[BatchRow]
    following: int | None  # The number of the batch that the next page begins with.
    left: int  # Batches that come after this page.


def batches_page(job: DeletionJob, *, start: int = 0, most: int = PER_PAGE) -> BatchesPage:
    """Three statements, whatever the size of the job."""
    batches = -(-job.file_count // BATCH_SIZE)
    end = min(start + most, batches)
    calls, counts = _calls(job, start, end), _counts(job, start, end)
    rows = [
        BatchRow(number, *_span(job, number), counts=counts[number], calls=calls[number])
        for number in range(start, end)
    ]
    return BatchesPage(rows, end if end < batches else None, max(0, batches - end))


def batch_of(job: DeletionJob, number: int) -> BatchRow | None:
    """None where the job has no such batch."""
    if number * BATCH_SIZE >= job.file_count:
        return None
    return batches_page(job, start=number, most=1).rows[0]


def files_of(job: DeletionJob, number: int) -> list[Item]:
    """At most 100 rows from the index of positions."""
    items = Item.objects.filter(manifest_id=job.manifest_id, position__range=_span(job, number))
    return list(items.order_by("position"))


def _span(job: DeletionJob, number: int) -> tuple[int, int]:
    first = number * BATCH_SIZE
    return first, min(first + BATCH_SIZE, job.file_count) - 1


def _calls(job: DeletionJob, start: int, end: int) -> dict[int, list[Exchange]]:
    batches = Batch.objects.filter(job=job, number__gte=start, number__lt=end).values_list("pk", "number")
    numbers = dict(batches)
    found: dict[int, list[Exchange]] = defaultdict(list)
    for call in Exchange.objects.filter(batch__in=list(numbers)).order_by("pk"):
        found[numbers[call.batch_id]].append(call)
    return found


def _counts(job: DeletionJob, start: int, end: int) -> dict[int, list[tuple[Outcome, int]]]:
    span = (start * BATCH_SIZE, end * BATCH_SIZE - 1)
    items = Item.objects.filter(manifest_id=job.manifest_id, position__range=span).exclude(outcome="").order_by()
    counted = items.annotate(number=F("position") / BATCH_SIZE).values_list("number", "outcome").annotate(Count("pk"))
    by_outcome: dict[int, dict[str, int]] = defaultdict(dict)
    for number, outcome, count in counted:
        by_outcome[number][outcome] = count
    found: dict[int, list[tuple[Outcome, int]]] = defaultdict(list)
    for number, counts in by_outcome.items():
        found[number] = [(outcome, counts[outcome]) for outcome in Outcome if outcome in counts]
    return found
