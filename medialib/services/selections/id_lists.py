"""Reads a list of file ids, one a line, as people export it: with a BOM, Windows line ends, blank and double lines."""

from __future__ import annotations

from dataclasses import dataclass

from medialib.errors import WrongUse
from medialib.imagekit.types import FILE_ID
from medialib.services.selections.list_lines import encoding_of

MAX_LIST_BYTES = 200 * 1024 * 1024


@dataclass(frozen=True)
class IdList:
    """Ids in their first order, each once, and how many lines repeated one."""

    file_ids: list[str]
    duplicates: int


def parse_ids(content: bytes, *, name: str = "The list") -> IdList:
    """The ids in `content`. Raises WrongUse, naming the line, for what cannot be a list of ids."""
    if len(content) > MAX_LIST_BYTES:
        raise WrongUse(f"{name} is larger than {MAX_LIST_BYTES // 1024 // 1024} MiB.")
    lines = [line.strip() for line in _text(content, name).splitlines()]
    ids = [(number, line) for number, line in enumerate(lines, start=1) if line]
    if not ids:
        raise WrongUse(f"{name} holds no file ids.")
    for number, file_id in ids:
        if not FILE_ID.fullmatch(file_id):
            raise WrongUse(f"{name}, line {number}: “{file_id[:60]}” is not a file id. One id a line is expected.")
    unique = list(dict.fromkeys(file_id for _, file_id in ids))
    return IdList(unique, len(ids) - len(unique))


def _text(content: bytes, name: str) -> str:
    try:
        text = content.decode(encoding_of(content))
    except UnicodeDecodeError:
        raise WrongUse(f"{name} is not text: one file id a line is expected.") from None
    if "\0" in text:
        raise WrongUse(f"{name} is not text: one file id a line is expected.")
    return text
