"""The fields of `searchQuery`: what each reads from a row, which operators it takes, and how its values are written."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from medialib.sandbox.library.files import Row

Test = Callable[[Row], bool]
Read = Callable[[Row], Any]

EQUAL = frozenset(["=", "IN", "NOT =", "NOT IN"])
COMPARE = EQUAL | {"<", "<=", ">", ">="}
TEXT = EQUAL | {":"}
HOUR_MS = 3_600_000
_AGO_MS = {"h": HOUR_MS, "d": 24 * HOUR_MS, "w": 168 * HOUR_MS, "m": 720 * HOUR_MS, "y": 8760 * HOUR_MS}
_UNITS = {"": 1, "b": 1, "kb": 1024, "mb": 1024**2, "gb": 1024**3}
_TYPES = ("file", "file-version", "folder")
_FORMATS = frozenset(
    [
        "jpg",
        "webp",
        "png",
        "gif",
        "svg",
        "avif",
        "pdf",
        "js",
        "woff2",
        "woff",
        "ttf",
        "otf",
        "eot",
        "css",
        "txt",
        "mp4",
        "webm",
        "mov",
        "swf",
        "ts",
        "m3u8",
        "ico",
    ]
)


@dataclass(frozen=True)
class DateSpan:
    """What a date text stands for: a day, a second, or an instant. Comparisons use its start, `=` all of it."""

    start_ms: int
    end_ms: int


@dataclass(frozen=True)
class SearchField:
    name: str
    operators: frozenset[str]
    read: Read
    parse: Callable[[SearchField, str, int], Any]
    matcher: Callable[[str, tuple[Any, ...], Read], Test] | None = None

    def read_value(self, text: str, operator: str, now_ms: int) -> Any:
        """Raises ValueError with ImageKit's text when `text` cannot be a value of this field."""
        return _quoted(self, text) if operator == "HAS" else self.parse(self, text, now_ms)

    def test(self, operator: str, values: tuple[Any, ...]) -> Test:
        if operator.startswith("NOT "):
            positive = self.test(operator[4:], values)
            return lambda row: not positive(row)
        if operator == "EXISTS":
            return lambda row: bool(self.read(row))
        if operator == "HAS":
            return _has(values[0], self.read)
        return (self.matcher or _match_plain)(operator, values, self.read)


def field_named(text: str) -> SearchField | None:
    if text.startswith('"customMetadata.') and len(text) > 17:
        return _custom_field(text[1:-1])
    return _FIELDS.get(text)


def _custom_field(name: str) -> SearchField:
    key = name.partition(".")[2]
    operators = COMPARE | {":", "HAS", "EXISTS", "NOT EXISTS"}
    return SearchField(name, operators, lambda row: (row.member("customMetadata") or {}).get(key), _loose, _match_any)


# How values are written ----------------------------------------------------------------------------------------------
def _quoted(field: SearchField, text: str, now_ms: int = 0) -> str:
    if not text.startswith('"'):
        raise ValueError(f"{field.name} field must have a string value. Make sure the value is enclosed within quotes.")
    return text[1:-1]


def _folder(field: SearchField, text: str, now_ms: int) -> str:
    return "/" + _quoted(field, text).strip("/")


def _choice(choices: Iterable[str]) -> Callable[[SearchField, str, int], str]:
    def parse(field: SearchField, text: str, now_ms: int) -> str:
        value = _quoted(field, text)
        if value not in choices:
            raise ValueError(f"{field.name} field must have a valid value.")
        return value

    return parse


def _date(field: SearchField, text: str, now_ms: int) -> DateSpan:
    text = text[1:-1] if text.startswith('"') else ""
    if ago := re.fullmatch(r"(\d{1,5})([hdwmy])", text):
        start = now_ms - int(ago[1]) * _AGO_MS[ago[2]]
        return DateSpan(start, start + 1)
    for pattern, layout, length in _DATE_FORMS:
        if re.fullmatch(pattern, text):
            return _span(field, text, layout, length)
    raise _bad_date(field)


# Only the documented forms, so that a client which works here works there.
_DATE_FORMS = (
    (r"\d{4}-\d\d-\d\d", "%Y-%m-%d", 24 * HOUR_MS),
    (r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d", "%Y-%m-%dT%H:%M:%S", 1000),
)


def _span(field: SearchField, text: str, layout: str, length_ms: int) -> DateSpan:
    try:
        start = round(datetime.strptime(text, layout).replace(tzinfo=UTC).timestamp() * 1000)
    except ValueError:
        raise _bad_date(field) from None
    return DateSpan(start, start + length_ms)


def _bad_date(field: SearchField) -> ValueError:
    return ValueError(
        f"{field.name} field must have a valid date value. Make sure the value is enclosed within quotes."
    )


def _number(field: SearchField, text: str, now_ms: int) -> float:
    try:
        return float(text)
    except ValueError:
        raise ValueError(f"{field.name} field must have a valid number value.") from None


def _size(field: SearchField, text: str, now_ms: int) -> float:
    match = re.fullmatch(r"(\d+(?:\.\d+)?)\s*(|b|kb|mb|gb)", text.strip('"').lower())
    if not match or (match[2] and not text.startswith('"')):
        raise ValueError(f"{field.name} field must have a valid size value.")
    return float(match[1]) * _UNITS[match[2]]


def _seconds(field: SearchField, text: str, now_ms: int) -> float:
    match = re.fullmatch(r"(\d+(?:\.\d+)?)\s*(sec|min|hr|s|m|h)", text.strip('"'))
    if match and text.startswith('"'):
        return float(match[1]) * {"s": 1, "m": 60, "h": 3600}[match[2][0]]
    return _number(field, text, now_ms)


def _boolean(field: SearchField, text: str, now_ms: int) -> bool:
    if text not in ("true", "false"):
        raise ValueError(f"{field.name} field must have a boolean value, without quotes.")
    return text == "true"


def _loose(field: SearchField, text: str, now_ms: int) -> Any:
    if text.startswith('"'):
        return text[1:-1]
    return text == "true" if text in ("true", "false") else _number(field, text, now_ms)


# How rows are compared -----------------------------------------------------------------------------------------------
def _match_plain(operator: str, values: tuple[Any, ...], read: Read) -> Test:
    bound = values[0]
    if operator in ("=", "IN"):
        accepted = frozenset(values)
        return lambda row: read(row) in accepted
    if operator == ":":
        return lambda row: str(read(row) or "").startswith(bound)
    return _ordered(operator, bound, read)


def _ordered(operator: str, bound: Any, read: Read) -> Test:
    holds = _comparison(operator, bound)
    return lambda row: (value := read(row)) is not None and holds(value)


def _comparison(operator: str, bound: Any) -> Callable[[Any], bool]:
    compare: dict[str, Callable[[Any], bool]] = {
        "<": lambda value: value < bound,
        "<=": lambda value: value <= bound,
        ">": lambda value: value > bound,
        ">=": lambda value: value >= bound,
    }
    return compare[operator]


def _match_date(operator: str, values: tuple[DateSpan, ...], read: Read) -> Test:
    if operator in ("=", "IN"):
        return lambda row: any(span.start_ms <= read(row) < span.end_ms for span in values)
    return _ordered(operator, values[0].start_ms, read)


def _match_folder(operator: str, values: tuple[str, ...], read: Read) -> Test:
    if operator != ":":
        return _match_plain(operator, values, read)
    inside = values[0].rstrip("/") + "/"
    return lambda row: (read(row).rstrip("/") + "/").startswith(inside)


def _match_tags(operator: str, values: tuple[str, ...], read: Read) -> Test:
    choices = frozenset(values)
    return lambda row: not choices.isdisjoint(read(row))


def _match_any(operator: str, values: tuple[Any, ...], read: Read) -> Test:
    if operator in ("=", "IN"):
        return lambda row: any(value in values for value in _as_list(read(row)))
    if operator == ":":
        return lambda row: any(str(value).startswith(str(values[0])) for value in _as_list(read(row)))
    holds = _comparison(operator, values[0])
    return lambda row: any(_comparable(value, values[0]) and holds(value) for value in _as_list(read(row)))


def _as_list(value: Any) -> list[Any]:
    return value if isinstance(value, list) else [] if value is None else [value]


def _comparable(one: Any, other: Any) -> bool:
    return isinstance(one, str) == isinstance(other, str)


def _words(text: str) -> list[str]:
    return re.findall(r"[^\W_]+", text.lower())


def _has(text: str, read: Read) -> Test:
    """All words of `text` are there, in any order and case; the last one may be the beginning of a word."""
    *whole, last = _words(text) or [""]

    def test(row: Row) -> bool:
        value = read(row)
        words = _words(value if isinstance(value, str) else " ".join(map(str, _as_list(list(value or ())))))
        return bool(last) and all(word in words for word in whole) and any(word.startswith(last) for word in words)

    return test


def _format(row: Row) -> str:
    extension = row.name.rpartition(".")[2].lower() if "." in row.name else ""
    return "jpg" if extension == "jpeg" else extension


def _all_tags(row: Row) -> tuple[str, ...]:
    return (*row.tags, *(tag["name"] for tag in row.member("AITags") or ()))


_FIELDS: dict[str, SearchField] = {
    field.name: field
    for field in (
        SearchField("name", TEXT | {"HAS"}, lambda row: row.name, _quoted),
        SearchField(
            "tags", frozenset(["IN", "NOT IN", "HAS", "EXISTS", "NOT EXISTS"]), _all_tags, _quoted, _match_tags
        ),
        SearchField("type", EQUAL, lambda row: row.type, _choice(_TYPES)),
        SearchField("id", EQUAL, lambda row: row.id, _quoted),
        SearchField("createdAt", COMPARE, lambda row: row.created_ms, _date, _match_date),
        SearchField("updatedAt", COMPARE, lambda row: row.updated_ms, _date, _match_date),
        SearchField("width", COMPARE, lambda row: row.width, _number),
        SearchField("height", COMPARE, lambda row: row.height, _number),
        SearchField("size", COMPARE, lambda row: row.size, _size),
        SearchField("videoDuration", COMPARE, lambda row: row.member("duration"), _seconds),
        SearchField("format", frozenset(["=", "IN"]), _format, _choice(_FORMATS)),
        SearchField("private", frozenset(["="]), lambda row: row.is_private, _boolean),
        SearchField("published", frozenset(["="]), lambda row: row.is_published, _boolean),
        SearchField(
            "transparency",
            frozenset(["="]),
            lambda row: row.is_image and _format(row) in ("png", "webp", "svg"),
            _boolean,
        ),
        SearchField("path", TEXT, lambda row: row.folder, _folder, _match_folder),
        SearchField("createdBy", EQUAL, lambda row: row.member("createdBy"), _quoted),
    )
}
