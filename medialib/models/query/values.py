"""The values of an AssetFilter: read from addresses and stored JSON, checked, and written back."""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from django.db import models
from django.utils.dateparse import parse_date, parse_datetime

from medialib.errors import WrongUse
from medialib.models.query.tree import Span, short_time
from medialib.models.sql import MAX_INTEGER

MAX_TEXT = 1000
TEXTS = frozenset({"folder", "name", "q"})
LISTS = frozenset({"kind", "format", "tag"})
NUMBERS = frozenset({"min_size", "max_size", "min_width", "max_width", "min_height", "max_height", "min_versions"})
FLAGS = frozenset({"private", "published", "tagged"})
AGES = frozenset({"older_than", "unchanged_for"})
TIMES = frozenset({"created_after", "created_before", "updated_after", "updated_before"})


class AssetKind(models.TextChoices):
    IMAGE = "image"
    VIDEO = "video"
    AUDIO = "audio"
    DOCUMENT = "document"
    OTHER = "other"


def all_values(data: Mapping[str, Any], key: str) -> list[str]:
    """Every value of a key, from a QueryDict or a plain mapping."""
    if hasattr(data, "getlist"):
        return list(data.getlist(key))
    value = data[key]
    return list(value) if isinstance(value, list | tuple) else [str(value)]


def from_texts(key: str, texts: list[str]) -> Any:
    values = [text for text in texts if text]
    if key in LISTS:
        return tuple(values)
    if len(set(values)) > 1:
        raise WrongUse(f"The filter “{key}” is given more than once.")
    return _from_text(key, values[0])


def _from_text(key: str, text: str) -> Any:
    if key == "subfolders":
        return _switch(text)
    if key in FLAGS:
        return _flag(key, text)
    if key in NUMBERS:
        return _integer(key, text)
    return time(key, text) if key in TIMES else text


def _switch(text: str) -> bool:
    if text not in ("0", "1", "on"):
        raise WrongUse("The filter “subfolders” is either 0 or 1.")
    return text != "0"


def _flag(key: str, text: str) -> bool:
    if text not in ("0", "1", "no", "yes"):
        raise WrongUse(f"The filter “{key}” is either yes or no.")
    return text in ("1", "yes")


def _integer(key: str, text: str) -> int:
    try:
        return int(text)
    except ValueError:
        of_what = " of bytes" if key.endswith("size") else ""
        raise WrongUse(f"“{text[:60]}” is not a number{of_what} (filter “{key}”).") from None


def time(key: str, text: str) -> datetime:
    """A date (its first instant in UTC) or a time; without a zone it is in UTC."""
    try:
        day = parse_date(text)
        moment = datetime(day.year, day.month, day.day, tzinfo=UTC) if day else parse_datetime(text)
        if moment is None:
            raise ValueError
        return (moment if moment.tzinfo else moment.replace(tzinfo=UTC)).astimezone(UTC)
    except (ValueError, OverflowError):
        raise WrongUse(f"“{text[:60]}” is not a date (filter “{key}”), write it as 2024-12-31.") from None


def from_json(key: str, value: Any) -> Any:
    if key in TIMES and isinstance(value, str):
        return time(key, value)
    return tuple(value) if key in LISTS and isinstance(value, list) else value


def checked(key: str, value: Any) -> Any:
    """The value in its one normal form. Raises WrongUse."""
    if key in TEXTS and isinstance(value, str):
        return folder(checked_text(key, value)) if key == "folder" else checked_text(key, value)
    if key in LISTS and isinstance(value, tuple):
        return _checked_list(key, value)
    if key in NUMBERS and (value is None or (type(value) is int and 0 <= value <= MAX_INTEGER)):
        return value
    if key in TIMES and (value is None or (isinstance(value, datetime) and value.tzinfo)):
        return value and value.astimezone(UTC)
    if key == "subfolders" and isinstance(value, bool):
        return value
    if key in FLAGS and (value is None or isinstance(value, bool)):
        return value
    if key in AGES and isinstance(value, str):
        return str(span(key, value)) if value else ""
    raise WrongUse(f"The filter “{key}” cannot be “{str(value)[:60]}”.")


def span(key: str, text: str) -> Span:
    """A length of time such as 36h, 10d, 3w, 6m or 2y. Raises WrongUse."""
    match = re.fullmatch(r"([0-9]{1,5})([hdwmy])", text.lower())
    if match is None:
        raise WrongUse(f"“{text[:60]}” is not an age (filter “{key}”), write it as 36h, 10d, 3w, 6m or 2y.")
    return Span(int(match[1]), match[2])


def _checked_list(key: str, values: tuple[Any, ...]) -> tuple[str, ...]:
    texts = {checked_text(key, value) for value in values} - {""}
    if key == "format":
        texts = {text.lower().removeprefix(".") for text in texts}
    if key == "kind" and not texts <= set(AssetKind.values):
        raise WrongUse(f"The type is one of {', '.join(AssetKind.values)}.")
    return tuple(sorted(texts))


def checked_text(key: str, value: Any) -> str:
    """Text that each database takes: PostgreSQL refuses NUL, neither can store half a surrogate pair."""
    if not isinstance(value, str) or len(value) > MAX_TEXT or "\x00" in value or not _is_unicode(value):
        raise WrongUse(f"The filter “{key}” holds text that no file can have.")
    return value


def _is_unicode(text: str) -> bool:
    try:
        text.encode()
    except UnicodeEncodeError:
        return False
    return True


def folder(text: str) -> str:
    return f"/{text.strip('/')}" if text else ""


def as_texts(value: Any) -> list[str]:
    if isinstance(value, tuple):
        return list(value)
    if isinstance(value, bool):
        return ["1" if value else "0"]
    return [as_json(value) if isinstance(value, datetime) else str(value)]


def as_json(value: Any) -> Any:
    if isinstance(value, datetime):
        return shown(value)
    return list(value) if isinstance(value, tuple) else value


def shown(value: Any) -> str:
    if isinstance(value, datetime):
        return short_time(value)
    return f"{value:,}" if isinstance(value, int) else str(value)
