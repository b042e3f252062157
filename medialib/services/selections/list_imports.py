"""Match a list of file ids, paths or addresses with the index, line by line, and tick what matched.

Nothing is guessed: a line that fits several files is ambiguous and selects none of them. A list is cut into parts, each
matched in a transaction of its own, so that a long one holds up no other work, shows how far it is, and continues where
it stopped.
"""

from __future__ import annotations

import csv
import gzip
import io
import json
import time
import zlib
from array import array
from collections import Counter
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any, BinaryIO

from django.db import transaction
from django.utils.translation import gettext_lazy as _

from medialib.errors import WrongUse
from medialib.models import ListImport, ListPart, Selection
from medialib.models.list_imports import Cause
from medialib.services.base.csv_cells import BOM, plain
from medialib.services.base.slices import slices
from medialib.services.selections import ticks
from medialib.services.selections.list_lines import Line
from medialib.services.selections.list_matching import Candidate, Match, MatchedLine, find
from medialib.services.selections.list_reading import FALLBACK, encoding_of, read_texts

if TYPE_CHECKING:
    from django.contrib.auth.models import User

MOST_PROBLEMS = 200  # Shown on the page; the report holds them all.
KEPT, KEPT_UNFINISHED = 10, 30  # Lists of one person in one account.
PART = 10_000  # Lines of one transaction: a third of a second.
LEFT_OUT = "not_looked_at"
REPORT_HEAD = ["line", "text", "result", "cause", "file_id", "path"]


def begin(selection: Selection, content: BinaryIO, *, user: User, is_replacing: bool = False) -> ListImport:
    """Take a list in. It is matched by go_on(). Raises WrongUse, and changes nothing, for what cannot be a list."""
    encoding = encoding_of(content)
    texts, line_count = read_texts(content, encoding), 0
    packed: list[bytes] = []
    for some in slices(texts, PART):
        packed.append(zlib.compress(json.dumps(some).encode(), 1))
        line_count += len(some)
    if not packed:
        raise WrongUse(_("The list is empty: give one file id, path or address a line."))
    with transaction.atomic():
        if is_replacing:
            ticks.clear(selection)
        made = ListImport.objects.create(
            account=selection.account, owner=user, line_count=line_count, is_guessed=encoding == FALLBACK
        )
        parts = (ListPart(whole=made, number=number, lines=lines) for number, lines in enumerate(packed))
        ListPart.objects.bulk_create(parts, batch_size=20)
        _forget_older(made)
    return made


def go_on(made: ListImport, *, for_s: float = float("inf")) -> None:
    """Match the next parts of the list and tick what they name, until it is done or so many seconds have passed."""
    end = time.monotonic() + for_s
    while _match_next(made) and time.monotonic() < end:
        pass


def stop(made: ListImport) -> None:
    """Leave the rest of the list alone. What was selected by it stays selected."""
    with transaction.atomic():
        _lock(made)
        made.left_out = made.line_count - made.done_count
        made.save(update_fields=["left_out"])


def report(made: ListImport) -> Iterator[bytes]:
    """Each line and what became of it, as CSV, a part at a time."""
    for pk in list(made.parts.order_by("number").values_list("pk", flat=True)):
        part = made.parts.get(pk=pk)
        yield gzip.decompress(part.report or _packed_report(_left_out(part), has_head=part.number == 0))


def _match_next(made: ListImport) -> bool:
    """Whether there was a part to match. Another request that works on the same list waits, and takes the next one."""
    with transaction.atomic():
        _lock(made)
        part = made.parts.filter(lines__isnull=False).order_by("number").first()
        if part is None or made.is_done:
            return False
        selection = ticks.selection_of(made.owner, made.account)
        results = _results(made, part)
        ticks.tick(selection, _rows_matched(results))
        _note(made, part, results)
    return True


def _lock(made: ListImport) -> None:
    """Hold the list, and read again how far it is."""
    made.refresh_from_db(from_queryset=ListImport.objects.select_for_update())


Result = tuple[MatchedLine, str]


def _results(made: ListImport, part: ListPart) -> list[Result]:
    found = find(made.account, _texts(part))
    seen = _matched_before(made, part, {one.candidates[0][0] for one in found if len(one.candidates) == 1})
    results: list[Result] = []
    for one in found:
        result = _result(one, seen)
        if result == Match.MATCHED:
            seen.add(one.candidates[0][0])
        results.append((one, result))
    return results


def _texts(part: ListPart) -> list[tuple[int, str]]:
    """The lines of a part that is not matched yet."""
    texts: list[tuple[int, str]] = json.loads(zlib.decompress(part.lines or b""))
    return texts


def _left_out(part: ListPart) -> list[Result]:
    return [(MatchedLine(Line(number, text)), LEFT_OUT) for number, text in _texts(part)]


def _result(found: MatchedLine, seen: set[int]) -> Match:
    if len(found.candidates) == 1:
        return Match.REPEATED if found.candidates[0][0] in seen else Match.MATCHED
    return Match.AMBIGUOUS if found.cause in (Cause.SEVERAL, Cause.QUERY) else Match.NOT_FOUND


def _matched_before(made: ListImport, part: ListPart, rows: set[int]) -> set[int]:
    """Which of these rows the parts before have matched."""
    before = made.parts.filter(number__lt=part.number).values_list("matched_rows", flat=True)
    return {row for packed in before.iterator(chunk_size=20) for row in rows.intersection(array("q", bytes(packed)))}


def _note(made: ListImport, part: ListPart, results: list[Result]) -> None:
    """What became of the part, with it and in the counts of the whole list."""
    part.lines, part.report = None, _packed_report(results, has_head=part.number == 0)
    part.matched_rows = array("q", _rows_matched(results)).tobytes()
    part.save(update_fields=["lines", "report", "matched_rows"])
    for name, count in Counter(result for _match, result in results).items():
        setattr(made, name, getattr(made, name) + count)
    made.problems = [*made.problems, *map(_problem, filter(_is_problem, results))][:MOST_PROBLEMS]
    made.save(update_fields=[*(match.value for match in Match), "problems"])


def _rows_matched(results: list[Result]) -> list[int]:
    return [found.candidates[0][0] for found, result in results if result == Match.MATCHED]


def _is_problem(result: Result) -> bool:
    return result[1] in (Match.NOT_FOUND, Match.AMBIGUOUS)


def _problem(result: Result) -> dict[str, Any]:
    found, what = result
    return {
        "line": found.line.number,
        "text": found.line.text[:300],
        "result": str(what),
        "candidates": len(found.candidates),
        "cause": found.cause or "",
        "detail": found.detail[:300],
    }


def _packed_report(results: list[Result], *, has_head: bool) -> bytes:
    packed = io.BytesIO()
    with gzip.open(packed, "wt", encoding="utf-8", newline="", compresslevel=3) as text:
        rows = csv.writer(text)
        if has_head:
            text.write(BOM)
            rows.writerow(REPORT_HEAD)
        for found, result in results:
            file_id, path = _names(found.candidates)
            cause = f"{found.cause.label} {found.detail}".strip() if found.cause else ""
            cells = map(plain, (found.line.text, result.replace("_", " "), cause, file_id, path))
            rows.writerow([found.line.number, *cells])
    return packed.getvalue()


def _names(candidates: tuple[Candidate, ...]) -> tuple[str, str]:
    return candidates[0][1:] if len(candidates) == 1 else ("", "")


def _forget_older(made: ListImport) -> None:
    """A list that is being matched in another window stays."""
    mine = list(ListImport.objects.filter(owner=made.owner, account=made.account).order_by("-made_at", "-pk"))
    old = [each.pk for each in mine[KEPT:] if each.is_done] + [each.pk for each in mine[KEPT_UNFINISHED:]]
    ListImport.objects.filter(pk__in=old).delete()
