"""One page of a library list, put together for the template: rows, links to the neighbours, headers, totals."""

from __future__ import annotations

from dataclasses import dataclass

from django.utils.functional import Promise, cached_property

from medialib.forms.library import ListQuery
from medialib.models import Account, Asset
from medialib.models.query.contradictions import contradiction
from medialib.models.query.filtered import FilteredAssets
from medialib.models.query.filters import AssetFilter, Chip
from medialib.models.query.orders import AssetSort
from medialib.models.query.paging import AssetPage, page_of
from medialib.models.query.visible import visible
from medialib.services.library import totals
from medialib.services.library.totals import Total
from medialib.templatetags.medialib import thousands
from medialib.views.library import columns
from medialib.views.library.columns import Column
from medialib.views.library.preferences import Display

# Columns of a file that a row shows or a list is ordered by; the others are long, and a hundred rows a page.
SHOWN = (
    "file_id", "name", "path", "folder", "kind", "format", "size_bytes", "width", "height", "tags", "ai_tags",
    "is_private", "is_published", "version_name", "url", "created_at", "updated_at",
)  # fmt: skip


@dataclass(frozen=True)
class ColumnHead:
    """A column's head. `query` sorts by it, or turns the order round when it is the current one."""

    label: str | Promise
    css: str
    query: str
    direction: str


@dataclass(frozen=True)
class SortChoice:
    label: str | Promise
    query: str
    is_current: bool


class ListRows:
    """The rows after (or before) a place in the list, and what the page says about them."""

    def __init__(self, account: Account, list_query: ListQuery, display: Display, summed: Total | None = None) -> None:
        """`summed`: the whole library as it was counted last, where the caller knows."""
        self.account = account
        self.list_query = list_query
        self.display = display
        self._summed = summed

    @cached_property
    def _matching(self) -> FilteredAssets:
        return Asset.objects.live(self.account).only(*SHOWN).matching(self.list_query.filter)

    @cached_property
    def _page(self) -> AssetPage:
        return page_of(self._matching, self.list_query.sort, after=self.list_query.after, before=self.list_query.before)

    @property
    def rows(self) -> list[Asset]:
        return self._page.assets

    @property
    def first_name(self) -> str:
        return visible(self.rows[0].name) if self.rows else ""

    @property
    def shown_pks(self) -> str:
        """The row numbers of the page for the form, which says by them what was not ticked."""
        return ",".join(str(row.pk) for row in self.rows)

    @property
    def next_query(self) -> str:
        cursor = self._page.next_cursor
        return self.list_query.query(after=cursor.as_text()) if cursor else ""

    @property
    def previous_query(self) -> str:
        cursor = self._page.previous_cursor
        return self.list_query.query(before=cursor.as_text()) if cursor else ""

    @property
    def first_query(self) -> str:
        return self.list_query.query()

    @property
    def is_first(self) -> bool:
        return not self.list_query.after and not self.list_query.before

    @property
    def count(self) -> int:
        """How many files match: exact unless `is_capped`."""
        return self.total.file_count

    @property
    def is_capped(self) -> bool:
        """Whether so many match that nobody counted them all: the manifest does."""
        return self.total.is_estimate or self.total.is_least

    def is_covered_by(self, selected: int) -> bool:
        """Whether so many selected files of this list are all of it; unknown, and so no, beyond the cap."""
        return not self.is_capped and selected >= self.count

    @property
    def count_in_words(self) -> str:
        return _in_words(self.total)

    @cached_property
    def whole(self) -> Total:
        """How many files the account has, about; exactly where the page holds them all."""
        summed = self._summed or totals.estimate(self.account, AssetFilter())
        counted = None if self.list_query.filter else self._page.total
        return summed if counted is None or not summed.is_estimate else Total(counted)

    @cached_property
    def total(self) -> Total:
        """How many files match: exact for a few, else about right or a least number."""
        if self._page.total is not None:
            return Total(self._page.total)
        return totals.estimate(self.account, self.list_query.filter) if self.list_query.filter else self.whole

    @property
    def contradiction(self) -> str:
        """Why no file can match, where the filter says so itself."""
        return contradiction(self.list_query.filter.node())

    @cached_property
    def below(self) -> Total | None:
        """How many files match below the folder, where none lies directly in it: they are what was looked for."""
        asked = self.list_query.filter
        if self.rows or not self.is_first or not asked.get("folder") or asked.get("subfolders"):
            return None
        total = totals.estimate(self.account, self._with_subfolders)
        return total if total.file_count else None

    @property
    def below_in_words(self) -> str:
        return _in_words(self.below) if self.below else ""

    @property
    def below_query(self) -> str:
        return self._with_sort(self._with_subfolders.to_query())

    @property
    def _with_subfolders(self) -> AssetFilter:
        return self.list_query.filter.changed(subfolders=True)

    @cached_property
    def chips(self) -> list[Chip]:
        return [Chip(chip.label, self._with_sort(chip.query_without)) for chip in self.list_query.filter.chips()]

    def _with_sort(self, query: str) -> str:
        sort = "" if self.list_query.sort == AssetSort.NEWEST else f"sort={self.list_query.sort.value}"
        return "&".join(filter(None, [query, sort]))

    @property
    def headers(self) -> list[ColumnHead]:
        return [self._header(column) for column in columns.shown(self.display.columns)]

    def _header(self, column: Column) -> ColumnHead:
        current = self.list_query.sort
        if current.word != column.sort.word:
            return ColumnHead(column.label, column.key, self.list_query.query(sort=column.sort.value), "")
        return ColumnHead(
            column.label, column.key, self.list_query.query(sort=current.opposite.value), _direction(current)
        )

    @property
    def sort_choices(self) -> list[SortChoice]:
        """Every order as a link: a grid has no column heads to click."""
        return [
            SortChoice(sort.label, self.list_query.query(sort=sort.value), sort == self.list_query.sort)
            for sort in AssetSort
        ]


def _in_words(total: Total) -> str:
    words = thousands(total.file_count)
    return f"≈ {words}" if total.is_estimate else f"{words}+" if total.is_least else words


def _direction(sort: AssetSort) -> str:
    return "descending" if sort.is_descending else "ascending"
