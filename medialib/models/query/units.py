"""Sizes, ages and times: read as people write them, and written as people read them."""

from __future__ import annotations

import re
from datetime import UTC, datetime, time, timedelta, tzinfo
from functools import lru_cache
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from django.utils import timezone
from django.utils.dateparse import parse_date, parse_datetime
from django.utils.formats import number_format
from django.utils.translation import get_language
from django.utils.translation import gettext_lazy as _

from medialib.errors import WrongUse
from medialib.models.query.tree import Span

# Stands in a column of times where ImageKit states none that can be read. It compares to nothing, and is never shown.
UNKNOWN_TIME = datetime(1970, 1, 1, tzinfo=UTC)
SIZE_UNITS = ("kB", "MB", "GB", "TB", "PB")
_POWERS = {"": 0, "k": 1, "m": 2, "g": 3, "t": 4}
_SIZE = re.compile(r"(\d{1,3}(?:,\d{3}){1,6}|\d{1,19}(?:[.,]\d{1,9})?)\s*(?:([kmgt])(i?))?b?", re.ASCII)
_AGE = re.compile(r"([0-9]{1,5})\s*(\w+)")
_PERIOD = re.compile(r"\d{4}(-\d{2}){0,2}", re.ASCII)
_ZONE = re.compile(r"[A-Za-z0-9_+-]{1,30}(?:/[A-Za-z0-9_+-]{1,30}){0,2}", re.ASCII)
_ENGLISH_UNIT = re.compile(r"(hour|day|week|month|year)s?|[hdwmy]")
_AGE_UNITS = {
    "h": (_("hour"), _("hours")),
    "d": (_("day"), _("days")),
    "w": (_("week"), _("weeks")),
    "m": (_("month"), _("months")),
    "y": (_("year"), _("years")),
}
_ONE_IN_WORDS = {"h": _("1 hour"), "d": _("1 day"), "w": _("1 week"), "m": _("1 month"), "y": _("1 year")}
_MORE_IN_WORDS = {"h": _("%s hours"), "d": _("%s days"), "w": _("%s weeks"), "m": _("%s months"), "y": _("%s years")}


def read_size(text: str) -> int:
    """Bytes: 10 MB, 1.5gb, 2 MiB; a number alone is bytes. Raises WrongUse."""
    match = _SIZE.fullmatch(text.lower())
    if match is None:
        raise WrongUse(
            _("“%(text)s” is not a size; write it as 500 kB, 10 MB or 1.5 GB, in a query without the blank."),
            text=text[:60],
        )
    is_grouped = re.fullmatch(r"\d{1,3}(,\d{3})+", match[1])
    whole, _point, fraction = match[1].replace(",", "" if is_grouped else ".").partition(".")
    unit = (1024 if match[3] else 1000) ** _POWERS[match[2] or ""]
    return int(whole + fraction) * unit // 10 ** len(fraction)


def size_as_typed(size_bytes: int) -> str:
    """`10 MB` where that is exact, else the bytes; read_size reads it back."""
    for power, unit in reversed(list(enumerate(SIZE_UNITS[:4], start=1))):
        if size_bytes and size_bytes % 1000**power == 0:
            return f"{size_bytes // 1000**power} {unit}"
    return str(size_bytes)


def file_size(size_bytes: int | None) -> str:
    """`91.4 GB`: decimal units, as ImageKit's own dashboard counts."""
    if size_bytes is None:
        return "—"
    if size_bytes < 1000:
        return f"{size_bytes} B"
    size = float(size_bytes)
    for unit in SIZE_UNITS:
        size /= 1000
        if size < 999.5 or unit == SIZE_UNITS[-1]:
            break
    return f"{_short_number(round(size, 1), 0 if size >= 99.95 else 1, get_language())} {unit}"


@lru_cache(maxsize=12_000)
def _short_number(number: float, decimals: int, _language: str | None) -> str:
    """In the current language, which is an argument only so that another one is not answered from the cache."""
    return number_format(number, decimals)


def read_age(text: str) -> Span:
    """36h, 10 days, 3w, 6 months or 2y, also with the words of the reader's language. Raises WrongUse."""
    match = _AGE.fullmatch(text.lower())
    unit = _age_unit(match[2]) if match else ""
    if match is None or not unit:
        raise WrongUse(
            _("“%(text)s” is not an age; write it as 10 days, 6 months or 2 years, in a query as 10d, 6m or 2y."),
            text=text[:60],
        )
    return Span(int(match[1]), unit)


def _age_unit(word: str) -> str:
    if _ENGLISH_UNIT.fullmatch(word):
        return word[0]
    return next((unit for unit, words in _AGE_UNITS.items() if word in (str(one).lower() for one in words)), "")


def age_as_typed(age: Span) -> str:
    """`2 years`; read_age reads it back."""
    return f"{age.number} {_AGE_UNITS[age.unit][age.number != 1]}"


def age_in_words(age: Span | str) -> str:
    """`2 years` for `2y`, as a part of a sentence."""
    span = age if isinstance(age, Span) else read_age(age)
    return str(_ONE_IN_WORDS[span.unit]) if span.number == 1 else str(_MORE_IN_WORDS[span.unit]) % span.number


@lru_cache(maxsize=1_000)
def zone_named(name: str) -> ZoneInfo | None:
    """The time zone of this name, such as Asia/Tokyo; None when this machine knows none."""
    try:
        return ZoneInfo(name) if _ZONE.fullmatch(name) else None
    except (OSError, ValueError, ZoneInfoNotFoundError):  # OSError: “Asia” is a folder of zones.
        return None


def zone_name() -> str:
    """The name of the zone in which days are meant and shown just now."""
    return timezone.get_current_timezone_name()


def _split(text: str) -> tuple[str, tzinfo]:
    """A day or period, and the zone behind its @; without one the current zone. Raises WrongUse."""
    day, at, name = text.partition("@")
    zone = zone_named(name) if at else timezone.get_current_timezone()
    if zone is None:
        raise WrongUse(_("There is no time zone named “%(name)s”."), name=name[:60])
    return day, zone


def read_time(text: str) -> datetime:
    """A date (its first instant) or a time, in the zone behind its @ or in the current one. Raises WrongUse."""
    day_text, zone = _split(text)
    try:
        day = parse_date(day_text)
        moment = datetime(day.year, day.month, day.day, tzinfo=zone) if day else parse_datetime(day_text)
        if moment is None:
            raise ValueError
        return (moment if moment.tzinfo else moment.replace(tzinfo=zone)).astimezone(UTC)
    except (ValueError, OverflowError):
        raise WrongUse(_("“%(text)s” is not a date; write it as 2024-12-31."), text=text[:60]) from None


def end_of_time(text: str) -> datetime:
    """The first instant after the date or time that the text names. Raises WrongUse."""
    try:
        if re.fullmatch(r"[\d-]+", text.partition("@")[0]):
            return read_period(text)[1]
        return read_time(text) + timedelta(microseconds=1)
    except OverflowError:
        raise WrongUse(_("“%(text)s” is not in the calendar."), text=text[:60]) from None


def read_period(text: str) -> tuple[datetime, datetime]:
    """The first instant of a year, month or day, and the first one after it, in UTC. Raises WrongUse."""
    period, zone = _split(text)
    if not _PERIOD.fullmatch(period):
        raise WrongUse(_("“%(text)s” is not a period; write it as 2024, 2024-05 or 2024-05-31."), text=text[:60])
    parts = [int(part) for part in period.split("-")]
    year, month, day = [*parts, 1, 1][:3]
    try:
        start = datetime(year, month, day, tzinfo=zone)
        if len(parts) == 3:
            end = start + timedelta(days=1)  # On the calendar: a day has 23 hours where the clocks go forward.
        else:
            months = start.year * 12 + start.month - 1 + (12 if len(parts) == 1 else 1)
            end = datetime(months // 12, months % 12 + 1, 1, tzinfo=zone)
        return start.astimezone(UTC), end.astimezone(UTC)
    except (ValueError, OverflowError):
        raise WrongUse(_("“%(text)s” is not in the calendar."), text=text[:60]) from None


def with_zone(period: str) -> str:
    """The period with the zone that it is meant in: `2024-05@Asia/Tokyo`."""
    return period if "@" in period else f"{period}@{zone_name()}"


def time_in_words(moment: datetime) -> str:
    """`2024-05-31 (Asia/Tokyo)`: in the current zone, and a day where it is its first instant."""
    local = moment.astimezone(timezone.get_current_timezone())
    day_or_time = str(local.date()) if local.time() == time() else f"{local:%Y-%m-%d %H:%M:%S}".removesuffix(":00")
    return f"{day_or_time} ({zone_name()})"
