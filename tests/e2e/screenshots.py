"""Draws the README's pictures: `make screenshots` while `make demo` runs elsewhere.

DEMO_URL       its address (default http://127.0.0.1:8000)
DEMO_PASSWORD  the password that it printed
"""

from __future__ import annotations

import os
import re
import sys
from pathlib import Path

from playwright.sync_api import Page, sync_playwright

from tests import browser

IMAGES = Path(__file__).resolve().parents[2] / "docs" / "images"
SIZE = {"width": 1440, "height": 900}


def sign_in(page: Page, address: str, password: str) -> None:
    page.goto(f"{address}/sign-in/")
    page.get_by_label("Username").fill("admin")
    page.get_by_label("Password").fill(password)
    page.get_by_role("button", name="Sign in").click()
    page.wait_for_url(re.compile("/library/"))


def draw(page: Page, name: str) -> None:
    page.wait_for_load_state("networkidle")
    page.screenshot(path=IMAGES / f"{name}.png")


def draw_all(page: Page) -> None:
    boxes = page.get_by_role("checkbox", name=re.compile(r"^Select (?!the )"))
    for number in range(1, 7):
        boxes.nth(number).check()
    page.get_by_text("6 files").first.wait_for()
    draw(page, "library")
    page.get_by_role("button", name="Review and delete…").click()
    page.get_by_role("heading", name="Delete 6 files").wait_for()
    draw(page, "review")


def main() -> None:
    address = os.environ.get("DEMO_URL", "http://127.0.0.1:8000").rstrip("/")
    password = os.environ.get("DEMO_PASSWORD", "")
    if not password:
        sys.exit("Start `make demo`, then: make screenshots DEMO_PASSWORD=… (DEMO_URL=… when it is not on port 8000)")
    IMAGES.mkdir(parents=True, exist_ok=True)
    with sync_playwright() as playwright, playwright.chromium.launch(**browser.launch_args()) as chromium:
        page = chromium.new_page(viewport=SIZE, color_scheme="light")
        sign_in(page, address, password)
        draw_all(page)


if __name__ == "__main__":
    main()
