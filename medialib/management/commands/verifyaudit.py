from __future__ import annotations

from dataclasses import asdict
from typing import Any

from django.core.management.base import CommandParser

from medialib.management.base import MedialibCommand, Report
from medialib.services.audit import rebuilding
from medialib.services.audit.seal import verify
from medialib.services.audit.seal.verify import Verdict
from medialib.services.base.words import counted

REBUILD = "Run “manage.py rebuildaudit”, and ask who changed it."


class Command(MedialibCommand):
    help = (
        "Hold the audit log to its seals and anchors, and its search index to it. Exit code 1 and the first bad place."
    )

    def arguments(self, parser: CommandParser) -> None:
        parser.add_argument(
            "--trust", action="append", default=[], metavar="KEY", help="Also accept seals by this public key (hex)."
        )

    def work(self, *, trust: list[str], **options: Any) -> Report:
        verdict, index = verify.verify(trusted=trust), index_problem()
        data = {"whole": verdict.is_whole, **asdict(verdict), "index_problem": index}
        if not verdict.is_whole:
            error = f"The audit log is not whole. {verdict.problem}"
        else:
            error = f"The log is whole, but what is searched is not. {index} {REBUILD}" if index else ""
        lines = [sentence(verdict)] if verdict.is_whole else []
        return Report([*lines, *verdict.notes], data, ok=not error, error=error)


def index_problem() -> str:
    try:
        rebuilding.check()
    except rebuilding.Differs as problem:
        return str(problem)
    return ""


def sentence(verdict: Verdict) -> str:
    if not verdict.segments:
        return f"Nothing is sealed yet, {counted(verdict.unsealed, 'event')} to be sealed."
    parts = [
        f"{counted(verdict.events, 'event')} in {counted(verdict.segments, 'segment')}, whole, signed by {verdict.key}."
    ]
    if verdict.pruned:
        parts.append(f"{verdict.pruned} of them were archived and removed, as the log says.")
    if verdict.unsealed:
        parts.append(f"{verdict.unsealed} newer events are not sealed yet.")
    return " ".join(parts)
