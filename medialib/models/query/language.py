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
from dataclasses import dataclass
from functools import lru_cache

from django.utils.translation import gettext_lazy as _

from medialib.errors import WrongUse
from medialib.models.query.fields import ALIASES, WORDS
from medialib.models.query.kinds.base import checked_text, required
from medialib.models.query.tree import ANY, Condition, Node, Not, all_of, any_of, conditions_in
from medialib.models.query.units import zone_name

MAX_QUERY = 20_000
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


@dataclass(frozen=True)
class _Token:
    kind: str  # "(" ")" "and" "or" "not" "condition" "text" "end"
    text: str = ""
    node: Node | None = None


def parse(query: str) -> Node:
    """The tree that the query stands for, days in the current time zone. Raises WrongUse."""
    return _parsed(query, zone_name())


@lru_cache(maxsize=512)
def _parsed(query: str, _zone: str) -> Node:
    if len(query) > MAX_QUERY:
        raise WrongUse(_("The filter is longer than %(count)s letters."), count=MAX_QUERY)
    parser = _Parser(_tokens(query))
    node = parser.any_of(0)
    if parser.next.kind != "end":
        raise WrongUse(_("The filter has one “%(text)s” too many."), text=parser.next.text)
    if len(conditions_in(node)) > MAX_CONDITIONS:
        raise WrongUse(_("The filter has more than %(count)s conditions."), count=MAX_CONDITIONS)
    return node


class _Parser:
    def __init__(self, tokens: list[_Token]) -> None:
        self._tokens = tokens
        self.next = tokens.pop(0)

    def _take(self) -> _Token:
        taken, self.next = self.next, self._tokens.pop(0) if self._tokens else _Token("end")
        return taken

    def any_of(self, depth: int) -> Node:
        if depth > MAX_DEPTH:
            raise WrongUse(_("The filter has brackets within brackets more than %(count)s deep."), count=MAX_DEPTH)
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
                raise WrongUse(_("The filter has NOT within NOT more than %(count)s deep."), count=MAX_DEPTH)
            return Not(self._one(depth + 1))
        if token.kind == "(":
            inner = self.any_of(depth + 1)
            if self._take().kind != ")":
                raise WrongUse(_("The filter opens a bracket that it does not close."))
            return inner
        if token.node is None:
            if token.text:
                raise WrongUse(_("The filter lacks a condition before “%(text)s”."), text=token.text)
            raise WrongUse(_("The filter lacks a condition at its end."))
        return token.node


def _tokens(query: str) -> list[_Token]:
    tokens, start = [], 0
    while start < len(query.rstrip()):
        match = _TOKEN.match(query, start)
        if match is None:
            raise WrongUse(_("The filter has a quotation mark that is not closed."))
        tokens.append(_token(match))
        start = match.end()
    return [*tokens, _Token("end")]


def _token(match: re.Match[str]) -> _Token:
    text = match[0].strip()[:60]
    if match["bracket"]:
        return _Token(match["bracket"], text)
    if match["text"]:
        word = match["text"]
        if word.lower() in ("and", "or", "not"):
            return _Token(word.lower(), text)
        return _Token("text", text, condition("path", ":", word))
    return _Token("condition", text, condition(match["field"], match["op"], match["value"]))


def condition(name: str, op: str, value: str) -> Condition:
    """One condition from its three parts, as they stand in a query. Raises WrongUse."""
    word, _dot, key = name.partition(".")
    field = WORDS.get(word.lower()) or ALIASES.get(word.lower())
    if field is None or bool(key) != (field.word == "meta"):
        raise WrongUse(
            _("There is no filter named “%(name)s”. There are %(names)s; quote what is only text."),
            name=name[:60],
            names=", ".join(sorted(WORDS)),
        )
    if op not in field.ops:
        raise WrongUse(
            _("The filter “%(name)s” takes %(operators)s, not “%(operator)s”."),
            name=field.word,
            operators=" ".join(field.ops),
            operator=op,
        )
    key = checked_text(field.word, _unquoted(key))
    if value == "*" and field.takes_any and op in (":", "="):
        return Condition(field.word, ":", ANY, key)
    return field.parsed(op, required(field.word, _unquoted(value)), key)


def _unquoted(text: str) -> str:
    return re.sub(r"\\(.)", r"\1", text[1:-1], flags=re.DOTALL) if text.startswith('"') else text
