"""Pause, resume, cancel, retry or verify a deletion job, as its page does."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from django.core.management.base import CommandParser

from medialib.errors import WrongUse
from medialib.management.base import MedialibCommand, Report, operator, row_number
from medialib.management.jobs import job_numbered
from medialib.management.people import person_who_may
from medialib.models import DeletionJob
from medialib.services.audit.log import Actor
from medialib.services.jobs import controls
from medialib.services.jobs.report import job_report, job_sentence
from medialib.services.manifests.plan import asks_for_number

ACTIONS: dict[str, Callable[..., DeletionJob | int | None]] = {
    "pause": controls.pause,
    "resume": controls.resume,
    "take-over": controls.take_over,
    "cancel": controls.cancel,
    "retry": controls.retry_failed,
    "verify": controls.verify,
    "undo": controls.undo,
    "start": controls.start_now,
}


class Command(MedialibCommand):
    help = "Control a deletion job."

    def arguments(self, parser: CommandParser) -> None:
        parser.add_argument("job", type=row_number, help="Number of the job.")
        parser.add_argument("action", choices=[*ACTIONS, "speed"])
        parser.add_argument("--percent", type=int, help="With speed: share of the account's allowance, 1 to 100.")
        parser.add_argument(
            "--confirm-count",
            type=int,
            metavar="N",
            help="With start, resume, retry of a large job: its files.",
        )
        parser.add_argument("--user", help="Who asks, for the audit log; otherwise the system's user name.")

    def work(self, *, job: int, action: str, percent: int | None, user: str | None, **options: Any) -> Report:
        found = job_numbered(job)
        actor: Actor = operator()
        if user:
            actor = Actor.person(person_who_may("delete_files", user, account=found.account))
        asked = asks_for_number(found, action)
        if asked and options["confirm_count"] != asked:
            raise WrongUse(f"This job is large: add --confirm-count {asked} if exactly so many files are meant.")
        result: DeletionJob | int | None = None
        if action == "speed":
            if percent is None:
                raise WrongUse("Say how fast with --percent, from 1 to 100.")
            controls.set_speed(found, percent, actor=actor)
        else:
            result = ACTIONS[action](found, actor=actor)
        last_job = result if isinstance(result, DeletionJob) else found
        last_job.refresh_from_db()
        return Report([job_sentence(last_job)], {**job_report(last_job), "action": action, "of_job": found.pk})
