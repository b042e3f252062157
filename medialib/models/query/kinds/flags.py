"""Fields that are yes or no."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from typing import Any, ClassVar

from django.utils.translation import gettext_lazy as _

from medialib.errors import WrongUse
from medialib.models.query.hints import Hint
from medialib.models.query.kinds.base import Field, Key, Values, Words, impossible
from medialib.models.query.tree import ANY, Condition, Node, Not


@dataclass(frozen=True, kw_only=True)
class Flag(Field):
    """Yes or no. `options` are the words for both in the form; `rare` is the value that an index stands for."""

    yes: Words = ""
    no: Words = ""
    options: tuple[Words, Words] = ("", "")
    rare: bool | None = None

    widget: ClassVar[str] = "select"
    WORDS: ClassVar[dict[str, bool]] = {
        **dict.fromkeys(("yes", "true", "on", "1"), True),
        **dict.fromkeys(("no", "false", "off", "0"), False),
    }

    @cached_property
    def keys(self) -> tuple[Key, ...]:
        return (Key(self.word, self),)

    def read(self, text: str) -> Any:
        if text.lower() not in self.WORDS:
            raise WrongUse(_("The filter “%(name)s” is either yes or no."), name=self.word)
        return self.check(self.WORDS[text.lower()])

    def check(self, value: Any) -> Any:
        if not isinstance(value, bool):
            raise impossible(self.word, value)
        return value

    def text(self, value: Any) -> str:
        return "1" if value else "0"

    def label(self, key: Key, value: Any) -> str:
        return str(self.yes if value else self.no)

    def parsed(self, op: str, text: str, key: str) -> Condition:
        return super().parsed(":", text, key)

    def hints(self, node: Condition, alias: str) -> list[Hint]:
        return super().hints(node, alias) if node.value == self.rare else []

    def hints_of_not(self, node: Condition, alias: str) -> list[Hint]:
        return self.hints(Condition(self.word, ":", not node.value), alias)


@dataclass(frozen=True, kw_only=True)
class Subfolders(Flag):
    """Whether a folder means all below it, too. Only Folder asks for it and shows it."""

    ops: ClassVar[tuple[str, ...]] = ()
    widget: ClassVar[str] = "checkbox"

    def nodes(self, values: Values) -> Iterator[Node]:
        return iter(())

    def chips(self, values: Values) -> Iterator[tuple[str, Values]]:
        return iter(())


@dataclass(frozen=True, kw_only=True)
class Tagged(Flag):
    """Whether there is a tag at all; the language says `tag:*`."""

    ops: ClassVar[tuple[str, ...]] = ()

    def asked(self, op: str, value: Any) -> Node:
        any_tag = Condition("tag", ":", ANY)
        return any_tag if value else Not(any_tag)
