"""From a selection to a confirmed job: freeze, review, confirm."""

from __future__ import annotations

import secrets
from uuid import UUID

from django.contrib import messages
from django.http import HttpRequest, HttpResponse, HttpResponseBase, StreamingHttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.views.decorators.http import require_POST, require_safe
from django.views.decorators.vary import vary_on_headers

from medialib.auth import step_up
from medialib.errors import MedialibError
from medialib.forms.jobs import ConfirmForm, SampleForm, ShownForm
from medialib.models import DeletionJob, Manifest
from medialib.services.accounts import rights
from medialib.services.copies import room
from medialib.services.deletion import purge
from medialib.services.jobs import again, controls
from medialib.services.manifests import asking, freezing, review
from medialib.services.manifests.plan import DeletionPlan, deletion_plan
from medialib.services.selections import ticks
from medialib.views.access import HtmxRequest, account_named, actor, person, staff_may

REASON_OF = "reason-of-{}"  # Kept in the session while a person is asked again who it is.


@require_POST
@staff_may("delete_files")
def freeze(request: HttpRequest, account: str) -> HttpResponse:
    owner = account_named(request, account)
    selection = None
    try:
        selection = ticks.owned(request.POST.get("selection", ""), person(request))
        manifest = freezing.freeze(selection, actor=actor(request), shown=ShownForm(request.POST).read())
    except MedialibError as error:
        if selection:
            ticks.count_anew(selection)
        messages.error(request, str(error))
        return redirect("medialib:library", owner.name)
    return redirect("medialib:review", manifest.pk)


@require_POST
@staff_may("delete_files")
def freeze_changed(request: HttpRequest, job: int) -> HttpResponse:
    """From a job to the review of those of its files that changed before they could be sent."""
    visible = DeletionJob.objects.visible_to(person(request)).select_related("account")
    source = get_object_or_404(visible, pk=job)
    try:
        manifest = again.freeze_changed(source, actor=actor(request))
    except MedialibError as error:
        messages.error(request, str(error))
        return redirect("medialib:job", source.pk)
    return redirect("medialib:review", manifest.pk)


@require_safe
@staff_may("delete_files")
@vary_on_headers("HX-Request")
def review_page(request: HtmxRequest, manifest: UUID) -> HttpResponse:
    frozen = _own_manifest(request, manifest)
    if request.htmx:
        return render(request, "jobs/_review_sample.html", _sample(request, frozen))
    if job := DeletionJob.objects.filter(manifest=frozen).first():
        return redirect("medialib:job", job.pk)
    reason = request.session.pop(REASON_OF.format(frozen.pk), "")
    plan = deletion_plan(frozen, proved_at=step_up.proved_at(request))
    return _show(request, plan, ConfirmForm(plan=plan, initial={"reason": reason}))


@require_safe
@staff_may("delete_files", "approve_deletions")
@vary_on_headers("HX-Request")
def asked(request: HtmxRequest, manifest: UUID) -> HttpResponse:
    """What ImageKit says of a sample of the list; the page asks by itself, and by a link without JavaScript.

    For who froze the list and, once its job waits for an approval, for who may give it.
    """
    job = DeletionJob.objects.filter(manifest=manifest).select_related("account", "manifest__account").first()
    is_approver = job is not None and not rights.why_may_not_approve(job, person(request), "")
    frozen = job.manifest if job is not None and is_approver else _own_manifest(request, manifest)
    if job is not None and not request.htmx:
        return redirect(f"{reverse('medialib:job', args=[job.pk])}?asked=1#asked")
    told = asking.ask(frozen)
    if request.htmx:
        return render(request, "jobs/_review_asked.html", {"manifest": frozen, "asked": told})
    plan = deletion_plan(frozen, proved_at=step_up.proved_at(request))
    return _show(request, plan, ConfirmForm(plan=plan), asked=told)


@require_safe
@staff_may("delete_files")
def manifest_csv(request: HttpRequest, manifest: UUID) -> HttpResponseBase:
    frozen = _own_manifest(request, manifest)
    name = f"manifest-{frozen.account.name}-{frozen.sha256[:8]}.csv"
    headers = {"Content-Disposition": f'attachment; filename="{name}"'}
    return StreamingHttpResponse(review.manifest_csv(frozen), content_type="text/csv; charset=utf-8", headers=headers)


@require_POST
@staff_may("delete_files")
def confirm(request: HttpRequest, manifest: UUID) -> HttpResponse:
    """Open the job. A second submit of the same manifest lands on the job that the first one opened."""
    frozen = _own_manifest(request, manifest)
    plan = deletion_plan(frozen, proved_at=step_up.proved_at(request))
    form = ConfirmForm(request.POST, plan=plan)
    if job := DeletionJob.objects.filter(manifest=frozen).first():
        return redirect("medialib:job", job.pk)
    if not form.is_valid():
        return _show(request, plan, form, status=422)
    if plan.must_type_number and not step_up.is_fresh(request):
        request.session[REASON_OF.format(frozen.pk)] = form.cleaned_data["reason"]
        return step_up.ask_again(request, then=reverse("medialib:review", args=[frozen.pk]))
    try:
        job = controls.open_deletion_job(
            manifest=frozen,
            actor=actor(request),
            reason=form.cleaned_data["reason"],
            purge_cache=form.cleaned_data["purge_cache"],
            seen_copies_days=form.cleaned_data["seen_copies_days"],
        )
    except controls.AlreadySubmitted as error:  # The other submit was a moment faster.
        job = error.job
    except MedialibError as error:
        form.add_error(None, str(error))
        return _show(request, plan, form, status=422)
    return redirect("medialib:job", job.pk)


def _own_manifest(request: HttpRequest, manifest_id: UUID) -> Manifest:
    """Only the person who froze the files may see and confirm this list; for others it does not exist."""
    mine = Manifest.objects.frozen_by(person(request)).visible_to(person(request))
    return get_object_or_404(mine.select_related("account"), pk=manifest_id)


def _show(
    request: HttpRequest, plan: DeletionPlan, form: ConfirmForm, *, status: int = 200, asked: asking.Asked | None = None
) -> HttpResponse:
    manifest = plan.manifest
    context = {
        **_sample(request, manifest),
        "account": manifest.account,
        "overview": review.manifest_overview(plan),
        "quota": purge.quota(manifest.account),
        "form": form,
        "asked": asked,
        "copies": room.offered(manifest),
    }
    return render(request, "jobs/review.html", context, status=status)


def _sample(request: HttpRequest, manifest: Manifest) -> dict[str, object]:
    seed = SampleForm(request.GET).seed()
    return {"manifest": manifest, "sample": review.sample(manifest, seed=seed), "next_seed": secrets.randbelow(10**6)}
