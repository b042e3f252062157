"""In which order a list stands: AssetSort, and where in it a page starts: AssetCursor."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import date, datetime
from typing import Any, Self

from django.db import models
from django.utils.dateparse import parse_datetime
from django.utils.translation import gettext_lazy as _

from medialib.errors import WrongUse
from medialib.models.query.filters import AssetFilter
from medialib.models.sql import MAX_INTEGER, RowBeyond


@dataclass(frozen=True)
class Order:
    """Along one column, and by row number where that is equal, so each list has exactly one order."""

    column: str
    is_descending: bool

    @property
    def opposite(self) -> Order:
        return Order(self.column, not self.is_descending)


PositionValue = str | int | datetime


@dataclass(frozen=True)
class Position:
    """A row in an order, by its value and number. The row itself may be gone by then."""

    value: PositionValue
    pk: int


@dataclass(frozen=True)
class Group:
    """Files that stand together in a list: which they are, and their order among themselves."""

    number: int  # Counted in rising order, so it is the same whichever way round the list stands.
    filter: AssetFilter
    order: Order


class AssetSort(models.TextChoices):
    """The orders of a list. The value is a column, with a minus in front when its largest comes first."""

    NEWEST = "-created", _("newest first")
    OLDEST = "created", _("oldest first")
    UPDATED_LAST = "-updated", _("last updated first")
    UPDATED_FIRST = "updated", _("longest unchanged first")
    NAME = "name", _("name, A to Z")
    NAME_DOWN = "-name", _("name, Z to A")
    LARGEST = "-size", _("largest first")
    SMALLEST = "size", _("smallest first")
    PATH = "path", _("folder and name, A to Z")
    PATH_DOWN = "-path", _("folder and name, Z to A")
    TYPE = "format", _("type, A to Z")
    TYPE_DOWN = "-format", _("type, Z to A")
    WIDEST = "-width", _("widest first")
    NARROWEST = "width", _("narrowest first")
    TAGGED = "-tagged", _("with tags first")
    UNTAGGED = "tagged", _("without tags first")
    PRIVATE = "-private", _("private first")
    PUBLIC = "private", _("public first")
    LATER_VERSIONS = "-versions", _("several versions first")
    FIRST_VERSIONS = "versions", _("one version first")
    FILE_ID = "file_id", _("file id, A to Z")
    FILE_ID_DOWN = "-file_id", _("file id, Z to A")

    @classmethod
    def from_query(cls, data: Mapping[str, Any]) -> AssetSort:
        """The order named by `sort`, newest first when none is. Raises WrongUse."""
        try:
            return cls(data.get("sort") or cls.NEWEST)
        except ValueError:
            raise WrongUse(_("There is no order named “%(name)s”."), name=str(data.get("sort"))[:60]) from None

    @property
    def word(self) -> str:
        """What it sorts by, whichever way round."""
        return self.value.removeprefix("-")

    @property
    def is_descending(self) -> bool:
        return self.value.startswith("-")

    @property
    def opposite(self) -> AssetSort:
        """The same list from its end."""
        return AssetSort(self.word if self.is_descending else f"-{self.word}")

    @property
    def groups(self) -> tuple[Group, ...]:
        """The parts of the list, one after the other: most orders have one, some put files with a trait apart."""
        groups = [
            Group(number, asset_filter, Order(column, self.is_descending))
            for number, (asset_filter, column) in enumerate(_GROUPS[self.word])
        ]
        return tuple(groups[::-1] if self.is_descending else groups)

    def column_of(self, group: int) -> str:
        """The column that the group of this number stands in order of."""
        return _GROUPS[self.word][group][1]


ALL = AssetFilter()
# In rising order. The columns are never NULL in their group, so one comparison finds the position of a cursor.
_GROUPS: dict[str, tuple[tuple[AssetFilter, str], ...]] = {
    "created": ((ALL, "created_at"),),
    "updated": ((ALL, "updated_at"),),
    "name": ((ALL, "name"),),
    "size": ((ALL, "size_bytes"),),
    "path": ((ALL, "path"),),
    "format": ((ALL, "format"),),
    "file_id": ((ALL, "file_id"),),
    "width": ((AssetFilter(where="NOT width>=0"), "created_at"), (AssetFilter(min_width=0), "width")),
    "tagged": ((AssetFilter(tagged=False), "created_at"), (AssetFilter(tagged=True), "created_at")),
    "private": ((AssetFilter(private=False), "created_at"), (AssetFilter(private=True), "created_at")),
    "versions": ((AssetFilter(where="versions<2"), "created_at"), (AssetFilter(min_versions=2), "created_at")),
}
_NUMBERS = frozenset({"size_bytes", "width"})
_TEXTS = frozenset({"name", "path", "format", "file_id"})


@dataclass(frozen=True)
class AssetCursor:
    """Where a page starts or ends: a position in one group of a sorted list."""

    sort: AssetSort
    position: Position
    group: int = 0  # Its number.

    @classmethod
    def of(cls, value: PositionValue, pk: int, sort: AssetSort, group: int = 0) -> Self:
        """The cursor of a row by its number and by its value in the column of its group."""
        return cls(sort, Position(value, pk), group)

    @classmethod
    def from_text(cls, text: str, sort: AssetSort) -> Self:
        """The cursor that `as_text` wrote for this order. Raises WrongUse."""
        groups = _GROUPS[sort.word]
        pk, _tilde, rest = text.partition("~")
        number, _tilde, value = rest.partition("~") if len(groups) > 1 else ("0", "", rest)
        try:
            group = int(number)
            if group not in range(len(groups)) or not 0 <= int(pk) <= MAX_INTEGER:
                raise ValueError(text)
            return cls(sort, Position(_value_of(groups[group][1], value), int(pk)), group)
        except ValueError:
            raise WrongUse(_("The address does not say where the page starts; begin at the first page.")) from None

    @property
    def turned(self) -> AssetCursor:
        """The same position, looking the other way."""
        return replace(self, sort=self.sort.opposite)

    def as_text(self) -> str:
        """For the `after` and `before` of an address."""
        value = self.position.value.isoformat() if isinstance(self.position.value, date) else self.position.value
        group = f"{self.group}~" if len(_GROUPS[self.sort.word]) > 1 else ""
        return f"{self.position.pk}~{group}{value}"


def _value_of(column: str, text: str) -> PositionValue:
    if column in _NUMBERS:
        return min(int(text), MAX_INTEGER)
    if column in _TEXTS:
        return text.replace("\x00", "")
    moment = parse_datetime(text)
    if moment is None or moment.tzinfo is None:
        raise ValueError(text)
    return moment


def in_order(rows: models.QuerySet[Any], order: Order, *, transform: str = "") -> models.QuerySet[Any]:
    """The rows in this order; those that are equal in it follow their row number."""
    sign = "-" if order.is_descending else ""
    return rows.order_by(f"{sign}{order.column}{transform}", f"{sign}pk")


def after_position(
    rows: models.QuerySet[Any], position: Position, order: Order, *, transform: str = ""
) -> models.QuerySet[Any]:
    """Rows that follow the position in the order, in whatever order they are read."""
    return rows.filter(
        RowBeyond(
            f"{order.column}{transform}",
            position.value,
            position.pk,
            field=rows.model._meta.get_field(order.column),
            downwards=order.is_descending,
        )
    )
