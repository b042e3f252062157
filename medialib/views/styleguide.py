"""Every component in every state on one page, for people who work on the design. Exists in development only."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from django.conf import settings
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.timezone import now
from django.views.decorators.http import require_safe

from medialib.models import Account, DeletionJob, Ended, JobState, Manifest, Outcome, PauseCode
from medialib.services.jobs import timeline
from medialib.views.access import staff_may
from medialib.views.jobs.progress import JobProgress
from medialib.views.jobs.timeline import DrawnTimeline, drawn

FILES = 48_213
COLOURS = ("teal", "blue", "violet", "pink", "orange", "amber", "green", "slate")
SURFACES = ("canvas", "surface", "raised", "sunken", "hover", "pressed")
NOTICES = (
    ("info", "information-circle", "A worker starts the sync within seconds."),
    ("success", "check-circle", "Resumed."),
    ("warning", "exclamation-triangle", "No worker is running. Jobs wait and lose nothing."),
    ("danger", "x-circle", "Nothing was deleted. Look at the marked fields below."),
)
KEY_REFUSED = "ImageKit refused the account's key: the request is not authorised. Nothing was deleted by that call."
BREAKER = "6 of 100 files failed, more than 5 %. Nothing more is sent until somebody resumes."
WAIT = "ImageKit answered that the account has sent too many calls (HTTP 429)."
# Name, fields of the job, whether a worker lives.
JOBS: dict[str, tuple[dict[str, Any], bool]] = {
    "undo window": ({"state": JobState.SCHEDULED}, True),
    "running": ({"state": JobState.RUNNING, "deleted": 31_004, "already_gone": 12}, True),
    "rate limited": ({"state": JobState.RUNNING, "deleted": 9_100, "refused_calls": 3, "wait_cause": WAIT}, True),
    "no worker": ({"state": JobState.RUNNING, "deleted": 9_100}, False),
    "key refused": (
        {"state": JobState.PAUSED, "deleted": 9_100, "pause_code": PauseCode.KEY_REFUSED, "pause_cause": KEY_REFUSED},
        True,
    ),
    "breaker": (
        {
            "state": JobState.PAUSED,
            "deleted": 9_094,
            "failed": 6,
            "pause_code": PauseCode.BREAKER,
            "pause_cause": BREAKER,
        },
        True,
    ),
    "cancelling": ({"state": JobState.CANCELLING, "deleted": 12_400}, True),
    "finished": ({"state": JobState.FINISHED, "deleted": FILES}, True),
    "partial failure": (
        {"state": JobState.FINISHED, "deleted": 48_164, "already_gone": 12, "skipped": 31, "failed": 6},
        True,
    ),
    "needs attention": ({"state": JobState.FINISHED, "deleted": 48_113, "unverified": 100}, True),
}


@require_safe
@staff_may("view_library")
def styleguide(request: HttpRequest) -> HttpResponse:
    """`?job=` names the state in which the job's components are shown."""
    if not settings.DEBUG:
        raise Http404
    chosen = request.GET.get("job", "")
    chosen = chosen if chosen in JOBS else "running"
    progress = _progress(chosen)
    context = {
        "account": progress.job.account,
        "job": progress.job,
        "progress": progress,
        "timeline": _course(progress.job),
        "may_control": True,
        "chosen": chosen,
        "jobs": list(JOBS),
        "outcomes": Outcome.values,
        "states": JobState.values,
        "colours": COLOURS,
        "surfaces": SURFACES,
        "notices": NOTICES,
        "someday": now() - timedelta(days=400),
    }
    return render(request, "styleguide/page.html", context)


def _progress(name: str) -> JobProgress:
    fields, has_worker = JOBS[name]
    at = now()
    account = Account(pk=0, name="acme-prod", colour="orange", url_endpoint="https://ik.imagekit.io/acme")
    manifest = Manifest(account=account, sha256="9f3c0a1b" * 8, file_count=FILES, total_bytes=91_400_000_000)
    job = DeletionJob(
        pk=7, account=account, manifest=manifest, file_count=FILES, requested_by_name="kim", reason="Licences ended",
        created_at=at, starts_at=at + timedelta(minutes=14), started_at=at - timedelta(minutes=2),
        calls=312, deleted_bytes=58_800_000_000, **fields,
    )  # fmt: skip
    if job.is_finished:
        job.finished_at = at
    if name == "rate limited":
        job.wait_until = at + timedelta(seconds=8)
    return JobProgress(job, at, has_worker, first_call_at=at - timedelta(seconds=65))


def _course(job: DeletionJob) -> DrawnTimeline | None:
    """A course with everything in it, drawn from calls that were never made."""
    if job.state == JobState.SCHEDULED:
        return None
    begin = now() - timedelta(minutes=4)
    return drawn(timeline.course(begin, begin + timedelta(minutes=4), _calls(begin), []))


def _calls(begin: datetime) -> list[timeline.TimedCall]:
    statuses = {17: 429, 18: 429, 40: 500, 66: None}
    return [
        timeline.TimedCall(
            pk=number,
            kind="delete",
            file_count=100,
            sent_at=begin + timedelta(seconds=2.4 * number),
            answered_at=begin + timedelta(seconds=2.4 * number + 1),
            http_status=statuses.get(number, 200),
            ended={429: Ended.WAITED, 200: Ended.ANSWERED}.get(statuses.get(number, 200) or 0, Ended.LOST),
            result="answer lost: the connection was cut",
            gone_count=None,
        )
        for number in range(100)
        if number not in (19, 20, 21, 22, 23, 80, 81, 82)
    ]
