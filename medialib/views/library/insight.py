"""Pictures of where the bytes are, with the numbers beside them. Each is asked for after the page."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from medialib.models import Account, AssetKind
from medialib.models.query.kinds.base import MAX_TEXT
from medialib.models.query.kinds.texts import folder_path
from medialib.models.query.units import age_in_words
from medialib.models.query.visible import visible
from medialib.services.library import insight
from medialib.services.library.summary import older_as_of
from medialib.templatetags.job_words import percent
from medialib.views import charts
from medialib.views.access import account_named, staff_may
from medialib.views.library.sync import freshness
from medialib.web.htmx import part_or_page

Build = Callable[[HttpRequest, Account], dict[str, Any]]
WIDE, LOW = charts.Box(800, 320), charts.Box(520, 120)


@dataclass(frozen=True)
class Labelled:
    """A part as the page shows it."""

    label: str
    file_count: int
    total_bytes: int
    share: str
    query: str
    inside: str = ""


@require_safe
@staff_may("view_library")
def insight_page(request: HttpRequest, account: str) -> HttpResponse:
    owner = account_named(request, account)
    parts = [(name, title()) for name, (title, _) in SECTIONS.items()]
    context = {"account": owner, "freshness": freshness(owner), "sections": parts}
    return render(request, "library/insight/insight.html", context)


@require_safe
@staff_may("view_library")
def insight_part(request: HttpRequest, account: str, part: str) -> HttpResponse:
    """One picture: a part for htmx, else a page of its own."""
    owner = account_named(request, account)
    if part not in SECTIONS:
        raise Http404("There is no such picture.")
    title, build = SECTIONS[part]
    context = {"account": owner, "heading": title(), "section": part, **_picture(build, request, owner)}
    return part_or_page(request, context, part="library/insight/_section.html", page="library/insight/part.html")


def _picture(build: Build, request: HttpRequest, account: Account) -> dict[str, Any]:
    before = older_as_of(account)
    try:
        picture = build(request, account)
    except insight.NotCounted:
        return {"is_being_counted": True}
    # Asked on both sides of the statements that it was drawn from: whatever came between, it does not pass for new.
    older = older_as_of(account) or before
    return picture | ({} if "largest" in picture else {"older_as_of": older})


def _folders(request: HttpRequest, account: Account) -> dict[str, Any]:
    under = folder_path(request.GET.get("under", "/").replace("\x00", "")[:MAX_TEXT]) or "/"
    parts = _labelled(insight.by_folder(account, under), _folder_name, under=under)
    above = under.rpartition("/")[0] or "/"
    return {
        "parts": parts, "word": _("Folder"), "under": under, "above": above if under != "/" else "",
        "treemap": charts.treemap([part for part in parts if part.query], WIDE), "box": WIDE,
    }  # fmt: skip


def _kinds(request: HttpRequest, account: Account) -> dict[str, Any]:
    parts = _labelled(insight.by_kind(account), lambda kind: str(AssetKind(kind).label))
    return {"parts": parts, "word": _("Type"), "treemap": charts.treemap(parts, LOW), "box": LOW}


def _ages(request: HttpRequest, account: Account) -> dict[str, Any]:
    parts = _labelled(insight.by_age(account), _age_name)
    return {"parts": parts, "word": _("Age"), "bars": charts.columns(parts, LOW), "box": LOW}


def _growth(request: HttpRequest, account: Account) -> dict[str, Any]:
    parts = _labelled(insight.by_month(account), str)
    return {"parts": parts[::-1], "word": _("Month"), "bars": charts.columns(parts, LOW), "box": LOW}


def _largest(request: HttpRequest, account: Account) -> dict[str, Any]:
    return {"largest": insight.largest(account)}


SECTIONS: dict[str, tuple[Callable[[], str], Build]] = {
    "folders": (lambda: _("By folder"), _folders),
    "types": (lambda: _("By type"), _kinds),
    "ages": (lambda: _("By age"), _ages),
    "growth": (lambda: _("Added each month (UTC)"), _growth),
    "largest": (lambda: _("The largest files"), _largest),
}


def _labelled(parts: list[insight.InsightPart], name: Callable[[str], str], *, under: str = "") -> list[Labelled]:
    everything = sum(part.total_bytes for part in parts) or 1
    return [
        Labelled(
            name(part.name),
            part.file_count,
            part.total_bytes,
            f"{percent(part.total_bytes / everything * 100)} %",
            part.filter.to_query() if part.filter else "",
            part.filter.get("folder") if under and part.filter and part.filter.get("subfolders") else "",
        )
        for part in parts
    ]


def _folder_name(name: str) -> str:
    return {".": _("directly in this folder"), "…": _("all others")}.get(name) or visible(name)


def _age_name(name: str) -> str:
    if name == "?":
        return _("unknown")
    if name.startswith("<"):
        return _("under %s") % age_in_words(name[1:])
    if name.startswith(">"):
        return _("over %s") % age_in_words(name[1:])
    lower, upper = name.split("–")
    return _("%(from)s to %(to)s") % {"from": age_in_words(lower), "to": age_in_words(upper)}
