"""The filter form: an input for each key of the filter table, and the address that what is typed into them means."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import partial
from itertools import groupby
from typing import Any

from django.http import QueryDict
from django.utils.translation import gettext as _

from medialib.models.query.fields import FIELDS, KEYS, MARKS, WHAT, WHEN, WHERE, WORDS
from medialib.models.query.filters import AssetFilter
from medialib.models.query.kinds.base import Key
from medialib.models.query.kinds.flags import Flag
from medialib.models.query.kinds.texts import Choice
from medialib.models.query.units import zone_name

GROUPS = (WHERE, WHAT, WHEN, MARKS)
Typed = Mapping[str, str]
TYPED = "typed"  # Said by the form, of which the values are as a person typed them.


@dataclass(frozen=True)
class Option:
    value: str
    label: str
    is_chosen: bool


@dataclass(frozen=True)
class Input:
    """One input of the form. `short_label` is what stands above it where the one beside it says the rest."""

    name: str
    label: str
    short_label: str
    widget: str
    value: str
    example: str
    is_wide: bool
    options: tuple[Option, ...] = ()

    @property
    def element_id(self) -> str:
        return f"filter-{self.name.replace('_', '-')}"


@dataclass(frozen=True)
class Fieldset:
    """A fieldset of the form. Its inputs stand in rows: wide ones alone, others beside each other."""

    title: str
    rows: tuple[tuple[Input, ...], ...]


def tidied(data: QueryDict) -> QueryDict:
    """The address that a filter form means, without what was left blank. Raises WrongUse."""
    tidy = QueryDict(mutable=True)
    for name in data:
        values = [text for value in data.getlist(name) for text in _read(name, value)]
        if values and name not in ("meta_field", "meta_value", TYPED):
            tidy.setlist(name, values)
    if field := data.get("meta_field", "").strip():
        value = data.get("meta_value", "").strip()
        condition = f"meta.{_quoted(field)}:{_quoted(value) if value else '*'}"
        tidy["where"] = f"({tidy['where']}) AND {condition}" if tidy.get("where") else condition
    return tidy


def _quoted(text: str) -> str:
    return '"' + text.replace("\\", "\\\\").replace('"', '\\"') + '"'


def _read(name: str, text: str) -> list[str]:
    if name in KEYS:
        return KEYS[name].read_typed(text)
    return [text.strip()] if text.strip() else []


def as_typed(asset_filter: AssetFilter) -> dict[str, str]:
    """What stands in the inputs for this filter."""
    return {name: KEYS[name].typed(value) if name in KEYS else value for name, value in asset_filter.items}


def still_typed(data: QueryDict) -> dict[str, str]:
    """What stands there when it could not be understood: just what was typed."""
    return {name: ", ".join(data.getlist(name)) for name in data if name != TYPED}


def form_context(typed: Typed) -> dict[str, Any]:
    """What the templates of the form need."""
    words = " ".join(word for word in WORDS if word != "meta") + " meta.field"
    return {"typed": typed, "filter_groups": partial(groups, typed), "filter_words": words}


def groups(typed: Typed) -> list[Fieldset]:
    """The inputs of the form, in the order of the table."""
    return [Fieldset(_title(title), tuple(_rows(_inputs(title, typed)))) for title in GROUPS]


def _title(title: object) -> str:
    """Days are meant in the time zone of the reader, which is named."""
    return f"{title} ({zone_name()})" if title is WHEN else str(title)


def _inputs(title: object, typed: Typed) -> list[Input]:
    return [_input(key, typed) for field in FIELDS.values() if field.group is title for key in field.keys]


def _rows(inputs: list[Input]) -> Iterator[tuple[Input, ...]]:
    for is_wide, each in groupby(inputs, key=lambda one: one.is_wide):
        alike, size = tuple(each), 1 if is_wide else 2
        yield from (alike[start : start + size] for start in range(0, len(alike), size))


def _input(key: Key, typed: Typed) -> Input:
    field, value = key.field, typed.get(key.name, "")
    label = str(key.prompt) % field.title
    # A time of day would be lost in an input for dates, and the filter become another one.
    widget = "text" if field.widget == "date" and len(value) > len("2024-12-31") else field.widget
    short_label = str(key.short_prompt) or label
    return Input(
        key.name, label, short_label, widget, value, str(field.example), field.is_wide, tuple(_options(key, typed))
    )


def _options(key: Key, typed: Typed) -> Iterator[Option]:
    field, value = key.field, typed.get(key.name, "")
    if isinstance(field, Choice):
        chosen = value.split(", ")
        yield from (Option(one, str(label), one in chosen) for one, label in field.choices.choices)
    elif field.widget == "checkbox":
        # Ticked before a folder is named: who names one usually means all below it, too.
        yield Option("1", str(field.title), value == "1" or not typed.get("folder"))
    elif isinstance(field, Flag):
        yes, no = field.options
        yield Option("", _("any"), not value)
        yield from (Option("1", str(yes), value == "1"), Option("0", str(no), value == "0"))
