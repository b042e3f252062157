"""The audit log as people read it: a job is one entry, where its confirmation stands; what belongs to no job stays.

Each page costs a handful of statements however long the log is. A job's entry keeps its place while the job goes on,
so that paging misses none and shows none twice.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from itertools import groupby
from typing import TYPE_CHECKING

from django.db.models import Exists, OuterRef, Q, QuerySet, Subquery
from django.db.models.functions import Coalesce
from django.utils.timezone import localtime, now

from medialib.models import Account, AuditEvent, DeletionJob, EventKind
from medialib.models.audit.events import AuditEventQuerySet
from medialib.models.memberships import sees_everything
from medialib.services.audit import places
from medialib.services.audit.search import PAGE_SIZE, AuditFilter, limits

if TYPE_CHECKING:
    from datetime import date

    from django.contrib.auth.models import User

# What is recorded of a job as a whole: a few events a job, found by their kind. Its calls and files are many.
OF_A_JOB = [
    EventKind.JOB_CONFIRMED, EventKind.JOB_APPROVED, EventKind.JOB_REJECTED, EventKind.JOB_STARTED,
    EventKind.JOB_PAUSED, EventKind.JOB_RESUMED, EventKind.JOB_SPEED, EventKind.JOB_UNDONE, EventKind.JOB_CANCELLED,
    EventKind.JOB_VERIFY, EventKind.JOB_TAKEN_OVER, EventKind.JOB_FINISHED,
]  # fmt: skip
OF_A_PURGE = [EventKind.PURGE_REQUESTED, EventKind.PURGE_COMPLETED]
LONGEST_COURSE = 200  # Events of a job as a whole that are shown; the job's own page has a picture of all.


@dataclass(frozen=True)
class Entry:
    """An event that belongs to no job, or a job: then `event` is its confirmation, or the oldest that is left of it."""

    event: AuditEvent
    job: DeletionJob | None = None


@dataclass(frozen=True)
class EntryPage:
    """Newest first; `older` and `newer` are the sequence numbers that the neighbouring pages start from."""

    entries: list[Entry]
    older: int | None
    newer: int | None
    at: datetime  # When it was read: numbers of jobs under way are of this moment.

    @property
    def days(self) -> list[tuple[date, list[Entry]]]:
        """By days of the current zone, which is the reader's."""
        return [(day, list(entries)) for day, entries in groupby(self.entries, key=_day)]


def page(
    wanted: AuditFilter, *, viewer: User | None = None, before: int | None = None, after: int | None = None
) -> EntryPage:
    """One screen. Of the filter, only what concerns whole jobs counts: person, account, job and time.

    A job is listed when it was under way in the time, and when the person did anything in it.
    """
    at, is_newer = now(), after is not None
    found: list[AuditEvent] = []
    for events in (_lone(wanted, viewer), _confirmations(wanted, viewer)):
        if is_newer:
            found += events.filter(pk__gt=after).order_by("pk")[: PAGE_SIZE + 1]
        else:
            places_before = {} if before is None else {"pk__lt": before}
            found += events.filter(**places_before).order_by("-pk")[: PAGE_SIZE + 1]
    found.sort(key=lambda event: event.pk, reverse=not is_newer)
    has_more, screen = len(found) > PAGE_SIZE, found[:PAGE_SIZE]
    if is_newer:
        screen.reverse()
    older = screen[-1].pk if screen and (is_newer or has_more) else None
    newer = screen[0].pk if screen and (has_more if is_newer else before is not None) else None
    if older is None and not is_newer:
        screen = sorted([*screen, *_unconfirmed(wanted, viewer)], key=lambda event: event.pk, reverse=True)
    return EntryPage(list(_entries(screen)), older, newer, at)


def course(job: DeletionJob) -> list[AuditEvent]:
    """What is recorded of the job as a whole, oldest first; its calls and files are read in pages."""
    ends = AuditEvent.objects.filter(job=job).order_by("pk").values_list("pk", flat=True)
    first, last = ends.first(), ends.last()
    if first is None:
        return []
    # By kind and between its ends: by job, all its files would be read to find these few.
    events = AuditEvent.objects.filter(places.OF_KIND, event__in=OF_A_JOB, pk__gte=first, pk__lte=last)
    of_job = events.alias(of_job=Coalesce("job_id", 0)).filter(of_job=job.pk)
    return list(of_job.order_by("pk")[:LONGEST_COURSE])


def _entries(events: list[AuditEvent]) -> Iterable[Entry]:
    ids = {event.job_id for event in events if event.job_id is not None}
    jobs = DeletionJob.objects.select_related("account").in_bulk(ids) if ids else {}
    return (Entry(event, jobs.get(event.job_id) if event.job_id else None) for event in events)


def _day(entry: Entry) -> date:
    return localtime(entry.event.time).date()


def _lone(wanted: AuditFilter, viewer: User | None) -> AuditEventQuerySet:
    """Along the index of jobs, whose first part these are: the many events of jobs are not even looked at."""
    if wanted.job is not None:
        return AuditEvent.objects.none()
    events = _of_accounts(AuditEvent.objects.filter(job__isnull=True), wanted, viewer)
    if wanted.actor:
        events = events.filter(actor_name__unindexed=wanted.actor)
    since, until = limits(wanted)
    return places.within(events, since=since, until=until)


def _confirmations(wanted: AuditFilter, viewer: User | None) -> AuditEventQuerySet:
    """By their kind alone: by their job, a database would go through all events of each."""
    events = AuditEvent.objects.filter(places.OF_KIND, event=EventKind.JOB_CONFIRMED)
    events = events.alias(of_job=Coalesce("job_id", 0)).filter(_concerned(wanted, "of_job"))
    return _of_accounts(events, wanted, viewer)


def _unconfirmed(wanted: AuditFilter, viewer: User | None) -> list[AuditEvent]:
    """Jobs whose confirmation was archived while later events of theirs were not: they end the list."""
    confirmed = AuditEvent.objects.filter(places.OF_KIND, event=EventKind.JOB_CONFIRMED)
    oldest = list(confirmed.order_by("pk").values_list("job_id", flat=True)[:PAGE_SIZE])
    jobs = DeletionJob.objects.exclude(pk__in=oldest).filter(_concerned(wanted, "pk"))
    if len(oldest) == PAGE_SIZE:
        jobs = jobs.filter(pk__lt=max(oldest))
    if viewer is not None:
        jobs = jobs.visible_to(viewer)
    if wanted.account:
        jobs = jobs.filter(account__name=wanted.account)
    events = AuditEvent.objects.filter(job=OuterRef("pk"))
    first = events.order_by("pk").values("pk")[:1]
    ids = jobs.filter(Exists(events)).order_by("-pk").values_list(Subquery(first), flat=True)[:PAGE_SIZE]
    return list(AuditEvent.objects.filter(pk__in=list(ids)))


def _concerned(wanted: AuditFilter, job: str) -> Q:
    """Which jobs are meant, as a condition on the column that names the job."""
    concerned = Q()
    acted = AuditEvent.objects.filter(places.OF_KIND, event__in=[*OF_A_JOB, *OF_A_PURGE])
    if wanted.job is not None:
        concerned &= Q(**{job: wanted.job})
    if wanted.actor:
        concerned &= Q(**{f"{job}__in": _jobs_of(acted.filter(actor_name__unindexed=wanted.actor))})
    since, until = limits(wanted)
    if since or until:
        acted = places.within(acted, since=since, until=until)
        under_way = Q(**{f"{job}__in": _under_way(since, until).values("pk")})
        concerned &= under_way | Q(**{f"{job}__in": _jobs_of(acted)})
    return concerned


def _jobs_of(events: AuditEventQuerySet) -> QuerySet[AuditEvent, int]:
    """The numbers of their jobs, likewise."""
    return events.values_list(Coalesce("job_id", 0), flat=True)


def _under_way(since: datetime | None, until: datetime | None) -> QuerySet[DeletionJob]:
    jobs = DeletionJob.objects.all()
    if since:
        jobs = jobs.filter(Q(finished_at__isnull=True) | Q(finished_at__gte=since))
    return jobs.filter(created_at__lt=until) if until else jobs


def _of_accounts(events: AuditEventQuerySet, wanted: AuditFilter, viewer: User | None) -> AuditEventQuerySet:
    """Without the index of accounts: the statement walks along another one already."""
    if viewer is not None and not sees_everything(viewer):
        events = events.visible_to(viewer)
    if not wanted.account:
        return events
    account = Account.objects.filter(name=wanted.account).first()
    if account is None:
        return events.filter(account_name__unindexed=wanted.account)
    return events.alias(of_one=Coalesce("account_id", 0)).filter(of_one=account.pk)
