"""A first sync of 1,000,000 sandbox files at 300 ms a page: whether pages overlap and memory is flat."""

from __future__ import annotations

import json
import subprocess
import sys
import time
from bisect import bisect_left
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

from medialib.sandbox.server import Sandbox
from tests.bench.report import Row
from tests.bench.scratch import environment, manage, small
from tests.bench.throughput import Memory, inside

FILES = 100_000 if small() else 1_000_000
LATENCY_MS, READS_S = 300, 40
FIRST = datetime(2020, 1, 1, tzinfo=UTC)


def rows() -> list[Row]:
    return [row for database in ("sqlite", "postgresql") for row in _of(database)]


def _of(database: str) -> list[Row]:
    with Sandbox(latency_ms=LATENCY_MS, read_rate=READS_S) as sandbox, environment(database) as env:
        sandbox.add_files(_files())
        endpoints = ["--url-endpoint", sandbox.url_endpoint, "--api-url", sandbox.api_url]
        manage(env, "addaccount", "b", *endpoints, stdin="private_sandbox")
        started = time.monotonic()
        sync = subprocess.Popen([sys.executable, "manage.py", "synclibrary", "b"], env=env, stdout=subprocess.DEVNULL)
        memory = Memory(sync.pid)
        memory.start()
        if sync.wait() != 0:
            raise RuntimeError("the sync failed")
        seconds = time.monotonic() - started
        calls = sandbox.calls("list")
        indexed = json.loads(inside(env, "count-files"))
    label = f"{database}: first sync of {FILES:,} sandbox files at {LATENCY_MS} ms a page"
    grown = memory.most_between(0.25, 1.0) - memory.most_between(0.0, 0.25)
    sent = sorted(call.at_monotonic for call in calls)
    in_the_air, a_second = most_within(sent, LATENCY_MS / 1000), most_within(sent, 1.0)
    refused = sum(call.status == 429 for call in calls)
    return [
        Row(
            label,
            f"{seconds:.0f} s, {FILES / seconds:,.0f} files/s",
            "",
            None,
            f"{len(calls):,} pages, {indexed:,} files",
        ),
        Row(
            f"{label}, pages overlap up to the limit",
            f"{in_the_air} pages in the air at most, {a_second} sent within a second, {refused} refused",
            f"several, ≤ {READS_S}, none",
            in_the_air > 1 and a_second <= READS_S and not refused and indexed == FILES,
        ),
        Row(
            f"{label}, memory is flat",
            f"{memory.own:.0f} MiB at its peak, {grown:+.0f} MiB after the first quarter",
            "≤ 20 MiB more",
            grown <= 20,
            "of its own; the sandbox is another process",
        ),
    ]


def most_within(times: list[float], span_s: float) -> int:
    """The most of these sorted times that lie within such a span."""
    return max(bisect_left(times, at + span_s) - index for index, at in enumerate(times))


def _files() -> Iterator[dict[str, Any]]:
    """Over six years, in no order, as a library grows."""
    for number in range(FILES):
        at = FIRST + timedelta(seconds=number * 7919 % 190_000_003)
        stamp = f"{at:%Y-%m-%dT%H:%M:%S}.{number % 1000:03}Z"
        yield {"path": f"/crawled/{number % 3000}/{number}.jpg", "created_at": stamp, "updated_at": stamp}
