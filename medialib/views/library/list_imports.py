"""Bring a list of files: paste or upload it, see line by line what became of it, take the report away."""

from __future__ import annotations

from uuid import UUID

from django.http import HttpRequest, HttpResponse, HttpResponseBase, StreamingHttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.views.decorators.http import require_http_methods, require_safe
from django_htmx.http import HttpResponseClientRedirect

from medialib.errors import MedialibError
from medialib.forms.saved_views import ListImportForm
from medialib.models import Account, ListImport
from medialib.models.list_imports import ListImportQuerySet
from medialib.services.selections import list_imports, ticks
from medialib.services.selections.list_reading import MOST_LINES
from medialib.views.access import HtmxRequest, account_named, person, staff_may
from medialib.views.library.sync import freshness

AT_A_TIME_S = 1.5  # Seconds of matching before the person sees how far it is.


@require_http_methods(["GET", "HEAD", "POST"])
@staff_may("view_library")
def list_import(request: HttpRequest, account: str) -> HttpResponse:
    owner = account_named(request, account)
    complaint = ""
    if request.method == "POST":
        try:
            made = _import(request, owner)
        except MedialibError as error:
            complaint = str(error)
        else:
            return redirect(_address(made))
    context = {
        "account": owner,
        "complaint": complaint,
        "pasted": request.POST.get("pasted", ""),
        "freshness": freshness(owner),
        "most_lines": MOST_LINES,
        "earlier": _mine(request, owner)[: list_imports.KEPT],
    }
    return render(request, "library/lists/import.html", context, status=422 if complaint else 200)


@require_http_methods(["GET", "HEAD", "POST"])
@staff_may("view_library")
def list_report(request: HtmxRequest, account: str, report: UUID) -> HttpResponse:
    """What became of the lines. While some are left, the page asks again and again for the next ones to be matched.

    It does so when its person has just begun (`go` in the address), and not when an old list is merely looked at.
    """
    owner = account_named(request, account)
    made = get_object_or_404(_mine(request, owner), pk=report)
    if request.method == "POST":
        return _go_on(request, made)
    selection = ticks.selection_of(person(request), owner)
    context = {"account": owner, "made": made, "selection": selection, "summary": ticks.summary(selection)}
    return render(request, "library/lists/report.html", context | {"is_going": "go" in request.GET})


def _go_on(request: HtmxRequest, made: ListImport) -> HttpResponse:
    tenths = made.tenths
    if "stop" in request.POST:
        list_imports.stop(made)
    else:
        list_imports.go_on(made, for_s=AT_A_TIME_S)
    if not request.htmx:
        return redirect(_address(made))
    if made.is_done:
        return HttpResponseClientRedirect(_address(made))
    context = {"account": made.account, "made": made, "is_going": True, "is_news": made.tenths > tenths}
    return render(request, "library/lists/_progress.html", context)


def _address(made: ListImport) -> str:
    address = reverse("medialib:list-report", args=[made.account.name, made.pk])
    return address if made.is_done else f"{address}?go=1"


@require_safe
@staff_may("view_library")
def list_report_csv(request: HttpRequest, account: str, report: UUID) -> HttpResponseBase:
    made = get_object_or_404(_mine(request, account_named(request, account)), pk=report)
    name = f"list-{made.made_at:%Y%m%d-%H%M}.csv"
    headers = {"Content-Disposition": f'attachment; filename="{name}"'}
    rows = list_imports.report(made)
    return StreamingHttpResponse(rows, content_type="text/csv; charset=utf-8", headers=headers)


def _import(request: HttpRequest, account: Account) -> ListImport:
    """Take the list in and match what can be matched at once: all of it, unless it is long."""
    form = ListImportForm(request.POST, request.FILES)
    content = form.content()
    selection = ticks.selection_of(person(request), account)
    is_replacing = form.cleaned_data["is_replacing"]
    made = list_imports.begin(selection, content, user=person(request), is_replacing=is_replacing)
    list_imports.go_on(made, for_s=AT_A_TIME_S)
    return made


def _mine(request: HttpRequest, account: Account) -> ListImportQuerySet:
    return ListImport.objects.visible_to(person(request)).filter(account=account).order_by("-made_at", "-pk")
