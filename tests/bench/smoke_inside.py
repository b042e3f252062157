"""Measures pages beside the stock changelist, in a process of its own: python -m tests.bench.smoke_inside 20000."""

from __future__ import annotations

import json
import sys
import time
from collections.abc import Callable
from typing import Any

from tests.bench.library_inside import Asset, Bench, StockAdmin, admin, summary

ROUNDS = 12
# Our address and the stock changelist's.
PAGES = {
    "first page": ("", ""),
    "by name": ("sort=name", "o=1"),
    "a filter": ("kind=image", "kind__exact=image"),
    "a search": ("q=shoe", "q=shoe"),
}


def cpu_ms(ask: Callable[[], object]) -> float:
    """Of this process, so that whoever else works on the machine does not count."""
    started = time.process_time()
    ask()
    return (time.process_time() - started) * 1000


def measured(bench: Bench, ours: str, stock: str) -> dict[str, Any]:
    """The best of several rounds of each, in turns."""
    asked = (bench.ours(ours), lambda: bench.get(f"/admin/medialib/asset/?{stock}"))
    for ask in asked:
        ask()
    best = [min(each) for each in zip(*([cpu_ms(ask) for ask in asked] for _ in range(ROUNDS)), strict=True)]
    return {"share": round(best[0] / best[1], 3), "bytes": len(bench.get(f"/bench/library/?{ours}"))}


def main() -> None:
    admin.site.register(Asset, StockAdmin)
    bench = Bench(int(sys.argv[1]))
    summary.rebuild(bench.account)
    print(json.dumps({name: measured(bench, *pages) for name, pages in PAGES.items()}))


if __name__ == "__main__":
    main()
