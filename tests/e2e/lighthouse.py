"""Lets Google's Lighthouse judge the main pages of a demo: `make lighthouse`. Needs Node; npm fetches Lighthouse once.

Everything runs on this machine: the demo, Chromium with a person signed in, and Lighthouse beside it.
"""

from __future__ import annotations

import json
import socket
import subprocess
import sys
import tempfile
from pathlib import Path

from playwright.sync_api import sync_playwright

from tests import browser
from tests.e2e.demo_site import demo_site

PATHS = ("/demo/library/", "/jobs/", "/audit/", "/sign-in/")
CATEGORIES = ("performance", "accessibility", "best-practices")
LEAST = 95
LIGHTHOUSE = "lighthouse@12"


def judge(address: str, port: int, folder: Path) -> dict[str, int]:
    """The scores of one page, in percent. The browser keeps its cookies, so that the person stays signed in."""
    report = folder / "report.json"
    command = [
        *("npx", "--yes", LIGHTHOUSE, address, f"--port={port}", "--disable-storage-reset", "--preset=desktop"),
        *("--quiet", "--output=json", f"--output-path={report}", f"--only-categories={','.join(CATEGORIES)}"),
    ]
    subprocess.run(command, check=True, timeout=180)
    found = json.loads(report.read_text(encoding="utf-8"))["categories"]
    return {name: round(100 * (found[name]["score"] or 0)) for name in CATEGORIES}


def main() -> None:
    port, options = _free_port(), browser.launch_args()
    options["args"] = [*options["args"], f"--remote-debugging-port={port}"]
    poor = []
    with tempfile.TemporaryDirectory() as folder, demo_site() as site, sync_playwright() as playwright:
        context = playwright.chromium.launch_persistent_context(folder, **options)
        for path in sorted(PATHS, key=lambda path: path != "/sign-in/"):
            scores = judge(f"{site.address}{path}", port, Path(folder))
            print(f"{path:20}", "  ".join(f"{name} {score}" for name, score in scores.items()))
            poor += [path] if min(scores.values()) < LEAST else []
            if path == "/sign-in/":
                site.sign_in(context.pages[0])
        context.close()
    sys.exit(f"Below {LEAST}: {', '.join(poor)}" if poor else 0)


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


if __name__ == "__main__":
    main()
