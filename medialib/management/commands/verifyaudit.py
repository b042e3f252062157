from __future__ import annotations

from dataclasses import asdict
from typing import Any

from django.core.management.base import CommandParser

from medialib.management.base import MedialibCommand, Report
from medialib.services.audit.seal import verify
from medialib.services.audit.seal.verify import Verdict


class Command(MedialibCommand):
    help = "Hold the audit log to its seals and anchors. Exit code 1 and the first bad place when it is not whole."

    def arguments(self, parser: CommandParser) -> None:
        parser.add_argument(
            "--trust", action="append", default=[], metavar="KEY", help="Also accept seals by this public key (hex)."
        )

    def work(self, *, trust: list[str], **options: Any) -> Report:
        verdict = verify.verify(trusted=trust)
        data = {"whole": verdict.is_whole, **asdict(verdict)}
        if verdict.is_whole:
            return Report([sentence(verdict), *verdict.notes], data)
        return Report(verdict.notes, data, ok=False, error=f"The audit log is not whole. {verdict.problem}")


def sentence(verdict: Verdict) -> str:
    if not verdict.segments:
        return f"Nothing is sealed yet, {verdict.unsealed} events wait."
    parts = [f"{verdict.events} events in {verdict.segments} segments, whole, signed by {verdict.key}."]
    if verdict.pruned:
        parts.append(f"{verdict.pruned} of them were archived and removed, as the log says.")
    if verdict.unsealed:
        parts.append(f"{verdict.unsealed} newer events are not sealed yet.")
    return " ".join(parts)
