"""What the requests and answers of several operations have in common."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated

from django.urls import reverse
from ninja import Field, Path, Query, Schema
from pydantic import ConfigDict

from medialib.models import DeletionJob, Manifest
from medialib.models.sql import MAX_INTEGER
from medialib.services.audit.log import MAX_REASON

NO_NUL = r"^[^\x00]*$"
AccountName = Annotated[str, Path(pattern=r"^[-a-zA-Z0-9_]{1,60}$", description="Name of an account.")]
FileId = Annotated[str, Field(pattern=r"^[A-Za-z0-9_-]{1,64}$", description="ImageKit's id of a file.")]
FileIdInPath = Annotated[str, Path(pattern=r"^[A-Za-z0-9_-]{1,64}$", description="ImageKit's id of a file.")]
JobNumber = Annotated[int, Path(ge=1, le=MAX_INTEGER, description="Number of a job.")]
Reason = Annotated[
    str, Field(min_length=1, max_length=MAX_REASON, pattern=NO_NUL, description="Why; it stays in the audit log.")
]
Limit = Annotated[int, Query(ge=1, le=1000, description="Rows of one answer at most.")]
RowCursor = Annotated[
    str, Query(pattern=r"^[0-9]{0,18}$", description="`next` of the answer before; empty begins at the first row.")
]


class Wish(Schema):
    """A body. What it does not know is refused: a misspelled condition would mean something else."""

    model_config = ConfigDict(extra="forbid")


class ManifestFacts(Schema):
    """A frozen list: what is confirmed is exactly this, named by its hash."""

    id: str
    account: str
    sha256: str
    file_count: int
    total_bytes: int
    frozen_at: datetime
    excluded: int = Field(description="Unticked by hand after all that match were taken.")
    outside: int = Field(description="Left out because they lie where you may not delete.")
    job: int | None = Field(description="The job that was confirmed for it.")
    review: str = Field(description="The page on which a person reviews and confirms it.")


class JobFacts(Schema):
    """Where a job stands. Outcomes and what is left add up to `file_count`."""

    id: int
    account: str
    state: str
    manifest: str
    manifest_sha256: str
    reason: str
    requested_by: str
    needs_approval: bool
    approved_by: str
    file_count: int
    outcomes: dict[str, int] = Field(description="How many files ended in which way.")
    left: int = Field(description="Files without an outcome.")
    deleted_bytes: int
    calls: int
    speed_percent: int
    pause_cause: str
    created_at: datetime
    starts_at: datetime
    started_at: datetime | None
    finished_at: datetime | None
    retry_of: int | None
    page: str = Field(description="The page of the job.")


def manifest_facts(manifest: Manifest) -> ManifestFacts:
    job = DeletionJob.objects.filter(manifest=manifest).values_list("pk", flat=True).first()
    return ManifestFacts(
        id=str(manifest.pk),
        account=manifest.account.name,
        sha256=manifest.sha256,
        file_count=manifest.file_count,
        total_bytes=manifest.total_bytes,
        frozen_at=manifest.frozen_at,
        excluded=int(manifest.source.get("excluded") or 0),
        outside=int(manifest.source.get("outside_scope") or 0),
        job=job,
        review=reverse("medialib:review", args=[manifest.pk]),
    )


def job_facts(job: DeletionJob) -> JobFacts:
    return JobFacts(
        id=job.pk,
        account=job.account.name,
        state=job.state,
        manifest=str(job.manifest_id),
        manifest_sha256=job.manifest.sha256,
        reason=job.reason,
        requested_by=job.requested_by_name,
        needs_approval=job.needs_approval,
        approved_by=job.approved_by_name,
        file_count=job.file_count,
        outcomes={outcome.value: count for outcome, count in job.counts},
        left=job.left,
        deleted_bytes=job.deleted_bytes,
        calls=job.calls,
        speed_percent=job.speed_percent,
        pause_cause=job.pause_cause,
        created_at=job.created_at,
        starts_at=job.starts_at,
        started_at=job.started_at,
        finished_at=job.finished_at,
        retry_of=job.retry_of_id,
        page=reverse("medialib:job", args=[job.pk]),
    )
