"""The columns of a library table: what they are called, which stand there at first, and what each sorts by."""

from __future__ import annotations

from dataclasses import dataclass

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from medialib.models.query.orders import AssetSort


@dataclass(frozen=True)
class Column:
    """`sort` is the order that a first click on its head asks for."""

    key: str
    label: str | Promise
    sort: AssetSort
    is_default: bool = True


NAME = Column("name", _("Name"), AssetSort.NAME)
OPTIONAL = [
    Column("folder", _("Folder"), AssetSort.PATH),
    Column("type", _("Type"), AssetSort.TYPE),
    Column("dimensions", _("Dimensions"), AssetSort.WIDEST),
    Column("size", _("Size"), AssetSort.LARGEST),
    Column("created", _("Created"), AssetSort.NEWEST),
    Column("updated", _("Updated"), AssetSort.UPDATED_LAST),
    Column("tags", _("Tags"), AssetSort.TAGGED),
    Column("access", _("Access"), AssetSort.PRIVATE, is_default=False),
    Column("version", _("Version"), AssetSort.LATER_VERSIONS, is_default=False),
    Column("file_id", _("File id"), AssetSort.FILE_ID, is_default=False),
]
KEYS = [column.key for column in OPTIONAL]
DEFAULT_KEYS = tuple(column.key for column in OPTIONAL if column.is_default)


def shown(chosen: tuple[str, ...]) -> list[Column]:
    """The name, and what else was chosen, in our order."""
    return [NAME, *(column for column in OPTIONAL if column.key in chosen)]
