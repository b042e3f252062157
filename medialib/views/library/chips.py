"""The active filters in words, each with the address of the list without it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.utils.translation import gettext as _

from medialib.models import AssetKind
from medialib.models.query.filters import AssetFilter
from medialib.models.query.tree import short_time
from medialib.templatetags.medialib import file_size


@dataclass(frozen=True)
class Chip:
    label: str
    query_without: str


def chips_of(wanted: AssetFilter) -> list[Chip]:
    return [Chip(_label(wanted, chip.key, chip.label), chip.query_without) for chip in wanted.chips()]


def _label(wanted: AssetFilter, key: str, label: str) -> str:
    value = getattr(wanted, key)
    if isinstance(value, bool):
        return FLAGS[key]()[value]
    if isinstance(value, tuple):
        return LISTS[key](label.split(" ", 1)[1])
    if key == "folder":
        text = _("Folder %(folder)s and below") if wanted.subfolders else _("Folder %(folder)s")
        return text % {"folder": value}
    return SINGLE[key](value) if key in SINGLE else label


def age_in_words(age: str) -> str:
    """`2 years` for `2y`."""
    number, unit = int(age[:-1]), age[-1]
    words = {"h": _("%s hours"), "d": _("%s days"), "w": _("%s weeks"), "m": _("%s months"), "y": _("%s years")}
    single = {"h": _("1 hour"), "d": _("1 day"), "w": _("1 week"), "m": _("1 month"), "y": _("1 year")}
    return single[unit] if number == 1 else words[unit] % number


def _moment(time: datetime) -> str:
    return short_time(time)


# Functions, so that each sentence is found by makemessages and said in the language of the reader.
FLAGS: dict[str, Callable[[], dict[bool, str]]] = {
    "private": lambda: {True: _("Private"), False: _("Not private")},
    "published": lambda: {True: _("Published"), False: _("Draft")},
    "tagged": lambda: {True: _("Has tags"), False: _("Has no tags")},
}
LISTS: dict[str, Callable[[str], str]] = {
    "kind": lambda kind: _("Type %s") % AssetKind(kind).label,
    "format": lambda one: _("Format %s") % one,
    "tag": lambda tag: _("Tag %s") % tag,
}
SINGLE: dict[str, Callable[[Any], str]] = {
    "q": lambda text: _("Path contains “%s”") % text,
    "name": lambda text: _("Name contains “%s”") % text,
    "min_size": lambda size: _("At least %s") % file_size(size),
    "max_size": lambda size: _("At most %s") % file_size(size),
    "created_after": lambda time: _("Created since %s") % _moment(time),
    "created_before": lambda time: _("Created before %s") % _moment(time),
    "updated_after": lambda time: _("Updated since %s") % _moment(time),
    "updated_before": lambda time: _("Updated before %s") % _moment(time),
    "older_than": lambda age: _("Older than %s") % age_in_words(age),
    "unchanged_for": lambda age: _("Unchanged for %s") % age_in_words(age),
    "min_width": lambda pixels: _("At least %s px wide") % pixels,
    "max_width": lambda pixels: _("At most %s px wide") % pixels,
    "min_height": lambda pixels: _("At least %s px high") % pixels,
    "max_height": lambda pixels: _("At most %s px high") % pixels,
    "min_versions": lambda count: _("At least %s versions") % count,
}
