"""Run the background worker of the configured task engine, with the sweep beside it."""

from __future__ import annotations

from typing import Any

from django.core.management.base import CommandParser

from medialib import worker
from medialib.management.base import MedialibCommand, Report


class Command(MedialibCommand):
    help = "Run deletion jobs, purges and syncs in the background until Ctrl-C."

    def arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--once", action="store_true", help="Do what is due now, then exit.")

    def work(self, *, once: bool, **options: Any) -> Report:
        if once:
            if failed := worker.run_once():
                return Report(
                    [f"{failed:,} jobs stopped unexpectedly; the log says why."], {"failed": failed}, ok=False
                )
            return Report(["Everything that was due is done."], {"done": True})
        worker.run_worker(
            on_ready=lambda engine: self.stderr.write(f"Worker ready ({engine} engine). Ctrl-C stops it.")
        )
        return Report(["Worker stopped."], {"stopped": True})
