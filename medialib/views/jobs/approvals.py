"""Approve or reject a job that another person confirmed."""

from __future__ import annotations

from django.contrib import messages
from django.contrib.humanize.templatetags.humanize import intcomma
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from medialib.auth import step_up
from medialib.errors import MedialibError
from medialib.models import DeletionJob, JobState
from medialib.services.jobs import approvals
from medialib.views.access import actor, person, staff_may


@require_POST
@staff_may("approve_deletions")
def job_approval(request: HttpRequest, job: int, answer: str) -> HttpResponse:
    """`approve` asks the person to prove again who they are; `reject` needs a reason."""
    if answer not in ("approve", "reject"):
        raise Http404
    visible = DeletionJob.objects.visible_to(person(request)).select_related("account", "manifest")
    target = get_object_or_404(visible, pk=job)
    if answer == "approve" and not step_up.is_fresh(request):
        return step_up.ask_again(request, then=reverse("medialib:job", args=[target.pk]))
    try:
        if answer == "approve":
            approvals.approve(target, actor=actor(request), manifest_sha256=request.POST.get("manifest_sha256", ""))
            messages.success(request, _approved(target))
        else:
            approvals.reject(target, actor=actor(request), reason=request.POST.get("reason", ""))
            messages.success(request, _rejected(target))
    except MedialibError as error:
        messages.error(request, str(error))
    return redirect("medialib:job", target.pk)


def _approved(job: DeletionJob) -> str:
    if job.state == JobState.PAUSED:
        return _("Approved. It goes on when somebody with the right resumes it.")
    return _("Approved. Undo is complete until it starts.")


def _rejected(job: DeletionJob) -> str:
    if not job.started_at:
        return _("Rejected. Nothing was sent: all files are still there.")
    gone = job.deleted + job.already_gone
    text = _("Rejected. %(gone)s files are already gone; %(stay)s stay, but for calls under way.")
    return text % {"gone": intcomma(gone), "stay": intcomma(job.file_count - gone)}
