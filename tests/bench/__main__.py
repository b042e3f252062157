"""Run the measurements and write docs/benchmarks.md: python -m tests.bench [--only engine,freezing] [--small]."""

from __future__ import annotations

import argparse
import importlib
import os
import platform
import sys
from datetime import UTC, datetime
from pathlib import Path

from tests.bench.report import Row, write

ASKED_FOR = ("smoke",)  # Only by name; it has its own record, and fails where that is not kept.
PARTS = ("engine", "throughput", "library", "crawl", "people", "audit", "world")  # In the order of the page.
PAGE = Path(__file__).parents[2] / "docs" / "benchmarks.md"


def main() -> None:
    parser = argparse.ArgumentParser(prog="make bench")
    parser.add_argument("--only", default="", help="Parts to measure, by comma; the others keep their last figures.")
    parser.add_argument("--small", action="store_true", help="A quick look at a tenth of the size; writes nothing.")
    parser.add_argument("--record", action="store_true", help="Hold what the part “smoke” measures as what is allowed.")
    options = parser.parse_args()
    os.environ["BENCH_SMALL"] = "1" if options.small else ""
    os.environ["BENCH_RECORD"] = "1" if options.record else ""
    asked = options.only.split(",")
    wanted = [part for part in PARTS if not options.only or part in asked]
    wanted += [part for part in ASKED_FOR if part in asked]
    missed = False
    for part in wanted:
        if not (Path(__file__).parent / f"{part}.py").exists():
            continue
        rows: list[Row] = importlib.import_module(f"tests.bench.{part}").rows()
        for row in rows:
            print(row.line(), flush=True)
        if part in ASKED_FOR:
            missed = missed or any(row.ok is False for row in rows)
        elif not options.small:
            write(PAGE, part, rows, machine=machine())
    sys.exit(missed)


def machine() -> str:
    return (
        f"{datetime.now(UTC):%Y-%m-%d}, {os.cpu_count()} cores, {platform.system()} {platform.machine()}, "
        f"Python {platform.python_version()}"
    )


if __name__ == "__main__":
    main()
