"""The copies of a job: how long they stay, and what people may ask of them."""

from __future__ import annotations

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe

from medialib.errors import MedialibError
from medialib.forms.copies import DestroyForm, KeepLongerForm, StyledForm
from medialib.models import DeletionJob
from medialib.services.copies import controls, room
from medialib.services.restoring import freezing, pages
from medialib.templatetags.job_words import plural_files
from medialib.templatetags.medialib import full_time
from medialib.views.access import account_named, actor, person, staff_may


@require_safe
@staff_may("view_library")
def job_copies(request: HttpRequest, job: int) -> HttpResponse:
    return _show(request, _job(request, job))


@require_POST
@staff_may("restore_files")
def job_restore(request: HttpRequest, job: int) -> HttpResponse:
    """From a job to the review of a restore of all its files."""
    source = _job(request, job)
    try:
        restore = freezing.of_job(source, actor=actor(request)).job
    except MedialibError as error:
        messages.error(request, str(error))
        return redirect("medialib:job-copies", source.pk)
    return redirect("medialib:restore", restore.pk)


@require_POST
@staff_may("restore_files")
def file_restore(request: HttpRequest, account: str, file_id: str) -> HttpResponse:
    """From a file's history to the review of its restore."""
    owner = account_named(request, account)
    try:
        restore = freezing.of_files(owner, [file_id], actor=actor(request), kind="file").job
    except MedialibError as error:
        messages.error(request, str(error))
        return redirect("medialib:file-history", owner.name, file_id)
    return redirect("medialib:restore", restore.pk)


@require_POST
@staff_may("restore_files")
def copies_keep(request: HttpRequest, job: int) -> HttpResponse:
    source, form = _job(request, job), KeepLongerForm(request.POST)
    if form.is_valid():
        given = form.cleaned_data
        try:
            until = controls.keep_longer(source, days=given["days"], reason=given["reason"], actor=actor(request))
        except MedialibError as error:
            form.add_error(None, str(error))
        else:
            messages.success(request, _("The copies are kept until %(day)s.") % {"day": full_time(until)})
            return redirect("medialib:job-copies", source.pk)
    return _show(request, source, longer=form)


@require_POST
@staff_may("destroy_copies")
def copies_destroy(request: HttpRequest, job: int) -> HttpResponse:
    source, form = _job(request, job), DestroyForm(request.POST)
    if form.is_valid():
        try:
            count = controls.destroy(source, reason=form.cleaned_data["reason"], actor=actor(request))
        except MedialibError as error:
            form.add_error(None, str(error))
        else:
            text = _("Destroyed: the copies of %(files)s. There is no way back for them.")
            messages.success(request, text % {"files": plural_files(count)})
            return redirect("medialib:job-copies", source.pk)
    return _show(request, source, destroy=form)


def _job(request: HttpRequest, number: int) -> DeletionJob:
    visible = DeletionJob.objects.visible_to(person(request)).select_related("account", "manifest")
    return get_object_or_404(visible, pk=number)


def _show(
    request: HttpRequest, job: DeletionJob, *, longer: StyledForm | None = None, destroy: StyledForm | None = None
) -> HttpResponse:
    context = {
        "job": job,
        "account": job.account,
        "way": room.of_job(job),
        "restores": pages.restores_of(job),
        "longer": longer or KeepLongerForm(),
        "destroy": destroy or DestroyForm(),
    }
    return render(request, "copies/job_copies.html", context, status=422 if longer or destroy else 200)
