"""Jobs: listed, watched file by file, and what came of them."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum
from typing import Annotated

from django.http import HttpRequest, HttpResponse, HttpResponseBase, StreamingHttpResponse
from ninja import Field, Query, Router, Schema

from medialib.api.accounts import MAY_READ
from medialib.api.permits import Caller, Permit
from medialib.api.problems import not_found
from medialib.api.shapes import JobFacts, JobNumber, Limit, RowCursor, job_facts
from medialib.models import DeletionJob, Outcome, TokenScope
from medialib.models.sql import MAX_INTEGER
from medialib.services.accounts import rights
from medialib.services.jobs import pages, receipts, watching
from medialib.services.jobs.pages import UNSETTLED, FilesQuery, JobsQuery

router = Router(tags=["jobs"])


class JobView(StrEnum):
    ALL = ""
    ACTIVE = "active"
    ATTENTION = "attention"
    FINISHED = "finished"


OUTCOMES = "|".join(["", UNSETTLED, *Outcome.values])
OutcomeName = Annotated[
    str, Query(pattern=f"^({OUTCOMES})$", description="Only files with this outcome, or “left” for those without one.")
]


class JobPageFacts(Schema):
    items: list[JobFacts]
    next: str | None


class JobProgressFacts(Schema):
    job: JobFacts
    percent: int = Field(description="Rounded down.")
    left_s: int | None = Field(description="Seconds to its end at the present rate; null while that is not known.")
    wait_s: int = Field(description="Seconds that the account has to wait before the next call.")
    starts_in_s: int
    waits_for_worker: bool
    waits_for_approval: bool


class ItemFacts(Schema):
    """One file of a job. `outcome` is empty while it has none."""

    position: int
    file_id: str
    path: str
    size_bytes: int
    outcome: str
    evidence: str
    skip_cause: str
    http_status: int | None
    settled_at: datetime | None


class ItemPage(Schema):
    items: list[ItemFacts]
    next: str | None


class ApprovalFacts(Schema):
    job: JobFacts
    may_approve: bool = Field(description="Whether you may; nobody approves by this API.")
    page: str = Field(description="Where a person approves or rejects it, with a fresh proof.")


class ApprovalList(Schema):
    items: list[ApprovalFacts]


def visible_job(request: HttpRequest, number: int) -> DeletionJob:
    """Raises ProblemFound for one that the person does not see, as for one that does not exist."""
    mine = DeletionJob.objects.visible_to(Caller.of(request).user)
    found = mine.select_related("account", "manifest", "requested_by").filter(pk=number).first()
    if found is None:
        raise not_found("There is no such job, or you are no member of its account.")
    return found


@router.get("/jobs", auth=MAY_READ, response=JobPageFacts, operation_id="listJobs", summary="Jobs, newest first")
def list_jobs(
    request: HttpRequest,
    state: JobView = JobView.ALL,
    account: Annotated[str, Query(pattern=r"^[-a-zA-Z0-9_]{0,60}$", description="Only of this account.")] = "",
    limit: Limit = 50,
    cursor: RowCursor = "",
) -> JobPageFacts:
    query = JobsQuery(state.value, account, min(int(cursor), MAX_INTEGER) if cursor else None)
    jobs = pages.jobs_matching(query, viewer=Caller.of(request).user).select_related("account", "manifest")
    rows = list(jobs[: limit + 1])
    following = str(rows[limit - 1].pk) if len(rows) > limit else None
    return JobPageFacts(items=[job_facts(job) for job in rows[:limit]], next=following)


@router.get("/jobs/{job}", auth=MAY_READ, response=JobProgressFacts, operation_id="getJob", summary="One job, now")
def get_job(request: HttpRequest, job: JobNumber) -> JobProgressFacts:
    try:
        look = watching.look(job, viewer=Caller.of(request).user)
    except DeletionJob.DoesNotExist:
        raise not_found("There is no such job, or you are no member of its account.") from None
    return JobProgressFacts(
        job=job_facts(look.job),
        percent=look.percent,
        left_s=look.left_s,
        wait_s=look.wait_s,
        starts_in_s=look.starts_in_s,
        waits_for_worker=look.waits_for_worker,
        waits_for_approval=look.job.waits_for_approval,
    )


@router.get(
    "/jobs/{job}/items", auth=MAY_READ, response=ItemPage, operation_id="listJobItems", summary="The files of a job"
)
def list_job_items(
    request: HttpRequest,
    job: JobNumber,
    outcome: OutcomeName = "",
    limit: Limit = 100,
    cursor: RowCursor = "",
) -> ItemPage:
    query = FilesQuery(outcome, min(int(cursor), MAX_INTEGER) if cursor else None)
    page = pages.files_page(visible_job(request, job), query, size=limit)
    items = [
        ItemFacts(
            position=item.position,
            file_id=item.file_id,
            path=item.path,
            size_bytes=item.size_bytes,
            outcome=item.outcome,
            evidence=item.evidence,
            skip_cause=item.skip_cause,
            http_status=item.http_status,
            settled_at=item.settled_at,
        )
        for item in page.items
    ]
    return ItemPage(items=items, next=None if page.next_after is None else str(page.next_after))


@router.get(
    "/jobs/{job}/outcomes.jsonl",
    auth=MAY_READ,
    operation_id="downloadOutcomes",
    summary="The file of outcomes whose hash the receipt of a finished job quotes",
    openapi_extra={"responses": {200: {"content": {"application/jsonl": {"schema": {"type": "string"}}}}}},
)
def download_outcomes(request: HttpRequest, job: JobNumber) -> HttpResponseBase:
    lines = receipts.certified_outcome_lines(visible_job(request, job))
    return StreamingHttpResponse(lines, content_type="application/jsonl")


@router.get(
    "/jobs/{job}/receipt",
    auth=Permit(TokenScope.AUDIT, "view_audit"),
    operation_id="getReceipt",
    summary="The signed receipt of a finished job",
    openapi_extra={"responses": {200: {"content": {"application/json": {"schema": {"type": "object"}}}}}},
)
def get_receipt(request: HttpRequest, job: JobNumber) -> HttpResponse:
    """As docs/verify_export.py checks it, byte for byte."""
    return HttpResponse(receipts.receipt(visible_job(request, job)).text, content_type="application/json")


@router.get(
    "/approvals",
    auth=MAY_READ,
    response=ApprovalList,
    operation_id="listApprovals",
    summary="Jobs that wait for the approval of another person",
)
def list_approvals(request: HttpRequest) -> ApprovalList:
    user = Caller.of(request).user
    waiting = DeletionJob.objects.visible_to(user).awaiting_approval().select_related("account", "manifest")
    items = [
        ApprovalFacts(
            job=(facts := job_facts(job)),
            may_approve=not rights.why_may_not_approve(job, user, user.get_username()),
            page=facts.page,
        )
        for job in waiting.order_by("-pk")[:1000]
    ]
    return ApprovalList(items=items)
