"""Every page in both themes at three widths: no axe finding, nothing wider than the window, a quiet console."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest
from axe_playwright_python.sync_playwright import Axe
from django.contrib.auth.models import Permission, User
from django.test import Client
from django.utils.timezone import now
from playwright.sync_api import Browser, Page
from pytest_django.live_server_helper import LiveServer

from medialib.models import Asset, AuditEvent, EventKind, SyncRun
from tests import factories
from tests.views.jobs import job_rows

pytestmark = [pytest.mark.e2e, pytest.mark.django_db(transaction=True)]

# WCAG 2.2 AA; axe leaves the size of targets out unless asked.
RULES: dict[str, Any] = {
    "runOnly": ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"],
    "rules": {"target-size": {"enabled": True}},
}
LISTEN = (
    "document.addEventListener('securitypolicyviolation',"
    " (e) => console.error(`policy: ${e.violatedDirective} ${e.blockedURI}`))"
)
WIDTHS = (360, 768, 1440)
SCHEMES = ("light", "dark")
GROUPS = 4  # So that no single test takes long.
# Pages that say no, themselves.
ALLOWED = ("status of 403", "status of 404", "status of 400", "status of 409", "status of 422")


@pytest.fixture
def world(staff: User) -> dict[str, str]:
    """One account in the middle of its life, one that was never synced, jobs in each state. Names addresses."""
    acme, _ = factories.account("acme", colour="teal"), factories.account("beta", colour="amber")
    for number in range(105):  # More than a page. Private, so that no picture is asked for outside of this machine.
        factories.asset(acme, f"/pictures/{number:03}.jpg", is_private=True, tags=["sale", "old", "web", "print"])
    SyncRun.objects.create(account=acme, state="complete", started_at=now(), finished_at=now(), seen=105)
    review = job_rows.manifest(acme, staff, 3, library_count=5)
    running = job_rows.job(
        job_rows.manifest(acme, staff, 4),
        state="running",
        started_at=now(),
        deleted=1,
        wait_until=now() + timedelta(minutes=5),
        refused_calls=1,
    )
    paused = job_rows.job(
        job_rows.manifest(acme, staff, 2),
        state="paused",
        pause_code="key_refused",
        pause_cause="ImageKit refused the account's key.",
    )
    finished = job_rows.finished(job_rows.manifest(acme, staff, 4), ["deleted", "already_gone", "failed", "unverified"])
    item = finished.manifest.items.first()
    assert item is not None
    job_rows.event(
        EventKind.FILE_SETTLED,
        account=acme,
        job_id=finished.pk,
        file_id=item.file_id,
        file_path=item.path,
        outcome="deleted",
        evidence="HTTP 200",
        actor_name="sam",
    )
    Asset.objects.update(is_private=True)
    call = finished.batches.get().exchanges.get()
    waiting = {"starts_at": now() + timedelta(hours=1)}
    mine = job_rows.job(job_rows.manifest(acme, staff, 3), **waiting)
    kim = factories.user("kim", permissions=("view_library", "delete_files"))
    theirs = job_rows.job(job_rows.manifest(acme, kim, 3), needs_approval=True, **waiting)
    for frozen in (review, mine.manifest, theirs.manifest):
        Asset.objects.filter(file_id=frozen.items.order_by("position")[0].file_id).update(size_bytes=7)
    copied = job_rows.copied(finished)
    draft = job_rows.restore_of(copied, staff, state="review", reason="")
    restored = job_rows.restore_of(copied, staff)
    staff.user_permissions.add(Permission.objects.get(codename="approve_deletions"))
    Asset.objects.update(is_private=True)
    return {
        "accounts": "/",
        "library": "/acme/library/",
        "nothing matches": "/acme/library/?q=nowhere",
        "never synced": "/beta/library/",
        "wrong filter": "/acme/library/?size=big",
        "panel": f"/acme/library/?panel={item.file_id}",
        "file": f"/acme/files/{item.file_id}/",
        "versions": f"/acme/files/{item.file_id}/versions/",
        "review": f"/manifests/{review.pk}/",
        "frozen files": f"/manifests/{review.pk}/changes/changed/",
        "files to take out": f"/manifests/{mine.manifest_id}/changes/all/",
        "own job that waits": f"/jobs/{mine.pk}/",
        "to be approved": f"/jobs/{theirs.pk}/",
        "empty library": "/acme/empty/",
        "empty library, never synced": "/beta/empty/",
        "jobs": "/jobs/",
        "no jobs": "/jobs/?account=beta",
        "running": f"/jobs/{running.pk}/",
        "paused": f"/jobs/{paused.pk}/",
        "finished": f"/jobs/{finished.pk}/",
        "copies": f"/jobs/{finished.pk}/copies/",
        "restore, to be confirmed": f"/restores/{draft.pk}/",
        "restore": f"/restores/{restored.pk}/",
        "call": f"/jobs/{finished.pk}/calls/{call.pk}/",
        "audit": "/audit/",
        "no events": "/audit/?actor=nobody",
        "wrong audit filter": "/audit/?event=nonsense",
        "find a file": "/audit/file/?q=nothing",
        "history": f"/acme/files/{item.file_id}/history/",
        "insight": "/acme/insight/",
        "import a list": "/acme/lists/",
        "list under way": f"/acme/lists/{factories.list_import(acme, staff, line_count=1000).pk}/",
        "stopped list": f"/acme/lists/{factories.list_import(acme, staff, line_count=1000, left_out=999).pk}/",
        "tokens": "/you/tokens/",
        "new token": "/you/tokens/new/",
        "what the API offers": "/api/",
        "protection": "/acme/protections/",
        "lift a rule": f"/acme/protections/{factories.protection(acme).pk}/lift/",
        "folders": "/acme/library/folders/",
        "facets": "/acme/library/facets/",
        "receipt not ready": f"/jobs/{finished.pk}/receipt/",
        "audit chart": "/audit/chart/",
        "missing": "/nowhere/",
    }


class Visitor:
    """A signed-in browser window of one width and theme that remembers complaints."""

    def __init__(self, page: Page, base_url: str) -> None:
        self.page, self.base_url = page, base_url
        self.complaints: list[str] = []
        page.on("console", lambda message: self._hear(message.type, message.text))
        page.on("pageerror", lambda error: self.complaints.append(str(error)))
        page.add_init_script(LISTEN)

    def _hear(self, kind: str, text: str) -> None:
        if kind in ("error", "warning") and not any(part in text for part in ALLOWED):
            self.complaints.append(text)

    def go(self, path: str) -> None:
        self.complaints.clear()
        self.page.goto(f"{self.base_url}{path}", wait_until="load")

    def findings(self, path: str) -> list[str]:
        """What is wrong with the page at `path`, in any theme at any width."""
        self.go(path)
        found = [text for scheme in SCHEMES for width in WIDTHS for text in self._looked_at(scheme, width)]
        return [f"{path} {text}" for text in [*found, *self.complaints]]

    def _looked_at(self, scheme: Any, width: int) -> list[str]:
        self.page.emulate_media(color_scheme=scheme)
        self.page.set_viewport_size({"width": width, "height": 800})
        violations = Axe().run(self.page, options=RULES).response["violations"]
        texts = [f"{each['id']}: {node['html'][:160]}" for each in violations for node in each["nodes"][:2]]
        return [f"({scheme}, {width}) {text}" for text in [*texts, *(["too wide"] if self.is_too_wide() else [])]]

    def is_too_wide(self) -> bool:
        root = "document.documentElement"
        return bool(self.page.evaluate(f"{root}.scrollWidth > {root}.clientWidth"))


@pytest.fixture
def visit(browser: Browser, live_server: LiveServer, staff: User, client: Client) -> Iterator[Any]:
    client.force_login(staff)
    cookie: Any = {"name": "sessionid", "value": client.cookies["sessionid"].value, "url": live_server.url}
    contexts = []

    def open_window(*, is_stranger: bool = False) -> Visitor:
        # Without motion, else a colour is measured on its way from one theme to the other.
        context = browser.new_context(viewport={"width": 1440, "height": 800}, reduced_motion="reduce")
        context.add_cookies([] if is_stranger else [cookie])
        contexts.append(context)
        return Visitor(context.new_page(), live_server.url)

    yield open_window
    for context in contexts:
        context.close()


@pytest.mark.parametrize("group", range(GROUPS))
def test_no_page_has_a_finding(visit: Any, world: dict[str, str], group: int) -> None:
    window = visit()
    assert [text for path in sorted(world.values())[group::GROUPS] for text in window.findings(path)] == []


def test_first_run_and_sign_in_have_no_finding(visit: Any) -> None:
    assert visit().findings("/") == []
    assert visit(is_stranger=True).findings("/sign-in/?next=/jobs/&ended=1") == []


def test_style_guide_has_no_finding(visit: Any, settings: Any) -> None:
    settings.DEBUG = True
    assert visit().findings("/styleguide/?job=needs+attention") == []


def test_every_page_reflows_at_400_percent(visit: Any, world: dict[str, str]) -> None:
    """1280 pixels at 400 % are 320: nothing but wide tables, in boxes of their own, may scroll sideways."""
    window = visit()
    window.page.set_viewport_size({"width": 320, "height": 800})
    wide = set()
    for name, path in world.items():
        window.go(path)
        wide |= {name} if window.is_too_wide() else set()
    assert wide == set()


def test_review_that_comes_back_with_mistakes_has_no_finding(visit: Any, world: dict[str, str]) -> None:
    window = visit()
    window.go(world["review"])
    window.page.locator("#confirm button[type=submit]").click()
    window.page.get_by_text("Nothing was deleted.").wait_for()
    assert [each["id"] for each in Axe().run(window.page, options=RULES).response["violations"]] == []
    assert not AuditEvent.objects.filter(event=EventKind.JOB_CONFIRMED).exists()


def test_a_person_without_rights_is_told_so_accessibly(visit: Any, world: dict[str, str], staff: User) -> None:
    staff.user_permissions.clear()
    staff.is_superuser = False
    staff.save()
    window = visit()
    assert window.findings("/jobs/") == []
    assert window.page.get_by_role("heading", name="You may not do this").is_visible()
