"""What is ticked: one change at a time, answered with the selection bar or, without JavaScript, with the list."""

from __future__ import annotations

from typing import Any
from urllib.parse import urlencode

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.views.decorators.http import require_POST

from medialib.errors import MedialibError
from medialib.forms.library import ListQuery, SelectionChangeForm
from medialib.models import Selection
from medialib.services.selections import taken, ticks
from medialib.services.selections.protected import protected_count
from medialib.views.access import account_named, person, staff_may
from medialib.views.library.comparing import LEAST, MOST
from medialib.web.htmx import wants_part
from medialib.web.redirects import redirect_to_list


@require_POST
@staff_may("view_library")
def selection_change(request: HttpRequest, account: str) -> HttpResponse:
    owner = account_named(request, account)
    form = SelectionChangeForm(request.POST, account=owner)
    selection = ticks.selection_of(person(request), owner)
    complaint = _change(selection, form)
    if not complaint and form.cleaned_data["action"] == SelectionChangeForm.ALL:
        taken.note(selection)
    if wants_part(request):
        context = {"account": owner, **selection_bar(selection, form.list_query), "complaint": complaint}
        return render(request, "library/_selection_bar.html", context, status=422 if complaint else 200)
    if complaint:
        messages.error(request, complaint)
    return redirect_to_list(reverse("medialib:library", args=[owner.name]), request.POST.get("query", ""))


def selection_bar(selection: Selection, list_query: ListQuery | None, *, has_ticks: bool = True) -> dict[str, Any]:
    """Context of the bar: what is selected, and how much of it the current list does not show."""
    summary = ticks.summary(selection) if has_ticks else ticks.NOTHING
    outside = 0
    if summary.file_count and list_query and list_query.filter:
        outside = ticks.count_outside(selection, list_query.filter)
    return {
        "selection": selection,
        "summary": summary,
        "outside_count": outside,
        "protected": protected_count(selection, summary),
        "wanted": list_query,
        "frozen": taken.recall(selection) if summary.file_count else None,
        "compare_query": _compare_query(selection) if LEAST <= summary.file_count <= MOST else "",
    }


def _compare_query(selection: Selection) -> str:
    """The address of the few files that are ticked, beside each other."""
    return urlencode([("file", file_id) for file_id in ticks.file_ids(selection, most=MOST)])


def _change(selection: Selection, form: SelectionChangeForm) -> str:
    """Do what the form says; returns what is wrong when it cannot be done."""
    if not form.is_valid():
        return form.complaint()
    try:
        _apply(selection, form.cleaned_data)
    except MedialibError as error:
        return str(error)
    return ""


def _apply(selection: Selection, wish: dict[str, Any]) -> None:
    match wish["action"]:
        case SelectionChangeForm.ADD:
            ticks.tick(selection, wish["assets"])
        case SelectionChangeForm.REMOVE:
            ticks.untick(selection, wish["assets"])
        case SelectionChangeForm.PAGE:
            ticks.tick(selection, wish["assets"])
            ticks.untick(selection, wish["shown"] - wish["assets"])
        case SelectionChangeForm.ALL:
            ticks.take_all_matching(selection, wish["filter"])
        case SelectionChangeForm.CLEAR:
            ticks.clear(selection)
