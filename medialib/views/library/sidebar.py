"""Folders and facets beside the list: asked for after its rows, each value a link to the list that it stands for."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from hashlib import sha256
from typing import Any
from urllib.parse import urlencode

from django.http import HttpRequest, HttpResponse, HttpResponseBadRequest, QueryDict
from django.shortcuts import render
from django.utils.cache import patch_vary_headers
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from medialib.errors import WrongUse
from medialib.forms.library import ListWanted
from medialib.models import AssetKind
from medialib.models.query.filters import AssetFilter
from medialib.models.query.values import checked
from medialib.services.library import facets, folders
from medialib.services.library.summary import SIZE_CLASSES
from medialib.templatetags.medialib import file_size
from medialib.views.access import account_named, staff_may


@dataclass(frozen=True)
class Branch:
    """A folder in the tree, with those below it where it is open."""

    node: folders.FolderNode
    query: str
    below_query: str
    is_current: bool
    children: list[Branch] = field(default_factory=list)

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
        wanted, under = _list_and_folder(request.GET)
    except WrongUse as wrong:
        return HttpResponseBadRequest(str(wrong), content_type="text/plain; charset=utf-8")
    levels = [folders.level(owner, under)] if under else folders.open_levels(owner, wanted.filter.folder)
    context = {
        "account": owner,
        "wanted": wanted,
        "parent": under or "/",
        "folders": _branches(levels, wanted),
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
        wanted = ListWanted.from_query(request.GET)
    except WrongUse as wrong:
        return HttpResponseBadRequest(str(wrong), content_type="text/plain; charset=utf-8")
    found = facets.facets(owner, wanted.filter)
    context = {
        "account": owner,
        "wanted": wanted,
        "found": found,
        "facets": [(TITLES[facet.key](), _values(facet, wanted)) for facet in found.facets if facet.values],
        "heading": _("Facets"),
        "part": "library/_facets.html",
    }
    return _part(request, context)


def _list_and_folder(data: QueryDict) -> tuple[ListWanted, str]:
    query = data.copy()
    under = query.pop("under", [""])
    return ListWanted.from_query(query), checked("folder", str(under[-1]))


def _branches(levels: Sequence[folders.FolderLevel], wanted: ListWanted) -> list[Branch]:
    """The first level, with the second below the folder that it belongs to, and so on."""
    first, deeper = levels[0], levels[1:]
    opened = deeper[0].parent.folder if deeper and deeper[0].parent else ""
    return [_branch(node, deeper if node.folder == opened else (), wanted) for node in first.children]


def _branch(node: folders.FolderNode, deeper: Sequence[folders.FolderLevel], wanted: ListWanted) -> Branch:
    return Branch(
        node,
        ListWanted(node.filter, wanted.sort).query(),
        "&".join(filter(None, [wanted.query(), urlencode({"under": node.folder})])),
        node.folder == wanted.filter.folder,
        _branches(deeper, wanted) if deeper else [],
    )


def _values(facet: facets.Facet, wanted: ListWanted) -> list[Value]:
    return [
        Value(
            LABELS[facet.key](value.value),
            value.count,
            ListWanted(
                _without(facet.key, value, wanted.filter) if value.is_active else value.filter, wanted.sort
            ).query(),
            value.is_active,
        )
        for value in facet.values
    ]


def _without(key: str, value: facets.FacetValue, wanted: AssetFilter) -> AssetFilter:
    if key == "tag":
        return replace(wanted, tag=tuple(tag for tag in wanted.tag if tag != value.value))
    empty = AssetFilter()
    return replace(wanted, **{name: getattr(empty, name) for name in FIELDS[key]})


def _size_class(place: str) -> str:
    number = int(place)
    least = file_size(SIZE_CLASSES[number - 1]) if number else ""
    most = file_size(SIZE_CLASSES[number]) if number < len(SIZE_CLASSES) else ""
    if not least:
        return _("under %s") % most
    return _("%(from)s to %(to)s") % {"from": least, "to": most} if most else _("over %s") % least


FIELDS = {
    "kind": ("kind",),
    "format": ("format",),
    "year": ("created_after", "created_before"),
    "size": ("min_size", "max_size"),
}
TITLES: dict[str, Callable[[], str]] = {
    "kind": lambda: _("Type"),
    "format": lambda: _("Format"),
    "tag": lambda: _("Tags"),
    "year": lambda: _("Created in"),
    "size": lambda: _("Size"),
}
LABELS: dict[str, Callable[[str], str]] = {
    "kind": lambda kind: str(AssetKind(kind).label),
    "format": str.upper,
    "tag": str,
    "year": str,
    "size": _size_class,
}


def _part(request: HttpRequest, context: dict[str, Any]) -> HttpResponse:
    """Just the part for htmx, else a page that holds it."""
    template = context["part"] if getattr(request, "htmx", False) else "library/library_part.html"
    response = render(request, template, context)
    patch_vary_headers(response, ["HX-Request"])
    return response
