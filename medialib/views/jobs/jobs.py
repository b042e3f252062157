"""Jobs: the list, one job with its live progress and controls, the tray, and single calls to ImageKit."""

from __future__ import annotations

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.views.decorators.http import require_POST, require_safe
from django_htmx.http import reselect, retarget

from medialib.auth import step_up
from medialib.errors import MedialibError
from medialib.forms.jobs import JOB_VIEWS, SPEEDS, AgainForm, JobFilesForm, JobListForm, ProgressForm, TrayForm
from medialib.models import DeletionJob, Exchange
from medialib.services.accounts import rights
from medialib.services.jobs import again, approvals, pages, watching
from medialib.services.manifests import asking, changes, review
from medialib.services.manifests.plan import asks_for_number, deletion_plan
from medialib.views.access import actor, may_delete_in, person, staff_may
from medialib.views.jobs.actions import ACTIONS
from medialib.views.jobs.progress import JobProgress, mismatch, tray_in_words
from medialib.views.jobs.tabs import outcome_tabs
from medialib.views.jobs.timeline import drawn_timeline


@require_safe
@staff_may("view_library")
def job_list(request: HttpRequest) -> HttpResponse:
    query = JobListForm(request.GET).query()
    page = pages.jobs_page(query, viewer=person(request))
    _hand_on(request, page.tray)
    context = {
        "wanted": query,
        "page": page,
        "looks": [JobProgress.of(look) for look in page.looks],
        "views": JOB_VIEWS,
        "tray": tray_in_words(page.tray),
        "is_tray_fed": page.is_moving,
    }
    return render(request, "jobs/list.html", context)


@require_safe
@staff_may("view_library")
def job_detail(request: HttpRequest, job: int) -> HttpResponse:
    progress, tray = _watch(request, job)
    query = JobFilesForm(request.GET).query()
    context = {
        "job": progress.job,
        "account": progress.job.account,
        "progress": progress,
        "tray": tray,
        "is_tray_fed": not progress.job.is_finished,
        "files": pages.files_page(progress.job, query),
        "tabs": outcome_tabs(progress.job, query),
        "mismatch": mismatch(progress.job) if progress.job.is_finished else "",
        "timeline": drawn_timeline(progress.job),
        "purges": pages.purges_of(progress.job),
        "retries": list(progress.job.retries.all()),
        "may_control": may_delete_in(person(request), progress.job.account),
        "speeds": SPEEDS,
        **_approval(request, progress.job),
        "changed": pages.changed_count(progress.job) if progress.job.is_finished else 0,
    }
    return render(request, "jobs/job.html", context)


@require_safe
@staff_may("view_library")
def job_progress_part(request: HttpRequest, job: int) -> HttpResponse:
    """What is fetched every two seconds: all numbers of the page that change, with those of the tray, of one moment.

    Tells the page when controls or results have to be fetched anew.
    """
    shown = ProgressForm(request.GET).was_shown()
    progress, tray = _watch(request, job)
    context = {
        "job": progress.job,
        "account": progress.job.account,
        "progress": progress,
        "tray": tray,
        "is_tray_fed": not progress.job.is_finished,
        "tabs": outcome_tabs(progress.job, JobFilesForm(request.GET).query()),
        "is_update": True,
        "controls_fit": shown == progress.shown,
    }
    response = render(request, "jobs/_progress.html", context)
    if shown != progress.shown:
        response["HX-Trigger-After-Settle"] = "job-changed"
    return response


@require_safe
@staff_may("view_library")
def job_timeline_part(request: HttpRequest, job: int) -> HttpResponse:
    """The picture of the job's course, drawn anew every ten seconds while it runs."""
    drawn = _watch(request, job)[0].job
    context = {"job": drawn, "account": drawn.account, "timeline": drawn_timeline(drawn)}
    return render(request, "jobs/_timeline.html", context)


@require_safe
@staff_may("view_library")
def job_tray(request: HttpRequest) -> HttpResponse:
    form = TrayForm(request.GET)
    tray = tray_in_words(watching.tray(form.job_ids(), viewer=person(request)))
    if form.was_quiet() and not (tray.active or tray.finished):
        return HttpResponse(status=204)  # Nothing has changed: the page keeps what it has, and asks again.
    response = render(request, "layout/_active_jobs.html", {"tray": tray})
    if form.was_shown() and not (tray.active or tray.finished):  # The list asked, but the whole tray has to go.
        retarget(response, "#job-tray")
        reselect(response, "#job-tray")
    return response


@require_POST
@staff_may("delete_files")
def job_control(request: HttpRequest, job: int, action: str) -> HttpResponse:
    if action not in ACTIONS:
        raise Http404
    mine = DeletionJob.objects.visible_to(person(request)).select_related("account", "manifest")
    target = get_object_or_404(mine, pk=job)
    if again := _ask_again(request, target, action):
        return again
    try:
        target, done = ACTIONS[action](target, request.POST, actor(request))
    except MedialibError as error:
        messages.error(request, str(error))
    else:
        messages.success(request, done)
    return redirect("medialib:job", target.pk)


def _ask_again(request: HttpRequest, job: DeletionJob, action: str) -> HttpResponse | None:
    """Starting or continuing a large job asks as its confirmation did: for the number, and for a fresh proof."""
    if not (file_count := asks_for_number(job, action, proved_at=step_up.proved_at(request))):
        return None
    form = AgainForm(request.POST if "typed_count" in request.POST else None, file_count=file_count)
    if not form.is_valid():
        context = {"job": job, "account": job.account, "action": action, "form": form}
        return render(request, "jobs/again.html", context, status=422 if form.is_bound else 200)
    if not step_up.is_fresh(request):
        return step_up.ask_again(request, then=reverse("medialib:job", args=[job.pk]))
    return None


@require_safe
@staff_may("view_library")
def job_exchange(request: HttpRequest, job: int, exchange: int) -> HttpResponse:
    of_jobs = Exchange.objects.filter(batch__job__in=DeletionJob.objects.visible_to(person(request)))
    call = get_object_or_404(of_jobs.select_related("batch__job__account"), pk=exchange, batch__job=job)
    context = {
        "job": call.batch.job,
        "account": call.batch.job.account,
        "exchange": call,
        "others": list(call.batch.exchanges.exclude(pk=call.pk)),
        "items": pages.items_of_batch(call.batch),
    }
    return render(request, "jobs/exchange.html", context)


def _approval(request: HttpRequest, job: DeletionJob) -> dict[str, object]:
    """What an approver looks at, who sees the review and what changed since; and what whoever may shrink it sees."""
    is_approver = approvals.is_open(job) and not rights.why_may_not_approve(job, person(request), "")
    context: dict[str, object] = {"may_shrink": again.may_shrink(job, actor(request))}
    if is_approver or context["may_shrink"]:
        context["since"] = changes.counts_since(job.manifest)
    if is_approver:
        context["approval"] = review.manifest_overview(deletion_plan(job.manifest))
        context["manifest"] = job.manifest
        context["sample"] = review.sample(job.manifest, seed=0)
        context["asked"] = asking.ask(job.manifest) if "asked" in request.GET else None
    return context


def _hand_on(request: HttpRequest, tray: watching.Tray) -> None:
    """Let the frame around the page count the jobs that the page shows, not those of a moment later."""
    request.active_jobs = len(tray.active)  # type: ignore[attr-defined]


def _watch(request: HttpRequest, job_id: int) -> tuple[JobProgress, watching.Tray]:
    try:
        progress, tray = watching.watch(job_id, viewer=person(request), watched=TrayForm(request.GET).job_ids())
    except DeletionJob.DoesNotExist:
        raise Http404("There is no such job.") from None
    _hand_on(request, tray)
    return JobProgress.of(progress), tray_in_words(tray)
