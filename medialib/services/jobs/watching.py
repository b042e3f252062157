"""Looks at jobs: one statement at one moment for all that a page says of them, its corner and its title included."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import cache
from typing import TYPE_CHECKING

from django.db.models import Exists, OuterRef, Q, QuerySet, Subquery
from django.db.models.functions import Coalesce
from django.utils.timezone import now

from medialib.models import Account, AuditEvent, DeletionJob, EventKind, Exchange, JobState, Worker
from medialib.models.sql import MAX_INTEGER
from medialib.services.audit import places
from medialib.services.jobs.progress import Progress

if TYPE_CHECKING:
    from django.contrib.auth.models import User

MAX_TRAY = 5


@dataclass(frozen=True)
class Tray:
    """Jobs under way, newest first, and those that were watched and have finished since."""

    active: Sequence[Progress]
    finished: Sequence[Progress]

    @property
    def shown(self) -> Sequence[Progress]:
        return self.active[:MAX_TRAY]

    @property
    def unshown(self) -> int:
        return len(self.active) - len(self.shown)

    @property
    def watched(self) -> str:
        """Names the jobs in the address that asks again."""
        return ".".join(str(each.job.pk) for each in self.shown)


def watch(job_id: int, *, viewer: User, watched: Iterable[int] = ()) -> tuple[Progress, Tray]:
    """A job and the tray beside it, of one moment. Raises DeletionJob.DoesNotExist, also for one that is not seen."""
    if job_id > MAX_INTEGER:  # A number that no database takes.
        raise DeletionJob.DoesNotExist
    looks = _looks({*watched, job_id}, viewer)
    found = next((each for each in looks if each.job.pk == job_id), None)
    if found is None:
        raise DeletionJob.DoesNotExist
    since = set(watched)
    return found, _tray([each for each in looks if not each.job.is_finished or each.job.pk in since])


def tray(watched: Iterable[int], *, viewer: User) -> Tray:
    return _tray(_looks(watched, viewer))


def look(job_id: int, *, viewer: User) -> Progress:
    return watch(job_id, viewer=viewer)[0]


def looked_at(jobs: QuerySet[DeletionJob], *, viewer: User, at: datetime | None = None) -> list[Progress]:
    """Looks at these jobs, in their order."""
    at, may_control = at or now(), _asked_once(viewer)
    rows = jobs.select_related("account", "manifest").annotate(
        has_worker=Exists(Worker.objects.alive(at)),
        first_call_at=Subquery(_first_call().values("sent_at")[:1]),
        resumed_at=Subquery(_resumed().values("time")[:1]),
    )
    looks = []
    for row in rows:
        waits = row.state == JobState.SCHEDULED and row.starts_at > at
        seen = Progress(row, at, row.has_worker, row.first_call_at, row.resumed_at, waits and may_control(row.account))
        looks.append(seen)
    return looks


def _looks(also: Iterable[int], viewer: User) -> list[Progress]:
    """At all jobs under way, and at these."""
    jobs = DeletionJob.objects.visible_to(viewer).filter(~Q(state=JobState.FINISHED) | Q(pk__in=list(also)))
    return looked_at(jobs.order_by("-pk"), viewer=viewer)


def _tray(looks: list[Progress]) -> Tray:
    return Tray([each for each in looks if not each.job.is_finished], [each for each in looks if each.job.is_finished])


def _first_call() -> QuerySet[Exchange]:
    """Batches are taken up in their order, so it is one of the first batch."""
    return Exchange.objects.filter(batch__job=OuterRef("pk"), batch__number=0, kind="delete").order_by("sent_at")


def _resumed() -> QuerySet[AuditEvent]:
    """By their kind: by their job, the events of all its files would be read."""
    events = AuditEvent.objects.filter(places.OF_KIND, event=EventKind.JOB_RESUMED)
    return events.alias(of_job=Coalesce("job_id", 0)).filter(of_job=OuterRef("pk")).order_by("-pk")


def _asked_once(viewer: User) -> Callable[[Account], bool]:
    """Whether the viewer may delete in an account, asked once for each."""

    @cache
    def may_control(account: Account) -> bool:
        return viewer.has_perm("medialib.delete_files") and not account.delete_scope(viewer).is_nothing

    return may_control
