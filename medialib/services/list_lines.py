"""What a list of files says: ids, paths and addresses, one a line, pasted or exported from somewhere."""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import BinaryIO
from urllib.parse import unquote, urlsplit

from medialib.errors import WrongUse

MOST_LINES = 1_000_000
MOST_BYTES = 200 * 1024 * 1024
HEADS = {"file_id", "fileid", "id", "path", "filepath", "file_path", "url", "name"}
NO_TEXT = "The list is not text: one file id, path or address a line is expected."
_FILE_ID = re.compile(r"[A-Za-z0-9_-]{1,64}", re.ASCII)


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
    if content.seek(0, io.SEEK_END) > MOST_BYTES:
        raise WrongUse(f"The list is larger than {MOST_BYTES // 1024 // 1024} MiB.")
    content.seek(0)
    beginning = content.read(2000)
    content.seek(0)
    encoding = "utf-16" if beginning[:2] in (b"\xff\xfe", b"\xfe\xff") else "utf-8-sig"
    text = io.TextIOWrapper(content, encoding, newline="")
    try:
        yield from _column(csv.reader(_without_nul(text), delimiter=_delimiter(beginning)))
    except UnicodeDecodeError:
        raise WrongUse(NO_TEXT) from None
    except csv.Error as error:
        raise WrongUse(f"The list cannot be read: {error}.") from None
    finally:
        text.detach()  # Whoever opened the file closes it.


def line_of(number: int, text: str, url_endpoint: str) -> Line:
    """An address that this account delivers becomes the path behind it, whatever its transformation and version."""
    if text.startswith(("http://", "https://")):
        return Line(number, text, path=_path_behind(text, url_endpoint))
    if "/" in text or not _FILE_ID.fullmatch(text):
        return Line(number, text, path=f"/{text.lstrip('/')}")
    return Line(number, text, file_id=text)


def _column(rows: Iterator[list[str]]) -> Iterator[tuple[int, str]]:
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


def _without_nul(lines: Iterator[str]) -> Iterator[str]:
    for line in lines:
        if "\0" in line:
            raise WrongUse(NO_TEXT)
        yield line


def _path_behind(address: str, url_endpoint: str) -> str:
    """Empty for an address that another account delivers."""
    base, given = urlsplit(url_endpoint), urlsplit(address)
    start = base.path.rstrip("/")
    if given.netloc.lower() != base.netloc.lower() or not given.path.startswith(f"{start}/"):
        return ""
    steps = [step for step in given.path.removeprefix(start).split("/") if step]
    steps = steps[1:] if steps and steps[0].startswith("tr:") else steps
    return unquote("/" + "/".join(steps))


def _head(row: list[str]) -> int | None:
    words = [cell.strip().lower().replace(" ", "_") for cell in row]
    for wanted in ("file_id", "fileid", "id", "path", "file_path", "filepath", "url"):
        if wanted in words:
            return words.index(wanted)
    return None


def _delimiter(beginning: bytes) -> str:
    """Of a CSV with a head; a plain list is not cut, since names may hold commas."""
    first = beginning.lstrip().split(b"\n")[0].decode("utf-8", "replace").lower()
    for delimiter in (",", ";", "\t"):
        if HEADS & {cell.strip().strip('"').lstrip("\ufeff") for cell in first.split(delimiter)}:
            return delimiter
    return "\x1f"
