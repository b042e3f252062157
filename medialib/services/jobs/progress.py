"""How far a job is, in numbers made from its row alone: watching costs one query however many people watch."""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING

from django.db.models import Count, Exists, Q, QuerySet
from django.utils.timezone import now

from medialib.models import DeletionJob, Item, JobState, PauseCode, Worker

if TYPE_CHECKING:
    from django.contrib.auth.models import User

SMOOTHING_S = 10.0  # Rates follow about the last ten seconds.
MAX_TRAY = 5


@dataclass(frozen=True)
class Pulse:
    """Counts and rates of the last look. It travels in the address of the next one, so nothing is stored for it."""

    at: float
    calls: int
    settled: int
    calls_per_s: float
    files_per_s: float

    @classmethod
    def parse(cls, text: str) -> Pulse | None:
        """None for anything that is not a pulse of ours: then rates are the average since the start."""
        try:
            at, calls, settled, calls_per_s, files_per_s = text.split("_")
            pulse = cls(float(at), int(calls), int(settled), float(calls_per_s), float(files_per_s))
        except ValueError:
            return None
        return pulse if all(map(math.isfinite, (pulse.at, pulse.calls_per_s, pulse.files_per_s))) else None

    def __str__(self) -> str:
        return f"{self.at:.2f}_{self.calls}_{self.settled}_{self.calls_per_s:.3f}_{self.files_per_s:.2f}"

    @classmethod
    def of(cls, job: DeletionJob, *, at: datetime, earlier: Pulse | None) -> Pulse:
        stamp = at.timestamp()
        if earlier is None or not 0 < stamp - earlier.at < 60 or job.calls < earlier.calls:
            elapsed_s = max((at - job.started_at).total_seconds(), 1.0) if job.started_at else 1.0
            return cls(stamp, job.calls, job.settled, job.calls / elapsed_s, job.settled / elapsed_s)
        passed_s = stamp - earlier.at
        weight = 1 - math.exp(-passed_s / SMOOTHING_S)
        calls_per_s = earlier.calls_per_s + weight * ((job.calls - earlier.calls) / passed_s - earlier.calls_per_s)
        files_per_s = earlier.files_per_s + weight * ((job.settled - earlier.settled) / passed_s - earlier.files_per_s)
        return cls(stamp, job.calls, job.settled, max(calls_per_s, 0.0), max(files_per_s, 0.0))


@dataclass(frozen=True)
class Progress:
    """One look at a job."""

    job: DeletionJob
    at: datetime
    pulse: Pulse
    has_worker: bool

    @property
    def percent(self) -> int:
        """Rounded down, so that 100 means all."""
        return 100 * self.job.settled // self.job.file_count if self.job.file_count else 100

    @property
    def is_in_undo_window(self) -> bool:
        is_due = self.job.starts_at <= self.at
        return self.job.state == JobState.SCHEDULED and not is_due and not self.job.waits_for_approval

    @property
    def starts_in_s(self) -> int:
        return max(0, math.ceil((self.job.starts_at - self.at).total_seconds()))

    @property
    def is_about_the_key(self) -> bool:
        """Whether it stands still until somebody stores a key that works."""
        return self.job.is_stopped_by_its_key

    @property
    def waits_for_worker(self) -> bool:
        """Whether work is due and nobody is there to do it."""
        is_due = self.job.state in (JobState.RUNNING, JobState.CANCELLING) or (
            self.job.state == JobState.SCHEDULED and not self.is_in_undo_window and not self.job.waits_for_approval
        )
        return is_due and not self.has_worker

    @property
    def wait_s(self) -> int:
        """Seconds that the account still has to wait before the next call."""
        until = self.job.wait_until
        return max(0, math.ceil((until - self.at).total_seconds())) if until and not self.job.is_finished else 0

    @property
    def left_s(self) -> int | None:
        """Seconds until the end at the present rate; None while that cannot be known."""
        if self.job.state != JobState.RUNNING or self.pulse.files_per_s < 0.01:
            return None
        return math.ceil(self.job.left / self.pulse.files_per_s)

    @property
    def can_pause(self) -> bool:
        return self.job.state == JobState.RUNNING

    @property
    def can_take_over(self) -> bool:
        """Whether it stands still because the person who asked for it may no longer delete."""
        return self.job.state == JobState.PAUSED and self.job.pause_code == PauseCode.REQUESTER

    @property
    def can_set_speed(self) -> bool:
        return self.job.state in (JobState.RUNNING, JobState.PAUSED)

    @property
    def can_cancel(self) -> bool:
        """In the undo window Undo says it better."""
        return self.job.state in (JobState.SCHEDULED, JobState.RUNNING, JobState.PAUSED) and not self.is_in_undo_window


def look(job_id: int, *, viewer: User, earlier: Pulse | None = None) -> Progress:
    """Raises DeletionJob.DoesNotExist, also for a job whose account the viewer may not see."""
    return progress_of(_watched(viewer).get(pk=job_id), earlier=earlier)


def progress_of(job: DeletionJob, *, earlier: Pulse | None = None) -> Progress:
    at = now()
    return Progress(job, at, Pulse.of(job, at=at, earlier=earlier), has_worker=getattr(job, "has_worker", True))


def tray(watched: Iterable[int], *, viewer: User) -> tuple[list[Progress], list[Progress]]:
    """Jobs under way, and those of `watched` that finished since."""
    jobs = (
        _watched(viewer).filter(~Q(state=JobState.FINISHED) | Q(pk__in=list(watched))).order_by("-pk")[: 4 * MAX_TRAY]
    )
    looks = [progress_of(job) for job in jobs]
    active = [look for look in looks if not look.job.is_finished]
    return active[:MAX_TRAY], [look for look in looks if look.job.is_finished]


def counted_outcomes(job: DeletionJob) -> dict[str, int]:
    """Outcomes as the items have them, to compare the job's counters with; "" counts those without one."""
    rows = Item.objects.filter(manifest_id=job.manifest_id).order_by().values_list("outcome").annotate(Count("pk"))
    return dict(rows)


def _watched(viewer: User) -> QuerySet[DeletionJob]:
    workers = Worker.objects.alive(now())
    return (
        DeletionJob.objects.visible_to(viewer)
        .select_related("account", "manifest")
        .annotate(has_worker=Exists(workers))
    )
