"""The rows of the library table, and the small pictures of all lists.

A template would read better and takes four times as long, which for a page of a hundred rows is most of the request
(docs/benchmarks.md). Each cell is one function; the head of its column is in views/columns.py.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping
from urllib.parse import quote

from django import template
from django.urls import reverse
from django.utils.html import format_html
from django.utils.safestring import SafeString, mark_safe
from django.utils.translation import gettext as _

from medialib.models import Account, Asset
from medialib.templatetags.icons import heroicon_micro
from medialib.templatetags.medialib import file_size, folder_query, kind_icon, moment, thumbnail

register = template.Library()

MOST_TAGS = 3  # The others are counted, and stand in the cell's title.
NOTHING = "—"


@register.simple_tag
def asset_rows(
    assets: Iterable[Asset], *, account: Account, columns: Collection[str], pixels: int, ticked: Collection[int]
) -> SafeString:
    """A <tr> for each file: its tick, its picture of so many pixels, its name, and the columns of these keys."""
    cells = [cell for key, cell in CELLS.items() if key in columns]
    panel = reverse("medialib:asset-panel", args=[account.name, "0"]).removesuffix("0/")
    return mark_safe("".join(_row(asset, cells, panel, pixels, asset.pk in ticked) for asset in assets))  # noqa: S308


def _row(asset: Asset, cells: Iterable[Cell], panel: str, pixels: int, is_ticked: bool) -> SafeString:
    parts = [_tick(asset, is_ticked), _picture(asset, pixels), _name(asset, panel), *(cell(asset) for cell in cells)]
    return format_html("<tr data-row>{}</tr>", mark_safe("".join(parts)))  # noqa: S308


def _tick(asset: Asset, is_ticked: bool) -> SafeString:
    return format_html(
        '<td class="cell-tick"><input class="checkbox" type="checkbox" name="asset" value="{}" data-range-item'
        ' aria-label="{}"{}></td>',
        str(asset.pk),
        _("Select %(name)s") % {"name": asset.name},
        CHECKED if is_ticked else "",
    )


@register.simple_tag
def thumb(asset: Asset, pixels: int, css: str = "") -> SafeString:
    """A small picture of the file, and under it the icon that shows where no picture can."""
    icon = heroicon_micro("lock-closed" if asset.is_private else kind_icon(asset.kind), aria_hidden="true")
    source = thumbnail(asset, pixels)
    image = (
        format_html(
            '<img src="{}" alt="" width="{}" height="{}" loading="lazy" decoding="async" referrerpolicy="no-referrer">',
            source,
            pixels,
            pixels,
        )
        if source
        else ""
    )
    return format_html('<span class="{}" data-thumb>{}{}</span>', f"thumb {css}".rstrip(), icon, image)


def _picture(asset: Asset, pixels: int) -> SafeString:
    return format_html('<td class="cell-thumb">{}</td>', thumb(asset, pixels))


def _name(asset: Asset, panel: str) -> SafeString:
    address = f"{panel}{quote(asset.file_id, safe='')}/"
    return format_html(
        '<th scope="row" class="cell-clip col-name"><a href="{0}" hx-get="{0}" hx-target="#file-panel"'
        ' data-panel-link="{1}" title="{2}"><bdi dir="ltr">{2}</bdi></a>{3}{4}</th>',
        address,
        asset.file_id,
        asset.name,
        format_html(' <span class="badge">{}</span>', _("private")) if asset.is_private else "",
        "" if asset.is_published else format_html(' <span class="badge badge-warning">{}</span>', _("draft")),
    )


def _folder(asset: Asset) -> SafeString:
    return format_html(
        '<td class="cell-clip col-folder cell-muted"><a href="?{0}" title="{1}"><bdi dir="ltr">{1}</bdi></a></td>',
        folder_query(asset.folder),
        asset.folder,
    )


def _type(asset: Asset) -> SafeString:
    return format_html('<td class="col-type cell-muted">{}</td>', (asset.format or asset.kind).upper())


def _dimensions(asset: Asset) -> SafeString:
    size = f"{asset.width} × {asset.height}" if asset.width else NOTHING
    return format_html('<td class="col-dimensions cell-muted">{}</td>', size)


def _size(asset: Asset) -> SafeString:
    return format_html('<td class="col-size">{}</td>', file_size(asset.size_bytes))


def _created(asset: Asset) -> SafeString:
    return format_html('<td class="col-created cell-muted">{}</td>', moment(asset.created_at))


def _updated(asset: Asset) -> SafeString:
    return format_html('<td class="col-updated cell-muted">{}</td>', moment(asset.updated_at))


def _tags(asset: Asset) -> SafeString:
    if not asset.tags:
        return format_html('<td class="cell-clip col-tags cell-muted">{}</td>', NOTHING)
    badges = [format_html('<span class="badge">{}</span> ', tag) for tag in asset.tags[:MOST_TAGS]]
    return format_html(
        '<td class="cell-clip col-tags cell-muted" title="{}">{}{}</td>',
        ", ".join(map(str, asset.tags)),
        mark_safe("".join(badges)),  # noqa: S308
        f"+{len(asset.tags) - MOST_TAGS}" if len(asset.tags) > MOST_TAGS else "",
    )


def _access(asset: Asset) -> SafeString:
    access = _("Private") if asset.is_private else _("Public")
    return format_html(
        '<td class="col-access cell-muted">{}</td>', access if asset.is_published else f"{access}, {_('draft')}"
    )


def _version(asset: Asset) -> SafeString:
    return format_html('<td class="cell-clip col-version cell-muted">{}</td>', asset.version_name or NOTHING)


def _file_id(asset: Asset) -> SafeString:
    return format_html('<td class="cell-clip col-file_id cell-muted hash" title="{0}">{0}</td>', asset.file_id)


Cell = Callable[[Asset], SafeString]
CHECKED = mark_safe(" checked")
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
