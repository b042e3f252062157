"""Text as searches compare it: without case, in any script, the same in Python and in each database.

The databases fold case differently, and each misses something (SQLite all but ASCII, PostgreSQL what its locale does
not know). So the folded text is a column, written by Python, and a term is folded by the same function.
"""

from __future__ import annotations

import unicodedata
from typing import Any

from django.db import models

from medialib.models.sql import BinaryTextField

SHORTEST_INDEXED = 3  # Letters. The indexes hold runs of three letters, so a shorter term cannot be looked up in them.


def fold(text: str) -> str:
    """Without case; composed and decomposed accents alike; and one i for the four that Turkish tells apart."""
    folded = unicodedata.normalize("NFC", unicodedata.normalize("NFC", text).casefold())
    return folded.replace("i\u0307", "i").replace("\u0131", "i")


class FoldedNameField(BinaryTextField):
    """The name of a file, folded."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        kwargs |= {"default": "", "editable": False}
        super().__init__(*args, **kwargs)

    def pre_save(self, model_instance: models.Model, add: bool) -> str:
        folded = self.folded_from(model_instance)
        setattr(model_instance, self.attname, folded)
        return folded

    def folded_from(self, row: Any) -> str:
        return fold(row.name)


class FoldedPathField(FoldedNameField):
    """The path, folded; and the name on a line of its own where the path does not end with it.

    So whatever holds a part of the name holds it here too, and one index serves both.
    """

    def folded_from(self, row: Any) -> str:
        path, name = fold(row.path), fold(row.name)
        return path if path.endswith(name) else f"{path}\n{name}"
