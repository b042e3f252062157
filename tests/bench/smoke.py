"""A quick look whether a page has become slower or heavier: its share of the stock changelist's time, and its bytes.

Seconds of the processor and not of the clock, the best of several, on SQLite, which is in the same process: a busy
machine changes them little. smoke.json holds what was recorded; `--only smoke --record` writes it.
"""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

from tests.bench.library import measured_inside
from tests.bench.report import Row

COUNT = 20_000
RECORD = Path(__file__).with_suffix(".json")
SLOWER, HEAVIER = 1.5, 1.1


def rows() -> list[Row]:
    """Each page against its record."""
    found = measured_inside("sqlite", "tests.bench.smoke_inside", COUNT)
    if os.environ.get("BENCH_RECORD"):
        RECORD.write_text(json.dumps(found, indent=2) + "\n")
    recorded = json.loads(RECORD.read_text())
    return [row for name, page in found.items() for row in _of(name, page, recorded[name])]


def _of(name: str, page: dict[str, Any], before: dict[str, Any]) -> list[Row]:
    times, weight = page["share"] / before["share"], page["bytes"] / before["bytes"]
    return [
        Row(
            f"{name}: processor time of the stock changelist's",
            f"{page['share']:.0%}",
            f"< {SLOWER} × {before['share']:.0%}",
            times < SLOWER,
            f"{times:.2f} × what was recorded",
        ),
        Row(
            f"{name}: bytes before compression",
            f"{page['bytes']:,}",
            f"< {HEAVIER} × {before['bytes']:,}",
            weight < HEAVIER,
        ),
    ]
