"""How things look in templates: sizes, numbers, times, addresses. Presentation only, no queries."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from functools import lru_cache
from typing import Any
from urllib.parse import SplitResult, urlencode, urlsplit, urlunsplit

from django import template
from django.utils.dates import MONTHS_3
from django.utils.formats import number_format
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.timezone import get_current_timezone, now
from django.utils.translation import get_language, gettext, pgettext_lazy

from medialib.models import Account, Asset, AssetKind
from medialib.models.list_imports import Cause
from medialib.models.query.units import UNKNOWN_TIME, file_size, zone_name
from medialib.models.query.visible import visible
from medialib.templatetags.markup import Markup

register = template.Library()
register.filter(file_size)
register.filter(visible)

KIND_ICONS: Mapping[str, str] = {
    AssetKind.IMAGE: "photo",
    AssetKind.VIDEO: "film",
    AssetKind.AUDIO: "musical-note",
    AssetKind.DOCUMENT: "document-text",
}
PATTERNS = {
    "day": pgettext_lazy("time", "{day} {month}"),
    "day_of_year": pgettext_lazy("time", "{day} {month} {year}"),
    "full": pgettext_lazy("time", "{day} {month} {year}, {time}"),
}
TIME = Markup('<time datetime="{}" title="{}" data-local-time="{}">{}</time>')
BRIEF = Markup('<time datetime="{}">{}</time>')
BANNER_KINDS = {"error": "danger", "warning": "warning", "success": "success"}
BANNER_ICONS = {"error": "x-circle", "warning": "exclamation-triangle", "success": "check-circle"}


@register.filter
def thousands(number: int | None) -> str:
    """`48,213`, in German `48.213`."""
    return "—" if number is None else number_format(number, force_grouping=True)


@register.filter
def measured(value: int, measure: str) -> str:
    """A bar of the audit chart in words: a number of files, or a size."""
    return thousands(value) if measure == "files" else file_size(value)


@register.filter
def account_colour(account: Account | None) -> str:
    """The class that carries an account's colour; empty without an account."""
    return f"account-colour-{account.colour}" if account else ""


@register.filter
def kind_icon(kind: str) -> str:
    return KIND_ICONS.get(kind, "document")


@register.filter
def list_cause(cause: str) -> str:
    """Why a line of a list names no file."""
    return str(Cause(cause).label) if cause in Cause else gettext("not found")


@register.filter
def banner_kind(level_tag: str) -> str:
    return BANNER_KINDS.get(level_tag, "info")


@register.filter
def banner_icon(level_tag: str) -> str:
    return BANNER_ICONS.get(level_tag, "information-circle")


@register.simple_tag(takes_context=True)
def query_with(context: template.Context, **changes: Any) -> str:
    """The page's own query string with some parameters replaced; None takes one out."""
    query = context["request"].GET.copy()
    for name, value in changes.items():
        if value is None:
            query.pop(name, None)
        else:
            query[name] = value
    return f"?{query.urlencode()}" if query else "?"


class Calendar:
    """The current time zone, day and language, for code that writes many times: finding them takes longer than writing.

    localtime.js rewrites each <time> in the reader's own time zone; without it the server's zone stands.
    """

    def __init__(self) -> None:
        self._zone = get_current_timezone()
        self._today = now().astimezone(self._zone).date()
        self._language = get_language()

    def moment(self, time: datetime | None) -> SafeString | str:
        """As short as can be: `14:02` today, `24 Nov` this year, else `24 Nov 2024`. Its title says it in full."""
        if time is None:
            return "—"
        if time == UNKNOWN_TIME:
            return gettext("unknown")
        local = time.astimezone(self._zone)
        return _time(time, local, self._in_short(local), "moment")

    def brief(self, time: datetime) -> SafeString | str:
        """A moment at a third of its length, for a list of many: the title is added by localtime.js."""
        if time == UNKNOWN_TIME:
            return gettext("unknown")
        utc = time if time.tzinfo is UTC else time.astimezone(UTC)
        return BRIEF(f"{utc.isoformat(timespec='seconds')[:19]}Z", self._in_short(time.astimezone(self._zone)))

    def _in_short(self, local: datetime) -> str:
        if local.date() == self._today:
            return f"{local:%H:%M}"
        return self._date(local, "day" if local.year == self._today.year else "day_of_year")

    def full(self, time: datetime | None) -> SafeString | str:
        """To the second: `24 Nov 2026, 14:02:33`."""
        if time is None:
            return "—"
        if time == UNKNOWN_TIME:
            return gettext("unknown")
        local = time.astimezone(self._zone)
        return _time(time, local, self._date(local, "full").replace("{time}", f"{local:%H:%M:%S}"), "full")

    def clock(self, time: datetime | None) -> SafeString | str:
        """Of one day, to the second: `14:02:33`."""
        if time is None:
            return "—"
        local = time.astimezone(self._zone)
        return _time(time, local, f"{local:%H:%M:%S}", "clock")

    def day(self, time: datetime) -> str:
        """As a heading: `24 Nov 2026`."""
        return self._date(time.astimezone(self._zone), "day_of_year")

    def _date(self, local: datetime, pattern: str) -> str:
        return _date(pattern, local.year, local.month, local.day, self._language)


@register.filter
def moment(time: datetime | None) -> SafeString | str:
    return Calendar().moment(time)


@register.filter
def full_time(time: datetime | None) -> SafeString | str:
    return Calendar().full(time)


@register.filter
def clock(time: datetime | None) -> SafeString | str:
    return Calendar().clock(time)


@register.filter
def day(time: datetime) -> str:
    return Calendar().day(time)


@register.simple_tag
def zone() -> str:
    """The time zone in which the page shows days, and reads them."""
    return zone_name()


@register.simple_tag
def date_words() -> SafeString:
    """What localtime.js needs to write times as the server does: attributes of <html>."""
    months = " ".join(_month(number) for number in MONTHS_3)
    return format_html(
        'data-months="{}" data-day="{}" data-day-of-year="{}" data-full="{}"',
        months, PATTERNS["day"], PATTERNS["day_of_year"], PATTERNS["full"],
    )  # fmt: skip


def _month(number: int) -> str:
    return str(MONTHS_3[number]).title()


@lru_cache(maxsize=1_000)
def _date(pattern: str, year: int, month: int, day: int, _language: str | None) -> str:
    """In the current language, which is an argument only so that another one is not answered from the cache."""
    return str(PATTERNS[pattern]).format(day=day, month=_month(month), year=year, time="{time}")


def _time(time: datetime, local: datetime, text: str, form: str) -> SafeString:
    return TIME(time.isoformat(timespec="seconds"), f"{local:%Y-%m-%d %H:%M:%S %Z}", form, text)


@register.filter
def thumbnail(asset: Asset, pixels: int) -> str:
    """The address of a small picture made by ImageKit's own transform, or nothing when there cannot be one."""
    if asset.kind != AssetKind.IMAGE or asset.is_private:
        return ""
    transformation = f"w-{pixels},h-{pixels},fo-auto"
    if asset.url.startswith(("https://", "http://")) and "?" not in asset.url and "#" not in asset.url:
        return f"{asset.url}?tr={transformation}"  # Nearly all are so, and taking them apart costs more than the rest.
    parts = web_address(asset.url)
    return transformed(parts, transformation) if parts else ""


def web_address(url: str) -> SplitResult | None:
    """The address in its parts, unless a page must not lead there."""
    parts = urlsplit(url)
    return parts if parts.scheme in ("http", "https") else None


def transformed(parts: SplitResult, transformation: str) -> str:
    """The address of what ImageKit makes of the file there."""
    # Keep what versions the address (updatedAt), so that a replaced file is not shown from a cache.
    transform = f"tr={transformation}"
    query = f"{parts.query}&{transform}" if parts.query else transform
    return urlunsplit(parts._replace(query=query, fragment=""))


@register.filter
def folder_query(folder: str) -> str:
    """The query string of a folder's list, with what is below it."""
    return urlencode({"folder": folder, "subfolders": "1"})


@register.filter
def split_names(names: str) -> list[str]:
    """`"a,b"` as a list, for a template that repeats itself over a few names."""
    return names.split(",")
