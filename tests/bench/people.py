"""The web server under people: 200 slow senders, and 50 people at once beside a running sync and job.

The server is granian as `make run` starts it, one process on 127.0.0.1. Each measurement ends by itself.
"""

from __future__ import annotations

import json
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from medialib.sandbox.server import Sandbox
from tests import loops, slow_bodies
from tests.bench.report import Row
from tests.bench.scratch import environment, manage, small
from tests.bench.throughput import inside

OPEN = {"ALLOWED_HOSTS": "localhost,127.0.0.1", "DEBUG": "0", "IMAGEKIT_HEADROOM": "0"}
NAMES = {"sqlite": "SQLite", "postgresql": "PostgreSQL"}
SLOW_S = 10.0 if small() else 30.0
MOST_P95_MS = 100
PEOPLE, PAUSE_S, AT_MOST_TIMES = 50, 5.0, 5
LONE_S, CROWD_S = (5.0, 15.0) if small() else (20.0, 60.0)
CALLS_S, LATENCY_MS = 3, 300
KEPT, DELETED = 20_000, round(CALLS_S * (CROWD_S + 30)) * 100  # The job outlasts the people.


def rows() -> list[Row]:
    return [row for database in NAMES for row in (*_slow_bodies(database), *_people(database))]


def _slow_bodies(database: str) -> list[Row]:
    with environment(database, **OPEN) as env, slow_bodies.server(env) as port:
        alone, _ = loops.run(slow_bodies.attack(port, sockets=0, for_s=SLOW_S / 3))
        times, answers = loops.run(slow_bodies.attack(port, for_s=SLOW_S))
    p95, lone = slow_bodies.p95(times), slow_bodies.p95(alone)
    refused = sum(b" 408 " in line for line in answers)
    label = f"{NAMES[database]}: /healthz beside {slow_bodies.SOCKETS} slow bodies, {SLOW_S:.0f} s"
    note = f"p95 {lone:.0f} ms without them; slowest {times[-1]:.0f} ms; {refused} connections were answered 408"
    return [Row(label, f"p95 {p95:.0f} ms", f"< {MOST_P95_MS} ms", p95 < MOST_P95_MS, note)]


def _people(database: str) -> list[Row]:
    sandbox = Sandbox(latency_ms=LATENCY_MS, rate=CALLS_S)
    with sandbox, environment(database, **OPEN) as env, slow_bodies.server(env) as port:
        manage(env, "collectstatic", "--noinput", "--verbosity", "0")
        sandbox.add_files({"path": f"/keep/{n // 500}/{n:06}.jpg"} for n in range(KEPT))
        ids = sandbox.add_files({"path": f"/old/{n // 500}/{n:06}.jpg"} for n in range(DELETED))
        endpoints = ["--url-endpoint", sandbox.url_endpoint, "--api-url", sandbox.api_url]
        manage(env, "addaccount", "b", *endpoints, stdin="private_sandbox")
        manage(env, "synclibrary", "b")
        people = json.loads(inside(env, "people", PEOPLE + 1))
        lone = _walk(port, people[:1], for_s=LONE_S, pause_s=0.0)
        with _work(env, ids) as syncs:
            crowd = _walk(port, people[1:], for_s=CROWD_S, pause_s=PAUSE_S)
            calls = len(sandbox.calls("delete"))
            burst = _walk(port, people[1:], for_s=0.0, pause_s=0.0)
        ticked = json.loads(inside(env, "ticked"))
    return _judge(
        NAMES[database], lone, crowd, burst, ticked, note=f"{calls} calls of the job, {len(syncs)} full syncs"
    )


@contextmanager
def _work(env: dict[str, str], ids: list[str]) -> Iterator[list[int]]:
    """A worker with a job of all these files, and one full sync after the other; yields the syncs' exit codes."""
    order = ["deletefiles", "b", "--ids-file", "-", "--reason", "bench", "--user", "person-0", "--yes"]
    manage(env, *order, stdin="\n".join(ids))
    over, codes = threading.Event(), list[int]()

    def sync() -> None:
        while not over.is_set():
            command = [sys.executable, "manage.py", "synclibrary", "b"]
            codes.append(subprocess.run(command, env=env, capture_output=True, timeout=300).returncode)

    worker = subprocess.Popen([sys.executable, "manage.py", "runworker"], env=env, stderr=subprocess.DEVNULL)
    syncing = threading.Thread(target=sync)
    syncing.start()
    try:
        yield codes
    finally:
        over.set()
        syncing.join()
        worker.kill()
        worker.wait()


def _walk(port: int, people: list[dict[str, Any]], *, for_s: float, pause_s: float) -> list[dict[str, Any]]:
    """What each request of these people came to; in a process of its own, so that the sandbox slows nobody down."""
    plan = json.dumps({"port": port, "people": people, "for_s": for_s, "pause_s": pause_s})
    command = [sys.executable, "-m", "tests.bench.walk"]
    done = subprocess.run(command, input=plan, capture_output=True, text=True, timeout=for_s + 300)
    if done.returncode:
        raise RuntimeError(done.stderr[-2000:])
    answers: list[dict[str, Any]] = json.loads(done.stdout)
    return answers


def _judge(
    name: str,
    lone: list[dict[str, Any]],
    crowd: list[dict[str, Any]],
    burst: list[dict[str, Any]],
    ticked: dict[str, list[int]],
    *,
    note: str,
) -> list[Row]:
    alone, together, at_once = _p95(lone), _p95(crowd), _p95(burst)
    broken = [one for one in (*lone, *crowd, *burst) if one["status"] >= 500 or not one["status"]]
    others = [one for one in (*lone, *crowd, *burst) if 300 <= one["status"] < 500]
    written = {(one["name"], one["ticks"]) for one in (*lone, *crowd, *burst) if one["ticks"] and one["status"] == 200}
    lost = [row for row in written if row[1] not in ticked.get(row[0], [])]
    label = f"{name}: {PEOPLE} people, each a page or a tick in {PAUSE_S:.0f} s, beside a running sync and job"
    times = together / alone
    first = f"{len(crowd)} requests in {CROWD_S:.0f} s, p95 {together:.0f} ms; alone {alone:.0f} ms; {note}"
    return [
        Row(label, f"p95 {times:.1f} × that of one alone", f"≤ {AT_MOST_TIMES} ×", times <= AT_MOST_TIMES, first),
        Row(
            f"{label}: the first page of all {PEOPLE} at the same moment",
            f"p95 {at_once / alone:.0f} × that of one alone",
            "",
            None,
            f"p95 {at_once:.0f} ms",
        ),
        Row(f"{label}: answers 5xx or none", f"{len(broken)}", "0", not broken, f"{len(others)} other than 200"),
        Row(
            f"{label}: ticks that were answered 200 and are not there", f"{len(lost)} of {len(written)}", "0", not lost
        ),
    ]


def _p95(answers: list[dict[str, Any]]) -> float:
    times = sorted(one["ms"] for one in answers)
    return float(times[int(len(times) * 0.95)])
