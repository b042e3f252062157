"""An attacker who sends bodies a byte at a time over many connections, and how long /healthz takes meanwhile."""

from __future__ import annotations

import asyncio
import socket
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

from medialib.management.processes import SERVE

ROOT = Path(__file__).parents[1]
SOCKETS, EACH_S = 200, 5.0
PATIENCE_S = 5.0
WARM = 20  # A server's first answers are slow, whoever else is there.
# With the cookie that everybody is given, the token is looked for in the body.
TOKEN = "csrftoken=abcdefghijklmnopqrstuvwxyz012345"
HEAD = (
    "POST {path} HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Type: application/x-www-form-urlencoded\r\n"
    f"Cookie: {TOKEN}\r\nContent-Length: 1000\r\n\r\n"
)
PATHS = ("/sign-in/", "/webhooks/imagekit/acme/")


@contextmanager
def server(env: Mapping[str, str]) -> Iterator[int]:
    """The port of granian, started as the demo starts it on a migrated database; stopped at the end."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    command = [sys.executable, "-m", "granian", *SERVE, "--port", str(port)]
    quiet = {"stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL}
    started = subprocess.Popen(command, cwd=ROOT, env=dict(env), **quiet)
    try:
        wait_for(port)
        yield port
    finally:
        started.terminate()
        started.wait(10)


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


async def attack(port: int, *, sockets: int = SOCKETS, for_s: float) -> tuple[list[float], list[bytes]]:
    """The sorted times of /healthz in milliseconds, and the first line that each connection was answered."""
    until, answers, times = time.monotonic() + for_s, list[bytes](), list[float]()
    for _ in range(WARM):
        await is_well(port)
    held = [asyncio.create_task(hold(port, PATHS[n % len(PATHS)], until, answers)) for n in range(sockets)]
    await asyncio.sleep(1)
    while time.monotonic() < until:
        times.append(await is_well(port))
        await asyncio.sleep(0.1)
    await asyncio.gather(*held)
    return sorted(times), answers


def p95(times: list[float]) -> float:
    return sorted(times)[int(len(times) * 0.95)]
