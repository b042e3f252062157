"""The audit log: its list, by jobs or event by event, its search and export, and the history of one file."""

from __future__ import annotations

from dataclasses import asdict
from urllib.parse import urlencode

from django.http import Http404, HttpRequest, HttpResponse, HttpResponseBase, StreamingHttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.timezone import now
from django.views.decorators.http import require_safe

from medialib.forms.audit import (
    AuditFilterForm,
    EveryForm,
    ExportForm,
    FindFileForm,
    PlaceForm,
    as_one_file,
    as_query,
    completions,
    parse_query,
)
from medialib.models import Account, Asset, AuditEvent, Item
from medialib.models.audit.events import AuditEventQuerySet
from medialib.models.query.units import zone_name
from medialib.services.audit import entries, export, search
from medialib.services.audit.seal import copies
from medialib.services.restoring import pages as restores
from medialib.views.access import actor, person, staff_may
from medialib.views.audit.jobs import inside
from medialib.web.redirects import redirect_to_list


@require_safe
@staff_may("view_audit")
def audit_list(request: HttpRequest) -> HttpResponse:
    is_every = EveryForm(request.GET).is_on()
    if "q" in request.GET:
        return _follow(request, request.GET["q"], is_every=is_every)
    form, place = AuditFilterForm(request.GET, viewer=person(request)), PlaceForm(request.GET).place()
    if not form.is_valid():
        return _refuse(request, form)
    wanted = form.audit_filter()
    is_flat = is_every or wanted.is_about_events
    read = search.page if is_flat else entries.page
    page = read(wanted, viewer=person(request), before=place["before"], after=place["after"])
    context = _context(form, as_query(asdict(wanted))) | {"wanted": wanted, "page": page}
    context |= {"is_flat": is_flat, "is_every": is_every}
    if isinstance(page, entries.EntryPage) and wanted.job and (jobs := [each.job for each in page.entries if each.job]):
        context |= inside(jobs[0])  # Whoever asks for one job sees it opened.
    return render(request, "audit/log.html", context)


@require_safe
@staff_may("view_audit")
def audit_download(request: HttpRequest) -> HttpResponseBase:
    """All events of the filter up to now, oldest first. Taking the log away is itself recorded."""
    form, choice = AuditFilterForm(request.GET, viewer=person(request)), ExportForm(request.GET)
    if not form.is_valid() or not choice.is_valid():
        return _refuse(request, form)
    audit_filter, format_ = form.audit_filter(), choice.cleaned_data["format"]
    detail = {"format": format_, "filter": audit_filter.as_detail()}
    found = search.matching(audit_filter, viewer=person(request))
    account = Account.objects.visible_to(person(request)).filter(name=audit_filter.account).first()
    events = export.prepare(found, actor=actor(request), detail=detail, account=account)
    return _download(events, format_)


@require_safe
@staff_may("view_audit")
def find_file(request: HttpRequest) -> HttpResponse:
    """“What happened to /brand/logo.png?”, by path or id. One answer leads straight to its history."""
    form = FindFileForm(request.GET)
    path_or_id = form.cleaned_data["q"].strip() if form.is_valid() else ""
    found = search.files_at(path_or_id, viewer=person(request)) if path_or_id else []
    if len(found) == 1:
        return redirect("medialib:file-history", *found[0])
    return render(request, "audit/find_file.html", {"form": form, "wanted": path_or_id, "found": found})


@require_safe
@staff_may("view_audit")
def file_history(request: HttpRequest, account: str, file_id: str) -> HttpResponse:
    """All that is known of one file, also when file, index row and account are long gone."""
    earlier, steps = restores.id_chain(account, file_id)
    ids = [*earlier, file_id]
    events = [event for each in ids for event in search.of_file(account, each, viewer=person(request))]
    asset = Asset.objects.filter(account__name=account, file_id=file_id).first()
    items = search.items_of_file(account, file_id)
    if not (events or asset or items or steps):
        raise Http404("Nothing is known of this file.")
    owner = Account.objects.filter(name=account).first()
    may_restore = owner is not None and (asset is None or asset.removed_at is not None)
    may_restore = may_restore and person(request).has_perm("medialib.restore_files")
    context = {
        "account": owner,
        "steps": steps,
        "may_restore": may_restore and owner is not None and restores.has_copy(owner, file_id),
        "account_name": account,
        "file_id": file_id,
        "asset": asset,
        "items": items,
        "events": events,
        "path": _last_path(asset, items, events),
    }
    return render(request, "audit/file_history.html", context)


def _follow(request: HttpRequest, line: str, *, is_every: bool) -> HttpResponse:
    """The query bar leads to the address of what it says, which can be kept and shared.

    “What happened to /brand/logo.png?” is asked by the path, or the id, alone: it leads to that file's history.
    """
    if path_or_id := as_one_file(line):
        found = search.files_at(path_or_id, viewer=person(request))
        if len(found) == 1:
            return redirect("medialib:file-history", *found[0])
        if found:
            return redirect_to_list(reverse("medialib:audit-file"), urlencode({"q": path_or_id}))
    fields = parse_query(line) | ({"every": "1"} if is_every else {})
    if fields.keys() & {"after", "before"}:
        fields.setdefault("zone", zone_name())
    return redirect_to_list(reverse("medialib:audit"), urlencode(fields))


def _refuse(request: HttpRequest, form: AuditFilterForm) -> HttpResponse:
    """A filter that cannot be read shows no events: it must not look as if these were all."""
    given = as_query({name: request.GET.get(name) for name in form.fields})
    return render(request, "audit/log.html", _context(form, given), status=422)


def _context(form: AuditFilterForm, query: str) -> dict[str, object]:
    """The page without events; `query` is what the query bar shows."""
    bar = {"query": query, "completions": completions(form)}
    return {"form": form, "wanted": None, "page": None, "anchors_held_up": copies.troubled_machines(), **bar}


def _last_path(asset: Asset | None, items: list[Item], events: list[AuditEvent]) -> str:
    """Where the file was last known to be."""
    paths = [*(item.path for item in items), *(event.file_path for event in reversed(events))]
    return next(filter(None, [asset.path if asset else "", *paths]), "")


def _download(events: AuditEventQuerySet, format_: str) -> StreamingHttpResponse:
    stream, kind = {
        "csv": (export.stream_csv, "text/csv; charset=utf-8"),
        "jsonl": (export.stream_jsonl, "application/jsonl"),
    }[format_]
    name = f"audit-{now():%Y%m%d-%H%M%S}.{format_}"
    return StreamingHttpResponse(
        stream(events), content_type=kind, headers={"Content-Disposition": f'attachment; filename="{name}"'}
    )
