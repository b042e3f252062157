"""What is said of a job is the same wherever it is said: on its page, in the part fetched again, tray, list and audit.

Random jobs at random moments: outcomes, states and times are set as a worker would leave them.
"""

from __future__ import annotations

import random
import re
from datetime import timedelta
from typing import Any

import pytest
from django.urls import reverse
from django.utils.timezone import now

from medialib.models import DeletionJob, EventKind, Item, Outcome
from tests.views.jobs import job_rows
from tests.views.pages import page, words

pytestmark = pytest.mark.django_db
STATES = ("scheduled", "running", "paused", "cancelling", "finished")
PART = {"HX-Request": "true"}


def number(text: str) -> int:
    return int(re.sub(r"\D", "", text))


def job_at_a_random_moment(dice: random.Random, account: Any, person: Any) -> DeletionJob:
    """With its calls, items and events in step with its row."""
    job = job_rows.job(job_rows.manifest(account, person, dice.randint(1, 60)))
    state = dice.choice(STATES)
    settled = {"scheduled": 0, "finished": job.file_count}.get(state, dice.randint(0, job.file_count - 1))
    outcomes = [dice.choice(Outcome.values) for _ in range(settled)]
    items = list(job.manifest.items.order_by("position"))[:settled]
    for item, outcome in zip(items, outcomes, strict=True):
        item.outcome, item.evidence, item.settled_at = outcome, "HTTP 200", now()
    Item.objects.bulk_update(items, ["outcome", "evidence", "settled_at"])
    begun = None if state == "scheduled" else now() - timedelta(seconds=dice.randint(5, 5_000))
    counts = {outcome: outcomes.count(outcome) for outcome in Outcome.values}
    DeletionJob.objects.filter(pk=job.pk).update(
        **counts, state=state, started_at=begun, calls=dice.randint(1, 9) if begun else 0,
        finished_at=now() if state == "finished" else None, deleted_bytes=counts["deleted"] * 1024,
        needs_approval=state == "scheduled" and dice.random() < 0.5,
        starts_at=now() + timedelta(seconds=dice.randint(-60, 600)),
    )  # fmt: skip
    if begun:
        call = job_rows.exchange(job)
        call.sent_at = begun + timedelta(seconds=dice.randint(0, 4))
        call.save()
    job_rows.event(EventKind.JOB_CONFIRMED, account=account, job=job, actor_name=person.username)
    job.refresh_from_db()
    return job


def counts_of(part: Any) -> dict[str, int]:
    """From words such as "3 left 2 deleted"."""
    labels = {"left": "left"} | {str(outcome.label): outcome.value for outcome in Outcome}
    found = re.findall(rf"([\d,]+) ({'|'.join(labels)})", words(part))
    return {labels[label]: number(count) for count, label in found}


def told_by_the_page(part: Any) -> dict[str, Any]:
    bar = part.select_one("#job-progress progress")
    return {
        "counts": {
            cell["data-count"]: number(words(cell)) for cell in part.select("[data-count]") if number(words(cell))
        },
        "bar": (bar["value"], bar["max"]),
        "percent": words(bar),
        "line": words(part.select_one(".job-line .number")),
        "rate": words(part.select_one(".job-line .number.muted")),
        "tabs": {
            tab["id"].removeprefix("job-files-"): number(words(tab.span)) for tab in part.select("#job-file-tabs a")
        },
        "times": [time.get("datetime") for time in part.select("#job-times time")],
        "title": words(part.title).partition(" · ")[0],
        "freed": words(part.select_one(".job-stats .stat-note")),
    }


def told_by_a_tray(part: Any) -> dict[str, tuple[str, str, str]]:
    return {
        job["href"]: (job.progress["value"], job.progress["max"], words(job.progress))
        for job in part.select("#job-tray-list .tray-job")
        if job.progress
    }


@pytest.mark.parametrize("seed", range(25))
def test_every_place_tells_the_same_of_a_job(staff_client, staff, account, monkeypatch, seed):
    dice = random.Random(seed)
    jobs = [job_at_a_random_moment(dice, account, staff) for _ in range(dice.randint(1, 3))]
    stopped = now()
    monkeypatch.setattr("medialib.services.jobs.watching.now", lambda: stopped)  # Else a second may pass between two.
    listed = page(staff_client.get(reverse("medialib:jobs")))
    audit = page(staff_client.get(reverse("medialib:audit")))
    tray = page(staff_client.get(reverse("medialib:job-tray")))
    under_way = {reverse("medialib:job", args=[job.pk]) for job in jobs if job.state != "finished"}
    assert set(told_by_a_tray(tray)) == under_way
    for job in jobs:
        whole = page(staff_client.get(reverse("medialib:job", args=[job.pk])))
        part = page(staff_client.get(reverse("medialib:job-progress", args=[job.pk]), headers=PART))
        told = told_by_the_page(whole)
        assert told == told_by_the_page(part)
        row = listed.select_one(f"tr[data-job='{job.pk}']")
        opened = page(staff_client.get(reverse("medialib:audit-job", args=[job.pk]), headers=PART))
        batch = opened.select_one(".log-batch .job-counts")
        for place in (row.select_one(".job-counts"), audit.select_one(f"[data-job='{job.pk}']"), batch):
            assert counts_of(place) == told["counts"]
        assert told["line"] in words(row)
        assert told["freed"].removesuffix(" freed") in words(row)
        if job.state != "finished":
            assert (row.progress["value"], row.progress["max"]) == told["bar"]
        assert sum(told["counts"].values()) == job.file_count
        assert {name: count for name, count in told["tabs"].items() if name != "all"} == told["counts"]
        for other in (whole, part, listed, tray):
            here = told_by_a_tray(other)
            assert here == told_by_a_tray(tray) or (job.state == "finished" and other is whole) or not under_way
            if mine := here.get(reverse("medialib:job", args=[job.pk])):
                assert mine == (*told["bar"], told["percent"])
        assert f"{words(whole.select_one('[data-active-jobs]'))}" == str(len(under_way))


def test_one_statement_tells_page_and_tray(staff_client, staff, account, django_assert_num_queries):
    """So that nothing can happen between the two."""
    jobs = [
        job_rows.job(job_rows.manifest(account, staff, 2), state="running", started_at=now(), deleted=1)
        for _ in range(3)
    ]
    with django_assert_num_queries(3):  # Session, person with all rights, the jobs.
        answer = staff_client.get(reverse("medialib:job-progress", args=[jobs[0].pk]), headers=PART)
    assert len(told_by_a_tray(page(answer))) == 3


def test_started_is_told_as_soon_as_it_began(staff_client, staff, account):
    job = job_rows.job(job_rows.manifest(account, staff, 2), starts_at=now() + timedelta(minutes=5))
    url = reverse("medialib:job-progress", args=[job.pk])
    assert "Started —" in words(page(staff_client.get(url, headers=PART)).select_one("#job-times"))
    DeletionJob.objects.filter(pk=job.pk).update(state="running", started_at=now())
    times = page(staff_client.get(url, headers=PART)).select_one("#job-times")
    assert times["hx-swap-oob"] == "true"
    assert "Started —" not in words(times)


def test_a_page_that_feeds_the_tray_keeps_it_from_asking_by_itself(staff_client, staff, account):
    job = job_rows.job(job_rows.manifest(account, staff, 2), state="running", started_at=now())
    fed = [reverse("medialib:job", args=[job.pk]), reverse("medialib:jobs")]
    for url in fed:
        tray = page(staff_client.get(url)).select_one("#job-tray-list")
        assert tray is not None
        assert not tray.has_attr("hx-get")
    DeletionJob.objects.filter(pk=job.pk).update(state="finished", deleted=2, finished_at=now())
    last = page(staff_client.get(reverse("medialib:job-progress", args=[job.pk]), {"watched": job.pk}, headers=PART))
    assert last.select_one("#job-tray-list").has_attr("hx-get")
    assert f"Job {job.pk} finished" in words(last.select_one("#job-tray-list"))
