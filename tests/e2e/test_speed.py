"""How light and quick the pages are, measured in the browser: script sent, time until usable, nothing that jumps."""

from __future__ import annotations

import gzip
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.test import Client
from django.utils.timezone import now
from playwright.sync_api import Page, Response
from pytest_django.live_server_helper import LiveServer

from medialib.models import Account, SyncRun
from tests import factories
from tests.views.jobs import job_rows

pytestmark = [pytest.mark.e2e, pytest.mark.django_db(transaction=True)]

MOST_SCRIPT = 60_000  # Bytes, compressed as a proxy does.
MOST_MS = 1_000
MOST_SHIFT = 0.05  # Of Google's “good” 0.1.
# Interactive: the document is parsed and its modules have run, as at DOMContentLoaded.
USABLE = "performance.getEntriesByType('navigation')[0].domContentLoadedEventEnd"
WATCH_SHIFTS = """
  window.shifted = 0;
  const add = (entry) => { if (!entry.hadRecentInput) window.shifted += entry.value; };
  new PerformanceObserver((list) => list.getEntries().forEach(add)).observe({ type: "layout-shift", buffered: true });
"""


@pytest.fixture
def paths(account: Account, staff: User) -> list[str]:
    """A full list, a job that runs, the log: the pages that are open all day."""
    for number in range(105):
        factories.asset(account, f"/pictures/{number:03}.jpg", is_private=True, tags=["sale"])
    SyncRun.objects.create(account=account, state="complete", started_at=now(), finished_at=now(), seen=105)
    review = job_rows.manifest(account, staff, 3)
    running = job_rows.job(job_rows.manifest(account, staff, 9), state="running", started_at=now(), deleted=3)
    return [f"/{account.name}/library/", f"/manifests/{review.pk}/", "/jobs/", f"/jobs/{running.pk}/", "/audit/"]


@pytest.fixture
def visitor(page: Page, live_server: LiveServer, staff: User, client: Client) -> Page:
    client.force_login(staff)
    cookie: Any = {"name": "sessionid", "value": client.cookies["sessionid"].value, "url": live_server.url}
    page.context.add_cookies([cookie])
    page.add_init_script(WATCH_SHIFTS)
    return page


def test_no_page_sends_much_script(visitor: Page, live_server: LiveServer, paths: list[str]) -> None:
    sizes: dict[str, int] = {}
    for path in paths:
        scripts: list[Response] = []
        visitor.on(
            "response", lambda answer, seen=scripts: seen.append(answer) if "javascript" in kind(answer) else None
        )
        visitor.goto(f"{live_server.url}{path}", wait_until="load")
        sizes[path] = sum(len(gzip.compress(script.body())) for script in {each.url: each for each in scripts}.values())
    assert {path: size for path, size in sizes.items() if not 0 < size < MOST_SCRIPT} == {}


def kind(answer: Response) -> str:
    return answer.headers.get("content-type", "")


def test_pages_are_usable_within_a_second(visitor: Page, live_server: LiveServer, paths: list[str]) -> None:
    for path in paths:  # Warms the server and the browser's cache.
        visitor.goto(f"{live_server.url}{path}", wait_until="load")
    took = {path: min(time_to_use(visitor, f"{live_server.url}{path}") for _ in range(3)) for path in paths}
    assert {path: ms for path, ms in took.items() if ms > MOST_MS} == {}


def time_to_use(page: Page, address: str) -> float:
    page.goto(address, wait_until="load")
    return float(page.evaluate(USABLE))


@pytest.mark.parametrize("width", [360, 1440])
def test_nothing_jumps_while_a_page_fills(visitor: Page, live_server: LiveServer, paths: list[str], width: int) -> None:
    visitor.set_viewport_size({"width": width, "height": 800})
    shifts = {}
    for path in paths:
        visitor.goto(f"{live_server.url}{path}", wait_until="networkidle")
        shifts[path] = float(visitor.evaluate("window.shifted"))
    assert {path: shift for path, shift in shifts.items() if shift > MOST_SHIFT} == {}
