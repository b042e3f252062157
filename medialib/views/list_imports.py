"""Bring a list of files: paste or upload it, see line by line what became of it, take the report away."""

from __future__ import annotations

import gzip
import io
from collections.abc import Iterator
from uuid import UUID

from django.http import HttpRequest, HttpResponse, HttpResponseBase, StreamingHttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.views.decorators.http import require_http_methods, require_safe

from medialib.errors import MedialibError
from medialib.library_forms import ListImportForm
from medialib.models import Account, ListImport
from medialib.models.list_imports import ListImportQuerySet
from medialib.services import list_imports, selections
from medialib.views.access import account_named, person, staff_may
from medialib.views.sync import freshness


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
            return redirect("medialib:list-report", owner.name, made.pk)
    context = {
        "account": owner,
        "complaint": complaint,
        "pasted": request.POST.get("pasted", ""),
        "freshness": freshness(owner),
        "most_lines": list_imports.MOST_LINES,
        "earlier": _mine(request, owner).defer("report")[: list_imports.KEPT],
    }
    return render(request, "medialib/list_import.html", context, status=422 if complaint else 200)


@require_safe
@staff_may("view_library")
def list_report(request: HttpRequest, account: str, report: UUID) -> HttpResponse:
    owner = account_named(request, account)
    made = get_object_or_404(_mine(request, owner).defer("report"), pk=report)
    selection = selections.selection_of(person(request), owner)
    context = {"account": owner, "made": made, "selection": selection, "summary": selections.summary(selection)}
    return render(request, "medialib/list_report.html", context)


@require_safe
@staff_may("view_library")
def list_report_csv(request: HttpRequest, account: str, report: UUID) -> HttpResponseBase:
    made = get_object_or_404(_mine(request, account_named(request, account)), pk=report)
    name = f"list-{made.made_at:%Y%m%d-%H%M}.csv"
    headers = {"Content-Disposition": f'attachment; filename="{name}"'}
    return StreamingHttpResponse(_unpacked(bytes(made.report)), content_type="text/csv; charset=utf-8", headers=headers)


def _import(request: HttpRequest, account: Account) -> ListImport:
    form = ListImportForm(request.POST, request.FILES)
    content = form.content()
    selection = selections.selection_of(person(request), account)
    is_replacing = form.cleaned_data["is_replacing"]
    return list_imports.import_list(selection, content, user=person(request), is_replacing=is_replacing)


def _mine(request: HttpRequest, account: Account) -> ListImportQuerySet:
    return ListImport.objects.visible_to(person(request)).filter(account=account).order_by("-made_at", "-pk")


def _unpacked(packed: bytes) -> Iterator[bytes]:
    with gzip.open(io.BytesIO(packed)) as report:
        while block := report.read(64 * 1024):
            yield block
