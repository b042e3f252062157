"""A finished job's receipt: as a page that prints well, as the signed document, and the outcomes of its files."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse, HttpResponseBase, StreamingHttpResponse
from django.shortcuts import get_object_or_404, render
from django.views.decorators.http import require_safe

from medialib.errors import MedialibError
from medialib.models import DeletionJob
from medialib.services.jobs import receipts
from medialib.views.access import person, staff_may

CALLS_SHOWN = 50


@require_safe
@staff_may("view_library")
def job_receipt(request: HttpRequest, job: int) -> HttpResponse:
    found = _job(request, job)
    context = {"job": found, "account": found.account, "shown": CALLS_SHOWN}
    try:
        facts = receipts.receipt(found).facts
    except MedialibError as error:
        return render(request, "jobs/receipt.html", context | {"refused": str(error)}, status=409)
    command = f"python3 verify_export.py job-{job}-receipt.json --public-key {facts['key']}"
    proven = {"facts": facts, "places": receipts.places(facts), "command": command}
    return render(request, "jobs/receipt.html", context | proven)


@require_safe
@staff_may("view_audit")
def job_receipt_json(request: HttpRequest, job: int) -> HttpResponse:
    """With the sealed events as they are, so with network address and session of who asked."""
    found = _job(request, job)
    try:
        text = receipts.receipt(found).text
    except MedialibError as error:
        return _refusal(error)
    return HttpResponse(text, content_type="application/json", headers=_as_file(f"job-{job}-receipt.json"))


@require_safe
@staff_may("view_library")
def job_outcomes(request: HttpRequest, job: int) -> HttpResponseBase:
    """The file whose hash the receipt quotes."""
    found = _job(request, job)
    try:
        lines = receipts.certified_outcome_lines(found)
    except MedialibError as error:
        return _refusal(error)
    headers = _as_file(receipts.outcomes_name(found))
    return StreamingHttpResponse(lines, content_type="application/jsonl", headers=headers)


def _job(request: HttpRequest, job: int) -> DeletionJob:
    mine = DeletionJob.objects.visible_to(person(request)).select_related("account", "manifest")
    return get_object_or_404(mine, pk=job)


def _refusal(error: MedialibError) -> HttpResponse:
    return HttpResponse(f"{error}\n", content_type="text/plain; charset=utf-8", status=409)


def _as_file(name: str) -> dict[str, str]:
    return {"Content-Disposition": f'attachment; filename="{name}"'}
