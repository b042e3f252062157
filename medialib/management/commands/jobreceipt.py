from __future__ import annotations

from pathlib import Path
from typing import Any

from django.core.management.base import CommandParser

from medialib.errors import WrongUse
from medialib.management.base import MedialibCommand, Report, row_number
from medialib.management.jobs import job_numbered
from medialib.models import DeletionJob
from medialib.services.base.files import write_file
from medialib.services.jobs import receipts


class Command(MedialibCommand):
    help = "Write a finished job's signed receipt and its file of outcomes. docs/verify_export.py checks both."

    def arguments(self, parser: CommandParser) -> None:
        parser.add_argument("job", type=row_number)
        parser.add_argument("--output", metavar="DIR", default=".", help="Where to put the two files.")

    def work(self, *, job: int, output: str, **options: Any) -> Report:
        found = job_numbered(job)
        if not Path(output).is_dir():
            raise WrongUse(f"There is no folder {output}.")
        paths = write_receipt(found, Path(output))
        lines = [f"Wrote {path}." for path in paths]
        return Report(lines, {"job": job, "receipt": str(paths[0]), "outcomes": str(paths[1])})


def write_receipt(job: DeletionJob, folder: Path) -> list[Path]:
    written = receipts.receipt(job)
    paths = [folder / f"job-{job.pk}-receipt.json", folder / receipts.outcomes_name(job)]
    write_file(paths[0], iter([written.text]))
    write_file(paths[1], receipts.outcome_lines(job))
    return paths
