"""Files settled a second with no limit and no latency, as a share of what the bare rows cost; memory; freezing."""

from __future__ import annotations

import json
import subprocess
import sys
import threading
import time
from pathlib import Path

from medialib.sandbox.server import Sandbox
from tests.bench.engine import wait_for
from tests.bench.report import Row
from tests.bench.scratch import add_synced_account, environment, small

FILES = 20_000 if small() else 100_000
MANY = 100_000 if small() else 1_000_000
FAST = {"IMAGEKIT_HEADROOM": "0", "IMAGEKIT_START_RATE": "100000"}


def rows() -> list[Row]:
    found = []
    for database in ("sqlite", "postgresql"):
        ours, _ = settle(database, FILES)
        bare = bare_rows(database, FILES)
        share = bare / ours
        found.append(
            Row(
                f"{FILES:,} files frozen, sent and settled: {database}",
                f"{FILES / ours:,.0f} files/s, {share:.0%} of the bare rows' {FILES / bare:,.0f} files/s",
                "≥ 25 %",
                share >= 0.25,
            )
        )
    _, memory = settle("sqlite", MANY)
    found.append(
        Row(
            f"Memory of the worker at {MANY:,} files: sqlite",
            f"{memory.own:.0f} MiB",
            "≤ 150 MiB",
            memory.own <= 150,
            f"at its peak; besides, up to {memory.mapped:.0f} MiB of the database file are mapped, "
            "which the system takes back when it needs them",
        )
    )
    found += [freezing(database) for database in ("sqlite", "postgresql")]
    return found


class Memory(threading.Thread):
    """The most that a process held, in MiB: of its own, and of files mapped into it."""

    def __init__(self, pid: int) -> None:
        super().__init__(daemon=True)
        self.pid, self.mapped = pid, 0.0
        self._own: list[float] = []

    def run(self) -> None:
        """Look four times a second until the process is gone."""
        while fields := self._fields():
            self.mapped = max(self.mapped, fields["RssFile"])
            self._own.append(fields["RssAnon"])
            time.sleep(0.25)

    @property
    def own(self) -> float:
        return max(self._own, default=0.0)

    def most_between(self, start: float, end: float) -> float:
        """The most of its own in a part of its life, from 0.0 to 1.0."""
        looks = len(self._own)
        return max(self._own[int(looks * start) : max(int(looks * end), 1)])

    def _fields(self) -> dict[str, float]:
        try:
            lines = Path(f"/proc/{self.pid}/status").read_text().splitlines()
        except OSError:
            return {}
        return {line.partition(":")[0]: int(line.split()[1]) / 1024 for line in lines if line.startswith("Rss")}


def settle(database: str, files: int) -> tuple[float, Memory]:
    """Seconds from the frozen confirmation to the last outcome, freezing included, and the worker's memory."""
    with Sandbox() as sandbox, environment(database, **FAST) as env:
        sandbox.add_files([{"path": f"/old/{n // 500}/{n:07}.jpg"} for n in range(files)])
        add_synced_account(env, sandbox)
        worker = subprocess.Popen([sys.executable, "manage.py", "runworker"], env=env, stderr=subprocess.DEVNULL)
        memory = Memory(worker.pid)
        memory.start()
        try:
            time.sleep(4)
            answer = json.loads(inside(env, "freeze"))
            wait_for(lambda: len(sandbox.calls("delete")) >= files // 100, within_s=3600)
            while (spent_s := json.loads(inside(env, "job-seconds", answer["job"]))) is None:
                time.sleep(0.5)
        finally:
            worker.kill()
            worker.wait()
        return answer["seconds"] + spent_s, memory


def inside(env: dict[str, str], what: str, number: int = 0) -> str:
    """The last line of a measurement that runs in the scratch installation."""
    command = [sys.executable, "-m", "tests.bench.inside", what, str(number)]
    done = subprocess.run(command, env=env, capture_output=True, text=True)
    if done.returncode:
        raise RuntimeError(f"{what}: {done.stderr.strip()}")
    return done.stdout.splitlines()[-1]


def bare_rows(database: str, files: int) -> float:
    """Seconds for executemany of the same rows: one item and one event a file, and the outcome written to the item."""
    with environment(database, **FAST) as env:
        return float(inside(env, "bare-rows", files))


def freezing(database: str) -> Row:
    """Freezing with its hash against the bare INSERT … SELECT of the same rows."""
    with environment(database, **FAST) as env:
        answer = json.loads(inside(env, "freeze-many", MANY))
    ratio = answer["freeze"] / answer["bare"]
    return Row(
        f"Freezing {MANY:,} files with their hash: {database}",
        f"{answer['freeze']:.1f} s, {ratio:.1f} × the bare INSERT … SELECT",
        "≤ 3 ×",
        ratio <= 3,
    )
