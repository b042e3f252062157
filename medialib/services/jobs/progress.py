"""How far a job is, in numbers made from one look at its row: whatever stands on a page comes from the same look."""

from __future__ import annotations

import math
from dataclasses import dataclass
from datetime import datetime

from django.db.models import Count

from medialib.models import DeletionJob, Item, JobState, PauseCode


@dataclass(frozen=True)
class Progress:
    """One look at a job: its row, when its first call was sent, and when somebody last resumed it."""

    job: DeletionJob
    at: datetime
    has_worker: bool = True
    first_call_at: datetime | None = None
    resumed_at: datetime | None = None
    may_control: bool = False  # Whether who looks may undo it or start it now; asked only while it waits for its start.

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
    def calls_per_s(self) -> float:
        """Over the time since the first call, or since somebody resumed it: a night's pause is no part of its pace."""
        return self.job.calls * self._share_lately / self._going_s

    @property
    def files_per_s(self) -> float:
        return self.job.settled * self._share_lately / self._going_s

    @property
    def _going_s(self) -> float:
        began = max(filter(None, [self.first_call_at or self.job.started_at, self.resumed_at]), default=self.at)
        return max((self.at - began).total_seconds(), 1.0)

    @property
    def _share_lately(self) -> float:
        """Of all that is settled, what was settled since somebody last resumed."""
        settled = self.job.settled
        return (settled - self.job.breaker_from) / settled if settled else 1.0

    @property
    def left_s(self) -> int | None:
        """Seconds until the end at the present rate; None while that cannot be known."""
        if self.job.state != JobState.RUNNING or self.files_per_s < 0.01:
            return None
        return math.ceil(self.job.left / self.files_per_s)

    @property
    def can_pause(self) -> bool:
        return self.job.state == JobState.RUNNING

    @property
    def can_take_over(self) -> bool:
        """Whether it stands still because who asked for it may no longer delete."""
        return self.job.state == JobState.PAUSED and self.job.pause_code == PauseCode.REQUESTER

    @property
    def can_set_speed(self) -> bool:
        return self.job.state in (JobState.RUNNING, JobState.PAUSED)

    @property
    def can_cancel(self) -> bool:
        """In the undo window Undo says it better."""
        return self.job.state in (JobState.SCHEDULED, JobState.RUNNING, JobState.PAUSED) and not self.is_in_undo_window


def counted_outcomes(job: DeletionJob) -> dict[str, int]:
    """Outcomes as the items themselves hold them, to hold the job's counters against; "" counts those without one."""
    rows = Item.objects.filter(manifest_id=job.manifest_id).order_by().values_list("outcome").annotate(Count("pk"))
    return dict(rows)
