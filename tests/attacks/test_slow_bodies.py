"""Connections that send a byte each few seconds must not keep anybody else waiting: on the server that people start."""

from __future__ import annotations

import asyncio
import os
import re
import shlex
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from django.conf import settings

from medialib.management.demo import SERVE
from tests import loops
from tests.environment import STEERING

ROOT = Path(settings.BASE_DIR)
SOCKETS, FOR_S, EACH_S = 200, 30.0, 5.0
PATIENCE_S = 5.0
MOST_P95_MS = 100.0
# With the cookie that everybody is given, the token is looked for in the body.
TOKEN = "csrftoken=abcdefghijklmnopqrstuvwxyz012345"
HEAD = (
    "POST {path} HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Type: application/x-www-form-urlencoded\r\n"
    f"Cookie: {TOKEN}\r\nContent-Length: 1000\r\n\r\n"
)
PATHS = ("/sign-in/", "/webhooks/imagekit/acme/")


@pytest.fixture
def port(tmp_path: Path) -> Iterator[int]:
    """Granian, as the demo starts it, on data of its own."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        number = probe.getsockname()[1]
    variables = {name: value for name, value in os.environ.items() if name not in (*STEERING, "DATABASE_URL")}
    variables["MEDIALIB_DATA_DIR"] = str(tmp_path)
    subprocess.run([sys.executable, "manage.py", "migrate", "--verbosity", "0"], cwd=ROOT, env=variables, check=True)
    command = [sys.executable, "-m", "granian", *SERVE, "--port", str(number)]
    server = subprocess.Popen(command, cwd=ROOT, env=variables, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        wait_for(number)
        yield number
    finally:
        server.terminate()
        server.wait(10)


def wait_for(port: int) -> None:
    until = time.monotonic() + 30
    while time.monotonic() < until:
        try:
            socket.create_connection(("127.0.0.1", port), timeout=1).close()
        except OSError:
            time.sleep(0.1)
        else:
            return
    raise AssertionError("the server does not start")


async def hold(port: int, path: str, until: float, answers: list[bytes]) -> None:
    """One attacker's connection, opened again each time that it is closed."""
    while time.monotonic() < until:
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        writer.write(HEAD.format(path=path).encode())
        line = b""
        while not line and not reader.at_eof() and time.monotonic() < until:
            writer.write(b"a")
            try:
                line = await asyncio.wait_for(reader.readline(), EACH_S)
            except TimeoutError:
                continue
        answers.append(line)
        writer.close()


async def is_well(port: int) -> float:
    """How long /healthz takes, in milliseconds."""
    began = time.perf_counter()
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    writer.write(b"GET /healthz HTTP/1.1\r\nHost: 127.0.0.1\r\nConnection: close\r\n\r\n")
    try:
        line = await asyncio.wait_for(reader.readline(), PATIENCE_S)
    except TimeoutError:
        line = b" 200 "  # Counted by its time.
    writer.close()
    assert b" 200 " in line
    return (time.perf_counter() - began) * 1000


async def attack(port: int) -> tuple[list[float], list[bytes]]:
    until, answers, times = time.monotonic() + FOR_S, list[bytes](), list[float]()
    held = [asyncio.create_task(hold(port, PATHS[n % len(PATHS)], until, answers)) for n in range(SOCKETS)]
    await asyncio.sleep(1)
    while time.monotonic() < until:
        times.append(await is_well(port))
        await asyncio.sleep(0.1)
    await asyncio.gather(*held)
    return sorted(times), answers


def test_two_hundred_slow_bodies_keep_nobody_waiting(port):
    times, answers = loops.run(attack(port))
    assert times[int(len(times) * 0.95)] < MOST_P95_MS
    assert sum(b" 408 " in line for line in answers) > SOCKETS


def test_everybody_starts_the_same_server():
    """The demo's own command is the one attacked above."""
    options = shlex.join(SERVE[:-1])
    for name in ("Makefile", "docs/deploy.md"):
        text = re.sub(r"\s*\\\n\s*", " ", (ROOT / name).read_text())
        started = [line for line in text.splitlines() if "bin/granian" in line.lower() or "(BIN)/granian" in line]
        assert started, name
        assert all(options in line and SERVE[-1] in line for line in started), name
