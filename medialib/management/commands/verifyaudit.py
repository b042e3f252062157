from __future__ import annotations

import sys
from dataclasses import asdict
from pathlib import Path
from typing import Any

from django.core.management.base import CommandParser

from medialib.errors import WrongUse
from medialib.management.base import MedialibCommand, Report
from medialib.services.audit import rebuilding
from medialib.services.audit.seal import against as seal_against
from medialib.services.audit.seal import copies, verify
from medialib.services.audit.seal.against import Seen
from medialib.services.audit.seal.verify import LogReport
from medialib.services.base.words import counted
from medialib.services.jobs import agreement

ASK = "Believe the log, and ask who changed it."
REBUILD = "Run “manage.py rebuildaudit”, and ask who changed it."


class Command(MedialibCommand):
    help = (
        "Hold the audit log to its seals and anchors, and its search index to it. Exit code 1 and the first bad place."
    )

    def arguments(self, parser: CommandParser) -> None:
        parser.add_argument(
            "--against",
            nargs="?",
            const="",
            metavar="FILE",
            help="Also hold it to anchors taken from the second place (- for standard input). Without a name, and "
            "without the option, to AUDIT_ANCHOR_COPY where that is a file or a directory.",
        )
        parser.add_argument(
            "--trust", action="append", default=[], metavar="KEY", help="Also accept seals by this public key (hex)."
        )

    def work(self, *, trust: list[str], against: str | None, **options: Any) -> Report:
        seen, unseen = elsewhere(against)
        report = verify.verify(trusted=trust, seen=seen)
        index, jobs = (index_problem(), jobs_problem()) if report.is_whole else ("", "")
        report.problem = report.problem or unseen or copies.trouble()
        data = {"whole": report.is_whole, **asdict(report), "index_problem": index, "jobs_problem": jobs}
        if not report.is_whole:
            error = f"The audit log is not whole. {report.problem}"
        else:
            error = f"The log is whole, but what is searched is not. {index} {REBUILD}" if index else jobs
        lines = [sentence(report)] if report.is_whole else []
        return Report([*lines, *report.notes], data, ok=not error, error=error)


def elsewhere(name: str | None) -> tuple[Seen | None, str]:
    """What another place has, and why it cannot be asked though it is there to be."""
    if name == "-":
        return seal_against.of_file(sys.stdin, "standard input"), ""
    if name:
        return seal_against.read(Path(name)), ""
    try:
        seen = seal_against.configured()
    except OSError as error:
        return None, f"The second place of the anchors cannot be read ({error.strerror})."
    if seen is None and name is not None:
        raise WrongUse("AUDIT_ANCHOR_COPY names no file or directory. Name a file of what the second place received.")
    return seen, ""


def index_problem() -> str:
    try:
        rebuilding.check()
    except rebuilding.Differs as problem:
        return str(problem)
    return ""


def jobs_problem() -> str:
    if contradicted := agreement.first_contradicted():
        number, found = contradicted
        return f"The log is whole, and contradicts what pages show of job {number}: {'; '.join(found)}. {ASK}"
    return ""


def sentence(report: LogReport) -> str:
    if not report.segments:
        return f"Nothing is sealed yet, {counted(report.unsealed, 'event')} to be sealed."
    parts = [
        f"{counted(report.events, 'event')} in {counted(report.segments, 'segment')}, whole, signed by {report.key}."
    ]
    if report.pruned:
        parts.append(f"{report.pruned} of them were archived and removed, as the log says.")
    if report.copies:
        parts.append(f"{counted(report.copies, 'anchor')} of another place fit.")
    if report.unsealed:
        parts.append(f"{report.unsealed} newer events are not sealed yet.")
    return " ".join(parts)
