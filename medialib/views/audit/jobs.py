"""A job of the audit log opened: what happened to it, its batches with their calls, and the files of a batch."""

from __future__ import annotations

from typing import Any

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404
from django.views.decorators.http import require_safe

from medialib.forms.audit import BatchesForm
from medialib.models import DeletionJob
from medialib.models.sql import MAX_INTEGER
from medialib.services.audit import entries
from medialib.services.jobs import batches
from medialib.views.access import person, staff_may
from medialib.web.htmx import part_or_page


@require_safe
@staff_may("view_audit")
def audit_job(request: HttpRequest, job: int) -> HttpResponse:
    """A row of the log opened; by itself it is a page. Its further batches come in pages."""
    opened, start = _job(request, job), BatchesForm(request.GET).first()
    context = inside(opened, start=start)
    return part_or_page(
        request, context, part="audit/_batches.html" if start else "audit/_job_inside.html", page="audit/job.html"
    )


@require_safe
@staff_may("view_audit")
def audit_batch(request: HttpRequest, job: int, number: int) -> HttpResponse:
    """The files of one batch, at most a hundred, each with its evidence and the call that settled it."""
    opened = _job(request, job)
    batch = batches.batch_of(opened, number)
    if batch is None:
        raise Http404("The job has no such batch.")
    context = {"job": opened, "account": opened.account, "batch": batch, "items": batches.files_of(opened, number)}
    return part_or_page(request, context, part="audit/_batch_inside.html", page="audit/batch.html")


def inside(job: DeletionJob, *, start: int = 0) -> dict[str, Any]:
    """What a job's row opens into."""
    course = [] if start else entries.course(job)
    return {"opened": job, "job": job, "course": course, "batches": batches.batches_page(job, start=start)}


def _job(request: HttpRequest, pk: int) -> DeletionJob:
    mine = DeletionJob.objects.visible_to(person(request)).select_related("account")
    return get_object_or_404(mine, pk=min(pk, MAX_INTEGER))
