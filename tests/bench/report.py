"""One row a measurement, and the page that holds the last figures of each part."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True)
class Row:
    """What was measured, the figure, the bar it is held to, and whether it is above it (None: there is no bar)."""

    name: str
    figure: str
    bar: str = ""
    ok: bool | None = None
    note: str = ""

    def line(self) -> str:
        """As a row of a Markdown table."""
        verdict = {True: "met", False: "**missed**", None: ""}[self.ok]
        return f"| {self.name} | {self.figure} | {self.bar} | {verdict} | {self.note} |"


HEAD = """# Benchmarks

Written by `make bench`; one part alone with `python -m tests.bench --only engine`. The figures are ratios in one run,
because absolute times on a shared machine say little. A bar that is missed stays in the table. The last part is
`python -m tests.bench.soak`.
"""
TITLES = {
    "engine": "Deletion against a limited account",
    "throughput": "Deletion without a limit, and freezing",
    "library": "The library at 1,000,000 files",
    "page": "The page around the rows",
    "crawl": "A first sync of 1,000,000 files",
    "people": "Slow senders, and fifty people at once",
    "audit": "The audit log",
    "world": "A world that changes under a job",
    "soak": "A job whose workers are killed",
}


def write(page: Path, part: str, rows: list[Row], *, machine: str) -> None:
    """Replace one part of the page and keep the others."""
    sections = _sections(page)
    table = ["| measured | figure | bar | | note |", "|---|---|---|---|---|", *(row.line() for row in rows)]
    sections[part] = "\n".join([f"## {TITLES[part]}", "", f"{machine}.", "", *table])
    body = [sections[name] for name in TITLES if name in sections]
    page.write_text("\n\n".join([HEAD.strip(), *body]) + "\n")


def _sections(page: Path) -> dict[str, str]:
    if not page.exists():
        return {}
    parts = page.read_text().split("\n## ")[1:]
    by_title = {title: name for name, title in TITLES.items()}
    return {by_title[part.splitlines()[0]]: "## " + part.strip() for part in parts if part.splitlines()[0] in by_title}
