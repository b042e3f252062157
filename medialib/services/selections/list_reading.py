"""What stands in a list of files as people have it: a column of a spreadsheet, JSON, or just lines, in any encoding.

Only its shape is read here: what a text means is told by list_lines, and whether there is such a file by list_matching.
"""

from __future__ import annotations

import codecs
import csv
import io
import json
import re
from collections.abc import Iterable, Iterator, Sequence
from itertools import chain
from typing import Any, BinaryIO

from django.utils.translation import gettext_lazy as _

from medialib.errors import WrongUse, grouped
from medialib.services.selections.list_lines import ids_in, is_blank, tidied

MOST_LINES = 1_000_000
LONGEST_LINE = 4_000_000  # Characters: 100,000 ids may stand in one line. csv itself refuses a cell of 131,072.
LARGEST_JSON = 64_000_000  # Characters. JSON is read as a whole.
# Lines of one quoted text, for names may hold line ends: in a table of one column, and where no head says so.
LONGEST_CELL, LONGEST_QUOTED = 50, 3
NO_TEXT = _("The list is not text: one file id, path or address a line is expected.")
FALLBACK = "cp1252"  # What spreadsheets on Windows write when nobody asks for UTF-8.

# Heads of columns that name a file, without case and signs; the first that a list has is read.
IDS, PATHS, ADDRESSES = ("fileid", "imagekitid", "imagekitfileid", "id"), ("path", "filepath", "fullpath"), ("url",)
LOCATORS = (*IDS, *PATHS, *ADDRESSES, "fileurl", "imageurl", "link")
HEADS = {*LOCATORS, "name", "filename"}
DELIMITERS = (",", ";", "\t", "|")
_SEPARATOR = re.compile(r'"?sep=(.)"?', re.IGNORECASE)


def encoding_of(content: BinaryIO) -> str:
    """UTF-16 and UTF-8 by their marks and shape, else Windows-1252, which is a guess that should be said."""
    beginning = content.read(4096)
    content.seek(0)
    if beginning.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        return "utf-16"
    pairs = len(beginning) // 2 or 1
    even, odd = beginning[::2].count(0) / pairs, beginning[1::2].count(0) / pairs
    if max(even, odd) > 0.4 and min(even, odd) < 0.05:  # Latin letters in UTF-16 are every other byte zero.
        return "utf-16-le" if odd > even else "utf-16-be"
    decoder = codecs.getincrementaldecoder("utf-8")()
    try:
        while chunk := content.read(1 << 20):
            decoder.decode(chunk)
        decoder.decode(b"", final=True)
    except UnicodeDecodeError:
        return FALLBACK
    finally:
        content.seek(0)
    return "utf-8-sig"


def read_texts(content: BinaryIO, encoding: str) -> Iterator[tuple[int, str]]:
    """Each text that may name a file, with the number of its line.

    Reads as it goes, so that a long list takes little memory. Raises WrongUse for what cannot be a list.
    """
    text = io.TextIOWrapper(content, encoding, newline="")
    try:
        for count, (number, found) in enumerate(_texts(text)):
            if count > MOST_LINES:
                raise WrongUse(_("The list has more than %(count)s lines. Split it."), count=grouped(MOST_LINES))
            yield number, found
    except UnicodeDecodeError:
        raise WrongUse(NO_TEXT) from None
    except csv.Error as error:
        raise WrongUse(_("The list cannot be read: %(cause)s."), cause=error) from None
    finally:
        text.detach()  # Whoever opened the file closes it.


def _texts(text: io.TextIOWrapper) -> Iterator[tuple[int, str]]:
    lines = _lines(text)
    first = next(((number, line) for number, line in lines if not is_blank(line)), None)
    if first is None:
        return
    if tidied(first[1])[:1] in ("[", "{"):
        text.seek(0)
        value = _json(text.read(LARGEST_JSON + 1))
        if value is not None:
            yield from _of_json(value)
            return
        text.seek(0)
        lines = _lines(text)
        first = next((number, line) for number, line in lines if not is_blank(line))
    delimiters: Sequence[str] = DELIMITERS
    if separator := _SEPARATOR.fullmatch(first[1].strip("\r\n").lstrip("\ufeff")):
        delimiters = (separator[1],)
        first = next(((number, line) for number, line in lines if not is_blank(line)), None)
        if first is None:
            return
    head, delimiter = _head(first[1], delimiters)
    if not head:
        yield from _of_lines(chain([first], lines))
    elif not set(head) & set(LOCATORS):
        raise WrongUse(_("The list has a head, but no column named file_id, path or url."))
    elif len(head) == 1:
        yield from ((number, cell) for number, cell in _of_lines(lines, LONGEST_CELL) if _plain(cell) not in head)
    else:
        yield from _of_table(lines, head, delimiter)


def _lines(text: io.TextIOWrapper) -> Iterator[tuple[int, str]]:
    number = 0
    while line := text.readline(LONGEST_LINE):
        number += 1
        if "\0" in line:
            raise WrongUse(NO_TEXT)
        if len(line) == LONGEST_LINE:
            sentence = _("The list has a line of more than %(count)s characters. Split it.")
            raise WrongUse(sentence, count=grouped(LONGEST_LINE))
        yield number, line


def _head(line: str, delimiters: Iterable[str]) -> tuple[list[str], str]:
    """The words of a first line that is a head, and what separates them; no words where it is none."""
    rows = [(list(map(_plain, next(csv.reader([line], delimiter=each), []))), each) for each in delimiters]
    words, delimiter = max(rows, key=lambda row: (bool(set(row[0]) & HEADS), len(row[0])))
    is_head = set(words) & set(LOCATORS) or (len(words) > 1 and set(words) & HEADS)
    return (words, delimiter) if is_head else ([], "")


def _plain(cell: str) -> str:
    """A head without case, blanks and signs: “File ID”, fileId and file_id are the same."""
    return re.sub(r"[\W_]+", "", tidied(cell)).lower()


def _of_table(lines: Iterator[tuple[int, str]], head: list[str], delimiter: str) -> Iterator[tuple[int, str]]:
    columns = [head.index(word) for word in LOCATORS if word in head]
    last = [0]

    def texts() -> Iterator[str]:
        for last[0], line in lines:
            yield line

    for row in csv.reader(texts(), delimiter=delimiter):
        cells = [row[column] for column in columns if column < len(row) and not is_blank(row[column])]
        if cells and list(map(_plain, row)) != head:
            yield last[0], cells[0]


def _of_lines(lines: Iterable[tuple[int, str]], longest: int = LONGEST_QUOTED) -> Iterator[tuple[int, str]]:
    for number, line in _joined(iter(lines), longest):
        if is_blank(line):
            continue
        ids = ids_in(line)
        value = _json(tidied(line)) if not ids and tidied(line).startswith("{") else None
        if value is not None:
            yield from ((number, found) for _place, found in _of_json(value))
        else:
            yield from ((number, found) for found in ids or [line.strip("\r\n")])


def _joined(lines: Iterator[tuple[int, str]], longest: int) -> Iterator[tuple[int, str]]:
    """Lines, where a quoted text that ends a few lines later is one; a quotation mark that never ends is a letter."""
    waiting: list[tuple[int, str]] = []
    while waiting or (fresh := next(lines, None)):
        number, line = waiting.pop(0) if waiting else fresh  # type: ignore[misc]
        if not _opens(line):
            yield number, line
            continue
        while len(waiting) < longest and (more := next(lines, None)):
            waiting.append(more)
        end = next((at for at, (_number, text) in enumerate(waiting) if _closes(text)), None)
        if end is None:
            yield number, line
            continue
        yield number, line + "".join(text for _number, text in waiting[: end + 1])
        del waiting[: end + 1]


def _opens(line: str) -> bool:
    return line.startswith('"') and line.count('"') % 2 == 1


def _closes(line: str) -> bool:
    return line.rstrip("\r\n,; ").endswith('"') and line.count('"') % 2 == 1


def _json(text: str) -> Any:
    """None where it is none, or too much of it."""
    if len(text) > LARGEST_JSON or "\0" in text:
        return None
    try:
        return json.loads(text.strip("\ufeff \t\r\n"))
    except (ValueError, RecursionError):
        return None


def _of_json(value: Any) -> Iterator[tuple[int, str]]:
    """Texts of a list, and of objects what their members say, as ImageKit's own lists have them; numbered by place."""
    rows = value if isinstance(value, list) else [value]
    for number, row in enumerate(rows, start=1):
        if isinstance(row, str) and not is_blank(row):
            yield number, row
        elif isinstance(row, dict):
            members = {_plain(name): member for name, member in row.items() if isinstance(member, str) and member}
            found = next((members[word] for word in LOCATORS if word in members), None)
            if found is not None:
                yield number, found
            else:
                lists = [member for member in row.values() if isinstance(member, list)]
                yield from (each for member in lists for each in _of_json(member))
        elif isinstance(row, list):
            yield from ((number, found) for _place, found in _of_json(row))
