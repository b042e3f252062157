"""synclibrary NAME [--incremental]: bring the cached files of one account in step with ImageKit."""

from __future__ import annotations

from typing import Any

from django.core.management.base import CommandParser

from medialib.management.base import MedialibCommand, Report, operator
from medialib.models import Account, SyncKind, SyncRun
from medialib.services.sync import run as sync


class Command(MedialibCommand):
    help = "Bring the cached files of one account in step with ImageKit."

    def arguments(self, parser: CommandParser) -> None:
        parser.add_argument("name", help="The account's name.")
        parser.add_argument(
            "--incremental",
            action="store_true",
            help="List only what changed since the last complete run; what is gone at ImageKit stays listed here.",
        )

    def work(self, *, name: str, incremental: bool = False, **options: Any) -> Report:
        kind = SyncKind.INCREMENTAL if incremental else SyncKind.FULL
        return _report(sync.run_sync(Account.objects.named(name), actor=operator(), kind=kind))


def _report(run: SyncRun) -> Report:
    counts = {"seen": run.seen, "added": run.added, "changed": run.changed, "removed": run.removed}
    line = "{seen:,} files: {added:,} added, {changed:,} changed, {removed:,} no longer there.".format(**counts)
    data = {"account": run.account.name, "kind": run.kind, **counts, "duration_s": round(run.duration_s, 3)}
    return Report([line], data)
