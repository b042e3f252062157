"""What the pages say of a library and its jobs is the same everywhere, or marked as older.

Real syncs and jobs against the sandbox, looked at after random ones of the steps that they commit: pages of a list and
settled batches. A library counts as large, which a worker adds up now and then, or as small, which a page adds up.
"""

from __future__ import annotations

import random
import re
from collections.abc import Callable
from typing import Any

import pytest
from bs4 import Tag
from django.contrib.auth.models import User
from django.test import Client

from medialib.errors import MedialibError
from medialib.models import Account, Asset, DeletionJob, Outcome
from medialib.sandbox.server import Sandbox
from medialib.services.accounts import keys
from medialib.services.audit.log import Actor
from medialib.services.deletion import runner, settling
from medialib.services.jobs import controls
from medialib.services.library import summary
from medialib.services.manifests import freezing
from medialib.services.sync import run as sync
from tests.views.pages import page, words

pytestmark = pytest.mark.django_db(transaction=True)
PART = {"HX-Request": "true"}
FOLDERS = ("/campaigns/2024", "/campaigns/2025", "/shop", "/press/new/old")
KINDS = ("jpg", "png", "mp4", "pdf")


def number(text: str) -> int:
    return int(re.sub(r"\D", "", text))


class Pages:
    """Looks at every page that counts files, and notes where two of them disagree without saying why."""

    def __init__(self, client: Client, account: Account) -> None:
        self.client, self.account = client, account
        self.job: DeletionJob | None = None
        self.dice = random.Random(0)
        self.looks, self.marks = 0, 0

    def look(self) -> None:
        self.looks += 1
        truth = Asset.objects.live(self.account).count()
        disagreeing = {
            name: count for name, (count, is_marked) in self._counts().items() if count != truth and not is_marked
        }
        assert disagreeing == {}, f"{truth} files are there"
        if self.job:
            self._look_at_job(self.job)

    def _get(self, path: str) -> Tag:
        return page(self.client.get(path, headers=PART if "/insight/" in path or "/library/" in path[:-1] else {}))

    def _counts(self) -> dict[str, tuple[int, bool]]:
        name, counts = self.account.name, {}
        head = page(self.client.get(f"/{name}/library/")).select_one("#library-total")
        if head and head.strong:
            counts["library"] = self._counted(head, number(words(head.strong)), is_marked="About" in words(head))
        card = page(self.client.get("/", headers=PART)).select_one(
            f"a.account-card[href='/{name}/library/'] .small:not(.muted)"
        )
        if card:
            counts["home"] = self._counted(
                card, number(words(card).partition("·")[0]), is_marked="About" in words(card)
            )
        return counts | self._sides()

    def _sides(self) -> dict[str, tuple[int, bool]]:
        name, counts = self.account.name, {}
        facets = self._get(f"/{name}/library/facets/")
        types = facets.select_one(".facet-values")
        if types:
            counts["types"] = self._counted(facets, self._sum(types.select(".sidebar-figure")))
        tree = self._get(f"/{name}/library/folders/")
        if tree.select(".tree"):
            figures = [number(str(figure.find(string=True))) for figure in tree.select(".sidebar-figure")]
            counts["tree"] = self._counted(tree, sum(figures))
        for part in ("folders", "types", "ages", "growth"):
            shown = self._get(f"/{name}/insight/{part}/")
            rows = [row.select("td")[0] for row in shown.select("tbody tr") if row.th]
            if rows:
                counts[f"insight {part}"] = self._counted(shown, self._sum(rows))
        return counts

    def _counted(self, part: Tag, count: int, *, is_marked: bool = False) -> tuple[int, bool]:
        is_marked = is_marked or part.select_one("[data-older]") is not None
        self.marks += is_marked
        return count, is_marked

    @staticmethod
    def _sum(cells: list[Tag]) -> int:
        return sum(number(words(cell)) for cell in cells)

    def _look_at_job(self, job: DeletionJob) -> None:
        """Its page, the list of jobs, the tray, the audit log, the review of what it froze."""
        job.refresh_from_db()
        whole = page(self.client.get(f"/jobs/{job.pk}/"))
        told = {cell["data-count"]: number(words(cell)) for cell in whole.select("[data-count]") if number(words(cell))}
        assert sum(told.values()) == job.file_count
        assert told.get("deleted", 0) == job.deleted
        listed = page(self.client.get("/jobs/")).select_one(f"tr[data-job='{job.pk}'] .job-counts")
        audit = page(self.client.get("/audit/")).select_one(f"[data-job='{job.pk}']")
        assert self._counts_of(listed) == self._counts_of(audit) == told
        tray = page(self.client.get("/jobs/tray/")).select_one(f"a.tray-job[href='/jobs/{job.pk}/'] progress")
        bar = whole.select_one("#job-progress progress")
        if tray and bar:
            assert (tray["value"], tray["max"], words(tray)) == (bar["value"], bar["max"], words(bar))
        assert (
            number(words(whole.select_one(".job-frozen dt:-soup-contains('Files') + dd")).split(",")[0])
            == job.file_count
        )

    @staticmethod
    def _counts_of(part: Tag) -> dict[str, int]:
        labels = {"left": "left"} | {str(outcome.label): outcome.value for outcome in Outcome}
        found = re.findall(rf"([\d,]+) ({'|'.join(labels)})", words(part))
        return {labels[label]: number(count) for count, label in found}


@pytest.fixture
def pages(staff_client: Client, sandbox_account: Account, monkeypatch: pytest.MonkeyPatch, settings: Any) -> Pages:
    """Looked at after some of the steps that a sync or a job commits."""
    settings.IMAGEKIT_START_RATE = settings.IMAGEKIT_LOOK_RATE = settings.IMAGEKIT_LOOK_UP_RATE = 10_000
    settings.IMAGEKIT_HEADROOM = 0
    pages = Pages(staff_client, sandbox_account)

    def watch(module: Any, name: str) -> None:
        step: Callable[..., Any] = getattr(module, name)

        def and_look(*args: Any, **kwargs: Any) -> Any:
            done = step(*args, **kwargs)
            if pages.dice.random() < 0.5:
                pages.look()
            return done

        monkeypatch.setattr(module, name, and_look)

    watch(sync, "_store")
    watch(settling, "settle_some")
    return pages


def add_files(dice: random.Random, sandbox: Sandbox, count: int) -> list[str]:
    start = len(sandbox.file_ids())
    return sandbox.add_files(
        [{"path": f"{dice.choice(FOLDERS)}/{start + n:05}.{dice.choice(KINDS)}"} for n in range(count)]
    )


def delete_some(dice: random.Random, pages: Pages, sandbox: Sandbox, staff: User) -> None:
    """A job over files of the index, some of which went meanwhile."""
    known = list(Asset.objects.live(pages.account).order_by("pk").values_list("file_id", flat=True))
    ids = dice.sample(known, min(len(known), dice.randint(20, 130)))
    with keys.client_for(pages.account) as client:
        manifest = freezing.freeze_file_ids(pages.account, ids, actor=Actor.person(staff), client=client).manifest
    for file_id in dice.sample(ids, len(ids) // 9):
        sandbox.remove(file_id)
    pages.job = controls.open_deletion_job(
        manifest=manifest, actor=Actor.person(staff), reason="a test", start_after_s=0
    )
    pages.look()
    runner.run_to_end(pages.job)


@pytest.mark.parametrize("is_large", [False, True])
@pytest.mark.parametrize("seed", range(2))
def test_pages_agree_at_every_moment_or_say_that_they_are_older(
    pages: Pages, sandbox: Sandbox, staff: User, monkeypatch: pytest.MonkeyPatch, seed: int, is_large: bool
) -> None:
    dice = pages.dice = random.Random(seed)
    if is_large:
        monkeypatch.setattr(summary, "COUNT_NOW_THRESHOLD", 0)
    add_files(dice, sandbox, dice.randint(140, 200))
    sync.run_sync(pages.account)
    if is_large:
        summary.rebuild(pages.account)
    for what in dice.sample(["delete", "sync", "count"], 3):
        if what == "delete":
            delete_some(dice, pages, sandbox, staff)
        elif what == "sync":
            add_files(dice, sandbox, dice.randint(0, 60))
            for file_id in dice.sample(sorted(sandbox.file_ids()), 9):
                sandbox.remove(file_id)
            sync.run_sync(pages.account)
        else:
            summary.rebuild(pages.account)
        pages.look()
    summary.rebuild(pages.account)
    before = pages.marks
    pages.look()
    assert pages.marks == before, "marked as older just after everything was counted"
    assert pages.looks > 4
    assert before > 0 or not is_large


def test_a_sync_that_stops_half_way_leaves_no_number_that_passes_for_new(
    pages: Pages, sandbox: Sandbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(summary, "COUNT_NOW_THRESHOLD", 0)
    add_files(random.Random(1), sandbox, 40)
    sync.run_sync(pages.account)
    summary.rebuild(pages.account)
    add_files(random.Random(2), sandbox, 10)

    def stop(*_args: Any, **_kwargs: Any) -> None:
        raise MedialibError("the line was cut")

    monkeypatch.setattr(sync.removals, "check_list", stop)
    with pytest.raises(MedialibError):
        sync.run_sync(pages.account)
    assert Asset.objects.live(pages.account).count() == 50
    pages.look()
    assert pages.marks > 0
