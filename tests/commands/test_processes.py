"""Children of one program start together, come back when they die, and leave nothing behind."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from medialib.errors import MedialibError
from medialib.management.processes import HOST, Child, ChildFailed, Children, require_free_port, wait_until_answers

SLEEPER = [sys.executable, "-c", "import time; time.sleep(60)"]
PARENT = """
import subprocess, sys, time
child = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(60)"])
print(child.pid, flush=True)
time.sleep(60)
"""


def wait_for(condition: Callable[[], object]) -> None:
    deadline = time.monotonic() + 20
    while not condition():
        assert time.monotonic() < deadline, "waited 20 seconds in vain"
        time.sleep(0.02)


def is_alive(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except FileNotFoundError:
        return False


@pytest.fixture
def children(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Children:
    monkeypatch.setattr(
        "medialib.management.processes.signal.signal", lambda *_: None
    )  # The test run keeps its own Ctrl-C.
    return Children(tmp_path)


def test_stopping_ends_children_and_their_children(children: Children) -> None:
    with children:
        child = children.start("parent", [sys.executable, "-c", PARENT])
        wait_for(lambda: child.log.read_text().strip())
        grandchild = int(child.log.read_text())
    wait_for(lambda: not is_alive(grandchild))
    assert child.has_died


def test_a_child_that_dies_is_started_again(children: Children) -> None:
    with children:
        child = children.start("worker", SLEEPER)
        first = child.process
        first.kill()
        first.wait()
        child.restart()
        assert not child.has_died
        assert child.process.pid != first.pid


def test_a_child_that_dies_each_time_at_once_ends_the_program(
    children: Children, capsys: pytest.CaptureFixture[str]
) -> None:
    with children:
        children.start("worker", [sys.executable, "-c", "raise SystemExit('no database')"])
        with pytest.raises(ChildFailed, match="worker keeps stopping"):
            children.watch(say=lambda _: None)
    assert "no database" in capsys.readouterr().err


def test_a_taken_port_is_named() -> None:
    with socket.socket() as other:
        other.bind((HOST, 0))
        other.listen()
        port = other.getsockname()[1]
        with pytest.raises(MedialibError, match=rf"Port {port} is taken .*PORT=8100"):
            require_free_port(port, hint="PORT=8100")


def test_a_child_that_does_not_start_is_reported(children: Children) -> None:
    with children:
        child = children.start("sandbox", [sys.executable, "-c", "raise SystemExit(3)"])
        with pytest.raises(ChildFailed, match="sandbox did not start"):
            wait_until_answers(child, 1, timeout_s=20)


def test_children_end_when_their_parent_is_killed(tmp_path: Path) -> None:
    code = f"""
import sys, time
from pathlib import Path
from medialib.management.processes import Child
print(Child("child", {SLEEPER!r}, log_dir=Path({str(tmp_path)!r})).process.pid, flush=True)
time.sleep(60)
"""
    parent = subprocess.Popen([sys.executable, "-c", code], stdout=subprocess.PIPE, env=os.environ, text=True)
    assert parent.stdout is not None
    child = int(parent.stdout.readline())
    parent.kill()
    parent.communicate()
    wait_for(lambda: not is_alive(child))


def test_each_part_has_a_log_of_its_own(tmp_path: Path) -> None:
    child = Child("talker", [sys.executable, "-c", "print('hello')"], log_dir=tmp_path)
    child.process.wait()
    assert (tmp_path / "talker.log").read_text() == "hello\n"
