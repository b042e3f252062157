"""Everything known of one file, beside the list or as a page of its own; and a few files beside each other."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from medialib.errors import MedialibError
from medialib.models import Account, Asset
from medialib.services.audit import search
from medialib.services.library.versions import versions_of
from medialib.services.selections import ticks
from medialib.views.access import account_named, person, staff_may
from medialib.views.library import comparing
from medialib.views.library.selection import selection_bar
from medialib.views.library.sync import freshness
from medialib.web.htmx import part_or_page, wants_part

MOST_EVENTS = 6  # The rest stands on the page of the file's history.


@require_safe
@staff_may("view_library")
def asset_panel(request: HttpRequest, account: str, file_id: str) -> HttpResponse:
    """A part for htmx, else a page."""
    owner = account_named(request, account)
    asset = get_object_or_404(Asset, account=owner, file_id=file_id)
    context = {"account": owner, "freshness": freshness(owner), **file_context(request, asset)}
    if wants_part(request):
        context["is_ticked"] = _is_ticked(request, asset)
    return part_or_page(request, context, part="library/file/_panel.html", page="library/file/file.html")


@require_safe
@staff_may("view_library")
def asset_versions(request: HttpRequest, account: str, file_id: str) -> HttpResponse:
    """All versions of a file side by side, as ImageKit lists them now: a part for htmx, else a page."""
    owner = account_named(request, account)
    asset = get_object_or_404(Asset, account=owner, file_id=file_id)
    context: dict[str, Any] = {"account": owner, "asset": asset}
    try:
        context["comparison"] = comparing.versions(asset, versions_of(asset))
    except MedialibError as error:
        context["complaint"] = str(error)
    return part_or_page(request, context, part="library/file/_versions.html", page="library/file/versions.html")


def panel_of(request: HttpRequest, account: Account, file_id: str) -> dict[str, Any]:
    """The panel that an address of the list names; empty when it names none, or a file that is not there."""
    asset = Asset.objects.filter(account=account, file_id=file_id).first() if file_id else None
    if asset is None:
        return {}
    return {"panel_asset": asset, "is_ticked": _is_ticked(request, asset), **file_context(request, asset)}


@require_safe
@staff_may("view_library")
def compare(request: HttpRequest, account: str) -> HttpResponse:
    """Two to four files side by side, with their ticks."""
    owner = account_named(request, account)
    assets = comparing.named(owner, request.GET.getlist("file"))
    if len(assets) < comparing.LEAST:
        messages.error(request, _("Tick two to four files that are still known, then compare them."))
        return redirect("medialib:library", owner.name)
    selection = ticks.selection_of(person(request), owner)
    pks = [asset.pk for asset in assets]
    context = {
        "account": owner,
        "comparison": comparing.files(owner, assets),
        "shown_pks": ",".join(map(str, pks)),
        "ticked": ticks.ticked_among(selection, pks),
        **selection_bar(selection, None),
        "compare_query": "",  # They are compared already.
    }
    return render(request, "library/file/compare.html", context)


def _is_ticked(request: HttpRequest, asset: Asset) -> bool:
    return bool(ticks.ticked_among(ticks.selection_of(person(request), asset.account), [asset.pk]))


def file_context(request: HttpRequest, asset: Asset) -> dict[str, Any]:
    """The file and, for those who may read the audit log, the latest of its history."""
    events = []
    if person(request).has_perm("medialib.view_audit"):
        recorded = search.of_file(asset.account.name, asset.file_id, viewer=person(request))
        events = list(recorded.reverse()[: MOST_EVENTS + 1])
    return {"asset": asset, "events": events[:MOST_EVENTS], "has_more_events": len(events) > MOST_EVENTS}
