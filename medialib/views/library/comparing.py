"""Files, or versions of one file, beside each other: their facts in rows, and which of these are not the same."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from django.urls import reverse
from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from medialib.imagekit.types import FileVersion
from medialib.models import Account, Asset
from medialib.models.query.units import file_size
from medialib.models.query.visible import all_visible, visible
from medialib.templatetags.medialib import full_time, thousands
from medialib.templatetags.previews import picture_at, whole_picture

LEAST, MOST = 2, 4
PIXELS = 480
NOTHING = "—"


@dataclass(frozen=True)
class Side:
    """One column: `asset` where it is a file that can be ticked, `url` where a version leads to."""

    name: str
    picture: str
    kind: str
    url: str
    asset: Asset | None = None
    is_current: bool = False


@dataclass(frozen=True)
class Fact:
    """One row: what each of them has."""

    label: str | Promise
    cells: tuple[object, ...]
    is_different: bool


@dataclass(frozen=True)
class SideBySide:
    sides: list[Side]
    facts: list[Fact]

    @property
    def different(self) -> int:
        """In how many facts they are not the same."""
        return sum(fact.is_different for fact in self.facts)


Row = tuple[str | Promise, Callable[[Any], object], Callable[[Any], object]]


def named(account: Account, file_ids: Iterable[str]) -> list[Asset]:
    """The files of these ids in the order in which they were named, no more than fit beside each other."""
    wanted = list(dict.fromkeys(file_ids))[:MOST]
    found = {asset.file_id: asset for asset in Asset.objects.filter(account=account, file_id__in=wanted)}
    return [found[file_id] for file_id in wanted if file_id in found]


def files(account: Account, assets: Sequence[Asset]) -> SideBySide:
    sides = [
        Side(visible(asset.name), whole_picture(asset, PIXELS), asset.kind, _address(account, asset), asset)
        for asset in assets
    ]
    return SideBySide(sides, [*_rows(FILE_FACTS, assets), *_metadata(assets)])


def versions(asset: Asset, found: Sequence[FileVersion]) -> SideBySide:
    sides = [
        Side(
            version.name or NOTHING,
            picture_at(version.url, asset, PIXELS),
            asset.kind,
            version.url,
            is_current=version.is_current,
        )
        for version in found
    ]
    return SideBySide(sides, _rows(VERSION_FACTS, found))


def _rows(rows: Iterable[Row], things: Sequence[Any]) -> list[Fact]:
    return [
        _fact(label, [compared(thing) for thing in things], [read(thing) for thing in things])
        for label, compared, read in rows
    ]


def _metadata(assets: Sequence[Asset]) -> list[Fact]:
    names = sorted({str(name) for asset in assets for name in asset.custom_metadata})
    rows = [(name, [asset.custom_metadata.get(name) for asset in assets]) for name in names]
    return [
        _fact(visible(name), values, [NOTHING if value is None else visible(str(value)) for value in values])
        for name, values in rows
    ]


def _fact(label: str | Promise, values: Sequence[object], cells: Iterable[object]) -> Fact:
    return Fact(label, tuple(cells), any(value != values[0] for value in values))


def _address(account: Account, asset: Asset) -> str:
    return reverse("medialib:asset-panel", args=[account.name, asset.file_id])


def _size(thing: Asset | FileVersion) -> str:
    """To the byte: two that read the same may differ."""
    return f"{file_size(thing.size_bytes)} ({_('%(count)s bytes') % {'count': thousands(thing.size_bytes)}})"


def _type(asset: Asset) -> str:
    return f"{asset.get_kind_display()} {asset.mime}".strip()


def _dimensions(thing: Asset | FileVersion) -> str:
    return f"{thing.width} × {thing.height}" if thing.width else NOTHING


def _access(asset: Asset) -> str:
    access = _("Private") if asset.is_private else _("Public")
    return access if asset.is_published else f"{access}, {_('draft')}"


def _tags(tags: Iterable[object]) -> str:
    return all_visible(str(tag) for tag in tags) or NOTHING


# What a fact is called, what is compared, and how it reads.
FILE_FACTS: list[Row] = [
    (gettext_lazy("Folder"), lambda asset: asset.folder, lambda asset: visible(asset.folder)),
    (gettext_lazy("Size"), lambda asset: asset.size_bytes, _size),
    (gettext_lazy("Type"), lambda asset: (asset.kind, asset.mime), _type),
    (gettext_lazy("Dimensions"), lambda asset: (asset.width, asset.height), _dimensions),
    (gettext_lazy("Created"), lambda asset: asset.created_at, lambda asset: full_time(asset.created_at)),
    (gettext_lazy("Updated"), lambda asset: asset.updated_at, lambda asset: full_time(asset.updated_at)),
    (gettext_lazy("Version"), lambda asset: asset.version_name, lambda asset: asset.version_name or NOTHING),
    (gettext_lazy("Access"), lambda asset: (asset.is_private, asset.is_published), _access),
    (gettext_lazy("Tags"), lambda asset: tuple(asset.tags), lambda asset: _tags(asset.tags)),
    (gettext_lazy("AI tags"), lambda asset: tuple(asset.ai_tags), lambda asset: _tags(asset.ai_tags)),
]
VERSION_FACTS: list[Row] = [
    (gettext_lazy("Size"), lambda version: version.size_bytes, _size),
    (gettext_lazy("Dimensions"), lambda version: (version.width, version.height), _dimensions),
    (gettext_lazy("Created"), lambda version: version.created_at, lambda version: full_time(version.created_at)),
]
