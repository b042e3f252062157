"""What the pages say and draw of a job's progress; the numbers come from services/jobs/progress.py."""

from __future__ import annotations

from dataclasses import dataclass, fields

from django.contrib.humanize.templatetags.humanize import intcomma
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from medialib.models import DeletionJob, JobState, Outcome, PauseCode
from medialib.services.jobs.progress import Progress, counted_outcomes
from medialib.services.jobs.watching import Tray
from medialib.templatetags.job_words import recorded
from medialib.views.charts import Rectangle

STACK_WIDTH = 1000
TITLES = {
    JobState.SCHEDULED: gettext_lazy("%(percent)s %% Waiting to start, job %(number)s"),
    JobState.RUNNING: gettext_lazy("%(percent)s %% job %(number)s"),
    JobState.PAUSED: gettext_lazy("%(percent)s %% Paused, job %(number)s"),
    JobState.CANCELLING: gettext_lazy("%(percent)s %% Cancelling, job %(number)s"),
}


@dataclass(frozen=True, kw_only=True)
class OutcomePiece(Rectangle):
    """A piece of the bar of outcomes."""

    outcome: str


@dataclass(frozen=True)
class JobProgress(Progress):
    """A look at a job with the words and the bar that pages show."""

    @classmethod
    def of(cls, progress: Progress) -> JobProgress:
        return cls(*(getattr(progress, field.name) for field in fields(Progress)))

    @property
    def shown(self) -> str:
        """Names the set of controls that fits; when it changes, the page fetches them again."""
        window = "-window" if self.is_in_undo_window else ""
        approval = "-approval" if self.job.waits_for_approval else ""
        return f"{self.job.state}{window}{approval}-{self.job.speed_percent}"

    @property
    def cancel_says(self) -> str:
        gone = self.job.deleted + self.job.already_gone
        text = ngettext(
            "%(gone)s is already gone, %(stay)s will stay.", "%(gone)s are already gone, %(stay)s will stay.", gone
        )
        return text % {"gone": intcomma(gone), "stay": intcomma(self.job.file_count - gone)}

    @property
    def title(self) -> str:
        """Of the browser's tab, so that a job can be watched from another one."""
        if self.job.is_finished:
            return _("Finished: job %(number)s") % {"number": self.job.pk}
        return TITLES[JobState(self.job.state)] % {"percent": self.percent, "number": self.job.pk}

    @property
    def parts(self) -> list[OutcomePiece]:
        """The outcomes as pieces of one bar."""
        parts, before = [], 0
        for outcome, count in self.job.counts:
            if count:
                x, width = (STACK_WIDTH * files / self.job.file_count for files in (before, count))
                parts.append(OutcomePiece(x=x, y=0, width=width, height=10, outcome=outcome.value))
            before += count
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


def tray_in_words(tray: Tray) -> Tray:
    """The tray with the words of its jobs."""
    return Tray(*([JobProgress.of(look) for look in looks] for looks in (tray.active, tray.finished)))


def result_sentence(job: DeletionJob) -> str:
    """What became of the files, counted from their outcomes: "48,164 deleted, 12 already gone"."""
    counts = [(outcome, count) for outcome, count in job.counts if count or outcome == Outcome.DELETED]
    return ", ".join(f"{intcomma(count)} {outcome.label}" for outcome, count in counts)


def mismatch(job: DeletionJob) -> str:
    """Empty when every file of a finished job is accounted for; otherwise what does not add up."""
    counted = counted_outcomes(job)
    wrong = [
        _("%(outcome)s: the job says %(count)s, its files say %(counted)s")
        % {"outcome": outcome.label, "count": count, "counted": counted.get(outcome, 0)}
        for outcome, count in job.counts
        if count != counted.get(outcome, 0)
    ]
    if left := counted.get("", 0):
        wrong.append(
            ngettext("%(count)s file has no outcome", "%(count)s files have no outcome", left) % {"count": left}
        )
    if job.settled != job.file_count:
        sums = {"settled": job.settled, "total": job.file_count}
        wrong.append(_("the outcomes add up to %(settled)s, not to %(total)s") % sums)
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
        return recorded(job.pause_cause)
    return _("Paused: %(cause)s") % {"cause": recorded(job.pause_cause)}
