"""The command that serves the pages, in the demo, in a wheel and in a container."""

from __future__ import annotations

import sys

from django.conf import settings

from medialib.management.processes import SERVE


def web_server(*, host: str, port: int, workers: int = 1) -> list[str]:
    """The command. It names the application by its file, so it may be started in any folder."""
    where = ("--host", host, "--port", str(port), "--workers", str(workers), "--no-access-log")
    application = f"{settings.BASE_DIR / 'config' / 'asgi.py'}:application"
    return [sys.executable, "-m", "granian", *where, *SERVE[:-1], application]
