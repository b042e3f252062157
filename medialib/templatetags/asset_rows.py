"""The rows of the library table, and the small pictures of all lists.

A template would read better and takes four times as long, which for a page of a hundred rows is most of the request
(docs/benchmarks.md). Each cell is one function; the head of its column is in views/columns.py.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping
from dataclasses import dataclass
from functools import lru_cache
from urllib.parse import quote

from django import template
from django.urls import reverse
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _

from medialib.models import Account, Asset
from medialib.templatetags.icons import heroicon_micro
from medialib.templatetags.markup import Markup, joined
from medialib.templatetags.medialib import Calendar, file_size, folder_query, kind_icon, thumbnail

register = template.Library()

MOST_TAGS = 3  # The others are counted, and stand in the cell's title.
NOTHING = "—"
CHECKED = SafeString(" checked")

ROW = Markup("<tr data-row>{}</tr>")
TICK = Markup(
    '<td class="cell-tick"><input class="checkbox" type="checkbox" name="asset" value="{}" data-range-item'
    ' aria-label="{}"{}></td>'
)
IMAGE = Markup(
    '<img src="{0}" alt="" width="{1}" height="{1}" loading="lazy" decoding="async" referrerpolicy="no-referrer">'
)
THUMB = Markup('<span class="{}" data-thumb>{}{}</span>')
PICTURE = Markup('<td class="cell-thumb">{}</td>')
NAME = Markup(
    '<th scope="row" class="cell-clip col-name"><a href="{0}" hx-get="{0}" hx-target="#file-panel"'
    ' data-panel-link="{1}" title="{2}"><bdi dir="ltr">{2}</bdi></a>{3}{4}</th>'
)
BADGE = Markup(' <span class="badge">{}</span>')
DRAFT = Markup(' <span class="badge badge-warning">{}</span>')
FOLDER = Markup(
    '<td class="cell-clip col-folder cell-muted"><a href="?{0}" title="{1}"><bdi dir="ltr">{1}</bdi></a></td>'
)
TYPE = Markup('<td class="col-type cell-muted">{}</td>')
DIMENSIONS = Markup('<td class="col-dimensions cell-muted">{}</td>')
SIZE = Markup('<td class="col-size">{}</td>')
CREATED = Markup('<td class="col-created cell-muted">{}</td>')
UPDATED = Markup('<td class="col-updated cell-muted">{}</td>')
TAGS = Markup('<td class="cell-clip col-tags cell-muted" title="{}">{}{}</td>')
ACCESS = Markup('<td class="col-access cell-muted">{}</td>')
VERSION = Markup('<td class="cell-clip col-version cell-muted">{}</td>')
FILE_ID = Markup('<td class="cell-clip col-file_id cell-muted hash" title="{0}">{0}</td>')


@dataclass(frozen=True)
class Page:
    """What all rows of a table have in common, found once."""

    panel: str  # Where the details of a file are, but for its id.
    pixels: int
    ticked: Collection[int]
    tick_label: str
    calendar: Calendar


@register.simple_tag
def asset_rows(
    assets: Iterable[Asset], *, account: Account, columns: Collection[str], pixels: int, ticked: Collection[int]
) -> SafeString:
    """A <tr> for each file: its tick, its picture of so many pixels, its name, and the columns of these keys."""
    panel = reverse("medialib:asset-panel", args=[account.name, "0"]).removesuffix("0/")
    page = Page(panel, pixels, ticked, _("Select %(name)s"), Calendar())
    cells = [_tick, _picture, _name, *(cell for key, cell in CELLS.items() if key in columns)]
    return joined(ROW(joined(cell(asset, page) for cell in cells)) for asset in assets)


def _tick(asset: Asset, page: Page) -> SafeString:
    return TICK(asset.pk, page.tick_label % {"name": asset.name}, CHECKED if asset.pk in page.ticked else "")


def _picture(asset: Asset, page: Page) -> SafeString:
    return PICTURE(thumb(asset, page.pixels))


@register.simple_tag
def thumb(asset: Asset, pixels: int, css: str = "") -> SafeString:
    """A small picture of the file, and under it the icon that shows where no picture can."""
    icon = _icon("lock-closed" if asset.is_private else kind_icon(asset.kind))
    source = thumbnail(asset, pixels)
    return THUMB(f"thumb {css}".rstrip(), icon, IMAGE(source, pixels) if source else "")


@lru_cache
def _icon(name: str) -> SafeString:
    return heroicon_micro(name, aria_hidden="true")


def _name(asset: Asset, page: Page) -> SafeString:
    return NAME(
        f"{page.panel}{quote(asset.file_id, safe='')}/",
        asset.file_id,
        asset.name,
        BADGE(_("private")) if asset.is_private else "",
        "" if asset.is_published else DRAFT(_("draft")),
    )


def _folder(asset: Asset, _page: Page) -> SafeString:
    return FOLDER(folder_query(asset.folder), asset.folder)


def _type(asset: Asset, _page: Page) -> SafeString:
    return TYPE((asset.format or asset.kind).upper())


def _dimensions(asset: Asset, _page: Page) -> SafeString:
    return DIMENSIONS(f"{asset.width} × {asset.height}" if asset.width else NOTHING)


def _size(asset: Asset, _page: Page) -> SafeString:
    return SIZE(file_size(asset.size_bytes))


def _created(asset: Asset, page: Page) -> SafeString:
    return CREATED(page.calendar.moment(asset.created_at))


def _updated(asset: Asset, page: Page) -> SafeString:
    return UPDATED(page.calendar.moment(asset.updated_at))


def _tags(asset: Asset, _page: Page) -> SafeString:
    badges = joined(BADGE(tag) for tag in asset.tags[:MOST_TAGS])
    others = f" +{len(asset.tags) - MOST_TAGS}" if len(asset.tags) > MOST_TAGS else ""
    return TAGS(", ".join(map(str, asset.tags)), badges or NOTHING, others)


def _access(asset: Asset, _page: Page) -> SafeString:
    access = _("Private") if asset.is_private else _("Public")
    return ACCESS(access if asset.is_published else f"{access}, {_('draft')}")


def _version(asset: Asset, _page: Page) -> SafeString:
    return VERSION(asset.version_name or NOTHING)


def _file_id(asset: Asset, _page: Page) -> SafeString:
    return FILE_ID(asset.file_id)


Cell = Callable[[Asset, Page], SafeString]
# By the key of the column, in the order of views/columns.py.
CELLS: Mapping[str, Cell] = {
    "folder": _folder,
    "type": _type,
    "dimensions": _dimensions,
    "size": _size,
    "created": _created,
    "updated": _updated,
    "tags": _tags,
    "access": _access,
    "version": _version,
    "file_id": _file_id,
}
