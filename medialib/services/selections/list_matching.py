"""Match the lines of a list with the index: each names one file, or it is said why it does not.

Pages and commands ask the same, so that a list means the same to both.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from enum import StrEnum
from io import BytesIO
from itertools import chain
from typing import Any

from django.db.models import Q
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from medialib.errors import WrongUse, said
from medialib.imagekit.types import FILE_ID, SURE_ID
from medialib.models import Account, Asset
from medialib.models.list_imports import Cause
from medialib.services.base.slices import slices
from medialib.services.selections.list_lines import Line, is_path, line_of
from medialib.services.selections.list_reading import FALLBACK, encoding_of, read_texts

MAX_LIST_BYTES = 200 * 1024 * 1024
SLICE = 10_000  # Lines that are matched by one statement.
Candidate = tuple[int, str, str]  # Row number, file id, path.


class Match(StrEnum):
    """What became of a line. The values are columns of ListImport."""

    MATCHED = "matched"
    REPEATED = "repeated"
    NOT_FOUND = "not_found"
    AMBIGUOUS = "ambiguous"


@dataclass(frozen=True)
class MatchedLine:
    """A line with the files that it may name: one, or why it names none."""

    line: Line
    candidates: tuple[Candidate, ...] = ()
    cause: Cause | None = None
    detail: str = ""

    @property
    def is_answered(self) -> bool:
        return bool(self.candidates or self.cause)


def find(account: Account, texts: Iterable[tuple[int, str]]) -> list[MatchedLine]:
    """For each text of a list, what it names among the account's files that are there."""
    lines = [line_of(number, text, account.endpoints) for number, text in texts]
    live = _by_reading(account, lines, removed=False)
    found = [_matched(line, live) for line in lines]
    missing = [each.line for each in found if not each.is_answered]
    gone = _by_reading(account, missing, removed=True) if missing else {}
    versions = _versions(account, missing) if missing else {}
    return [each if each.is_answered else _unmatched(each.line, gone, versions) for each in found]


@dataclass(frozen=True)
class ListedIds:
    """Ids of files that a list names, in their first order and each once. `problems` are the lines that name none."""

    file_ids: list[str]
    duplicates: int
    problems: list[MatchedLine]
    is_guessed: bool  # Whether the encoding is a guess.


def listed_ids(account: Account, content: bytes, *, name: str = "The list") -> ListedIds:
    """The ids that a list names: as they stand there, or of the files with its paths and addresses.

    An id that the index does not hold is taken too, where it can be none but an id: ImageKit is asked about it.
    Raises WrongUse, naming a line, for what cannot be a list and for one of which no line names a file.
    """
    if len(content) > MAX_LIST_BYTES:
        raise WrongUse(_("%(name)s is larger than %(count)s MiB."), name=name, count=MAX_LIST_BYTES // 1024 // 1024)
    file = BytesIO(content)
    encoding = encoding_of(file)
    try:
        texts = list(read_texts(file, encoding))
    except WrongUse as wrong:
        raise WrongUse(_("%(name)s cannot be read. %(cause)s"), name=name, cause=said(wrong)) from wrong
    if not texts:
        raise WrongUse(_("%(name)s holds no file ids."), name=name)
    named: list[str] = []
    problems: list[MatchedLine] = []
    for found in chain.from_iterable(find(account, some) for some in slices(texts, SLICE)):
        if file_id := _named(found):
            named.append(file_id)
        else:
            problems.append(found)
    if not named:
        causes = "; ".join(in_words(each) for each in problems[:3])
        raise WrongUse(_("%(name)s names no file. %(causes)s."), name=name, causes=causes)
    unique = list(dict.fromkeys(named))
    return ListedIds(unique, len(named) - len(unique), problems, encoding == FALLBACK)


def in_words(found: MatchedLine) -> str:
    """Why a line names no file: `line 8: “//media.example.com/a.jpg”: …`."""
    cause = str(found.cause.label) if found.cause else ""
    detail = f" ({found.detail})" if found.detail else ""
    words = {"number": f"{found.line.number:,}", "text": found.line.text.strip()[:80], "cause": f"{cause}{detail}"}
    return gettext("line %(number)s: “%(text)s”: %(cause)s") % words


def _named(found: MatchedLine) -> str:
    """The id of the one file that the line names; empty where it names none."""
    if len(found.candidates) == 1:
        return found.candidates[0][1]
    reading = found.line.readings[0] if found.line.readings and found.cause is not Cause.VERSION else ""
    return reading if not found.candidates and FILE_ID.fullmatch(reading) else ""


def _by_reading(account: Account, lines: Sequence[Line], *, removed: bool) -> dict[str, list[Any]]:
    """For each reading of the lines the files that have it; of files that are gone also when we learned that."""
    readings = {reading for line in lines for reading in (*line.readings, line.doubtful) if reading}
    paths = {reading for reading in readings if is_path(reading)}
    rows = Asset.objects.filter(account=account, removed_at__isnull=not removed).order_by()
    columns = ("pk", "file_id", "path", *(["removed_at"] if removed else []))
    found: dict[str, list[Any]] = {}
    for values, column, key in ((readings - paths, "file_id", 1), (paths, "path", 2)):
        if values:
            for row in rows.filter(Q((f"{column}__any_of", values))).values_list(*columns):
                found.setdefault(row[key], []).append(row)
    return found


def _versions(account: Account, lines: Sequence[Line]) -> dict[str, str]:
    """Which ids are those of present versions, and the paths of their files."""
    ids = {reading for line in lines for reading in line.readings if SURE_ID.fullmatch(reading)}
    rows = Asset.objects.live(account).order_by().filter(version_id__any_of=ids) if ids else Asset.objects.none()
    return dict(rows.values_list("version_id", "path"))


def _matched(line: Line, live: dict[str, list[Any]]) -> MatchedLine:
    candidates = next((live[reading] for reading in line.readings if reading in live), [])
    if len(candidates) > 1:
        return MatchedLine(line, tuple(candidates), Cause.SEVERAL, str(len(candidates)))
    if not candidates and line.doubtful in live:
        return MatchedLine(line, cause=Cause.QUERY)
    return MatchedLine(line, tuple(candidates))


def _unmatched(line: Line, gone: dict[str, list[Any]], versions: dict[str, str]) -> MatchedLine:
    if path := next((versions[reading] for reading in line.readings if reading in versions), ""):
        return MatchedLine(line, cause=Cause.VERSION, detail=path)
    rows = next((gone[reading] for reading in line.readings if reading in gone), None)
    if rows:
        return MatchedLine(line, cause=Cause.GONE, detail=f"{max(row[3] for row in rows):%Y-%m-%d}")
    return MatchedLine(line, cause=line.cause or Cause.UNKNOWN, detail=line.detail)
