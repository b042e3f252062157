"""synclibrary NAME: bring the cached files of one account in step with ImageKit."""

from __future__ import annotations

from typing import Any

from django.core.management.base import CommandParser

from medialib.management.base import MedialibCommand, Report, operator
from medialib.models import Account, SyncRun
from medialib.services import sync


class Command(MedialibCommand):
    help = "Bring the cached files of one account in step with ImageKit."

    def arguments(self, parser: CommandParser) -> None:
        parser.add_argument("name", help="The account's name.")

    def work(self, *, name: str, **options: Any) -> Report:
        return _report(sync.run_sync(Account.objects.named(name), actor=operator()))


def _report(run: SyncRun) -> Report:
    counts = {"seen": run.seen, "added": run.added, "changed": run.changed, "removed": run.removed}
    line = "{seen:,} files: {added:,} added, {changed:,} changed, {removed:,} no longer there.".format(**counts)
    return Report([line], {"account": run.account.name, **counts, "duration_s": round(run.duration_s, 3)})
