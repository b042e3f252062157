"""Fields that are texts: names and folders, one of several, tags, custom fields."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from typing import Any, ClassVar

from django.db import connections, models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from medialib.errors import WrongUse
from medialib.models.query import search
from medialib.models.query.folding import SHORTEST_INDEXED, fold
from medialib.models.query.hints import Hint
from medialib.models.query.kinds.base import Field, Key, Values, Words, checked_text, required
from medialib.models.query.kinds.metadata import is_period, number_in, readings
from medialib.models.query.tree import ANY, Condition, Node, all_of
from medialib.models.query.visible import visible


@dataclass(frozen=True, kw_only=True)
class Text(Field):
    """A text: `:` asks for a part of it, whatever its case, and `=` for the whole."""

    folded_column: str
    key: str = ""
    chip: Words = ""

    @cached_property
    def keys(self) -> tuple[Key, ...]:
        return (Key(self.key or self.word, self, self.chip),)

    def check(self, value: Any) -> str:
        return checked_text(self.word, value)

    def in_words(self, value: Any) -> str:
        return visible(str(value))

    def condition(self, node: Condition, transform: str) -> Q:
        if node.op == "=":
            return super().condition(node, transform)
        return Q((f"{self.folded_column}{transform}__holds", fold(str(node.value))))

    def hints(self, node: Condition, alias: str) -> list[Hint]:
        if node.op == "=":
            return [Hint(self.condition(node, ""), order=self.column)]
        term = fold(str(node.value))
        if len(term) < SHORTEST_INDEXED or not search.has_text(connections[alias]):
            return []
        condition = Q(search_text__indexed_holds=term)
        return [Hint(condition, count_sql=search.COUNT_TEXT, text=search.phrase(term))]


@dataclass(frozen=True, kw_only=True)
class Folder(Field):
    """`=` asks for what lies in a folder, `:` for all below it, too."""

    @cached_property
    def keys(self) -> tuple[Key, ...]:
        return (Key(self.word, self),)

    def check(self, value: Any) -> str:
        return folder_path(checked_text(self.word, value))

    def nodes(self, values: Values) -> Iterator[Node]:
        if self.word in values:
            yield Condition(self.word, ":" if "subfolders" in values else "=", values[self.word])

    def chips(self, values: Values) -> Iterator[tuple[str, Values]]:
        if self.word in values:
            text = _("Folder %(folder)s and below") if "subfolders" in values else _("Folder %(folder)s")
            yield str(text) % {"folder": visible(values[self.word])}, {self.word: None, "subfolders": None}

    def condition(self, node: Condition, transform: str) -> Q:
        if node.op == "=":
            return super().condition(node, transform)
        if node.value == "/":
            return Q((f"path{transform}__gte", ""))
        # A range instead of LIKE: it is exact about case on SQLite too, has nothing to escape, and uses the index.
        below = f"{node.value}/"
        return Q((f"path{transform}__gte", below), (f"path{transform}__lt", below[:-1] + chr(ord("/") + 1)))

    def hints(self, node: Condition, alias: str) -> list[Hint]:
        if node.op == ":" and node.value == "/":
            return []
        return [Hint(self.condition(node, ""), order="created_at" if node.op == "=" else "path", is_exact=True)]


@dataclass(frozen=True, kw_only=True)
class AnyOf(Field):
    """A short text; a filter asks for any of several."""

    chip: Words
    key: str = ""

    is_list_indexed: ClassVar[bool] = True

    @cached_property
    def keys(self) -> tuple[Key, ...]:
        return (Key(self.key or self.word, self, self.chip, is_list=True),)

    def parsed(self, op: str, text: str, key: str) -> Condition:
        return super().parsed(":", text, key)


@dataclass(frozen=True, kw_only=True)
class Choice(AnyOf):
    """One of a few words."""

    choices: type[models.TextChoices]

    widget: ClassVar[str] = "checkboxes"

    def read(self, text: str) -> str:
        return self.check(text.lower())

    def check(self, value: Any) -> str:
        if value not in self.choices.values:
            raise WrongUse(_("The type is one of %(types)s."), types=", ".join(self.choices.values))
        return str(value)

    def in_words(self, value: Any) -> str:
        return str(self.choices(value).label)


@dataclass(frozen=True, kw_only=True)
class Format(AnyOf):
    """A file extension, in lower case and without the dot."""

    takes_any: ClassVar[bool] = True

    def check(self, value: Any) -> str:
        return checked_text(self.word, value).lower().removeprefix(".")

    def in_words(self, value: Any) -> str:
        return visible(str(value))

    def condition(self, node: Condition, transform: str) -> Q:
        if node.value is ANY:
            return ~Q((f"{self.column}{transform}", ""))
        return super().condition(node, transform)

    def hints(self, node: Condition, alias: str) -> list[Hint]:
        return [] if node.value is ANY else super().hints(node, alias)

    def hints_of_not(self, node: Condition, alias: str) -> list[Hint]:
        if node.value is not ANY:
            return []
        return [Hint(Q((self.column, "")), order="created_at", is_exact=True)]

    def facet_label(self, part: str) -> str:
        return visible(part.upper())


@dataclass(frozen=True, kw_only=True)
class Tags(Field):
    """Lists of texts in two columns, which count as one, as at ImageKit; a filter asks for all of several."""

    chip: Words
    other_column: str

    takes_any: ClassVar[bool] = True
    joined: ClassVar[Any] = staticmethod(all_of)

    @cached_property
    def keys(self) -> tuple[Key, ...]:
        return (Key(self.word, self, self.chip, is_list=True),)

    def check(self, value: Any) -> str:
        return checked_text(self.word, value)

    def in_words(self, value: Any) -> str:
        return visible(str(value))

    def parsed(self, op: str, text: str, key: str) -> Condition:
        return super().parsed(":", text, key)

    def condition(self, node: Condition, transform: str) -> Q:
        if node.value is ANY:
            return ~self._are_none(transform)
        return self._in(self.column, node, transform) | self._in(self.other_column, node, transform)

    def condition_of_not(self, node: Condition, transform: str) -> Q:
        return self._are_none(transform) if node.value is ANY else super().condition_of_not(node, transform)

    def _in(self, column: str, node: Condition, transform: str) -> Q:
        return Q((f"{column}{transform}__has_tag", node.value))

    def _are_none(self, transform: str) -> Q:
        columns = (self.column, self.other_column)
        return Q(*[(f"{column}{transform}__is_empty_list", True) for column in columns])

    def hints(self, node: Condition, alias: str) -> list[Hint]:
        if node.value is ANY:
            return []
        if connections[alias].vendor != "sqlite":
            columns = (self.column, self.other_column)
            return [Hint(any_of=tuple(Hint(self._in(column, node, "")) for column in columns))]
        return [hint_of_word(self.column, f"tag:{node.value}")]

    def hints_of_not(self, node: Condition, alias: str) -> list[Hint]:
        if node.value is not ANY:
            return []
        return [Hint(self._are_none(""), order="created_at", is_exact=True)]

    def values_for_facet(self, values: Values, part: str) -> Values:
        return {self.word: (*values.get(self.word, ()), part)}

    def values_without_facet(self, values: Values, part: str) -> Values:
        return {self.word: tuple(tag for tag in values.get(self.word, ()) if tag != part)}


@dataclass(frozen=True, kw_only=True)
class Metadata(Field):
    """The custom fields of an account, `meta.brand:acme`; only the query language asks for them."""

    ops: ClassVar[tuple[str, ...]] = (":", "=", ">", ">=", "<", "<=")
    takes_any: ClassVar[bool] = True

    def check(self, value: Any) -> str:
        return checked_text(self.word, value)

    def parsed(self, op: str, text: str, key: str) -> Condition:
        text = required(self.word, self.check(text))
        if op in (":", "="):
            return Condition(self.word, ":", text, key)
        number = number_in(text)
        if number is None and not is_period(text):
            raise WrongUse(_("“%(text)s” is neither a number nor a date such as 2025-06-30."), text=text[:60])
        return Condition(self.word, op, text if number is None else number, key)

    def condition(self, node: Condition, transform: str) -> Q:
        column = f"{self.column}{transform}"
        if node.op != ":":
            return Q((f"{column}__field_compared", (node.key, node.op, node.value)))
        if node.value is ANY:
            return Q((f"{column}__has_field", (node.key,)))
        return Q((f"{column}__field_is", (node.key, node.value)))

    def hints(self, node: Condition, alias: str) -> list[Hint]:
        if connections[alias].vendor != "sqlite":
            has_field = Condition(self.word, ":", ANY, node.key)
            return [Hint(self.condition(node if node.op == ":" else has_field, ""))]
        # Numbers are filed under their field alone: they may be written in several ways.
        is_only_text = isinstance(node.value, str) and len(readings(node.value)) == 1
        return [hint_of_word(self.column, f"meta:{node.key}={node.value}" if is_only_text else f"meta:{node.key}")]


def hint_of_word(column: str, word: str) -> Hint:
    """Where SQLite files a row by a word of its tags or custom fields."""
    return Hint(Q((f"{column}__indexed_word", word)), count_sql=search.COUNT_WORDS, text=word)


def folder_path(text: str) -> str:
    return f"/{text.strip('/')}" if text else ""
