"""Match a list of file ids, paths or addresses with the index, line by line, and tick what matched.

Nothing is guessed: a line that fits several files is ambiguous and selects none of them.
"""

from __future__ import annotations

import csv
import gzip
import io
import re
from collections.abc import Iterable, Iterator
from dataclasses import asdict, dataclass, field
from itertools import islice
from typing import TYPE_CHECKING, Any
from urllib.parse import unquote, urlsplit

from django.db import transaction

from medialib.errors import WrongUse
from medialib.models import Asset, ListImport, Selection
from medialib.services import selections

if TYPE_CHECKING:
    from django.contrib.auth.models import User

MOST_LINES = 1_000_000
MOST_BYTES = 200 * 1024 * 1024
MOST_PROBLEMS = 200  # Shown on the page; the report holds them all.
KEPT = 10  # Reports of one person in one account.
CHUNK = 5_000  # Lines in one statement; each is a parameter, and SQLite takes 32,766.
MATCHED, REPEATED, NOT_FOUND, AMBIGUOUS = "matched", "repeated", "not found", "ambiguous"
HEADS = {"file_id", "fileid", "id", "path", "filepath", "file_path", "url", "name"}
_FILE_ID = re.compile(r"[A-Za-z0-9_-]{1,64}", re.ASCII)


@dataclass(frozen=True)
class Line:
    """One line of the list, and what it can be: an id, or a path with a leading slash."""

    number: int
    text: str
    file_id: str = ""
    path: str = ""


@dataclass
class Tally:
    line_count: int = 0
    matched: int = 0
    repeated: int = 0
    not_found: int = 0
    ambiguous: int = 0
    problems: list[dict[str, Any]] = field(default_factory=list)

    def add(self, line: Line, result: str, candidates: int) -> None:
        self.line_count += 1
        name = result.replace(" ", "_")
        setattr(self, name, getattr(self, name) + 1)
        if result in (NOT_FOUND, AMBIGUOUS) and len(self.problems) < MOST_PROBLEMS:
            self.problems.append(
                {"line": line.number, "text": line.text[:300], "result": result, "candidates": candidates}
            )


def import_list(selection: Selection, content: bytes, *, user: User, is_replacing: bool = False) -> ListImport:
    """Tick each file that the list names and keep a report. Raises WrongUse for what cannot be a list."""
    lines = read_lines(content, selection.account.url_endpoint)
    tally, packed = Tally(), io.BytesIO()
    with transaction.atomic():
        if is_replacing:
            selections.clear(selection)
        with gzip.open(packed, "wt", encoding="utf-8", newline="", compresslevel=3) as report:
            _match(selection, lines, tally, csv.writer(report))
        if not tally.line_count:
            raise WrongUse("The list is empty: give one file id, path or address a line.")
        made = ListImport.objects.create(
            account=selection.account, owner=user, report=packed.getvalue(), **asdict(tally)
        )
        _forget_older(made)
    return made


def read_lines(content: bytes, url_endpoint: str) -> Iterator[Line]:
    """The lines that hold something; of a CSV, the column headed by file_id, path or url, else the first."""
    if len(content) > MOST_BYTES:
        raise WrongUse(f"The list is larger than {MOST_BYTES // 1024 // 1024} MiB.")
    rows = csv.reader(io.StringIO(_text(content)), delimiter=_delimiter(content))
    column, is_first = 0, True
    try:
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
                yield line_of(number, text, url_endpoint)
    except csv.Error as error:
        raise WrongUse(f"The list cannot be read: {error}.") from None


def line_of(number: int, text: str, url_endpoint: str) -> Line:
    """An address that this account delivers becomes the path behind it, whatever its transformation and version."""
    if text.startswith(("http://", "https://")):
        return Line(number, text, path=_path_behind(text, url_endpoint))
    if "/" in text or not _FILE_ID.fullmatch(text):
        return Line(number, text, path=f"/{text.lstrip('/')}")
    return Line(number, text, file_id=text)


def _path_behind(address: str, url_endpoint: str) -> str:
    """Empty for an address that another account delivers."""
    base, given = urlsplit(url_endpoint), urlsplit(address)
    start = base.path.rstrip("/")
    if given.netloc.lower() != base.netloc.lower() or not given.path.startswith(f"{start}/"):
        return ""
    steps = [step for step in given.path.removeprefix(start).split("/") if step]
    steps = steps[1:] if steps and steps[0].startswith("tr:") else steps
    return unquote("/" + "/".join(steps))


def _match(selection: Selection, lines: Iterator[Line], tally: Tally, report: Any) -> None:
    report.writerow(["line", "text", "result", "file_id", "path"])
    seen: set[int] = set()
    while chunk := list(islice(lines, CHUNK)):
        found = _found(selection, chunk)
        new: set[int] = set()
        for line in chunk:
            candidates = found.get(line.file_id or line.path, [])
            result = _result(candidates, seen)
            tally.add(line, result, len(candidates))
            asset = candidates[0] if len(candidates) == 1 else ("", "", "")
            report.writerow([line.number, _harmless(line.text), result, asset[1], _harmless(str(asset[2]))])
            if result == MATCHED:
                seen.add(candidates[0][0])
                new.add(candidates[0][0])
        selections.tick(selection, new)


def _result(candidates: list[tuple[int, str, str]], seen: set[int]) -> str:
    if len(candidates) != 1:
        return AMBIGUOUS if candidates else NOT_FOUND
    return REPEATED if candidates[0][0] in seen else MATCHED


def _found(selection: Selection, chunk: Iterable[Line]) -> dict[str, list[tuple[int, str, str]]]:
    """For each id and path of the lines the live files that have it, as (row, id, path)."""
    live = Asset.objects.live(selection.account).order_by()
    ids = {line.file_id for line in chunk if line.file_id}
    paths = {line.path for line in chunk if line.path}
    columns = ("pk", "file_id", "path")
    found: dict[str, list[tuple[int, str, str]]] = {}
    for row in live.filter(file_id__in=ids).values_list(*columns) if ids else ():
        found.setdefault(row[1], []).append(row)
    for row in live.filter(path__in=paths).values_list(*columns) if paths else ():
        found.setdefault(row[2], []).append(row)
    return found


def _harmless(text: str) -> str:
    """A cell that a spreadsheet does not take for a formula."""
    return f"'{text}" if text.startswith(("=", "+", "-", "@", "\t")) else text


def _head(row: list[str]) -> int | None:
    words = [cell.strip().lower().replace(" ", "_") for cell in row]
    for wanted in ("file_id", "fileid", "id", "path", "file_path", "filepath", "url"):
        if wanted in words:
            return words.index(wanted)
    return None


def _delimiter(content: bytes) -> str:
    """Of a CSV with a head; a plain list is not cut, since names may hold commas."""
    first = content[:2000].lstrip().split(b"\n")[0].decode("utf-8", "replace").lower()
    for delimiter in (",", ";", "\t"):
        if HEADS & {cell.strip().strip('"').lstrip("\ufeff") for cell in first.split(delimiter)}:
            return delimiter
    return "\x1f"


def _text(content: bytes) -> str:
    encoding = "utf-16" if content[:2] in (b"\xff\xfe", b"\xfe\xff") else "utf-8-sig"
    try:
        text = content.decode(encoding)
    except UnicodeDecodeError:
        raise WrongUse("The list is not text: one file id, path or address a line is expected.") from None
    if "\0" in text:
        raise WrongUse("The list is not text: one file id, path or address a line is expected.")
    return text


def _forget_older(made: ListImport) -> None:
    mine = ListImport.objects.filter(owner=made.owner, account=made.account).order_by("-made_at", "-pk")
    ListImport.objects.filter(pk__in=list(mine.values_list("pk", flat=True)[KEPT:])).delete()
