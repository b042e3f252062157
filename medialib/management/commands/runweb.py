from __future__ import annotations

import os
from typing import Any, NoReturn

from django.core.management.base import CommandParser
from django.db import connections

from medialib.management.base import MedialibCommand
from medialib.management.processes import HOST
from medialib.management.web import web_server


class Command(MedialibCommand):
    help = "Serve the pages on your own settings. Whatever else granian can do is set by its GRANIAN_… variables."

    def arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--host", default=HOST, help="Address to listen on.")
        parser.add_argument("--port", type=int, default=8000)
        parser.add_argument("--workers", type=int, default=1, help="Processes.")

    def work(self, *, host: str, port: int, workers: int, **options: Any) -> NoReturn:
        connections.close_all()
        command = web_server(host=host, port=port, workers=workers)
        os.execv(command[0], command)  # noqa: S606 - This process becomes the server, so signals reach it.
