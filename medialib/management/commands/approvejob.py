"""Approve a job that waits for a second person, as its page does."""

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
    help = "Approve a job that another person confirmed; it starts after its undo window."

    def arguments(self, parser: CommandParser) -> None:
        parser.add_argument("job", metavar="JOB", type=row_number, help="Number of the job.")
        parser.add_argument("--manifest-sha256", required=True, metavar="H", help="Hash of the list that is approved.")
        parser.add_argument("--user", required=True, metavar="USERNAME", help="In whose name.")

    def work(self, *, job: int, manifest_sha256: str, user: str, **options: Any) -> Report:
        found = job_numbered(job)
        actor = Actor.person(person_who_may("approve_deletions", user, account=found.account))
        approvals.approve(found, actor=actor, manifest_sha256=manifest_sha256)
        return Report([job_sentence(found)], job_report(found))
