"""Reads the lists that commands are given."""

from __future__ import annotations

import sys
from pathlib import Path

from medialib.errors import WrongUse
from medialib.services.selections.list_matching import MAX_LIST_BYTES


def read_list(name: str) -> bytes:
    """The content of a file, or of standard input for `-`; a byte more than a list may have. Raises WrongUse."""
    if name == "-":
        return sys.stdin.buffer.read(MAX_LIST_BYTES + 1)
    try:
        with Path(name).open("rb") as file:
            return file.read(MAX_LIST_BYTES + 1)
    except OSError as error:
        raise WrongUse(f"The file {name} cannot be read: {error.strerror}.") from error
