"""What a person is told of a job, made from one look at its row: whatever stands on a page comes from the same look."""

from __future__ import annotations

import math
from dataclasses import dataclass
from datetime import datetime

from django.contrib.humanize.templatetags.humanize import intcomma
from django.db.models import Count
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from medialib.models import DeletionJob, Item, JobState, Outcome, PauseCode

TITLES = {
    JobState.SCHEDULED: gettext_lazy("%(percent)s %% Waiting to start, job %(number)s"),
    JobState.RUNNING: gettext_lazy("%(percent)s %% job %(number)s"),
    JobState.PAUSED: gettext_lazy("%(percent)s %% Paused, job %(number)s"),
    JobState.CANCELLING: gettext_lazy("%(percent)s %% Cancelling, job %(number)s"),
}


@dataclass(frozen=True)
class Part:
    """A piece of the bar; numbers as SVG wants them, whatever the reader's language."""

    outcome: str
    start: str
    width: str


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
    def attention(self) -> list[str]:
        """What somebody has to look at, for a list in which it is not opened."""
        job = self.job
        waits = _("No worker is running. The job waits and loses nothing; it goes on as soon as one runs.")
        counts = {
            ngettext("%(shown)s file failed", "%(shown)s files failed", job.failed): job.failed,
            ngettext("%(shown)s file is unverified", "%(shown)s files are unverified", job.unverified): job.unverified,
        }
        told = [text % {"shown": intcomma(count)} for text, count in counts.items() if count]
        stops = {
            _paused(job) if job.state == JobState.PAUSED else "": job.state == JobState.PAUSED,
            _("Waits until another person approves it."): job.waits_for_approval,
            waits: self.waits_for_worker,
        }
        return [*(text for text, is_so in stops.items() if is_so), *told]

    @property
    def spoken(self) -> str:
        """For screen readers: changes with the state and with each tenth, not with each file."""
        if self.job.state == JobState.RUNNING:
            return _("%(percent)s %% done") % {"percent": self.percent // 10 * 10}
        return _("Waiting to start") if self.job.state == JobState.SCHEDULED else self.sentence


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
