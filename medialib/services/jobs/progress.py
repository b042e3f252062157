"""What a person is told of a job, made from its row alone: watching costs one query however many watch."""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING

from django.contrib.humanize.templatetags.humanize import intcomma
from django.db.models import Count, Exists, Q, QuerySet
from django.utils.timezone import now
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from medialib.models import DeletionJob, Item, JobState, Outcome, PauseCode, Worker

if TYPE_CHECKING:
    from django.contrib.auth.models import User

SMOOTHING_S = 10.0  # Rates follow about the last ten seconds.
MAX_TRAY = 5
TITLES = {
    JobState.SCHEDULED: gettext_lazy("%(percent)s %% Waiting to start, job %(number)s"),
    JobState.RUNNING: gettext_lazy("%(percent)s %% job %(number)s"),
    JobState.PAUSED: gettext_lazy("%(percent)s %% Paused, job %(number)s"),
    JobState.CANCELLING: gettext_lazy("%(percent)s %% Cancelling, job %(number)s"),
}


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
class Part:
    """A piece of the bar; numbers as SVG wants them, whatever the reader's language."""

    outcome: str
    start: str
    width: str


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
    def shown(self) -> str:
        """Names the set of controls that fits; when it changes, the page fetches them anew."""
        window = "-window" if self.is_in_undo_window else ""
        approval = "-approval" if self.job.waits_for_approval else ""
        return f"{self.job.state}{window}{approval}-{self.job.speed_percent}"

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

    @property
    def cancel_says(self) -> str:
        gone, stay = (
            self.job.deleted + self.job.already_gone,
            self.job.file_count - self.job.deleted - self.job.already_gone,
        )
        text = ngettext(
            "%(gone)s is already gone, %(stay)s will stay.", "%(gone)s are already gone, %(stay)s will stay.", gone
        )
        return text % {"gone": intcomma(gone), "stay": intcomma(stay)}

    @property
    def title(self) -> str:
        """Of the browser's tab, so that a job can be watched from another one."""
        if self.job.is_finished:
            return _("Finished: job %(number)s") % {"number": self.job.pk}
        words = {"percent": self.percent, "number": self.job.pk}
        return TITLES[JobState(self.job.state)] % words

    @property
    def parts(self) -> list[Part]:
        """The outcomes as pieces of a bar that is 1,000 wide."""
        parts, done = [], 0
        for outcome, count in self.job.counts:
            start, done = 1000 * done / self.job.file_count, done + count
            if count:
                parts.append(Part(outcome.value, f"{start:.2f}", f"{1000 * count / self.job.file_count:.2f}"))
        return parts

    @property
    def sum_sentence(self) -> str:
        """The outcomes as a sum that anybody can check."""
        counts = [intcomma(count) for _, count in self.job.counts if count]
        return f"{' + '.join(counts) or 0} = {intcomma(self.job.settled)}"

    @property
    def result(self) -> str:
        return result_sentence(self.job)

    @property
    def sentence(self) -> str:
        return _sentence(self)

    @property
    def spoken(self) -> str:
        """For screen readers: changes with the state and with each tenth, not with each file."""
        if self.job.state == JobState.RUNNING:
            return _("%(percent)s %% done") % {"percent": self.percent // 10 * 10}
        return _("Waiting to start") if self.job.state == JobState.SCHEDULED else self.sentence


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


def result_sentence(job: DeletionJob) -> str:
    """What became of the files, counted from their outcomes: "48,164 deleted, 12 were already gone"."""
    counts = [(outcome, count) for outcome, count in job.counts if count or outcome == Outcome.DELETED]
    return ", ".join(f"{intcomma(count)} {outcome.label}" for outcome, count in counts)


def counted_outcomes(job: DeletionJob) -> dict[str, int]:
    """Outcomes as the items themselves hold them, to hold the job's counters against; "" counts those without one."""
    rows = Item.objects.filter(manifest_id=job.manifest_id).order_by().values_list("outcome").annotate(Count("pk"))
    return dict(rows)


def mismatch(job: DeletionJob) -> str:
    """Empty when every file of a finished job is accounted for; otherwise what does not add up."""
    counted = counted_outcomes(job)
    wrong = [
        f"{outcome.label}: the job says {count}, its files say {counted.get(outcome, 0)}"
        for outcome, count in job.counts
        if count != counted.get(outcome, 0)
    ]
    if counted.get(""):
        wrong.append(f"{counted['']} files have no outcome")
    if job.settled != job.file_count:
        wrong.append(f"the outcomes add up to {job.settled}, not to {job.file_count}")
    return "; ".join(wrong)


def _watched(viewer: User) -> QuerySet[DeletionJob]:
    workers = Worker.objects.alive(now())
    return (
        DeletionJob.objects.visible_to(viewer)
        .select_related("account", "manifest")
        .annotate(has_worker=Exists(workers))
    )


def _sentence(progress: Progress) -> str:
    job = progress.job
    if job.state == JobState.SCHEDULED:
        if job.waits_for_approval:
            return _("Nothing has been sent yet. The job waits until another person approves it.")
        if progress.is_in_undo_window:
            return _("Nothing has been sent yet. Until the start, undo is complete.")
        return _("Due to start. Nothing has been sent yet.")
    if job.state == JobState.PAUSED:
        return _paused(job)
    if job.state == JobState.CANCELLING:
        return _("Cancelling: nothing new is sent; calls already under way are still answered.")
    counts = {"done": intcomma(job.settled), "total": intcomma(job.file_count)}
    if job.state == JobState.RUNNING:
        return _("Deleting: %(done)s of %(total)s files are settled.") % counts
    return _("Finished: %(result)s.") % {"result": result_sentence(job)}


def _paused(job: DeletionJob) -> str:
    """The cause is part of the record: it is translated where its sentence is known, else it stands as recorded."""
    if not job.pause_cause:
        return _("Paused.")
    if job.pause_code == PauseCode.PERSON:  # Says by whom.
        return job.pause_cause
    return _("Paused: %(cause)s") % {"cause": _(job.pause_cause)}
