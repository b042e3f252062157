"""A large job whose workers are killed at random: python -m tests.bench.soak [--files 100000] [--database postgresql].

Ends with exit code 0 when every file has one outcome and the log says exactly what the sandbox lost; writes its line
into docs/benchmarks.md.
"""

from __future__ import annotations

import argparse
import json
import os
import random
import signal
import subprocess
import sys
import time

from medialib.sandbox.server import Sandbox
from tests.bench.__main__ import PAGE, machine
from tests.bench.report import Row, write
from tests.bench.scratch import add_synced_account, environment, manage

FAULTS = ["lost_after", "500_after", "502_html", "truncated_200", "short_200", "lost_before"]


def main() -> int:
    parser = argparse.ArgumentParser(prog="soak")
    parser.add_argument("--files", type=int, default=100_000)
    parser.add_argument("--database", choices=["sqlite", "postgresql"], default="postgresql")
    parser.add_argument("--workers", type=int, default=3)
    parser.add_argument("--kill-every-s", type=float, default=4.0)
    parser.add_argument("--at-most-s", type=float, default=900.0)
    options = parser.parse_args()
    random.seed(options.files)
    fast = {
        "IMAGEKIT_HEADROOM": "0",
        "IMAGEKIT_LOOK_UP_RATE": "10000",
        "IMAGEKIT_START_RATE": "1000",
        "LEASE_S": "3",
        "BREAKER_PERCENT": "100",
    }
    with Sandbox(latency_ms=40) as sandbox, environment(options.database, **fast) as env:
        return soak(sandbox, env, options)


def soak(sandbox: Sandbox, env: dict[str, str], options: argparse.Namespace) -> int:
    ids = sandbox.add_files([{"path": f"/old/{n // 500}/{n:07}.jpg"} for n in range(options.files)])
    add_synced_account(env, sandbox)
    order = ["deletefiles", "b", "--ids-file", "-", "--reason", "soak", "--user", "admin", "--yes", "--json"]
    job = str(json.loads(manage(env, *order, stdin="\n".join(ids)).splitlines()[-1])["job"])
    workers = [start(env) for _ in range(options.workers)]
    kills, started = 0, time.monotonic()
    try:
        while not is_finished(env, job):
            if time.monotonic() - started > options.at_most_s:
                print(f"not finished after {options.at_most_s:.0f} s", file=sys.stderr)
                return 1
            time.sleep(options.kill_every_s)
            victim = random.randrange(len(workers))
            os.kill(workers[victim].pid, signal.SIGKILL)
            workers[victim].wait()
            workers[victim] = start(env)
            kills += 1
            if kills % 3 == 0 and sandbox.faults_waiting() == 0:
                sandbox.fault(random.choice(FAULTS))
    finally:
        for worker in workers:
            worker.kill()
            worker.wait()
    row = judge(sandbox, env, job, ids, kills=kills, seconds=time.monotonic() - started, database=options.database)
    print(row.line())
    write(PAGE, "soak", [row], machine=machine())
    return 0 if row.ok else 1


def start(env: dict[str, str]) -> subprocess.Popen[bytes]:
    return subprocess.Popen([sys.executable, "manage.py", "runworker"], env=env, stderr=subprocess.DEVNULL)


def is_finished(env: dict[str, str], job: str) -> bool:
    """Resumes a job that the breaker paused, as a person would."""
    query = f"from medialib.models import DeletionJob; print(DeletionJob.objects.get(pk={job}).state)"
    state = manage(env, "shell", "-c", query)
    if "paused" in state:
        manage(env, "controljob", job, "resume")
    return "finished" in state


def judge(
    sandbox: Sandbox, env: dict[str, str], job: str, ids: list[str], *, kills: int, seconds: float, database: str
) -> Row:
    """Whether the log, the sandbox and what was asked for agree about every single file."""
    rows = [json.loads(line) for line in manage(env, "exportaudit", "--job", job).splitlines()]
    final = [(row["file_id"], row["outcome"]) for row in rows if row["event"] == "file.settled"]
    by_us = {gone.file_id for gone in sandbox.deleted_by_calls()}
    exact = sorted(file_id for file_id, _ in final) == sorted(ids)
    right = {file_id for file_id, outcome in final if outcome == "deleted"} == by_us == set(ids)
    alone = sandbox.overlapping_deletes() == set()
    words = {True: "yes", False: "**no**"}
    return Row(
        f"{len(ids):,} files on {database}, {kills} times a worker killed (SIGKILL), lost and broken answers",
        f"{len(sandbox.calls('delete')):,} calls in {seconds:.0f} s",
        "complete and exact",
        exact and right and alone,
        f"one final event a file: {words[exact]}; the log says what the sandbox lost: {words[right]}; "
        f"no file in two calls at once: {words[alone]}",
    )


if __name__ == "__main__":
    sys.exit(main())
