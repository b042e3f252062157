"""Jobs in a world that changes under them in random orders, against what may go, said again in plain Python.

The test is tests/services/deletion/test_world.py; 500 of its runs are in `make test`.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
import time
from collections import Counter
from pathlib import Path

from tests.bench.report import Row
from tests.bench.scratch import small

RUNS = 400 if small() else 10_000
MINUTES = 25  # Nobody waits longer: fewer runs are then a bar that is missed.
TEST = "tests/services/deletion/test_world.py"


def rows() -> list[Row]:
    started = time.monotonic()
    tally = run(workers=os.cpu_count() or 1)
    took_min = (time.monotonic() - started) / 60
    return [
        Row(
            f"{tally['runs']:,} jobs of 6 files, changed, ruled and deprived in random orders",
            f"{tally['deleted']:,} of {tally['files']:,} files deleted, {tally['forbidden']} of them forbidden",
            f"0 of {RUNS:,} jobs",
            tally["runs"] >= RUNS and not tally["forbidden"],
            f"each skip names its cause; {tally['unseen']:,} of the deleted changed right before their call, "
            f"which no look sees; {took_min:.0f} min",
        )
    ]


def run(*, workers: int) -> Counter[str]:
    """All processes have a seed of their own. Prints the story that went wrong and raises CalledProcessError."""
    tally: Counter[str] = Counter()
    with tempfile.TemporaryDirectory(prefix="medialib-bench-") as folder:
        started = [start(seed, -(-RUNS // workers), Path(folder)) for seed in range(1, workers + 1)]
        for process in started:
            said, _ = process.communicate()
            if process.returncode:
                print(said[-20_000:], flush=True)
                raise subprocess.CalledProcessError(process.returncode, TEST)
        for report in Path(folder).glob("*.json"):
            tally.update(json.loads(report.read_text()))
    return tally


def start(seed: int, runs: int, folder: Path) -> subprocess.Popen[str]:
    env = {name: value for name, value in os.environ.items() if name != "DATABASE_URL"}
    env |= {"WORLD_RUNS": str(runs), "WORLD_SEED": str(seed), "WORLD_REPORT": str(folder / f"{seed}.json")}
    env |= {"WORLD_MINUTES": str(MINUTES)}
    command = [sys.executable, "-m", "pytest", "-q", "--show-capture=no", "-p", "no:cacheprovider", TEST]
    return subprocess.Popen(command, env=env, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
