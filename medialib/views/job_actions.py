"""The buttons of a job: each asks one service function and says what was done."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from django.contrib.humanize.templatetags.humanize import intcomma
from django.http import QueryDict

from medialib.errors import WrongUse
from medialib.job_forms import ControlForm
from medialib.models import DeletionJob
from medialib.services import jobs
from medialib.services.audit import Actor

Action = Callable[[DeletionJob, QueryDict, Actor], tuple[DeletionJob, str]]


def _pause(job: DeletionJob, data: QueryDict, actor: Actor) -> tuple[DeletionJob, str]:
    jobs.pause(job, actor=actor)
    return job, "Paused. Calls already under way are still answered; nothing new is sent."


def _resume(job: DeletionJob, data: QueryDict, actor: Actor) -> tuple[DeletionJob, str]:
    jobs.resume(job, actor=actor)
    return job, "Resumed."


def _cancel(job: DeletionJob, data: QueryDict, actor: Actor) -> tuple[DeletionJob, str]:
    jobs.cancel(job, actor=actor)
    job.refresh_from_db()
    gone, stay = job.deleted + job.already_gone, job.file_count - job.deleted - job.already_gone
    return job, f"Cancelled. {intcomma(gone)} files are already gone; {intcomma(stay)} stay, but for calls under way."


def _undo(job: DeletionJob, data: QueryDict, actor: Actor) -> tuple[DeletionJob, str]:
    jobs.undo(job, actor=actor)
    return job, f"Undone. Nothing was sent: all {intcomma(job.file_count)} files are still there."


def _start(job: DeletionJob, data: QueryDict, actor: Actor) -> tuple[DeletionJob, str]:
    jobs.start_now(job, actor=actor)
    return job, "Started."


def _speed(job: DeletionJob, data: QueryDict, actor: Actor) -> tuple[DeletionJob, str]:
    form = ControlForm(data)
    if not form.is_valid():
        raise WrongUse("Choose one of the speeds offered.")
    jobs.set_speed(job, form.cleaned_data["percent"], actor=actor)
    return job, f"Speed is now {form.cleaned_data['percent']} % of what the account allows."


def _retry(job: DeletionJob, data: QueryDict, actor: Actor) -> tuple[DeletionJob, str]:
    retried = jobs.retry_failed(job, actor=actor)
    return retried, f"This new job tries the {intcomma(retried.file_count)} failed files of job {job.pk} again."


def _verify(job: DeletionJob, data: QueryDict, actor: Actor) -> tuple[DeletionJob, str]:
    jobs.verify(job, actor=actor)
    return job, "The unverified files are looked up at ImageKit again."


ACTIONS: Mapping[str, Action] = {
    "pause": _pause,
    "resume": _resume,
    "cancel": _cancel,
    "undo": _undo,
    "start": _start,
    "speed": _speed,
    "retry": _retry,
    "verify": _verify,
}
