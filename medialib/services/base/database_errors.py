"""What a person is told when the database fails: what is wrong, and what to do about it."""

from __future__ import annotations

import re

from django.db import DatabaseError
from django.utils.text import capfirst

# What databases write, what it means, and the way out.
KNOWN = (
    ("locked", "the database is locked by another program", "try again in a moment"),
    ("full|no space", "the disk that holds the database is full", "make room and try again"),
    (
        "no such table|relation .* does not exist",
        "the database is not set up for this version",
        "run “manage.py migrate” first",
    ),
    ("readonly|read-only", "the database may not be written to", "check the rights of its file and folder"),
)


def database_cause(error: DatabaseError) -> str:
    """For the middle of a sentence."""
    return "; ".join(_known(error)) or f"the database refused ({_first_line(error)})"


def database_sentence(error: DatabaseError) -> str:
    """Of something that was not done because of it."""
    if not _known(error):
        return f"The database refused: {_first_line(error)}."
    what, advice = map(capfirst, _known(error))
    return f"{what}, so this was not done. {advice}."


def _known(error: DatabaseError) -> tuple[str, ...]:
    for words, what, advice in KNOWN:
        if re.search(words, str(error), re.IGNORECASE | re.DOTALL):
            return what, advice
    return ()


def _first_line(error: DatabaseError) -> str:
    return (str(error).splitlines() or ["no reason given"])[0]
