"""The language of filters: `folder:/old AND (age>2y OR size>10mb) AND NOT tag:keep`.

query     := part { OR part }              AND binds closer than OR; two conditions side by side mean AND
part      := one { [AND] one }
one       := NOT one | "(" query ")" | condition | text
condition := field op value                op is one of : = > >= < <=
value     := word | "any text, \\" and \\\\ escaped" | *

A text alone is looked for in the path. Raises WrongUse with one sentence for whatever cannot be understood.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import lru_cache

from medialib.errors import WrongUse
from medialib.models.query import values
from medialib.models.query.lookups import number_in
from medialib.models.query.tree import ANY, Condition, Node, Not, all_of, any_of, conditions_in
from medialib.models.query.values import AssetKind
from medialib.models.sql import MAX_INTEGER

MAX_QUERY = 4000
MAX_CONDITIONS = 50
MAX_DEPTH = 20
_QUOTED = r'"(?:[^"\\]|\\.)*"'
_TOKEN = re.compile(
    rf"""\s*(?:
    (?P<bracket>[()])
    | (?P<field>[A-Za-z_]+(?:\.(?:{_QUOTED}|[^\s:<>=()"]+))?)(?P<op>>=|<=|[:=<>])(?P<value>{_QUOTED}|[^\s()"]*)
    | (?P<text>{_QUOTED}|[^\s()"]+)
    )""",
    re.VERBOSE,
)
_UNITS = {"": 1, "b": 1, "kb": 10**3, "mb": 10**6, "gb": 10**9, "tb": 10**12}
_UNITS |= {"kib": 2**10, "mib": 2**20, "gib": 2**30, "tib": 2**40}


@dataclass(frozen=True)
class _Token:
    kind: str  # "(" ")" "and" "or" "not" "condition" "text" "end"
    text: str = ""
    node: Node | None = None


@lru_cache(maxsize=512)
def parse(query: str) -> Node:
    """The tree that the query stands for. Raises WrongUse."""
    if len(query) > MAX_QUERY:
        raise WrongUse(f"The filter is longer than {MAX_QUERY:,} letters.")
    reader = _Reader(_tokens(query))
    node = reader.any_of(0)
    if reader.next.kind != "end":
        raise WrongUse(f"The filter has a “{reader.next.text}” too many.")
    if len(conditions_in(node)) > MAX_CONDITIONS:
        raise WrongUse(f"The filter has more than {MAX_CONDITIONS} conditions.")
    return node


class _Reader:
    def __init__(self, tokens: list[_Token]) -> None:
        self._tokens = tokens
        self.next = tokens.pop(0)

    def _take(self) -> _Token:
        taken, self.next = self.next, self._tokens.pop(0) if self._tokens else _Token("end")
        return taken

    def any_of(self, depth: int) -> Node:
        if depth > MAX_DEPTH:
            raise WrongUse(f"The filter has brackets within brackets more than {MAX_DEPTH} deep.")
        parts = [self._all_of(depth)]
        while self.next.kind == "or":
            self._take()
            parts.append(self._all_of(depth))
        return any_of(*parts)

    def _all_of(self, depth: int) -> Node:
        parts = [self._one(depth)]
        while self.next.kind in ("and", "not", "(", "condition", "text"):
            if self.next.kind == "and":
                self._take()
            parts.append(self._one(depth))
        return all_of(*parts)

    def _one(self, depth: int) -> Node:
        token = self._take()
        if token.kind == "not":
            if depth > MAX_DEPTH:
                raise WrongUse(f"The filter has NOT within NOT more than {MAX_DEPTH} deep.")
            return Not(self._one(depth + 1))
        if token.kind == "(":
            inner = self.any_of(depth + 1)
            if self._take().kind != ")":
                raise WrongUse("The filter opens a bracket that it does not close.")
            return inner
        if token.node is None:
            where = f"before “{token.text}”" if token.text else "at its end"
            raise WrongUse(f"The filter lacks a condition {where}.")
        return token.node


def _tokens(query: str) -> list[_Token]:
    tokens, place = [], 0
    while place < len(query.rstrip()):
        match = _TOKEN.match(query, place)
        if match is None:
            raise WrongUse("The filter has a quotation mark that is not closed.")
        tokens.append(_token(match))
        place = match.end()
    return [*tokens, _Token("end")]


def _token(match: re.Match[str]) -> _Token:
    shown = match[0].strip()[:60]
    if match["bracket"]:
        return _Token(match["bracket"], shown)
    if match["text"]:
        word = match["text"]
        if word.lower() in ("and", "or", "not"):
            return _Token(word.lower(), shown)
        return _Token("text", shown, Condition("path", ":", _plain("path", _unquoted(word))))
    return _Token("condition", shown, condition(match["field"], match["op"], match["value"]))


def condition(name: str, op: str, value: str) -> Condition:
    """One condition from its three parts, as they stand in a query. Raises WrongUse."""
    field, _, key = name.partition(".")
    field = {"q": "path", "kind": "type"}.get(field.lower(), field.lower())
    if field not in FIELDS or (bool(key) != (field == "meta")):
        raise WrongUse(
            f"There is no filter named “{name[:60]}”. There are {', '.join(sorted(FIELDS))}; quote what is only text."
        )
    ops, read = FIELDS[field]
    if op not in ops:
        raise WrongUse(f"The filter “{field}” takes {' '.join(ops)}, not “{op}”.")
    if not value:
        raise WrongUse(f"The filter “{name[:60]}” lacks a value.")
    return read(field, op, value) if field != "meta" else _meta(_unquoted(key), op, value)


def _unquoted(text: str) -> str:
    return re.sub(r"\\(.)", r"\1", text[1:-1], flags=re.DOTALL) if text.startswith('"') else text


def _plain(field: str, value: str) -> str:
    text = values.checked_text(field, value)
    if not text:
        raise WrongUse(f"The filter “{field}” lacks a value.")
    return text


def _text(field: str, op: str, value: str) -> Condition:
    return Condition(field, op, _plain(field, _unquoted(value)))


def _folder(field: str, op: str, value: str) -> Condition:
    return Condition(field, op, values.folder(_plain(field, _unquoted(value))))


def _format(field: str, op: str, value: str) -> Condition:
    if value == "*":
        return Condition(field, ":", ANY)
    return Condition(field, ":", _plain(field, _unquoted(value).lower().removeprefix(".")))


def _type(field: str, op: str, value: str) -> Condition:
    kind = _unquoted(value).lower()
    if kind not in AssetKind.values:
        raise WrongUse(f"The type is one of {', '.join(AssetKind.values)}.")
    return Condition(field, ":", kind)


def _tag(field: str, op: str, value: str) -> Condition:
    return Condition(field, ":", ANY if value == "*" else _plain(field, _unquoted(value)))


def _switch(field: str, op: str, value: str) -> Condition:
    words = {"yes": True, "true": True, "1": True, "no": False, "false": False, "0": False}
    if value.lower() not in words:
        raise WrongUse(f"The filter “{field}” is either yes or no.")
    return Condition(field, ":", words[value.lower()])


def _whole(field: str, op: str, value: str) -> Condition:
    return _bounded(field, op, _size(field, value))


def _size(field: str, text: str) -> int:
    match = re.fullmatch(r"(\d{1,19}(?:\.\d{1,9})?)([a-z]*)", text.lower())
    units = _UNITS if field == "size" else {"": 1, "px": 1}
    if match is None or match[2] not in units:
        example = "10mb" if field == "size" else "100"
        raise WrongUse(f"“{text[:60]}” is not a number (filter “{field}”), write it as {example}.")
    whole, _, fraction = match[1].partition(".")
    number = int(whole + fraction) * units[match[2]] // 10 ** len(fraction)
    if number > MAX_INTEGER:
        raise WrongUse(f"“{text[:60]}” is larger than any file (filter “{field}”).")
    return number


def _bounded(field: str, op: str, number: int) -> Condition:
    return Condition(field, "=" if op == ":" else op, number)


def _age(field: str, op: str, value: str) -> Condition:
    return Condition(field, op[0], values.span(field, value))


def _time(field: str, op: str, value: str) -> Condition:
    """Periods and the finer operators become the plain two: from an instant on, and before an instant."""
    text = _unquoted(value)
    if op == ":":
        if not re.fullmatch(r"\d{4}(-\d{2}){0,2}", text):
            raise WrongUse(
                f"“{text[:60]}” is not a period (filter “{field}”), write it as 2024, 2024-05 or 2024-05-31."
            )
        _period(field, text)
        return Condition(field, ":", text)
    start = values.time(field, text)
    step = timedelta(days=1) if re.fullmatch(r"[\d-]+", text) else timedelta(microseconds=1)
    try:
        return Condition(field, ">=" if op[0] == ">" else "<", start if op in (">=", "<") else start + step)
    except OverflowError:
        raise WrongUse(f"“{text[:60]}” is beyond the calendar (filter “{field}”).") from None


def _period(field: str, text: str) -> tuple[datetime, datetime]:
    try:
        return period(text)
    except (ValueError, OverflowError):
        raise WrongUse(f"“{text[:60]}” is not in the calendar (filter “{field}”).") from None


def period(text: str) -> tuple[datetime, datetime]:
    """The first instant of a year, month or day, and the first one after it."""
    parts = [int(part) for part in text.split("-")]
    year, month, day = [*parts, 1, 1][:3]
    start = datetime(year, month, day, tzinfo=UTC)
    if len(parts) == 3:
        return start, start + timedelta(days=1)
    months = start.year * 12 + start.month - 1 + (12 if len(parts) == 1 else 1)
    return start, datetime(months // 12, months % 12 + 1, 1, tzinfo=UTC)


def _meta(key: str, op: str, value: str) -> Condition:
    key = _plain("meta", key)
    if value == "*" and op in ":=":
        return Condition("meta", ":", ANY, key)
    text = _plain("meta", _unquoted(value))
    if op in ":=":
        return Condition("meta", ":", text, key)
    number = number_in(text)
    if number is None:
        raise WrongUse(f"“{text[:60]}” is not a number (filter “meta.{key[:60]}”).")
    return Condition("meta", op, number, key)


Reader = Callable[[str, str, str], Condition]
_NUMERIC = (":", "=", ">", ">=", "<", "<=")
FIELDS: dict[str, tuple[tuple[str, ...], Reader]] = {
    "folder": ((":", "="), _folder),
    "type": ((":", "="), _type),
    "format": ((":", "="), _format),
    "name": ((":", "="), _text),
    "path": ((":", "="), _text),
    "tag": ((":", "="), _tag),
    "size": (_NUMERIC, _whole),
    "width": (_NUMERIC, _whole),
    "height": (_NUMERIC, _whole),
    "versions": (_NUMERIC, _whole),
    "created": ((":", ">", ">=", "<", "<="), _time),
    "updated": ((":", ">", ">=", "<", "<="), _time),
    "age": ((">", "<", ">=", "<="), _age),
    "unchanged": ((">", "<", ">=", "<="), _age),
    "private": ((":", "="), _switch),
    "published": ((":", "="), _switch),
    "meta": (_NUMERIC, lambda field, op, value: _meta("", op, value)),
}
