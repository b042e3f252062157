"""Files settled a second with no limit and no latency, as a share of what the bare rows cost; memory; freezing."""

from __future__ import annotations

import json
import resource
import subprocess
import sys
import time
from pathlib import Path

from medialib.sandbox.server import Sandbox
from tests.bench.engine import wait_for
from tests.bench.report import Row
from tests.bench.scratch import add_synced_account, environment, manage, small

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
        Row(f"Memory of the worker at {MANY:,} files: sqlite", f"{memory:.0f} MiB", "≤ 150 MiB", memory <= 150)
    )
    found += [freezing(database) for database in ("sqlite", "postgresql")]
    return found


def settle(database: str, files: int) -> tuple[float, float]:
    """Seconds from the frozen confirmation to the last outcome, freezing included, and the worker's memory in MiB."""
    with Sandbox() as sandbox, environment(database, **FAST) as env:
        sandbox.add_files([{"path": f"/old/{n // 500}/{n:07}.jpg"} for n in range(files)])
        add_synced_account(env, sandbox)
        worker = subprocess.Popen([sys.executable, "manage.py", "runworker"], env=env, stderr=subprocess.DEVNULL)
        try:
            time.sleep(4)
            answer = json.loads(inside(env, "freeze"))
            wait_for(lambda: len(sandbox.calls("delete")) >= files // 100, within_s=3600)
            wait_for(lambda: not sandbox.file_ids(), within_s=60)
            last_call = max(call.at_monotonic for call in sandbox.calls("delete"))
            memory = _peak_mib(worker.pid)
            while '"job.finished"' not in manage(env, "exportaudit", "--job", str(answer["job"])):
                time.sleep(0.5)
        finally:
            worker.kill()
            worker.wait()
        first_call = sandbox.calls("delete")[0].at_monotonic
        return answer["seconds"] + last_call - first_call, memory


def _peak_mib(pid: int) -> float:
    for line in Path(f"/proc/{pid}/status").read_text().splitlines():
        if line.startswith("VmHWM"):
            return int(line.split()[1]) / 1024
    return resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss / 1024


def inside(env: dict[str, str], what: str, files: int = 0) -> str:
    """The last line of a measurement that runs in the scratch installation."""
    command = [sys.executable, "-m", "tests.bench.inside", what, str(files)]
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
