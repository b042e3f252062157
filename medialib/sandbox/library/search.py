"""ImageKit's `searchQuery`: a tokenizer and a recursive-descent parser for the documented grammar, nothing beyond it.

either := both (OR both)*            AND binds tighter than OR; ImageKit does not say, so users had better bracket.
both   := term (AND term)*
term   := "(" either ")" | condition
condition := field operator value | field [NOT] IN [value, …] | field NOT = value
           | field HAS "text" | field [NOT] EXISTS
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass

from medialib.sandbox.http.answers import Refusal
from medialib.sandbox.library.fields import SearchField, Test, field_named
from medialib.sandbox.library.files import Row

SYNTAX = "Please refer to the documentation for syntax specification."
MAX_DEPTH = 50
_TOKEN = re.compile(r'\s*(?:("[^"]*")|(<=|>=|[=:<>])|([()\[\],])|([^\s"()\[\],=:<>]+))')
_OPERATORS = frozenset(["=", ":", "<", "<=", ">", ">=", "IN", "HAS", "EXISTS"])


@dataclass(frozen=True)
class Comparison:
    field: str
    operator: str
    values: tuple[object, ...]
    test: Test

    def matches(self, row: Row) -> bool:
        return self.test(row)


@dataclass(frozen=True)
class Combination:
    parts: tuple[Node, ...]
    combine: Callable[[object], bool]  # The built-in all or any.

    def matches(self, row: Row) -> bool:
        return self.combine(part.matches(row) for part in self.parts)


Node = Comparison | Combination


def parse(query: str, *, now_ms: int) -> Node:
    """Raises Refusal (400) with ImageKit's text when the query is not in the documented grammar."""
    return _SearchParser(_tokens(query), now_ms).parse()


def required_conditions(node: Node) -> list[Node]:
    """The parts of which every one must hold: what a listing may use to look at fewer rows."""
    if isinstance(node, Combination) and node.combine is all:
        return [condition for part in node.parts for condition in required_conditions(part)]
    return [node]


def _tokens(query: str) -> list[str]:
    tokens, position = [], 0
    text = query.rstrip()
    while position < len(text):
        match = _TOKEN.match(text, position)
        if not match:
            raise _invalid()
        tokens.append(match.group().strip())
        position = match.end()
    return tokens


def _invalid(detail: str = "") -> Refusal:
    return Refusal(400, f"Invalid search query - {detail} {SYNTAX}" if detail else f"Invalid search query. {SYNTAX}")


class _SearchParser:
    def __init__(self, tokens: list[str], now_ms: int) -> None:
        self.tokens = tokens
        self.now_ms = now_ms
        self.position = 0
        self.depth = 0

    def parse(self) -> Node:
        node = self.either()
        if self.peek():
            raise _invalid()
        return node

    def peek(self) -> str:
        return self.tokens[self.position] if self.position < len(self.tokens) else ""

    def take(self, expected: str = "") -> str:
        word = self.peek()
        if not word or (expected and word != expected):
            raise _invalid()
        self.position += 1
        return word

    def taken(self, word: str) -> bool:
        if self.peek() != word:
            return False
        self.position += 1
        return True

    def either(self) -> Node:
        parts = [self.both()]
        while self.taken("OR"):
            parts.append(self.both())
        return parts[0] if len(parts) == 1 else Combination(tuple(parts), any)  # type: ignore[arg-type]

    def both(self) -> Node:
        parts = [self.term()]
        while self.taken("AND"):
            parts.append(self.term())
        return parts[0] if len(parts) == 1 else Combination(tuple(parts), all)  # type: ignore[arg-type]

    def term(self) -> Node:
        if not self.taken("("):
            return self.condition()
        self.depth += 1
        if self.depth > MAX_DEPTH:
            raise _invalid()
        node = self.either()
        self.take(")")
        self.depth -= 1
        return node

    def condition(self) -> Comparison:
        name = self.take()
        field = field_named(name)
        if field is None:
            raise _invalid(f"{name.strip(chr(34))} is not a valid field.")
        operator = self.operator()
        if operator not in field.operators:
            raise _invalid(f"{operator} is not a valid operator for the {field.name} field.")
        values = self.values(field, operator)
        return Comparison(field.name, operator, values, field.test(operator, values))

    def operator(self) -> str:
        negation = "NOT " if self.taken("NOT") else ""
        word = self.take()
        if word not in _OPERATORS:
            raise _invalid()
        return negation + word

    def values(self, field: SearchField, operator: str) -> tuple[object, ...]:
        if operator.endswith("EXISTS"):
            return ()
        if not operator.endswith("IN"):
            return (self.value(field, operator),)
        self.take("[")
        values = [self.value(field, operator)]
        while self.taken(","):
            values.append(self.value(field, operator))
        self.take("]")
        return tuple(values)

    def value(self, field: SearchField, operator: str) -> object:
        word = self.take()
        if word in "()[],":
            raise _invalid()
        try:
            return field.read_value(word, operator, self.now_ms)
        except ValueError as error:
            raise _invalid(str(error)) from None
