"""A demo of its own for pictures and measurements: a free port, a data directory that is thrown away."""

from __future__ import annotations

import os
import re
import signal
import socket
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from playwright.sync_api import Page

ROOT = Path(__file__).resolve().parents[2]
READY = re.compile(r"Ready in .*: (http://\S+)/")
PASSWORD = re.compile(r"password (\S+) \(shown this once\)")


@dataclass(frozen=True)
class Site:
    address: str
    password: str
    environment: dict[str, str]

    def manage(self, *arguments: str, stdin: str = "") -> None:
        """Run a command on the demo's data."""
        command = [sys.executable, str(ROOT / "manage.py"), *arguments]
        subprocess.run(command, env=self.environment, input=stdin, text=True, check=True, stdout=subprocess.DEVNULL)

    def sign_in(self, page: Page) -> None:
        page.goto(f"{self.address}/sign-in/")
        page.get_by_label("Username").fill("admin")
        page.get_by_label("Password", exact=True).fill(self.password)
        page.get_by_role("button", name="Sign in", exact=True).click()
        page.wait_for_url(re.compile("/library/"))
        page.goto(f"{self.address}/demo/library/")


@contextmanager
def demo_site() -> Iterator[Site]:
    """Starts what `make demo` starts; stops it in the end."""
    with tempfile.TemporaryDirectory(prefix="medialib-demo-") as data_dir:
        environment = os.environ | {"MEDIALIB_DATA_DIR": data_dir, "LOG_LEVEL": "ERROR"}
        command = [sys.executable, "-u", str(ROOT / "manage.py"), "demo", "--port", str(_free_port())]
        demo = subprocess.Popen(command, env=environment, stdout=subprocess.PIPE, text=True)
        try:
            yield _announced(demo, environment)
        finally:
            demo.send_signal(signal.SIGINT)
            demo.wait(timeout=30)


def _announced(demo: subprocess.Popen[str], environment: dict[str, str]) -> Site:
    said = ""
    for line in demo.stdout or ():
        said += line
        if ready := READY.search(line):
            password = PASSWORD.search(said)
            return Site(ready.group(1), password.group(1) if password else "", environment)
    raise RuntimeError(f"The demo did not start: {said}")


def _free_port() -> int:
    """A port whose next one is free too, for the sandbox."""
    while True:
        with socket.socket() as first, socket.socket() as second:
            first.bind(("127.0.0.1", 0))
            port = int(first.getsockname()[1])
            if second.connect_ex(("127.0.0.1", port + 1)):
                return port
