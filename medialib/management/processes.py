"""Child processes of one program: started together, restarted when they die, stopped together."""

from __future__ import annotations

import ctypes
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Self

from medialib.errors import MedialibError

HOST = "127.0.0.1"
# How medialib is served anywhere. Headers and bodies have deadlines, so idle connections block no thread.
SERVE = (
    "--interface", "asginl", "--no-ws", "--http1-header-read-timeout", "10000", "--backlog", "2048",
    "--backpressure", "2048", "config.asgi:application",
)  # fmt: skip
POLL_S = 0.2
STOP_WITHIN_S = 8  # A worker may finish the call it is in; then it is killed, which costs nothing.
QUICK_DEATH_S = 5
MAX_QUICK_DEATHS = 3
TAIL_LINES = 12
PR_SET_PDEATHSIG = 1


class ChildFailed(MedialibError):
    """A child process does not start or keeps dying."""


class Child:
    """One child: its command, its log file, and the process while there is one."""

    def __init__(self, name: str, command: Sequence[str], *, log_dir: Path) -> None:
        self.name = name
        self.command = list(command)
        self.log = log_dir / f"{name}.log"
        self.quick_deaths = 0
        self.log.write_bytes(b"")
        self.start()

    def start(self) -> None:
        with self.log.open("ab") as output:
            # A group of its own: Ctrl-C in the terminal reaches the parent only, which stops the children in order.
            self.process = subprocess.Popen(
                self.command,
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=output,
                process_group=0,
                preexec_fn=_die_with_parent,  # noqa: PLW1509 - It takes no lock and allocates nothing.
            )
        self.started_at = time.monotonic()

    @property
    def has_died(self) -> bool:
        return self.process.poll() is not None

    def restart(self) -> None:
        """Start it again, unless it dies each time at once."""
        was_quick = time.monotonic() - self.started_at < QUICK_DEATH_S
        self.quick_deaths = self.quick_deaths + 1 if was_quick else 0
        if self.quick_deaths >= MAX_QUICK_DEATHS:
            raise self.failure("keeps stopping")
        self.kill_group()  # What a dead parent may have left.
        self.start()

    def failure(self, what: str) -> ChildFailed:
        tail = self.log.read_text(errors="replace").splitlines()[-TAIL_LINES:]
        print("\n".join(f"  {self.name}: {line}" for line in tail), file=sys.stderr)
        return ChildFailed(f"The {self.name} {what}; its log is {self.log}.")

    def signal_group(self, number: signal.Signals) -> None:
        try:
            os.killpg(self.process.pid, number)
        except (ProcessLookupError, PermissionError):  # macOS answers so for a group of zombies.
            return

    def kill_group(self) -> None:
        self.signal_group(signal.SIGKILL)
        self.process.wait()


class Children:
    """All children, in the order of their start. As a context manager it always stops them."""

    def __init__(self, log_dir: Path) -> None:
        self.log_dir = log_dir
        self.log_dir.mkdir(parents=True, exist_ok=True)
        self.running: list[Child] = []

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()

    def start(self, name: str, command: Sequence[str]) -> Child:
        child = Child(name, command, log_dir=self.log_dir)
        self.running.append(child)
        return child

    def watch(self, say: Callable[[str], None]) -> None:
        """Restart what dies, until somebody interrupts."""
        while True:
            for child in self.running:
                if child.has_died:
                    say(f"The {child.name} stopped (code {child.process.returncode}); starting it again.")
                    child.restart()
            time.sleep(POLL_S)

    def stop(self) -> None:
        """The last started stops first; who does not stop in time is killed. A second Ctrl-C changes nothing."""
        for number in (signal.SIGINT, signal.SIGTERM):
            signal.signal(number, signal.SIG_IGN)
        for child in reversed(self.running):
            child.signal_group(signal.SIGTERM)
        deadline = time.monotonic() + STOP_WITHIN_S
        for child in reversed(self.running):
            _wait(child.process, until=deadline)
            child.kill_group()
        self.running.clear()


def require_free_port(port: int, *, hint: str) -> None:
    """Raises MedialibError when another program listens there."""
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((HOST, port))
        except (OSError, OverflowError):
            raise MedialibError(f"Port {port} is taken by another program or not allowed. {hint}") from None


def wait_until_answers(child: Child, port: int, *, timeout_s: float) -> None:
    """Wait until something accepts connections on the port. Raises ChildFailed when the child dies or stays silent."""
    deadline = time.monotonic() + timeout_s
    while not _accepts(port):
        if child.has_died:
            raise child.failure("did not start")
        if time.monotonic() > deadline:
            raise child.failure(f"did not answer within {timeout_s:.0f} seconds")
        time.sleep(POLL_S / 4)


def _accepts(port: int) -> bool:
    try:
        socket.create_connection((HOST, port), timeout=1).close()
    except OSError:
        return False
    return True


def _wait(process: subprocess.Popen[bytes], *, until: float) -> None:
    try:
        process.wait(timeout=max(0.0, until - time.monotonic()))
    except subprocess.TimeoutExpired:
        return


def _libc() -> ctypes.CDLL | None:
    return ctypes.CDLL(None, use_errno=True) if sys.platform == "linux" else None


LIBC = _libc()  # Loaded before any fork: loading it in the child could deadlock.


def _die_with_parent() -> None:
    """Runs in the child: Linux ends it when the parent is killed so hard that it cannot stop it."""
    if LIBC is not None:
        LIBC.prctl(PR_SET_PDEATHSIG, signal.SIGTERM)
