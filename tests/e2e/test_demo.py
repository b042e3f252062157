"""The first command of the README: one start for everything, one Ctrl-C, and a second start on the same data."""

from __future__ import annotations

import os
import re
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
import requests

from medialib.management.processes import HOST
from tests.e2e.conftest import ROOT

READY = re.compile(r"Ready in \d+ s: (http\S+)/ ")
PASSWORD = re.compile(r"with the password (\S+) \(shown this once\)")


def free_pair() -> int:
    """A port whose neighbour is free too."""
    while True:
        with socket.socket() as first, socket.socket() as second:
            first.bind((HOST, 0))
            port: int = first.getsockname()[1]
            try:
                second.bind((HOST, port + 1))
            except OSError:
                continue
            return port


def parent_of(stat: Path) -> int:
    try:
        return int(stat.read_text().rpartition(")")[2].split()[1])
    except (FileNotFoundError, ProcessLookupError):  # It ended while we looked.
        return 0


class Demo:
    def __init__(self, data_dir: Path, port: int) -> None:
        self.log = data_dir / "demo.out"
        command = [sys.executable, str(ROOT / "manage.py"), "demo", "--port", str(port), "--files", "60"]
        environment = {name: value for name, value in os.environ.items() if name != "DATABASE_URL"}
        with self.log.open("wb") as out:
            self.process = subprocess.Popen(
                command, env=environment | {"MEDIALIB_DATA_DIR": str(data_dir)}, stdout=out, stderr=out
            )

    def text(self) -> str:
        return self.log.read_text()

    def wait_until(self, pattern: re.Pattern[str]) -> str:
        deadline = time.monotonic() + 60
        while not (found := pattern.search(self.text())):
            assert self.process.poll() is None, self.text()
            assert time.monotonic() < deadline, self.text()
            time.sleep(0.1)
        return found.group(1)

    def children(self) -> set[int]:
        """Its parts, as the system lists them."""
        return {
            int(path.parent.name) for path in Path("/proc").glob("[0-9]*/stat") if parent_of(path) == self.process.pid
        }

    def stop(self) -> int:
        self.process.send_signal(signal.SIGINT)
        return self.process.wait(timeout=30)


@pytest.fixture
def data_dir(tmp_path: Path) -> Path:
    return tmp_path


@pytest.fixture
def demo(data_dir: Path) -> Iterator[Demo]:
    running = Demo(data_dir, free_pair())
    yield running
    if running.process.poll() is None:
        running.stop()


def signs_in(address: str, password: str) -> bool:
    with requests.Session() as browser:
        page = browser.get(f"{address}/sign-in/", timeout=20).text
        token = re.search(r'name="csrfmiddlewaretoken" value="(\w+)"', page)
        assert token is not None
        form = {"csrfmiddlewaretoken": token[1], "username": "admin", "password": password}
        return browser.post(f"{address}/sign-in/", data=form, timeout=20).url.endswith("/demo/library/")


def test_the_demo_starts_serves_and_leaves_nothing_behind(demo: Demo) -> None:
    address = demo.wait_until(READY)
    assert signs_in(address, demo.wait_until(PASSWORD))
    children = demo.children()
    assert len(children) == 3
    assert demo.stop() == 0
    assert {pid for pid in children if Path(f"/proc/{pid}").exists()} == set()
    assert "Traceback" not in demo.text()


def test_a_second_start_keeps_the_data_and_moves_with_its_port(demo: Demo, data_dir: Path) -> None:
    demo.wait_until(READY)
    password = demo.wait_until(PASSWORD)
    demo.stop()
    again = Demo(data_dir, free_pair())
    try:
        address = again.wait_until(READY)
        assert signs_in(address, password)
        assert PASSWORD.search(again.text()) is None
    finally:
        again.stop()


def test_a_taken_port_is_named_and_nothing_is_started(data_dir: Path) -> None:
    with socket.socket() as other:
        other.bind((HOST, 0))
        other.listen()
        port = other.getsockname()[1]
        refused = Demo(data_dir, port)
        assert refused.process.wait(timeout=30) == 1
    assert f"Port {port} is taken" in refused.text()
    assert "Traceback" not in refused.text()
