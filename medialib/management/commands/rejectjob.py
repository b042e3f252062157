"""Reject a job that waits for a second person, as its page does."""

from __future__ import annotations

from typing import Any

from django.core.management.base import CommandParser

from medialib.management.base import MedialibCommand, Report, row_number
from medialib.management.jobs import job_numbered
from medialib.management.people import person_who_may
from medialib.services.audit.log import Actor
from medialib.services.jobs import approvals
from medialib.services.jobs.report import job_report, job_sentence


class Command(MedialibCommand):
    help = "Reject a job that waits for approval: all its files stay."

    def arguments(self, parser: CommandParser) -> None:
        parser.add_argument("job", metavar="JOB", type=row_number, help="Number of the job.")
        parser.add_argument("--reason", required=True, help="Why; it stays in the audit log.")
        parser.add_argument("--user", required=True, metavar="USERNAME", help="In whose name.")

    def work(self, *, job: int, reason: str, user: str, **options: Any) -> Report:
        found = job_numbered(job)
        actor = Actor.person(person_who_may("approve_deletions", user, account=found.account))
        approvals.reject(found, actor=actor, reason=reason)
        return Report([job_sentence(found)], job_report(found))
