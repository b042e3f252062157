"""The rows of the library table, and the small pictures of all lists.

A template would read better and takes four times as long, which for a page of a hundred rows is most of the request
(docs/benchmarks.md). The head of each column is in views/library/columns.py.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping
from dataclasses import dataclass
from urllib.parse import quote

from django import template
from django.urls import reverse
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _

from medialib.models import Account, Asset
from medialib.models.query.visible import all_visible, visible
from medialib.templatetags.icons import pointer_to
from medialib.templatetags.markup import Markup, joined
from medialib.templatetags.medialib import Calendar, file_size, folder_query, kind_icon, thumbnail

register = template.Library()

MOST_TAGS = 3  # The others are counted, and stand in the cell's title.
NOTHING = "—"
CHECKED = SafeString(" checked")

HEAD = (
    '<td class="cell-tick"><input class="checkbox" type="checkbox" name="asset" value="{}" data-range-item'
    ' aria-label="{}"{}></td><td class="cell-thumb">{}</td>'
    '<th scope="row" class="cell-clip col-name"><a href="{}" hx-get="{}" hx-target="#file-panel"'
    ' data-panel-link="{}" title="{}"><bdi dir="ltr">{}</bdi></a>{}{}</th>'
)
IMAGE = Markup('<img src="{}" alt="" width="{}" height="{}" loading="lazy">')
THUMB = Markup('<span class="{}" data-thumb>{}{}</span>')
BADGE = Markup(' <span class="badge">{}</span>')
AI_BADGE = Markup(' <span class="badge">AI {}</span>')
DRAFT = Markup(' <span class="badge badge-warning">{}</span>')


@dataclass(frozen=True)
class Page:
    """What all rows of a table have in common, found once."""

    panel: str  # Where the details of a file are, but for its id.
    pixels: int
    ticked: Collection[int]
    tick_label: str
    calendar: Calendar


@dataclass(frozen=True)
class CellTemplate:
    """A <td> with {} where the values of a row go."""

    html: str
    values: Callable[[Asset, Page], tuple[object, ...]]


@register.simple_tag
def asset_rows(
    assets: Iterable[Asset], *, account: Account, columns: Collection[str], pixels: int, ticked: Collection[int]
) -> SafeString:
    """A <tr> for each file: its tick, its picture of so many pixels, its name, and the columns of these keys."""
    panel = reverse("medialib:asset-panel", args=[account.name, "0"]).removesuffix("0/")
    page = Page(panel, pixels, ticked, _("Select %(name)s"), Calendar())
    cells = [CellTemplate(HEAD, _head), *(cell for key, cell in CELLS.items() if key in columns)]
    row = Markup(f"<tr data-row>{''.join(cell.html for cell in cells)}</tr>")
    return joined(row(*(value for cell in cells for value in cell.values(asset, page))) for asset in assets)


def _head(asset: Asset, page: Page) -> tuple[object, ...]:
    address, name = f"{page.panel}{quote(asset.file_id, safe='')}/", visible(asset.name)
    return (
        asset.pk,
        page.tick_label % {"name": name},
        CHECKED if asset.pk in page.ticked else "",
        thumb(asset, page.pixels),
        address,
        address,
        asset.file_id,
        name,
        name,
        BADGE(_("private")) if asset.is_private else "",
        "" if asset.is_published else DRAFT(_("draft")),
    )


@register.simple_tag
def thumb(asset: Asset, pixels: int, css: str = "") -> SafeString:
    """A small picture of the file, and under it the icon that shows where no picture can."""
    icon = pointer_to("lock-closed" if asset.is_private else kind_icon(asset.kind))
    source = thumbnail(asset, pixels)
    return THUMB(f"thumb {css}".rstrip(), icon, IMAGE(source, pixels, pixels) if source else "")


def _dimensions(asset: Asset, _page: Page) -> tuple[object, ...]:
    return (f"{asset.width} × {asset.height}" if asset.width else NOTHING,)


def _tags(asset: Asset, _page: Page) -> tuple[object, ...]:
    """A person's tags first, then those that ImageKit's extensions gave."""
    tags = [*((BADGE, tag) for tag in asset.tags), *((AI_BADGE, tag) for tag in asset.ai_tags)]
    badges = joined(badge(visible(str(tag))) for badge, tag in tags[:MOST_TAGS])
    others = f" +{len(tags) - MOST_TAGS}" if len(tags) > MOST_TAGS else ""
    return all_visible(str(tag) for _badge, tag in tags), badges or NOTHING, others


def _access(asset: Asset, _page: Page) -> tuple[object, ...]:
    access = _("Private") if asset.is_private else _("Public")
    return (access if asset.is_published else f"{access}, {_('draft')}",)


# By the key of the column, in the order of views/library/columns.py.
CELLS: Mapping[str, CellTemplate] = {
    "folder": CellTemplate(
        '<td class="cell-clip col-folder cell-muted"><a href="?{}" title="{}"><bdi dir="ltr">{}</bdi></a></td>',
        lambda asset, _page: (folder_query(asset.folder), *[visible(asset.folder)] * 2),
    ),
    "type": CellTemplate(
        '<td class="col-type cell-muted">{}</td>', lambda asset, _page: (visible((asset.format or asset.kind).upper()),)
    ),
    "dimensions": CellTemplate('<td class="col-dimensions cell-muted">{}</td>', _dimensions),
    "size": CellTemplate('<td class="col-size">{}</td>', lambda asset, _page: (file_size(asset.size_bytes),)),
    "created": CellTemplate(
        '<td class="col-created cell-muted">{}</td>', lambda asset, page: (page.calendar.moment(asset.created_at),)
    ),
    "updated": CellTemplate(
        '<td class="col-updated cell-muted">{}</td>', lambda asset, page: (page.calendar.moment(asset.updated_at),)
    ),
    "tags": CellTemplate('<td class="cell-clip col-tags cell-muted" title="{}">{}{}</td>', _tags),
    "access": CellTemplate('<td class="col-access cell-muted">{}</td>', _access),
    "version": CellTemplate(
        '<td class="cell-clip col-version cell-muted">{}</td>', lambda asset, _page: (asset.version_name or NOTHING,)
    ),
    "file_id": CellTemplate(
        '<td class="cell-clip col-file_id cell-muted hash" title="{}">{}</td>',
        lambda asset, _page: (asset.file_id, asset.file_id),
    ),
}
