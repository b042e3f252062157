"""Take files out of a job that has sent nothing yet, as its page does."""

from __future__ import annotations

from typing import Any

from django.core.management.base import CommandParser

from medialib.errors import WrongUse
from medialib.management.base import MedialibCommand, Report, row_number
from medialib.management.files import read_list
from medialib.management.jobs import job_numbered
from medialib.management.people import person_who_may
from medialib.services.audit.log import Actor
from medialib.services.base.words import counted
from medialib.services.jobs import again
from medialib.services.jobs.report import job_report, job_sentence
from medialib.services.manifests.changes import Change
from medialib.services.selections.list_matching import listed_ids


class Command(MedialibCommand):
    help = "End a job that has sent nothing yet, and ask anew for its list without some of its files."

    def arguments(self, parser: CommandParser) -> None:
        parser.add_argument("job", metavar="JOB", type=row_number, help="Number of the job.")
        parser.add_argument(
            "--without",
            action="append",
            default=[],
            choices=Change.values,
            help="Take out what shows this change by now; may be given several times.",
        )
        parser.add_argument("--ids-file", metavar="FILE", help="Take these out: file ids, paths or addresses.")
        parser.add_argument("--reason", required=True, help="Why; it stays in the audit log.")
        parser.add_argument("--user", required=True, metavar="USERNAME", help="In whose name.")

    def work(
        self, *, job: int, without: list[str], ids_file: str | None, reason: str, user: str, **options: Any
    ) -> Report:
        found = job_numbered(job)
        person = person_who_may("approve_deletions", user, account=found.account, other="delete_files")
        file_ids: list[str] = []
        if ids_file:
            file_ids = list(listed_ids(found.account, read_list(ids_file), name=ids_file).file_ids)
        if not without and not file_ids:
            raise WrongUse("Say which files to take out, with --without or --ids-file.")
        smaller = again.shrink(
            found, actor=Actor.person(person), reason=reason, without=list(map(Change, without)), file_ids=file_ids
        )
        left_out = counted(found.file_count - smaller.file_count, "file")
        lines = [f"Job {found.pk} is over. {left_out} taken out.", job_sentence(smaller)]
        return Report([*lines, f"Manifest {smaller.manifest.sha256}"], job_report(smaller))
