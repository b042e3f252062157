"""Folders and facets beside the list: asked for after its rows, each value a link to the list that it stands for."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from dataclasses import field as dataclass_field
from hashlib import sha256
from typing import Any
from urllib.parse import urlencode

from django.http import HttpRequest, HttpResponse, HttpResponseBadRequest, QueryDict
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from medialib.errors import WrongUse
from medialib.forms.library import ListQuery
from medialib.models.query.fields import FACETS, KEYS
from medialib.models.query.kinds.base import Field
from medialib.services.library import facets, folders
from medialib.views.access import account_named, staff_may
from medialib.web.htmx import part_or_page


@dataclass(frozen=True)
class Branch:
    """A folder in the tree, with those below it where it is open."""

    node: folders.FolderNode
    query: str
    below_query: str
    is_current: bool
    children: list[Branch] = dataclass_field(default_factory=list)

    @property
    def is_open(self) -> bool:
        return bool(self.children)

    @property
    def element_id(self) -> str:
        return f"below-{sha256(self.node.folder.encode()).hexdigest()[:12]}"


@dataclass(frozen=True)
class Value:
    """One value of a facet. The link of an active one takes it away again."""

    label: str
    count: int
    query: str
    is_active: bool


@require_safe
@staff_may("view_library")
def library_folders(request: HttpRequest, account: str) -> HttpResponse:
    """The folders below `under`; without it the tree, opened as far as the folder of the list."""
    owner = account_named(request, account)
    try:
        list_query, under = _list_and_folder(request.GET)
    except WrongUse as wrong:
        return HttpResponseBadRequest(str(wrong), content_type="text/plain; charset=utf-8")
    folder = list_query.filter.get("folder") or ""
    levels = [folders.level(owner, under)] if under else folders.open_levels(owner, folder)
    context = {
        "account": owner,
        "wanted": list_query,
        "parent": under or "/",
        "folders": _branches(levels, list_query),
        "level": levels[0],
        "heading": _("Folders"),
        "part": "library/_folders.html",
    }
    return _part(request, context)


@require_safe
@staff_may("view_library")
def library_facets(request: HttpRequest, account: str) -> HttpResponse:
    """How the files of the list divide up."""
    owner = account_named(request, account)
    try:
        list_query = ListQuery.from_query(request.GET)
    except WrongUse as wrong:
        return HttpResponseBadRequest(str(wrong), content_type="text/plain; charset=utf-8")
    found = facets.facets(owner, list_query.filter)
    context = {
        "account": owner,
        "wanted": list_query,
        "found": found,
        "facets": [
            (FACETS[facet.key].facet_title, _values(facet, list_query)) for facet in found.facets if facet.values
        ],
        "heading": _("Facets"),
        "part": "library/_facets.html",
    }
    return _part(request, context)


def _list_and_folder(data: QueryDict) -> tuple[ListQuery, str]:
    query = data.copy()
    under = query.pop("under", [""])
    return ListQuery.from_query(query), KEYS["folder"].check(str(under[-1]))


def _branches(levels: Sequence[folders.FolderLevel], list_query: ListQuery) -> list[Branch]:
    """The first level, with the second below the folder that it belongs to, and so on."""
    first, deeper = levels[0], levels[1:]
    opened = deeper[0].parent.folder if deeper and deeper[0].parent else ""
    return [_branch(node, deeper if node.folder == opened else (), list_query) for node in first.children]


def _branch(node: folders.FolderNode, deeper: Sequence[folders.FolderLevel], list_query: ListQuery) -> Branch:
    return Branch(
        node,
        ListQuery(node.filter, list_query.sort).query(),
        "&".join(filter(None, [list_query.query(), urlencode({"under": node.folder})])),
        node.folder == list_query.filter.get("folder"),
        _branches(deeper, list_query) if deeper else [],
    )


def _values(facet: facets.Facet, list_query: ListQuery) -> list[Value]:
    field = FACETS[facet.key]
    return [
        Value(field.facet_label(value.value), value.count, _facet_query(field, value, list_query), value.is_active)
        for value in facet.values
    ]


def _facet_query(field: Field, value: facets.FacetValue, list_query: ListQuery) -> str:
    asset_filter = value.filter
    if value.is_active:
        asset_filter = list_query.filter.changed(**field.values_without_facet(list_query.filter.values, value.value))
    return ListQuery(asset_filter, list_query.sort).query()


def _part(request: HttpRequest, context: dict[str, Any]) -> HttpResponse:
    """Just the part for htmx, else a page that holds it."""
    return part_or_page(request, context, part=context["part"], page="library/library_part.html")
