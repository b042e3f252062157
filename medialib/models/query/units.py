"""Sizes, ages and times: read as people write them, and written as people read them."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta

from django.utils.dateparse import parse_date, parse_datetime
from django.utils.formats import number_format
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
    return f"{number_format(round(size, 1), 0 if size >= 99.95 else 1)} {unit}"


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


def read_time(text: str) -> datetime:
    """A date (its first instant in UTC) or a time; without a zone it is in UTC. Raises WrongUse."""
    try:
        day = parse_date(text)
        moment = datetime(day.year, day.month, day.day, tzinfo=UTC) if day else parse_datetime(text)
        if moment is None:
            raise ValueError
        return (moment if moment.tzinfo else moment.replace(tzinfo=UTC)).astimezone(UTC)
    except (ValueError, OverflowError):
        raise WrongUse(_("“%(text)s” is not a date; write it as 2024-12-31."), text=text[:60]) from None


def end_of_time(text: str) -> datetime:
    """The first instant after the date or time that the text names. Raises WrongUse."""
    step = timedelta(days=1) if re.fullmatch(r"[\d-]+", text) else timedelta(microseconds=1)
    try:
        return read_time(text) + step
    except OverflowError:
        raise WrongUse(_("“%(text)s” is not in the calendar."), text=text[:60]) from None


def read_period(text: str) -> tuple[datetime, datetime]:
    """The first instant of a year, month or day, and the first one after it. Raises WrongUse."""
    if not _PERIOD.fullmatch(text):
        raise WrongUse(_("“%(text)s” is not a period; write it as 2024, 2024-05 or 2024-05-31."), text=text[:60])
    parts = [int(part) for part in text.split("-")]
    year, month, day = [*parts, 1, 1][:3]
    try:
        start = datetime(year, month, day, tzinfo=UTC)
        if len(parts) == 3:
            return start, start + timedelta(days=1)
        months = start.year * 12 + start.month - 1 + (12 if len(parts) == 1 else 1)
        return start, datetime(months // 12, months % 12 + 1, 1, tzinfo=UTC)
    except (ValueError, OverflowError):
        raise WrongUse(_("“%(text)s” is not in the calendar."), text=text[:60]) from None
