"""The buttons of a job: each asks one service function and says what was done."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from django.contrib.humanize.templatetags.humanize import intcomma
from django.http import QueryDict
from django.utils.translation import gettext as _

from medialib.errors import WrongUse
from medialib.forms.jobs import ControlForm
from medialib.models import DeletionJob
from medialib.services.audit.log import Actor
from medialib.services.jobs import controls

Action = Callable[[DeletionJob, QueryDict, Actor], tuple[DeletionJob, str]]


def _pause(job: DeletionJob, data: QueryDict, actor: Actor) -> tuple[DeletionJob, str]:
    controls.pause(job, actor=actor)
    return job, _("Paused. Calls already under way are still answered; nothing new is sent.")


def _resume(job: DeletionJob, data: QueryDict, actor: Actor) -> tuple[DeletionJob, str]:
    controls.resume(job, actor=actor)
    return job, _("Resumed.")


def _take_over(job: DeletionJob, data: QueryDict, actor: Actor) -> tuple[DeletionJob, str]:
    controls.take_over(job, actor=actor)
    return job, _("You answer for this job from here on, and it goes on.")


def _cancel(job: DeletionJob, data: QueryDict, actor: Actor) -> tuple[DeletionJob, str]:
    controls.cancel(job, actor=actor)
    job.refresh_from_db()
    gone, stay = job.deleted + job.already_gone, job.file_count - job.deleted - job.already_gone
    text = _("Cancelled. %(gone)s files are already gone; %(stay)s stay, but for calls under way.")
    return job, text % {"gone": intcomma(gone), "stay": intcomma(stay)}


def _undo(job: DeletionJob, data: QueryDict, actor: Actor) -> tuple[DeletionJob, str]:
    controls.undo(job, actor=actor)
    text = _("Undone. Nothing was sent: all %(count)s files are still there.")
    return job, text % {"count": intcomma(job.file_count)}


def _start(job: DeletionJob, data: QueryDict, actor: Actor) -> tuple[DeletionJob, str]:
    controls.start_now(job, actor=actor)
    return job, _("Started.")


def _speed(job: DeletionJob, data: QueryDict, actor: Actor) -> tuple[DeletionJob, str]:
    form = ControlForm(data)
    if not form.is_valid():
        raise WrongUse(_("Choose one of the speeds offered."))
    percent = form.cleaned_data["percent"]
    controls.set_speed(job, percent, actor=actor)
    return job, _("Speed is now %(percent)s %% of what the account allows.") % {"percent": percent}


def _retry(job: DeletionJob, data: QueryDict, actor: Actor) -> tuple[DeletionJob, str]:
    retried = controls.retry_failed(job, actor=actor)
    text = _("This new job tries the %(count)s failed files of job %(number)s again.")
    return retried, text % {"count": intcomma(retried.file_count), "number": job.pk}


def _verify(job: DeletionJob, data: QueryDict, actor: Actor) -> tuple[DeletionJob, str]:
    controls.verify(job, actor=actor)
    return job, _("The unverified files are looked up at ImageKit again.")


ACTIONS: Mapping[str, Action] = {
    "pause": _pause,
    "resume": _resume,
    "take-over": _take_over,
    "cancel": _cancel,
    "undo": _undo,
    "start": _start,
    "speed": _speed,
    "retry": _retry,
    "verify": _verify,
}
