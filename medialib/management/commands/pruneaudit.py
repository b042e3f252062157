from __future__ import annotations

from datetime import UTC, date, datetime, time
from pathlib import Path
from typing import Any

from django.core.management.base import CommandParser

from medialib.errors import WrongUse
from medialib.management.base import MedialibCommand, Report, operator
from medialib.services.audit.seal import pruning
from medialib.services.base.files import writable
from medialib.services.base.words import counted


class Command(MedialibCommand):
    help = (
        "Archive audit events from before a date, with their proof, and remove them. Without --yes: say what would go."
    )

    def arguments(self, parser: CommandParser) -> None:
        parser.add_argument(
            "--before", required=True, metavar="DATE", help="The first day (UTC) that stays: 2026-01-31."
        )
        parser.add_argument("--archive", metavar="FILE", help="Where they go: an export with proof. Needed with --yes.")
        parser.add_argument("--yes", action="store_true", help="Do it.")

    def work(self, *, before: str, archive: str | None, yes: bool, **options: Any) -> Report:
        at = start_of(before)
        if not yes:
            return preview(at)
        if not archive:
            raise WrongUse("Name the file that the events are archived in: --archive FILE.")
        done = pruning.prune(before=at, archive=writable(Path(archive)), actor=operator())
        line = f"Archived {counted(done.events, 'event')} in {done.archive} (SHA-256 {done.sha256}) and removed them."
        return Report([line], {"events": done.events, "archive": str(done.archive), "sha256": done.sha256})


def preview(at: datetime) -> Report:
    segments = pruning.due(at)
    count = sum(segment.event_count for segment in segments)
    what = f"{counted(count, 'event')} in {counted(len(segments), 'segment')}"
    line = f"{what} would be archived and removed. Nothing was done; add --yes."
    return Report([line], {"events": count, "segments": len(segments), "done": False})


def start_of(day: str) -> datetime:
    try:
        return datetime.combine(date.fromisoformat(day), time.min, UTC)
    except ValueError:
        raise WrongUse(f"“{day}” is no date. Write it as 2026-01-31.") from None
