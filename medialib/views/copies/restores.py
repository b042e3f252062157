"""A restore: reviewed, confirmed, watched, and its map of old ids to new ones."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse, StreamingHttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_POST, require_safe

from medialib.errors import MedialibError
from medialib.forms.copies import RestoreFilesForm, RestoreForm
from medialib.models import RestoreJob, RestoreState
from medialib.services.audit.log import Actor
from medialib.services.restoring import controls, freezing, pages
from medialib.views.access import actor, person, staff_may

Control = Callable[..., None]
CONTROLS: Mapping[str, tuple[Control, Promise]] = {
    "pause": (controls.pause, gettext_lazy("Paused. Uploads already under way are still settled.")),
    "resume": (controls.resume, gettext_lazy("Resumed.")),
    "cancel": (controls.cancel, gettext_lazy("Cancelled. What was put back stays.")),
    "verify": (controls.verify, gettext_lazy("The unverified files are looked up at ImageKit again.")),
}


@require_safe
@staff_may("view_library")
def restore_page(request: HttpRequest, restore: int) -> HttpResponse:
    return _show(request, _restore(request, restore))


@require_safe
@staff_may("view_library")
def restore_progress(request: HttpRequest, restore: int) -> HttpResponse:
    """What is fetched every two seconds while it runs."""
    return render(request, "copies/_restore_progress.html", {"restore": _restore(request, restore)})


@require_POST
@staff_may("restore_files")
def restore_confirm(request: HttpRequest, restore: int) -> HttpResponse:
    found, form = _restore(request, restore), RestoreForm(request.POST)
    if form.is_valid():
        given = form.cleaned_data
        try:
            controls.confirm(found, reason=given["reason"], keeps_both=given["keeps_both"], actor=actor(request))
        except MedialibError as error:
            form.add_error(None, str(error))
        else:
            return redirect("medialib:restore", found.pk)
    return _show(request, found, form=form)


@require_POST
@staff_may("restore_files")
def restore_control(request: HttpRequest, restore: int, action: str) -> HttpResponse:
    found = _restore(request, restore)
    if action not in CONTROLS:
        raise Http404
    control, said = CONTROLS[action]
    who: Actor = actor(request)
    try:
        control(found, actor=who)
    except MedialibError as error:
        messages.error(request, str(error))
    else:
        messages.success(request, str(said))
    return redirect("medialib:restore", found.pk)


@require_safe
@staff_may("view_library")
def restore_map(request: HttpRequest, restore: int) -> StreamingHttpResponse:
    found = _restore(request, restore)
    headers = {"Content-Disposition": f'attachment; filename="restore-{found.pk}-map.csv"'}
    return StreamingHttpResponse(pages.map_csv(found), content_type="text/csv; charset=utf-8", headers=headers)


def _restore(request: HttpRequest, number: int) -> RestoreJob:
    """A list that nobody confirmed is shown to who froze it only."""
    visible = RestoreJob.objects.visible_to(person(request)).select_related("account", "requested_by")
    found = get_object_or_404(visible, pk=number)
    if found.state == RestoreState.REVIEW and found.requested_by_id != person(request).pk:
        raise Http404
    return found


def _show(request: HttpRequest, restore: RestoreJob, *, form: RestoreForm | None = None) -> HttpResponse:
    outcome, after = RestoreFilesForm(request.GET).read()
    context = {
        "restore": restore,
        "account": restore.account,
        "is_review": restore.state == RestoreState.REVIEW,
        "losses": freezing.losses(restore),
        "page": pages.files_page(restore, outcome=outcome, after=after),
        "wanted": outcome,
        "form": form or RestoreForm(),
    }
    return render(request, "copies/restore.html", context, status=422 if form else 200)
