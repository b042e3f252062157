"""Reading for the job pages: keyset pages of jobs and of a job's files, the files of one call, the purges."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from django.db.models import Count, QuerySet

from medialib.models import Batch, DeletionJob, Item, JobState, Outcome, PurgeRequest, PurgeState, SkipCause
from medialib.services.deletion import purge
from medialib.services.jobs import watching
from medialib.services.jobs.progress import Progress
from medialib.services.jobs.watching import Tray

if TYPE_CHECKING:
    from django.contrib.auth.models import User

PAGE_SIZE = 50
FILES_PER_PAGE = 100
PURGES_SHOWN = 50
UNSETTLED = "left"  # In addresses; the row itself holds an empty outcome.


@dataclass(frozen=True)
class JobsQuery:
    """Which jobs the list shows. Empty fields do not restrict."""

    state: str = ""
    account: str = ""
    older_than: int | None = None


@dataclass(frozen=True)
class JobsPage:
    looks: list[Progress]
    older: int | None
    tray: Tray

    @property
    def is_moving(self) -> bool:
        """Whether any of them goes on, so that the list has to be fetched again."""
        return any(not each.job.is_finished for each in self.looks)


@dataclass(frozen=True)
class FilesQuery:
    """Which files of a job are listed: those of one outcome, after a position."""

    outcome: str = ""
    after: int | None = None


@dataclass(frozen=True)
class FilesPage:
    items: list[Item]
    query: FilesQuery
    next_after: int | None


@dataclass(frozen=True)
class Purges:
    """The CDN purge of one job."""

    counts: dict[str, int]
    requests: list[PurgeRequest]
    quota: purge.PurgeQuota

    @property
    def total(self) -> int:
        return sum(self.counts.values())

    @property
    def is_under_way(self) -> bool:
        return bool(self.counts[PurgeState.WAITING] or self.counts[PurgeState.REQUESTED])


def jobs_page(query: JobsQuery, *, viewer: User) -> JobsPage:
    """Newest first, of the accounts that the viewer may see. What is under way is as in the tray beside the list."""
    rows = watching.looked_at(jobs_matching(query, viewer=viewer)[: PAGE_SIZE + 1], viewer=viewer)
    under_way = [each.job.pk for each in rows if not each.job.is_finished]
    tray = watching.tray(under_way, viewer=viewer)
    newer = {each.job.pk: each for each in [*tray.active, *tray.finished]}
    looks = [newer.get(each.job.pk, each) for each in rows[:PAGE_SIZE]]
    return JobsPage(looks, looks[-1].job.pk if len(rows) > PAGE_SIZE else None, tray)


def jobs_matching(query: JobsQuery, *, viewer: User) -> QuerySet[DeletionJob]:
    """Newest first, of the accounts that the viewer may see."""
    jobs = DeletionJob.objects.visible_to(viewer).order_by("-pk")
    if query.state == "active":
        jobs = jobs.exclude(state=JobState.FINISHED)
    elif query.state == "attention":
        jobs = jobs.exclude(unverified=0, failed=0) | jobs.filter(state=JobState.PAUSED)
    elif query.state:
        jobs = jobs.filter(state=query.state)
    if query.account:
        jobs = jobs.filter(account__name=query.account)
    if query.older_than is not None:
        jobs = jobs.filter(pk__lt=query.older_than)
    return jobs


def files_page(job: DeletionJob, query: FilesQuery, *, size: int = FILES_PER_PAGE) -> FilesPage:
    """In the order in which they are sent."""
    items = Item.objects.filter(manifest_id=job.manifest_id).order_by("position")
    if query.outcome:
        items = items.filter(outcome="" if query.outcome == UNSETTLED else query.outcome)
    if query.after is not None:
        items = items.filter(position__gt=query.after)
    rows = list(items[: size + 1])
    return FilesPage(rows[:size], query, rows[size - 1].position if len(rows) > size else None)


def items_of_batch(batch: Batch) -> list[Item]:
    """By their positions, since a batch is a run of neighbours: at most 100 rows from the index."""
    span = (batch.first_position, batch.last_position)
    return list(Item.objects.filter(manifest_id=batch.job.manifest_id, position__range=span).order_by("position"))


def changed_count(job: DeletionJob) -> int:
    """How many files of the job were skipped because they had changed."""
    if not job.skipped:
        return 0
    skipped = Item.objects.filter(manifest_id=job.manifest_id, outcome=Outcome.SKIPPED)
    return skipped.filter(skip_cause=SkipCause.CHANGED).count()


def purges_of(job: DeletionJob) -> Purges | None:
    """None for a job that was not asked to purge."""
    if not job.purge_cache:
        return None
    counted = dict(job.purges.order_by().values_list("state").annotate(Count("pk")))
    counts = {state.value: counted.get(state.value, 0) for state in PurgeState}
    return Purges(counts, list(job.purges.order_by("pk")[:PURGES_SHOWN]), purge.quota(job.account))
