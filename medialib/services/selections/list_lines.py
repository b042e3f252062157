"""What a list of files says: ids, paths and addresses, one a line, pasted or exported from somewhere."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import BinaryIO
from urllib.parse import unquote, urlsplit

from medialib.errors import WrongUse
from medialib.imagekit.types import FILE_ID

MOST_LINES = 1_000_000
LONGEST_LINE = 200_000  # Characters; csv itself refuses a cell of 131,072.
COLUMNS = ("file_id", "fileid", "id", "path", "file_path", "filepath", "url")  # The first of them is read.
HEADS = {*COLUMNS, "name"}
NO_TEXT = "The list is not text: one file id, path or address a line is expected."


@dataclass(frozen=True)
class Line:
    """One line of the list, and what it can be: an id, or a path with a leading slash."""

    number: int
    text: str
    file_id: str = ""
    path: str = ""


def read_texts(content: BinaryIO) -> Iterator[tuple[int, str]]:
    """The lines that hold something, with their numbers; of a CSV, the column headed by file_id, path or url.

    Reads as it goes, so that a long list takes little memory. Raises WrongUse for what cannot be a list.
    """
    beginning = content.read(2000)
    content.seek(0)
    encoding = encoding_of(beginning)
    text = io.TextIOWrapper(content, encoding, newline="")
    delimiter, lines = _delimiter(beginning.decode(encoding, "replace")), _lines(text)
    rows = csv.reader(lines, delimiter=delimiter) if delimiter else ([_unquoted(line)] for line in lines)
    try:
        yield from _column(rows)
    except UnicodeDecodeError:
        raise WrongUse(NO_TEXT) from None
    except csv.Error as error:
        raise WrongUse(f"The list cannot be read: {error}.") from None
    finally:
        text.detach()  # Whoever opened the file closes it.


def encoding_of(beginning: bytes) -> str:
    """Spreadsheets write UTF-16, which begins with a mark; UTF-8 may begin with one, too."""
    return "utf-16" if beginning[:2] in (b"\xff\xfe", b"\xfe\xff") else "utf-8-sig"


def line_of(number: int, text: str, url_endpoint: str) -> Line:
    """An address that this account delivers becomes the path behind it, whatever its transformation and version."""
    if text.startswith(("http://", "https://")):
        return Line(number, text, path=_path_behind(text, url_endpoint))
    if "/" in text or not FILE_ID.fullmatch(text):
        return Line(number, text, path=f"/{text.lstrip('/')}")
    return Line(number, text, file_id=text)


def _unquoted(line: str) -> str:
    """A line of a plain list, whatever it holds; quotes around all of it are not part of it."""
    text = line.strip()
    return text[1:-1].replace('""', '"') if len(text) > 1 and text[0] == text[-1] == '"' else text


def _column(rows: Iterable[list[str]]) -> Iterator[tuple[int, str]]:
    """The cells of the column that the first row names, else of the first column."""
    column, is_first = 0, True
    for number, row in enumerate(rows, start=1):
        if number > MOST_LINES + 1:
            raise WrongUse(f"The list has more than {MOST_LINES:,} lines. Split it.")
        if is_first and any(row):
            is_first, head = False, _head(row)
            if head is not None:
                column = head
                continue
        text = row[column].strip() if len(row) > column else ""
        if text:
            yield number, text


def _lines(text: io.TextIOWrapper) -> Iterator[str]:
    while line := text.readline(LONGEST_LINE):
        if "\0" in line:
            raise WrongUse(NO_TEXT)
        if len(line) == LONGEST_LINE:
            raise WrongUse(
                f"The list has a line of more than {LONGEST_LINE:,} characters. One file a line is expected."
            )
        yield line


def _path_behind(address: str, url_endpoint: str) -> str:
    """Empty for an address that another account delivers, or that is none."""
    try:
        base, given = urlsplit(url_endpoint), urlsplit(address)
    except ValueError:  # Such as "http://[x".
        return ""
    start = base.path.rstrip("/")
    if given.netloc.lower() != base.netloc.lower() or not given.path.startswith(f"{start}/"):
        return ""
    steps = [step for step in given.path.removeprefix(start).split("/") if step]
    steps = steps[1:] if steps and steps[0].startswith("tr:") else steps
    path = unquote("/" + "/".join(steps))
    return "" if "\0" in path else path  # PostgreSQL cannot even be asked for it.


def _head(row: list[str]) -> int | None:
    words = [cell.strip().lower().replace(" ", "_") for cell in row]
    return next((words.index(wanted) for wanted in COLUMNS if wanted in words), None)


def _delimiter(beginning: str) -> str:
    """Of a CSV with a head; none of a plain list, which is not cut, since names may hold commas."""
    first = beginning.lstrip().split("\n")[0].lower()
    for delimiter in (",", ";", "\t"):
        cells = first.split(delimiter)
        if len(cells) > 1 and HEADS & {cell.strip().strip('"') for cell in cells}:
            return delimiter
    return ""
