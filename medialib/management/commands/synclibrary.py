"""synclibrary NAME [--incremental | --accept-removals]: bring the cached files of one account in step with ImageKit."""

from __future__ import annotations

from typing import Any

from django.core.management.base import CommandParser

from medialib.management.base import MedialibCommand, Report, operator
from medialib.models import Account, SyncKind, SyncRun
from medialib.services.base.words import counted
from medialib.services.sync import run as sync

MOST_LEFT_OUT = 5  # Files that are named.


class Command(MedialibCommand):
    help = "Bring the cached files of one account in step with ImageKit."

    def arguments(self, parser: CommandParser) -> None:
        parser.add_argument("name", help="The account's name.")
        how = parser.add_mutually_exclusive_group()
        how.add_argument(
            "--incremental",
            action="store_true",
            help="List only what changed since the last complete run; what is gone at ImageKit stays listed here.",
        )
        how.add_argument(
            "--accept-removals",
            action="store_true",
            help="Mark as gone what ImageKit no longer lists, however many files that are.",
        )

    def work(self, *, name: str, incremental: bool = False, accept_removals: bool = False, **options: Any) -> Report:
        kind = SyncKind.INCREMENTAL if incremental else SyncKind.FULL
        account = Account.objects.named(name)
        return _report(sync.run_sync(account, actor=operator(), kind=kind, accept_removals=accept_removals))


def _report(run: SyncRun) -> Report:
    counts = {name: getattr(run, name) for name in ("seen", "added", "came_back", "changed", "removed")}
    line = (
        f"{counted(run.seen, 'file')}: {run.added:,} added, {run.changed:,} changed, {run.removed:,} no longer there."
    )
    line += f" {run.came_back:,} came back." if run.came_back else ""
    if run.left_out:
        some = ", ".join(run.left_out[:MOST_LEFT_OUT]) + (", …" if len(run.left_out) > MOST_LEFT_OUT else "")
        what = counted(len(run.left_out), "file")
        line += f" {what} left out, with paths longer than this database can index: {some}."
    counts |= {"left_out": len(run.left_out), "duration_s": round(run.duration_s, 3)}
    return Report([line], {"account": run.account.name, "kind": run.kind, **counts})
