from __future__ import annotations

import os
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any, TextIO

from django.core.management.base import CommandParser, OutputWrapper

from medialib.errors import WrongUse
from medialib.management.base import MedialibCommand, Report, operator
from medialib.models import AuditEvent, DeletionJob
from medialib.models.audit import AuditEventQuerySet
from medialib.services import audit_export

STREAMS = {"jsonl": audit_export.stream_jsonl, "csv": audit_export.stream_csv}


class Command(MedialibCommand):
    help = "Write the audit log, oldest event first. The export is itself recorded."

    def arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--job", type=int, metavar="ID", help="Only the events of this job.")
        parser.add_argument("--format", choices=STREAMS, default="jsonl")
        parser.add_argument("--output", metavar="FILE", help="Instead of standard output; appears when it is complete.")

    def work(self, *, job: int | None, format: str, output: str | None, **options: Any) -> Report:  # noqa: A002
        target = writable(Path(output)) if output not in (None, "-") else None
        detail = {"format": format, "job": job}
        events = audit_export.prepare(events_of(job), actor=operator(), detail=detail)
        pieces = STREAMS[format](events)
        if target:
            write_file(target, pieces)
        else:
            write(self.stdout, pieces)
        return self._report(events.count(), format, target)

    def _report(self, count: int, format: str, target: Path | None) -> Report:  # noqa: A002
        line = f"Exported {count} event{'' if count == 1 else 's'}{f' to {target}' if target else ''}."
        if not target:
            self.stderr.write(line, self.style.NOTICE)  # Standard output holds the events.
        data = {"events": count, "format": format, "output": str(target) if target else None}
        return Report([line] if target else [], data)


def events_of(job: int | None) -> AuditEventQuerySet:
    if job is None:
        return AuditEvent.objects.all()
    events = AuditEvent.objects.filter(job=job)
    if not DeletionJob.objects.filter(pk=job).exists() and not events.exists():
        raise WrongUse(f"There is no job {job}.")
    return events


def writable(path: Path) -> Path:
    """The path, when a file may be put there."""
    if path.is_dir():
        raise WrongUse(f"{path} is a folder. Name a file.")
    if not path.parent.is_dir():
        raise WrongUse(f"There is no folder {path.parent}.")
    return path


def write_file(path: Path, pieces: Iterator[str]) -> None:
    """Write beside the target and move it there when complete: half an export never looks like a whole one."""
    handle, name = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
    try:
        with open(handle, "w", encoding="utf-8", newline="") as file:
            write(file, pieces)
        os.replace(name, path)
    except BaseException:
        Path(name).unlink(missing_ok=True)
        raise


def write(file: TextIO | OutputWrapper, pieces: Iterator[str]) -> None:
    file.writelines(pieces)
    file.flush()
