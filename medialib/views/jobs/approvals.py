"""Approve or reject a job that another person confirmed."""

from __future__ import annotations

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from medialib.auth import step_up
from medialib.errors import MedialibError
from medialib.models import DeletionJob
from medialib.services.jobs import approvals
from medialib.views.access import actor, person, staff_may


@require_POST
@staff_may("approve_deletions")
def job_approval(request: HttpRequest, job: int, answer: str) -> HttpResponse:
    """`approve` asks for a fresh proof of who it is; `reject` needs a reason."""
    if answer not in ("approve", "reject"):
        raise Http404
    visible = DeletionJob.objects.visible_to(person(request)).select_related("account", "manifest")
    target = get_object_or_404(visible, pk=job)
    if answer == "approve" and not step_up.is_fresh(request):
        return step_up.ask_again(request, then=reverse("medialib:job", args=[target.pk]))
    try:
        if answer == "approve":
            approvals.approve(target, actor=actor(request), manifest_sha256=request.POST.get("manifest_sha256", ""))
            messages.success(request, _("Approved. Undo is complete until it starts."))
        else:
            approvals.reject(target, actor=actor(request), reason=request.POST.get("reason", ""))
            messages.success(request, _("Rejected. Nothing was sent: all files are still there."))
    except MedialibError as error:
        messages.error(request, str(error))
    return redirect("medialib:job", target.pk)
