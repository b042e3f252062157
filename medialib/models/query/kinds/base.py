"""What every filter field can do: read what a person types, become a condition, and say itself in words.

A Field is a word of the query language and the column behind it. A Key is one comparison of a field, under the name
that it has in addresses, in the filter form and in stored filters. The kinds of fields are beside this module, the
fields that there are in query.fields.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import KW_ONLY, dataclass
from functools import cached_property
from typing import Any, ClassVar

from django.db.models import Q
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from medialib.errors import WrongUse
from medialib.models.query.hints import Hint
from medialib.models.query.tree import Condition, Node, any_of

MAX_TEXT = 15_000  # Letters: a path at ImageKit has up to 50 levels of 255.
Words = str | Promise
Values = Mapping[str, Any]  # What an AssetFilter holds, by key.


@dataclass(frozen=True)
class Key:
    """One comparison of a field. `label` is what its chip says, with %s for the value; the form asks with `prompt`,
    with %s for the field's title, and `short_prompt` is enough beside the other end of a range."""

    name: str
    field: Field
    label: Words = "%s"
    op: str = ":"
    prompt: Words = "%s"
    short_prompt: Words = ""
    is_list: bool = False

    def read(self, texts: list[str]) -> Any:
        """The value that texts of an address stand for; None when all are blank. Raises WrongUse."""
        values = [self.field.read(text) for text in texts if text]
        if self.is_list or not values:
            return tuple(values) or None
        if len(set(values)) > 1:
            raise WrongUse(_("The filter “%(name)s” is given more than once."), name=self.name)
        return values[0]

    def check(self, value: Any) -> Any:
        """The value in its one normal form; None, a blank text and an empty list are no value. Raises WrongUse."""
        if value is None:
            return None
        if not self.is_list:
            return self.field.check(value)
        if not isinstance(value, tuple | list):
            raise impossible(self.name, value)
        return tuple(sorted({required(self.name, self.field.check(one)) for one in value}))

    def texts(self, value: Any) -> list[str]:
        """As an address says it; `read` reads it back."""
        return [self.field.text(one) for one in value] if self.is_list else [self.field.text(value)]

    def json(self, value: Any) -> Any:
        """In types that JSON knows; `check` takes it back."""
        return list(value) if self.is_list else self.field.json(value)

    def typed(self, value: Any) -> str:
        """As it stands in the form; `read_typed` reads it back."""
        texts = map(self.field.typed, value if self.is_list else [value])
        return ", ".join(_as_typed(text, is_list=self.is_list) for text in texts)

    def read_typed(self, text: str) -> list[str]:
        """What is typed into the form, as an address says it. Raises WrongUse."""
        parts = [_unquoted(part) for part in (_PART.findall(text) if self.is_list else [text])]
        return [self.field.text(self.field.read(part)) for part in parts if part]

    def node(self, value: Any) -> Node:
        if not self.is_list:
            return self.field.asked(self.op, value)
        return self.field.joined(*(self.field.asked(self.op, one) for one in value))

    def chips(self, value: Any) -> Iterator[tuple[str, Any]]:
        """One label for each thing that can be removed by itself, and what is then left."""
        for one in value if self.is_list else [value]:
            left = tuple(other for other in value if other != one) if self.is_list else None
            yield self.field.label(self, one), left


@dataclass(frozen=True)
class Field:
    """A word of the query language and the column behind it. `group` is where the form asks for it, if it does."""

    word: str
    column: str = ""
    _: KW_ONLY
    title: Words = ""
    group: Words = ""
    example: Words = ""
    is_wide: bool = False  # Whether its input takes the whole width of the form's group.
    facet: str = ""  # The facet that divides lists by it, if there is one.
    facet_title: Words = ""

    ops: ClassVar[tuple[str, ...]] = (":", "=")  # None for what the language says in another way.
    widget: ClassVar[str] = "text"
    takes_any: ClassVar[bool] = False  # Whether `*` asks for any value.
    is_range: ClassVar[bool] = False  # Whether two ends of it are one range of an index.
    is_list_indexed: ClassVar[bool] = False  # Whether an index answers “any of these”.
    joined: ClassVar[Any] = staticmethod(any_of)

    @cached_property
    def keys(self) -> tuple[Key, ...]:
        return ()

    # Values

    def read(self, text: str) -> Any:
        """The value that a text stands for, in an address, a form or the query language. Raises WrongUse."""
        return self.check(text)

    def check(self, value: Any) -> Any:
        """A value of Python or JSON in its one normal form. Raises WrongUse."""
        raise NotImplementedError

    def text(self, value: Any) -> str:
        return str(value)

    def json(self, value: Any) -> Any:
        return value

    def typed(self, value: Any) -> str:
        return self.text(value)

    def in_words(self, value: Any) -> str:
        return str(value)

    def label(self, key: Key, value: Any) -> str:
        return str(key.label) % self.in_words(value)

    # The tree

    def parsed(self, op: str, text: str, key: str) -> Condition:
        """The condition that the three parts of the query language stand for; `key` is of metadata. Raises WrongUse."""
        return Condition(self.word, op, required(self.word, self.read(text)))

    def asked(self, op: str, value: Any) -> Node:
        return Condition(self.word, op, value)

    def nodes(self, values: Values) -> Iterator[Node]:
        """What the values of its keys ask for."""
        return (key.node(values[key.name]) for key in self.keys if key.name in values)

    def chips(self, values: Values) -> Iterator[tuple[str, Values]]:
        """The label of each thing that can be removed by itself, and the values that change when it is."""
        for key in self.keys:
            if key.name in values:
                yield from ((label, {key.name: left}) for label, left in key.chips(values[key.name]))

    # The database

    def condition(self, node: Condition, transform: str) -> Q:
        """What must hold in a row. `transform` keeps indexes out of it, see where.condition_of."""
        return Q((f"{self.column}{transform}", node.value))

    def condition_of_not(self, node: Condition, transform: str) -> Q:
        """What must hold in a row of which the condition is known to be false."""
        return ~self.condition(node, transform)

    def hints(self, node: Condition, alias: str) -> list[Hint]:
        """What indexes know of the condition."""
        return [Hint(self.condition(node, ""), order="created_at", is_exact=True)]

    def hints_of_not(self, node: Condition, alias: str) -> list[Hint]:
        return []

    # Facets

    def values_for_facet(self, values: Values, part: str) -> Values:
        """The values that change when a list is narrowed down to this part of it."""
        return {key.name: (part,) for key in self.keys}

    def values_without_facet(self, values: Values, part: str) -> Values:
        """The values that change when it is taken away again."""
        return {key.name: None for key in self.keys}

    def facet_label(self, part: str) -> str:
        return self.in_words(part)


# What stands between commas; a comma between quotation marks does not part anything.
_PART = re.compile(r'\s*"(?:[^"]|"")*"\s*(?=,|$)|[^,]+')


def _as_typed(text: str, *, is_list: bool) -> str:
    """A text in an input, between quotation marks where it would be read as another one without."""
    is_exact = (
        text == text.strip() and not (text.startswith('"') and text.endswith('"')) and not (is_list and "," in text)
    )
    return text if is_exact else '"' + text.replace('"', '""') + '"'


def _unquoted(text: str) -> str:
    """What was typed, tidied; between quotation marks just as it stands."""
    text = text.strip()
    return text[1:-1].replace('""', '"') if len(text) > 1 and text[0] == text[-1] == '"' else text


def checked_text(name: str, value: Any) -> str:
    """Text that a file may have. Raises WrongUse for what no database takes."""
    if not isinstance(value, str) or len(value) > MAX_TEXT or not is_storable(value):
        raise WrongUse(_("The filter “%(name)s” holds text that no file can have."), name=name)
    return value


def is_storable(text: str) -> bool:
    """Whether each database takes it: PostgreSQL refuses NUL, neither can store half a surrogate pair."""
    try:
        text.encode()
    except UnicodeEncodeError:
        return False
    return "\x00" not in text


def required(name: str, value: Any) -> Any:
    if value == "":
        raise WrongUse(_("The filter “%(name)s” lacks a value."), name=name)
    return value


def impossible(name: str, value: Any) -> WrongUse:
    return WrongUse(_("The filter “%(name)s” cannot be “%(value)s”."), name=name, value=str(value)[:60])
