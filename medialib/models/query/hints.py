"""What an index knows of a filter."""

from __future__ import annotations

from dataclasses import dataclass, field

from django.db.models import Q


@dataclass(frozen=True)
class Hint:
    """An indexed condition. It is added to the condition that decides, and may be left out: it holds for every row for
    which that one does. In order of `order`, if it names a column, the index also gives the rows in that order.
    """

    condition: Q = field(default_factory=Q)
    order: str = ""
    is_exact: bool = False  # Whether it says the same as the part of the filter that it was made from.
    count_sql: str = ""  # How SQLite counts its rows, from a table of its own: by `text`, up to a limit.
    text: str = ""
    any_of: tuple[Hint, ...] = ()  # In place of a condition.
    is_assumption: bool = False  # True only as long as no file was updated before it was created.
