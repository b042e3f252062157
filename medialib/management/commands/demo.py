from __future__ import annotations

import signal
from typing import Any, NoReturn

from django.core.management.base import CommandParser

from medialib.management import demo
from medialib.management.base import MedialibCommand, Report


class Command(MedialibCommand):
    help = "Start a sandbox, the web server and a worker, with a library to try things on. Ctrl-C stops everything."

    def arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--port", type=int, default=8000, help="Of the web server; the sandbox takes the next one.")
        parser.add_argument("--files", type=int, default=2000, help="Files of the sandbox, when it is made.")

    def work(self, *, port: int, files: int, **options: Any) -> Report:
        # SIGINT too: a shell that starts the demo in the background has it ignored.
        for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
            signal.signal(number, interrupt)
        try:
            demo.run(port=port, file_count=files, say=self.say)
        except KeyboardInterrupt:
            return Report(["Stopped. The data stays for the next start."], {"stopped": True})
        raise AssertionError("the demo ends only by a signal")

    def say(self, line: str) -> None:
        self.stdout.write(line)
        self.stdout.flush()


def interrupt(*_: object) -> NoReturn:
    raise KeyboardInterrupt
