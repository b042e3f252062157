"""The rows of the library table, the cards of its grid, and the small pictures of all lists.

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
from medialib.templatetags.icons import icon
from medialib.templatetags.markup import Markup, joined
from medialib.templatetags.medialib import Calendar, file_size, kind_icon, thumbnail

register = template.Library()

MOST_TAGS = 3  # The others are counted, and stand in the cell's title.
NOTHING = "—"
CHECKED = SafeString(" checked")

# A tick is called by the word of tick_words and by the name beside it, which stands in the page once.
TICK = '<input type="checkbox" name="asset" value="{}" aria-labelledby="{}"{}>'
HEAD = f'<td>{TICK}</td><td>{{}}</td><th scope="row"><a id="n{{}}" href="{{}}" data-panel-link>{{}}</a>{{}}{{}}</th>'
CARD = Markup(
    f'<li class="asset-card">{TICK}<a href="{{}}" data-panel-link title="{{}}">{{}}'
    '<span class="asset-card-name clip" id="n{}">{}</span></a><p class="asset-card-facts clip">{}</p></li>'
)
TICK_WORDS = Markup('<span id="t" hidden>{}</span><span id="t-after" hidden>{}</span>')
IMAGE = Markup('<img src="{}" alt="" loading="lazy">')
THUMB = Markup('<span class="{}">{}</span>')
BADGE = Markup(' <span class="badge">{}</span>')
AI_BADGE = Markup(' <span class="badge">AI {}</span>')
DRAFT = Markup(' <span class="badge badge-warning">{}</span>')
TAG_CELL = Markup("<td>{}</td>")
LONG_TAG_CELL = Markup('<td title="{}">{}{}</td>')


@dataclass(frozen=True)
class Page:
    """What all rows of a table have in common, found once."""

    panel: str  # Where the details of a file are, but for its id.
    pixels: int
    ticked: Collection[int]
    ticks: str  # The ids of what a tick is called by, with {} for the number of the row.
    calendar: Calendar

    def panel_of(self, asset: Asset) -> str:
        return f"{self.panel}{quote(asset.file_id, safe='')}/"


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
    page = _page(account, pixels, ticked)
    cells = [CellTemplate(HEAD, _head), *(cell for key, cell in CELLS.items() if key in columns)]
    row = Markup(f"<tr>{''.join(cell.html for cell in cells)}</tr>")
    return joined(row(*(value for cell in cells for value in cell.values(asset, page))) for asset in assets)


@register.simple_tag
def asset_cards(assets: Iterable[Asset], *, account: Account, pixels: int, ticked: Collection[int]) -> SafeString:
    """The same files as cards, with the picture first."""
    page = _page(account, pixels, ticked)
    return joined(CARD(*_card(asset, page)) for asset in assets)


def _page(account: Account, pixels: int, ticked: Collection[int]) -> Page:
    panel = reverse("medialib:asset-panel", args=[account.name, "0"]).removesuffix("0/")
    before, after = _tick_words()
    ticks = f"{'t ' if before else ''}n{{}}{' t-after' if after else ''}"
    return Page(panel, pixels, ticked, ticks, Calendar())


@register.simple_tag
def tick_words() -> SafeString:
    """The words around the name in what a tick is called, once for a page with asset_rows or asset_cards."""
    return TICK_WORDS(*_tick_words())


def _tick_words() -> tuple[str, str]:
    before, _name, after = _("Select %(name)s").partition("%(name)s")
    return before.strip(), after.strip()


def _tick(asset: Asset, page: Page) -> tuple[object, ...]:
    return asset.pk, page.ticks.format(asset.pk), CHECKED if asset.pk in page.ticked else ""


def _head(asset: Asset, page: Page) -> tuple[object, ...]:
    return (
        *_tick(asset, page),
        thumb(asset, page.pixels),
        asset.pk,
        page.panel_of(asset),
        visible(asset.name),
        BADGE(_("private")) if asset.is_private else "",
        "" if asset.is_published else DRAFT(_("draft")),
    )


def _card(asset: Asset, page: Page) -> tuple[object, ...]:
    facts = [visible((asset.format or asset.kind).upper()), file_size(asset.size_bytes)]
    if asset.width:
        facts.append(f"{asset.width} × {asset.height}")
    if asset.is_private:
        facts.append(_("private"))
    if not asset.is_published:
        facts.append(_("draft"))
    picture = thumb(asset, page.pixels, "thumb-card")
    name, path = visible(asset.name), visible(asset.path)
    return *_tick(asset, page), page.panel_of(asset), path, picture, asset.pk, name, " · ".join(facts)


@register.simple_tag
def thumb(asset: Asset, pixels: int, css: str = "") -> SafeString:
    """A small picture of the file, or where there can be none the icon of its kind (static/js/images.js)."""
    source = thumbnail(asset, pixels)
    name = "lock-closed" if asset.is_private else kind_icon(asset.kind)
    return THUMB(f"thumb {css}".rstrip(), IMAGE(source) if source else icon("micro", name))


def _dimensions(asset: Asset, _page: Page) -> tuple[object, ...]:
    return (f"{asset.width} × {asset.height}" if asset.width else NOTHING,)


def _tags(asset: Asset, _page: Page) -> tuple[object, ...]:
    """A person's tags first, then those that ImageKit's extensions gave."""
    tags = [*((BADGE, tag) for tag in asset.tags), *((AI_BADGE, tag) for tag in asset.ai_tags)]
    badges = joined(badge(visible(str(tag))) for badge, tag in tags[:MOST_TAGS])
    if len(tags) <= MOST_TAGS:
        return (TAG_CELL(badges or NOTHING),)
    return (LONG_TAG_CELL(all_visible(str(tag) for _badge, tag in tags), badges, f" +{len(tags) - MOST_TAGS}"),)


def _access(asset: Asset, _page: Page) -> tuple[object, ...]:
    access = _("Private") if asset.is_private else _("Public")
    return (access if asset.is_published else f"{access}, {_('draft')}",)


def _folder(asset: Asset, _page: Page) -> tuple[object, ...]:
    return quote(asset.folder), visible(asset.folder)


# By the key of the column, in the order of views/library/columns.py. What a cell looks like goes by its place among the
# columns that are there at first (static/css/library.css), so that a hundred rows need not repeat it.
CELLS: Mapping[str, CellTemplate] = {
    "folder": CellTemplate('<td><a href="?folder={}&amp;subfolders=1">{}</a></td>', _folder),
    "type": CellTemplate("<td>{}</td>", lambda asset, _page: (visible((asset.format or asset.kind).upper()),)),
    "dimensions": CellTemplate('<td class="dimensions">{}</td>', _dimensions),
    "size": CellTemplate('<td class="size">{}</td>', lambda asset, _page: (file_size(asset.size_bytes),)),
    "created": CellTemplate("<td>{}</td>", lambda asset, page: (page.calendar.brief(asset.created_at),)),
    "updated": CellTemplate("<td>{}</td>", lambda asset, page: (page.calendar.brief(asset.updated_at),)),
    "tags": CellTemplate("{}", _tags),
    "access": CellTemplate("<td>{}</td>", _access),
    "version": CellTemplate("<td>{}</td>", lambda asset, _page: (asset.version_name or NOTHING,)),
    "file_id": CellTemplate('<td class="hash">{}</td>', lambda asset, _page: (asset.file_id,)),
}
