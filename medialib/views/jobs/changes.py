"""The files of a frozen list that differ from what was frozen, page by page, and a smaller list without some."""

from __future__ import annotations

from uuid import UUID

from django.contrib import messages
from django.db.models import Q
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe

from medialib.errors import MedialibError
from medialib.forms.jobs import ListedForm, SmallerForm
from medialib.models import DeletionJob, Manifest
from medialib.services.jobs import again
from medialib.services.manifests import changes
from medialib.services.manifests.changes import Change
from medialib.views.access import actor, person, staff_may

ALL = "all"


@require_safe
@staff_may("view_library")
def manifest_changes(request: HttpRequest, manifest: UUID, difference: str) -> HttpResponse:
    """`difference` is one of Change, or `all`. For who froze the list and, once it has a job, for who sees that."""
    if difference not in (ALL, *Change.values):
        raise Http404
    viewer = person(request)
    readable = Manifest.objects.visible_to(viewer).filter(Q(frozen_by=viewer) | Q(job__isnull=False))
    frozen = get_object_or_404(readable.select_related("account", "frozen_by"), pk=manifest)
    job = DeletionJob.objects.filter(manifest=frozen).select_related("account", "manifest").first()
    wanted = None if difference == ALL else Change(difference)
    context = {
        "account": frozen.account,
        "manifest": frozen,
        "job": job,
        "change": wanted,
        "counts": changes.counts_since(frozen),
        "page": changes.listed_page(frozen, wanted, after=ListedForm(request.GET).read()),
        "may_shrink": job is not None and again.may_shrink(job, actor(request)),
    }
    return render(request, "jobs/changes.html", context)


@require_POST
@staff_may("approve_deletions", "delete_files")
def job_smaller(request: HttpRequest, job: int) -> HttpResponse:
    """End a job that has sent nothing and ask anew without some of its files."""
    visible = DeletionJob.objects.visible_to(person(request)).select_related("account", "manifest")
    target = get_object_or_404(visible, pk=job)
    try:
        wish = SmallerForm(request.POST).read()
        smaller = again.shrink(
            target, actor=actor(request), reason=wish.reason, without=wish.without, file_ids=wish.file_ids
        )
    except MedialibError as error:
        messages.error(request, str(error))
        return redirect("medialib:job", target.pk)
    text = _("Job %(old)s is over and nothing of it was sent. This new job asks for its list without those files.")
    messages.success(request, text % {"old": target.pk})
    return redirect("medialib:job", smaller.pk)
