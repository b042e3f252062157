"""The columns of a library table: what they are called, which stand there at first, and what each sorts by."""

from __future__ import annotations

from dataclasses import dataclass

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from medialib.models.asset_filters import AssetSort


@dataclass(frozen=True)
class Column:
    """`sort` is the value of the order that a first click on its head asks for."""

    key: str
    label: str | Promise
    sort: str
    is_default: bool = True

    @property
    def first_sort(self) -> AssetSort | None:
        """None where the index has no such order."""
        return AssetSort(self.sort) if self.sort in AssetSort.values else None


NAME = Column("name", _("Name"), "name")
OPTIONAL = [
    Column("folder", _("Folder"), "path"),
    Column("type", _("Type"), "format"),
    Column("dimensions", _("Dimensions"), "-pixels"),
    Column("size", _("Size"), "-size"),
    Column("created", _("Created"), "-created"),
    Column("updated", _("Updated"), "-updated"),
    Column("tags", _("Tags"), "tags"),
    Column("access", _("Access"), "access", is_default=False),
    Column("version", _("Version"), "version", is_default=False),
    Column("file_id", _("File id"), "file_id", is_default=False),
]
KEYS = [column.key for column in OPTIONAL]
DEFAULT_KEYS = tuple(column.key for column in OPTIONAL if column.is_default)


def shown(chosen: tuple[str, ...]) -> list[Column]:
    """The name, and what else was chosen, in our order."""
    return [NAME, *(column for column in OPTIONAL if column.key in chosen)]
