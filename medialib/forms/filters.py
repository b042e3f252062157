"""What people type into the filter form: sizes as 10 MB, ages as 2 years, lists with commas, a custom field."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from decimal import Decimal
from typing import Any

from django.http import QueryDict
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from medialib.errors import WrongUse
from medialib.models.query.filters import AssetFilter

SIZE = re.compile(r"(\d+(?:[.,]\d+)?|\d{1,3}(?:,\d{3})+)\s*([kmgt]?i?b?)", re.IGNORECASE)
AGE = re.compile(r"(\d{1,5})\s*(\w+)")
POWERS = {"": 0, "k": 1, "m": 2, "g": 3, "t": 4}
UNITS = [(10**12, "TB"), (10**9, "GB"), (10**6, "MB"), (10**3, "kB")]
SIZES = ("min_size", "max_size")
AGES = ("older_than", "unchanged_for")
LISTS = ("format", "tag")
DATES = ("created_after", "created_before", "updated_after", "updated_before")
AGE_WORDS = {
    "h": (gettext_lazy("hour"), gettext_lazy("hours")),
    "d": (gettext_lazy("day"), gettext_lazy("days")),
    "w": (gettext_lazy("week"), gettext_lazy("weeks")),
    "m": (gettext_lazy("month"), gettext_lazy("months")),
    "y": (gettext_lazy("year"), gettext_lazy("years")),
}
IN_ENGLISH = re.compile(r"(hour|day|week|month|year)s?|[hdwmy]")


def tidied(data: QueryDict) -> QueryDict:
    """The address that a filter form means, without what was left blank. Raises WrongUse."""
    tidy = QueryDict(mutable=True)
    for key in data:
        values = [text for value in data.getlist(key) for text in _read(key, value.strip())]
        if values and key not in ("meta_field", "meta_value"):
            tidy.setlist(key, values)
    if field := data.get("meta_field", "").strip():
        value = data.get("meta_value", "").strip()
        condition = f"meta.{_quoted(field)}:{_quoted(value) if value else '*'}"
        tidy["where"] = f"({tidy['where']}) AND {condition}" if tidy.get("where") else condition
    return tidy


def _quoted(text: str) -> str:
    return '"' + text.replace("\\", "\\\\").replace('"', '\\"') + '"'


def _read(key: str, text: str) -> Iterable[str]:
    if not text:
        return []
    if key in LISTS:
        return [part.strip() for part in text.split(",") if part.strip()]
    return [READERS[key](text)] if key in READERS else [text]


def size_in_bytes(text: str) -> str:
    """`10 MB` as `10000000`; a number alone is bytes. Raises WrongUse."""
    match = SIZE.fullmatch(text)
    if match is None:
        raise WrongUse(_("“%(text)s” is not a size; write it as 500 kB, 10 MB or 1.5 GB.") % {"text": text[:60]})
    number, unit = match[1], match[2].lower()
    whole = re.fullmatch(r"\d{1,3}(,\d{3})+", number)
    base = 1024 if "i" in unit else 1000
    amount = Decimal(number.replace(",", "" if whole else "."))
    return str(int(amount * base ** POWERS[unit.rstrip("b").rstrip("i")]))


def short_age(text: str) -> str:
    """`2 years` as `2y`, also in the language of the page. Raises WrongUse."""
    match = AGE.fullmatch(text)
    unit = _unit(match[2].lower()) if match else ""
    if match is None or not unit:
        raise WrongUse(_("“%(text)s” is not an age; write it as 10 days, 6 months or 2 years.") % {"text": text[:60]})
    return f"{int(match[1])}{unit}"


def _unit(word: str) -> str:
    if IN_ENGLISH.fullmatch(word):
        return word[0]
    return next((unit for unit, words in AGE_WORDS.items() if word in (str(one).lower() for one in words)), "")


READERS: dict[str, Callable[[str], str]] = {
    **dict.fromkeys(SIZES, size_in_bytes),
    **dict.fromkeys(AGES, short_age),
}


def as_typed(wanted: AssetFilter) -> dict[str, Any]:
    """What stands in the fields of the form for this filter."""
    shown = {key: _typed(key, value) for key, value in vars(wanted).items()}
    return shown | {"kind": list(wanted.kind)}


def still_typed(data: QueryDict) -> dict[str, Any]:
    """What stands there when it could not be understood: just what was typed."""
    typed: dict[str, Any] = {key: ", ".join(data.getlist(key)) for key in data}
    return typed | {"kind": data.getlist("kind")}


def _typed(key: str, value: Any) -> str:
    if value is None or value == "":
        return ""
    if key in LISTS:
        return ", ".join(value)
    if key in SIZES:
        return next((f"{value // size} {unit}" for size, unit in UNITS if value and value % size == 0), str(value))
    if key in AGES:
        number, unit = value[:-1], value[-1]
        return f"{number} {AGE_WORDS[unit][number != '1']}"
    if key in DATES:
        return f"{value:%Y-%m-%d}"
    return str(int(value)) if isinstance(value, bool) else str(value)
