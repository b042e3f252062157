"""What operators watch: whether the product can do its work, and the numbers that monitoring reads.

All of it is read from the database when it is asked for, so it is the same from each web process. The statements walk
indexes or tables that stay small (accounts, jobs, workers); none reads files, items or events by the number.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from functools import cache
from typing import Any

from django.conf import settings
from django.db import DatabaseError, InterfaceError, connection
from django.db.migrations.loader import MigrationLoader
from django.db.migrations.recorder import MigrationRecorder
from django.db.models import Count, OuterRef, Subquery, Sum

from medialib.models import (
    Account,
    AuditCursor,
    AuditEvent,
    AuditSegment,
    Batch,
    DeletionJob,
    Outcome,
    Pace,
    SyncRun,
    SyncState,
    Worker,
)
from medialib.services.audit import webhook
from medialib.services.audit.seal import copies
from medialib.services.base.clock import shared_now


class NotReady(Exception):
    """Why no work can be done now, in one sentence that tells strangers nothing."""


def require_ready() -> None:
    """Raises NotReady. Two short statements."""
    try:
        if set(_migrations()) - set(MigrationRecorder(connection).applied_migrations()):
            raise NotReady("Migrations are not applied.")
        if not Worker.objects.alive(shared_now()).exists():
            raise NotReady("No worker was seen lately.")
    except (DatabaseError, InterfaceError):
        raise NotReady("The database does not answer.") from None


@cache
def _migrations() -> frozenset[tuple[str, str]]:
    """Those of this program. They are read from disk, and stay the same while it runs."""
    return frozenset(MigrationLoader(None).graph.nodes)


@dataclass(frozen=True)
class JobGroup:
    """The jobs of one account that are in one state, and paused for one cause."""

    account: str
    state: str
    pause_code: str
    jobs: int
    files: int
    calls: int
    refused_calls: int
    outcomes: dict[Outcome, int]

    @property
    def files_left(self) -> int:
        return self.files - sum(self.outcomes.values())


def job_groups() -> Iterator[JobGroup]:
    """One statement, which reads each job's row once."""
    sums = {f"sum_{name}": Sum(name) for name in ("file_count", "calls", "refused_calls", *Outcome.values)}
    groups: Any = DeletionJob.objects.order_by().values("account__name", "state", "pause_code")
    for row in groups.annotate(jobs=Count("pk"), **sums):
        outcomes = {outcome: row[f"sum_{outcome.value}"] for outcome in Outcome}
        places = (row["account__name"], row["state"], row["pause_code"], row["jobs"])
        yield JobGroup(*places, row["sum_file_count"], row["sum_calls"], row["sum_refused_calls"], outcomes)


def awaiting_approval() -> int:
    return DeletionJob.objects.awaiting_approval().count()


def open_batches() -> int:
    """Batches with files that wait for their outcome, of all jobs; read from the index batch_open alone."""
    return Batch.objects.order_by().open().aggregate(count=Count("number"))["count"] or 0


def heartbeat_ages(at: datetime) -> list[float]:
    """Seconds since each worker last reported, youngest first. One that stopped in good order is not here."""
    return sorted((at - seen).total_seconds() for seen in Worker.objects.values_list("seen_at", flat=True))


@dataclass(frozen=True)
class SyncVitals:
    account: str
    state: str
    age_s: float | None  # Of what the index shows: since the last complete run began. None before the first one.
    asks_about: int


def syncs(at: datetime) -> Iterator[SyncVitals]:
    """Of each account, in one statement: its newest run, and its newest complete one."""
    runs = SyncRun.objects.filter(account=OuterRef("pk")).order_by("-pk")
    complete = runs.filter(state=SyncState.COMPLETE)
    newest = {name: Subquery(runs.values(name)[:1]) for name in ("state", "withheld", "accepted_at")}
    accounts: Any = Account.objects.order_by("name").annotate(
        **newest, began_at=Subquery(complete.values("started_at")[:1])
    )
    for name, state, withheld, accepted_at, began_at in accounts.values_list("name", *newest, "began_at"):
        age_s = (at - began_at).total_seconds() if began_at else None
        yield SyncVitals(name, state or "", age_s, SyncRun(withheld=withheld, accepted_at=accepted_at).asks_about)


@dataclass(frozen=True)
class PaceVitals:
    account: str
    kind: str
    wait_s: float


def paces(at: datetime) -> Iterator[PaceVitals]:
    """How long ImageKit's refusals hold each account's calls back from now on."""
    rows = Pace.objects.order_by("account__name", "kind").values_list("account__name", "kind", "blocked_until")
    for name, kind, until in rows:
        yield PaceVitals(name, kind, max(0.0, (until - at).total_seconds()) if until else 0.0)


@dataclass(frozen=True)
class AuditVitals:
    unsealed: int  # At most: ids that a transaction drew and gave up count too.
    unsealed_age_s: float  # Of the oldest event without a seal; 0 when all are sealed.
    segments: int
    sealed_event_age_s: float | None  # Of the newest event with a seal.
    unsent: int | None  # Sealed events that the audit webhook has still to send; None without one. At most, as above.
    send_failures: int
    copy_failures: dict[str, int]  # By machine: attempts in a row that the second place of its anchors refused.


def audit(at: datetime) -> AuditVitals:
    """From the ends of the log: nothing between them is read."""
    head = AuditSegment.objects.order_by("-number").values_list("number", "last_id", "last_time").first()
    number, sealed, sealed_time = head or (0, 0, None)
    newest = AuditEvent.objects.order_by("-pk").values_list("pk", flat=True).first() or 0
    oldest = AuditEvent.objects.filter(pk__gt=sealed).order_by("pk").values_list("time", flat=True).first()
    cursor = AuditCursor.objects.filter(name=webhook.CURSOR).first() if settings.AUDIT_WEBHOOK_URL else None
    return AuditVitals(
        unsealed=max(0, newest - sealed) if oldest else 0,
        unsealed_age_s=max(0.0, (at - oldest).total_seconds()) if oldest else 0.0,
        segments=number,
        sealed_event_age_s=(at - sealed_time).total_seconds() if sealed_time else None,
        unsent=max(0, sealed - cursor.event_id) if cursor else None,
        send_failures=cursor.failures if cursor else 0,
        copy_failures=_copy_failures() if settings.AUDIT_ANCHOR_COPY else {},
    )


def _copy_failures() -> dict[str, int]:
    """A machine is here once its second place was in trouble. How much it lacks is in a file of that machine's."""
    machines = AuditCursor.objects.filter(name__startswith=copies.CURSOR).values_list("name", "failures")
    return {name.removeprefix(copies.CURSOR): failures for name, failures in machines}
