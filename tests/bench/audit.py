"""The audit log: what sealing costs, how fast it is exported, and how long a page of a million events takes."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from typing import Any

from tests.bench.report import Row
from tests.bench.scratch import environment, small

FILES = 20_000 if small() else 40_000
EVENTS = 100_000 if small() else 1_000_000


def rows() -> list[Row]:
    return [row for database in ("sqlite", "postgresql") for row in _of(database)]


def _of(database: str) -> list[Row]:
    cost = _measure(database, "cost", FILES)
    sealed, exported, read = (_measure(database, what) for what in ("seal", "exports", "reads"))
    return [_sealing_row(database, cost, sealed), *_export_rows(database, exported), _read_row(database, read)]


def _measure(database: str, what: str, count: int = EVENTS) -> dict[str, Any]:
    with environment(database, IMAGEKIT_HEADROOM="0", IMAGEKIT_START_RATE="100000") as env:
        command = [sys.executable, "-m", "tests.bench.audit_inside", what, str(count)]
        done = subprocess.run(
            command, env=env | {"BENCH_SMALL": os.environ.get("BENCH_SMALL", "")}, capture_output=True, text=True
        )
    if done.returncode:
        raise RuntimeError(done.stderr.strip()[-500:])
    figures: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
    return figures


def _sealing_row(database: str, cost: dict[str, Any], figures: dict[str, Any]) -> Row:
    slower = cost["ratio"] - 1
    return Row(
        f"Settling {cost['files']:,} files with a sealer beside it: {database}",
        f"{slower:+.1%} (at best {cost['files'] / cost['alone']:,.0f} files/s without)",
        "≤ 5 % slower",
        slower <= 0.05,
        f"sealing takes {figures['seal_us']:.1f} µs an event ({figures['seal_per_s']:,.0f}/s); "
        f"verifying {figures['verify_per_s']:,.0f}/s",
    )


def _export_rows(database: str, figures: dict[str, Any]) -> list[Row]:
    return [
        Row(
            f"Export of {figures['events']:,} events as {name.upper()}: {database}",
            f"{share:.0%} of a bare cursor that writes the same file",
            "≥ 30 %",
            share >= 0.30,
            f"{figures['seconds'][name]:.0f} s, {figures['peak'] / 2**20:.0f} MiB",
        )
        for name, share in figures["share"].items()
    ]


def _read_row(database: str, figures: dict[str, Any]) -> Row:
    slowest = max(figures["worst"], key=figures["worst"].get)
    return Row(
        f"A page of {EVENTS:,} events, over {len(figures['worst'])} kinds of questions: {database}",
        f"p95 {figures['p95']:.0f} ms, median {figures['median']:.0f} ms",
        "≤ 50 ms",
        figures["p95"] <= 50,
        f"slowest: {slowest}, p95 {figures['worst'][slowest]:.0f} ms",
    )
