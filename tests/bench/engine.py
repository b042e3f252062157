"""Whole jobs against the sandbox at a stated limit, beside a loop with ImageKit's own SDK in the same run."""

from __future__ import annotations

import json
import math
import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass

from imagekitio import ImageKit

from medialib.sandbox.server import Sandbox
from tests.bench.report import Row
from tests.bench.scratch import add_synced_account, environment, manage, small

FILES = 2_000 if small() else 20_000
BULK_FILES = FILES // 10  # The SDK's loops wait for each answer, so their time grows evenly: a part is measured,
SINGLE_FILES = 40  # and scaled up to all files.
CASES = [(20, 150), (20, 800), (5, 150)]  # Calls a second, latency in milliseconds.


@dataclass(frozen=True)
class Measured:
    seconds: float
    calls: int
    refused: int


def rows() -> list[Row]:
    """Every case with 1 worker on SQLite and 1 and 4 workers on PostgreSQL, and the SDK's two loops."""
    found = []
    for rate, latency_ms in CASES:
        ideal = math.ceil(FILES / 100) / rate
        name = f"{FILES:,} files at {rate} calls/s, {latency_ms} ms"
        sdk = sdk_bulk(rate, latency_ms)
        for database, workers in (("sqlite", 1), ("postgresql", 1), ("postgresql", 4)):
            ours = job(database, rate, latency_ms, workers=workers)
            label = f"{name}: {database}, {workers} worker{'s' if workers > 1 else ''}"
            share = ideal / ours.seconds
            found.append(Row(label, f"{share:.0%} of the ideal {ideal:.0f} s", "≥ 95 %", share >= 0.95))
            refused = ours.refused / ours.calls
            found.append(Row(f"{label}, refused calls", f"{ours.refused} of {ours.calls}", "< 1 %", refused < 0.01))
            ahead = sdk.seconds / ours.seconds
            must = 1.0 if rate * latency_ms > 1000 else 0.97
            found.append(
                Row(
                    f"{label}, against the SDK's bulk delete",
                    f"{ahead:.2f} ×",
                    "ahead" if must == 1 else "not behind",
                    ahead >= must,
                )
            )
        single = sdk_single(rate, latency_ms)
        found.append(Row(f"{name}: the SDK's single delete", f"{single / ideal:.0f} × the ideal time", "", None))
    return found


def job(database: str, rate: float, latency_ms: float, *, workers: int) -> Measured:
    """From the confirmation to the last outcome, by workers that run already, as a person meets it."""
    with Sandbox(latency_ms=latency_ms, rate=rate) as sandbox, environment(database, IMAGEKIT_HEADROOM="0") as env:
        ids = sandbox.add_files([{"path": f"/old/{n // 500}/{n:06}.jpg"} for n in range(FILES + 100)])
        add_synced_account(env, sandbox)
        order = ["deletefiles", "b", "--ids-file", "-", "--reason", "bench", "--user", "admin", "--yes", "--json"]
        manage(env, *order, "--wait", stdin="\n".join(ids[:100]))  # The account's limit is known from an earlier job.
        time.sleep(1.1)
        running = [
            subprocess.Popen([sys.executable, "manage.py", "runworker"], env=env, stderr=subprocess.DEVNULL)
            for _ in range(workers)
        ]
        try:
            time.sleep(6)
            before = len(sandbox.calls("delete"))
            json.loads(manage(env, *order, stdin="\n".join(ids[100:])).splitlines()[-1])
            wait_for(lambda: not sandbox.file_ids(), within_s=FILES / 100 / rate * 4 + 60)
        finally:
            for worker in running:
                worker.kill()
                worker.wait()
        calls = sandbox.calls("delete")[before:]
        seconds = max(call.at_monotonic for call in calls) + latency_ms / 1000 - calls[0].at_monotonic
        return Measured(seconds, len(calls), sum(call.status == 429 for call in calls))


def sdk_bulk(rate: float, latency_ms: float) -> Measured:
    """ImageKit's SDK, one bulk delete after the other, with its own retries; scaled up to all files."""
    with Sandbox(latency_ms=latency_ms, rate=rate) as sandbox:
        ids = sandbox.add_files([{"path": f"/old/{n:06}.jpg"} for n in range(BULK_FILES)])
        client = ImageKit(private_key="private_sandbox", base_url=sandbox.api_url, max_retries=20)
        started = time.monotonic()
        for start in range(0, len(ids), 100):
            client.files.bulk.delete(file_ids=ids[start : start + 100])
        calls = sandbox.calls("delete")
        seconds = (time.monotonic() - started) * FILES / BULK_FILES
        return Measured(seconds, len(calls), sum(call.status == 429 for call in calls))


def sdk_single(rate: float, latency_ms: float) -> float:
    """Seconds that ImageKit's SDK would need for all files one by one, from a part of them."""
    with Sandbox(latency_ms=latency_ms, rate=rate) as sandbox:
        ids = sandbox.add_files([{"path": f"/old/{n:06}.jpg"} for n in range(SINGLE_FILES)])
        client = ImageKit(private_key="private_sandbox", base_url=sandbox.api_url, max_retries=20)
        started = time.monotonic()
        for file_id in ids:
            client.files.delete(file_id)
        return (time.monotonic() - started) * FILES / SINGLE_FILES


def wait_for(condition: Callable[[], bool], *, within_s: float) -> None:
    deadline = time.monotonic() + within_s
    while not condition():
        if time.monotonic() > deadline:
            raise TimeoutError("the measurement did not end in time")
        time.sleep(0.02)
