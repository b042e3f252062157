"""Cells of every CSV that medialib writes: text that a spreadsheet does not run."""

from __future__ import annotations

BOM = "\ufeff"  # At its beginning, so that a spreadsheet takes it for UTF-8.
# Also as full-width signs, which some spreadsheets take for the plain ones. File names and reasons come from strangers.
FORMULA_STARTS = ("=", "+", "-", "@", "\t", "\r", "\n", "\uff1d", "\uff0b", "\uff0d", "\uff20")


def plain(text: str) -> str:
    """The text, with an apostrophe before it where a spreadsheet would take it for a formula."""
    return f"'{text}" if text.startswith(FORMULA_STARTS) else text
