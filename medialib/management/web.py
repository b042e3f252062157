"""How the pages are served anywhere. Headers and bodies have deadlines, so idle connections block no thread."""

from __future__ import annotations

import sys

from django.conf import settings

SERVE = (
    "--interface", "asginl", "--no-ws", "--http1-header-read-timeout", "10000", "--backlog", "2048",
    "--backpressure", "2048", "config.asgi:application",
)  # fmt: skip


def web_server(*, host: str, port: int, workers: int = 1) -> list[str]:
    """The command. It names the application by its file, so it may be started in any folder."""
    where = ("--host", host, "--port", str(port), "--workers", str(workers), "--no-access-log")
    application = f"{settings.BASE_DIR / 'config' / 'asgi.py'}:application"
    return [sys.executable, "-m", "granian", *where, *SERVE[:-1], application]
