"""Draws the pictures of README and docs from a demo of its own: `make screenshots`. Main pages, light and dark."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

from playwright.sync_api import Browser, Page, expect, sync_playwright

from tests import browser
from tests.e2e.demo_site import Site, demo_site

IMAGES = Path(__file__).resolve().parents[2] / "docs" / "images"
SIZE: Any = {"width": 1440, "height": 900}
PHONE: Any = {"width": 390, "height": 844}
REASON = "Licences of the autumn campaign ended on 31 October"
PAGES = {
    "audit": "/audit/",
    "jobs": "/jobs/",
    "insight": "/demo/insight/",
    "accounts": "/accounts/",
    "settings": "/demo/settings/",
}
BOXES = re.compile(r"^Select (?!the )")


def draw(page: Page, name: str, scheme: str) -> None:
    page.wait_for_load_state("networkidle")
    page.evaluate("document.activeElement.blur()")
    page.screenshot(path=IMAGES / f"{name}-{scheme}.png")


def draw_way(page: Page, site: Site, scheme: str) -> None:
    """From the library to the audit log, as a person goes."""
    boxes = page.get_by_role("checkbox", name=BOXES)
    for number in range(1, 9):
        boxes.nth(number).check()
    expect(page.locator("#selection-bar")).to_have_attribute("data-count", "8")
    draw(page, "library", scheme)
    draw_files(page, site, scheme)
    page.goto(f"{site.address}/demo/library/")
    page.get_by_role("button", name="Review and delete…").click()
    page.get_by_role("heading", name="Delete 8 files").wait_for()
    draw(page, "review", scheme)
    page.goto(f"{site.address}/jobs/")
    page.get_by_role("link", name="Job 1", exact=True).click()
    draw(page, "job", scheme)
    for name, path in PAGES.items():
        page.goto(f"{site.address}{path}")
        draw(page, name, scheme)


def draw_files(page: Page, site: Site, scheme: str) -> None:
    """One file beside the list, and three beside each other."""
    links = page.locator("[data-panel-link]")
    ids = [(links.nth(number).get_attribute("href") or "").split("/")[-2] for number in range(3)]
    links.nth(3).click()
    page.locator("#file-panel img").wait_for()
    draw(page, "preview", scheme)
    page.goto(f"{site.address}/demo/compare/?" + "&".join(f"file={file_id}" for file_id in ids))
    draw(page, "compare", scheme)


def make_a_job(site: Site, page: Page) -> None:
    """A job worth a picture: some of its files are gone already when their turn comes."""
    page.goto(f"{site.address}/demo/library/?q=%2Fcampaigns%2F")
    page.locator("[data-page-box]").check()
    page.get_by_role("button", name=re.compile("^Select all .* matching$")).click()
    expect(page.locator("#selection-bar")).not_to_have_attribute("data-count", re.compile("^(0|100)$"))
    count = int(page.locator("#selection-bar").get_attribute("data-count") or 0)
    page.get_by_role("button", name="Review and delete…").click()
    page.get_by_label("Why are these files deleted?").fill(REASON)
    page.get_by_label(re.compile("Type the number of files")).fill(str(count))
    page.get_by_role("button", name=re.compile("^Delete .* on demo$")).click()
    start = page.locator("#job-start")  # The tray has one too.
    page.get_by_role("heading", level=1, name=re.compile("^Delete")).wait_for()
    if start.count():
        start.click()
        page.get_by_label(re.compile("Type the number of files")).fill(str(count))
        page.get_by_role("button", name=re.compile("^Delete .* files$")).click()
    page.get_by_role("heading", name="Result").wait_for(timeout=120_000)


def visit(chromium: Browser, site: Site, scheme: Any, size: Any) -> Page:
    page = chromium.new_page(viewport=size, color_scheme=scheme, reduced_motion="reduce")
    site.sign_in(page)
    return page


def main() -> None:
    IMAGES.mkdir(parents=True, exist_ok=True)
    with (
        demo_site() as site,
        sync_playwright() as playwright,
        playwright.chromium.launch(**browser.launch_args()) as chromium,
    ):
        make_a_job(site, visit(chromium, site, "light", SIZE))
        for scheme in ("light", "dark"):
            page = visit(chromium, site, scheme, SIZE)
            draw_way(page, site, scheme)
            page.goto(f"{site.address}/demo/library/")
            page.get_by_role("button", name="Clear").click()
        draw(visit(chromium, site, "light", PHONE), "phone", "light")


if __name__ == "__main__":
    main()
