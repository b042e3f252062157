"""The library at 1,000,000 generated files, on both databases, beside the stock Django admin over the same table."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from typing import Any

from tests.bench.report import Row
from tests.bench.scratch import environment, manage, small

COUNT = 100_000 if small() else 1_000_000
FEW = 10_000
NAMES = {"sqlite": "SQLite", "postgresql": "PostgreSQL"}
PAGE_MS, RAIL_MS, AHEAD = 50, 300, 20


def rows() -> list[Row]:
    return [row for database in NAMES for row in _of(database)]


def _of(database: str) -> list[Row]:
    found, name = _measure(database, COUNT), NAMES[database]
    groups = [(f"{name}: {group}", cases) for group, cases in found["pages"].items()]
    return [
        *(_speed(f"{label}, rows alone", cases, "rows_p95_ms") for label, cases in groups),
        *(_speed(f"{label}, whole request", cases, "p95_ms") for label, cases in groups),
        *(
            _ahead(f"{label}, rows alone, beside the stock changelist", cases, "rows_ms", "stock_rows_ms")
            for label, cases in groups
        ),
        *(
            _ahead(f"{label}, whole request, beside the stock changelist", cases, "whole_ms", "stock_ms")
            for label, cases in groups
        ),
        *_sidebar(name, found),
        *_writes(name, found),
        _growth(name, found, _measure(database, FEW)),
        Row(f"{name}: queries of a page", found["queries"], "the same for one file as for a hundred", found["steady"]),
    ]


def _measure(database: str, count: int) -> Any:
    return measured_inside(database, "tests.bench.library_inside", count)


def measured_inside(database: str, module: str, count: int) -> Any:
    """What the module prints, as JSON, in a process of its own on a new database."""
    with environment(database, IMAGEKIT_START_RATE="100000", IMAGEKIT_HEADROOM="0") as env:
        manage(env, "collectstatic", "--noinput", "--verbosity", "0")
        command = [sys.executable, "-m", module, str(count)]
        done = subprocess.run(
            command, env=dict(env) | {"BENCH_SMALL": os.environ.get("BENCH_SMALL", "")}, capture_output=True, text=True
        )
    if done.returncode:
        raise RuntimeError(done.stderr[-2000:])
    print(done.stderr[-3000:], file=sys.stderr, flush=True)
    return json.loads(done.stdout.splitlines()[-1])


def _speed(label: str, cases: dict[str, Any], key: str) -> Row:
    """The slowest of a group decides."""
    name, worst = max(cases.items(), key=lambda case: case[1][key])
    figure = f"p95 {worst[key]:.0f} ms at worst ({name})"
    over = sum(case[key] > PAGE_MS for case in cases.values())
    note = f"{len(cases)} lists" + (f", {over} over the bar" if over else "")
    return Row(label, figure, f"≤ {PAGE_MS} ms", over == 0, note)


def _ahead(label: str, cases: dict[str, Any], ours: str, stock: str) -> Row:
    """Where the bar is twenty times, the smallest lead decides; else nothing may be behind."""
    compared = {name: case[stock] / case[ours] for name, case in cases.items() if stock in case}
    if not compared:
        return Row(label, "none can do the same", "", None)
    must = {name: AHEAD if cases[name]["is_counted"] else 1 for name in compared}
    name = min(compared, key=lambda one: compared[one] / must[one])
    over = sum(compared[one] < must[one] for one in compared)
    figure = f"{compared[name]:.1f} × at least ({name})"
    return Row(
        label, figure, f"≥ {must[name]} ×", over == 0, f"{len(compared)} lists" + (f", {over} below" if over else "")
    )


def _sidebar(name: str, found: Any) -> list[Row]:
    return [
        Row(f"{name}: {label}", f"p95 {ms:.0f} ms", f"≤ {RAIL_MS} ms", ms <= RAIL_MS)
        for label, ms in found["sidebar"].items()
    ]


def _writes(name: str, found: Any) -> list[Row]:
    take, paste, long, write = found["take"], found["paste"], found["long_list"], found["write"]
    share = take["ours_s"] / take["bare_s"]
    return [
        Row(
            f"{name}: select all of {take['count']:,} matching",
            f"{share:.1f} × the bare INSERT … SELECT",
            "≤ 3 ×",
            share <= 3,
            f"{take['ours_s']:.1f} s",
        ),
        Row(f"{name}: list of 100,000 ids matched", f"{paste['matched_s']:.1f} s", "≤ 5 s", paste["matched_s"] <= 5),
        Row(
            f"{name}: list of {COUNT:,} ids matched",
            f"{long['matched_s']:.0f} s",
            "",
            None,
            f"taken in within {long['taken_in_s']:.1f} s; the longest transaction {long['longest_s']:.1f} s",
        ),
        Row(
            f"{name}: sync writes new files",
            f"{write['new']:.0f} × update_or_create",
            "≥ 10 ×",
            write["new"] >= 10,
            f"{write['rows_s']:,.0f} rows/s into {COUNT:,}",
        ),
        Row(
            f"{name}: sync writes changed files",
            f"{write['changed']:.0f} × update_or_create",
            "≥ 10 ×",
            write["changed"] >= 10,
        ),
        Row(
            f"{name}: sync meets unchanged files",
            f"{write['unchanged']:.0f} × update_or_create",
            "≥ 10 ×",
            write["unchanged"] >= 10,
        ),
        Row(
            f"{name}: counting the whole library anew",
            f"{found['rebuild_s']:.1f} s",
            "",
            None,
            "in a worker, after a sync",
        ),
    ]


def _growth(name: str, found: Any, smaller: Any) -> Row:
    times = found["first_ms"] / smaller["first_ms"]
    return Row(f"{name}: first page at {COUNT:,} files against {FEW:,}", f"{times:.2f} ×", "< 2 ×", times < 2)
