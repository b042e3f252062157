"""Save the present list under a name, and remove such a name. A saved list opens by an ordinary address."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from medialib.errors import MedialibError
from medialib.forms.library import ListQuery
from medialib.forms.saved_views import SavedViewForm
from medialib.models import Account, SavedView
from medialib.services.library import saved_views
from medialib.views.access import account_named, person, staff_may
from medialib.web.redirects import redirect_to_list


@dataclass(frozen=True)
class ViewLink:
    """A saved view in the menu. Its query is empty when what was saved means nothing any more."""

    pk: int
    name: str
    owner: str
    query: str
    is_mine: bool
    is_shared: bool
    is_current: bool


def links_of(views: Iterable[SavedView], request: HttpRequest, list_query: ListQuery) -> list[ViewLink]:
    """The menu: the person's own views and the team's, each as the address that it stands for."""
    return [_link(each, list_query) for each in saved_views.opened(views, person(request))]


def _link(each: saved_views.OpenView, list_query: ListQuery) -> ViewLink:
    view, query = each.view, ListQuery(each.filter, each.sort).query() if each.filter else ""
    is_current = (each.filter, each.sort) == (list_query.filter, list_query.sort)
    return ViewLink(view.pk, view.name, view.owner.get_username(), query, each.is_mine, view.is_shared, is_current)


@require_POST
@staff_may("view_library")
def saved_view_change(request: HttpRequest, account: str) -> HttpResponse:
    owner = account_named(request, account)
    form = SavedViewForm(request.POST)
    try:
        message = (
            _save(request, owner, form) if form.view_to_forget is None else _forget(request, owner, form.view_to_forget)
        )
        messages.success(request, message)
    except MedialibError as error:
        messages.error(request, str(error))
    return redirect_to_list(reverse("medialib:library", args=[owner.name]), request.POST.get("query", ""))


def _save(request: HttpRequest, account: Account, form: SavedViewForm) -> str:
    view_to_save = form.read()
    view = saved_views.save(
        user=person(request),
        account=account,
        name=view_to_save.name,
        asset_filter=view_to_save.list_query.filter,
        sort=view_to_save.list_query.sort,
        is_shared=view_to_save.is_shared,
    )
    return (_("View “%s” is saved for your team.") if view.is_shared else _("View “%s” is saved for you.")) % view.name


def _forget(request: HttpRequest, account: Account, view: int) -> str:
    name = saved_views.forget(view, user=person(request), account=account)
    return _("View “%s” is removed. No file is touched.") % name
