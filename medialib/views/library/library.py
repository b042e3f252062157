"""The library of one account: the list, what stands around it, and the address that cannot be understood."""

from __future__ import annotations

from typing import Any
from urllib.parse import urlsplit

from django.http import HttpRequest, HttpResponse, QueryDict
from django.shortcuts import render
from django.utils.cache import patch_vary_headers
from django.utils.encoding import iri_to_uri
from django.views.decorators.http import require_safe
from django_htmx.http import HttpResponseClientRedirect, push_url

from medialib.errors import WrongUse
from medialib.forms import filters
from medialib.forms.library import ListQuery
from medialib.models import Account, Selection
from medialib.models.query.filters import AssetFilter
from medialib.models.query.orders import AssetSort
from medialib.services.selections import ticks
from medialib.views.access import account_named, person, staff_may
from medialib.views.library import columns, saved_views
from medialib.views.library.file import panel_of
from medialib.views.library.listing import ListRows
from medialib.views.library.preferences import Density, Display, preferences_of
from medialib.views.library.selection import selection_bar
from medialib.views.library.sync import Freshness
from medialib.web.context_processors import list_around
from medialib.web.htmx import wants_part
from medialib.web.redirects import redirect_to_list


@require_safe
@staff_may("view_library", shows_list=True)
def library(request: HttpRequest, account: str) -> HttpResponse:
    owner = account_named(request, account)
    try:
        is_typed = filters.TYPED in request.GET
        list_query = ListQuery.from_query(filters.tidied(request.GET) if is_typed else request.GET)
    except WrongUse as wrong:
        if wants_part(request):
            return HttpResponseClientRedirect(request.get_full_path())
        return _refused(request, owner, str(wrong))
    if is_typed:
        # What the form spelled for people, as addresses spell it. What stands in a link is taken as it is.
        return redirect_to_list(request.path, list_query.query())
    context = _list_context(request, owner, list_query)
    if wants_part(request):
        return _parts(request, context)
    response = render(request, "library/library.html", context | panel_of(request, owner, list_query.panel))
    patch_vary_headers(response, ["HX-Request"])
    return response


def _parts(request: HttpRequest, context: dict[str, Any]) -> HttpResponse:
    """What differs from the page that is open; of another page of the same list only the rows and what is theirs."""
    open_query = urlsplit(request.headers.get("HX-Current-URL", "")).query
    try:
        is_same_list = ListQuery.from_query(QueryDict(open_query)).query() == context["wanted"].query()
    except WrongUse:
        is_same_list = False
    response = render(request, "library/_parts.html", context | {"is_update": True, "is_other_list": not is_same_list})
    patch_vary_headers(response, ["HX-Request"])
    push_url(response, iri_to_uri(request.get_full_path()))
    return response


def _list_context(request: HttpRequest, account: Account, list_query: ListQuery) -> dict[str, Any]:
    around, display = list_around(request), preferences_of(request)
    listing = ListRows(account, list_query, display, around.summed)
    # Looking makes no selection: the first tick does.
    selection = around.selection or Selection(account=account, owner=person(request))
    selection.account = account
    bar = selection_bar(selection, list_query, has_ticks=around.has_ticks)
    pks = [row.pk for row in listing.rows] if bar["summary"].file_count else []
    ticked = ticks.ticked_among(selection, pks)
    return {
        "account": account,
        "wanted": list_query,
        "listing": listing,
        **filters.form_context(filters.as_typed(list_query.filter)),
        "saved_views": saved_views.links_of(around.views, request, list_query),
        **_tools(display),
        "freshness": Freshness(around.complete_run, around.latest_run),
        "ticked": ticked,
        "is_page_ticked": len(ticked) == len(listing.rows),
        "is_all_ticked": listing.is_covered_by(bar["summary"].file_count - bar["outside_count"]),
        **bar,
    }


def _tools(display: Display) -> dict[str, Any]:
    """What the bar above the list offers."""
    return {
        "display": display,
        "densities": Density,
        "optional_columns": columns.OPTIONAL,
    }


def _refused(request: HttpRequest, account: Account, complaint: str) -> HttpResponse:
    """An address that cannot be understood keeps its text and shows no files, rather than other files than it means."""
    list_query, display = ListQuery(AssetFilter(), AssetSort.NEWEST), preferences_of(request)
    context = {
        "account": account,
        "complaint": complaint,
        "wanted": list_query,
        "listing": ListRows(account, list_query, display),
        **filters.form_context(filters.still_typed(request.GET)),
        **_tools(display),
    }
    return render(request, "library/refused.html", context, status=400)
