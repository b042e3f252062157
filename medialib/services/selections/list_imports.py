"""Match a list of file ids, paths or addresses with the index, line by line, and tick what matched.

Nothing is guessed: a line that fits several files is ambiguous and selects none of them. A list is cut into parts, each
matched in a transaction of its own, so that a long one holds up no other work, shows how far it is, and goes on where
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
from collections.abc import Iterable, Iterator
from itertools import islice
from typing import TYPE_CHECKING, Any, BinaryIO

from django.db import transaction
from django.utils.translation import gettext_lazy as _

from medialib.errors import WrongUse
from medialib.models import Asset, ListImport, ListPart, Selection
from medialib.services.base.csv_cells import plain
from medialib.services.selections import ticks
from medialib.services.selections.list_lines import Line, line_of, read_texts

if TYPE_CHECKING:
    from django.contrib.auth.models import User

MOST_PROBLEMS = 200  # Shown on the page; the report holds them all.
KEPT, KEPT_UNFINISHED = 10, 30  # Lists of one person in one account.
PART = 10_000  # Lines of one transaction: a third of a second.
MATCHED, REPEATED, NOT_FOUND, AMBIGUOUS = "matched", "repeated", "not_found", "ambiguous"
LEFT_OUT = "not_looked_at"
REPORT_HEAD = ["line", "text", "result", "file_id", "path"]
Candidate = tuple[int, str, str]  # Row number, file id, path.


def begin(selection: Selection, content: BinaryIO, *, user: User, is_replacing: bool = False) -> ListImport:
    """Take a list in. It is matched by go_on(). Raises WrongUse, and changes nothing, for what cannot be a list."""
    texts, line_count = read_texts(content), 0
    packed: list[bytes] = []
    while some := list(islice(texts, PART)):
        packed.append(zlib.compress(json.dumps(some).encode(), 1))
        line_count += len(some)
    if not packed:
        raise WrongUse(_("The list is empty: give one file id, path or address a line."))
    with transaction.atomic():
        if is_replacing:
            ticks.clear(selection)
        made = ListImport.objects.create(account=selection.account, owner=user, line_count=line_count)
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


Result = tuple[Line, str, list[Candidate]]


def _results(made: ListImport, part: ListPart) -> list[Result]:
    lines = [line_of(number, text, made.account.url_endpoint) for number, text in _texts(part)]
    found = _found(made, lines)
    seen = _matched_before(made, part, {one[0][0] for one in found.values() if len(one) == 1})
    results = []
    for line in lines:
        candidates = found.get(line.file_id or line.path, [])
        result = _result(candidates, seen)
        if result == MATCHED:
            seen.add(candidates[0][0])
        results.append((line, result, candidates))
    return results


def _texts(part: ListPart) -> list[tuple[int, str]]:
    """The lines of a part that is not matched yet."""
    texts: list[tuple[int, str]] = json.loads(zlib.decompress(part.lines or b""))
    return texts


def _left_out(part: ListPart) -> list[Result]:
    return [(Line(number, text), LEFT_OUT, []) for number, text in _texts(part)]


def _result(candidates: list[Candidate], seen: set[int]) -> str:
    if len(candidates) != 1:
        return AMBIGUOUS if candidates else NOT_FOUND
    return REPEATED if candidates[0][0] in seen else MATCHED


def _matched_before(made: ListImport, part: ListPart, rows: set[int]) -> set[int]:
    """Which of these rows the parts before have matched."""
    before = made.parts.filter(number__lt=part.number).values_list("matched_rows", flat=True)
    return {row for packed in before.iterator(chunk_size=20) for row in rows.intersection(array("q", bytes(packed)))}


def _found(made: ListImport, lines: Iterable[Line]) -> dict[str, list[Candidate]]:
    """For each id and path of the lines the live files that have it."""
    live = Asset.objects.live(made.account).order_by()
    ids = {line.file_id for line in lines if line.file_id}
    paths = {line.path for line in lines if line.path}
    columns = ("pk", "file_id", "path")
    found: dict[str, list[Candidate]] = {}
    for row in live.filter(file_id__any_of=ids).values_list(*columns) if ids else ():
        found.setdefault(row[1], []).append(row)
    for row in live.filter(path__any_of=paths).values_list(*columns) if paths else ():
        found.setdefault(row[2], []).append(row)
    return found


def _note(made: ListImport, part: ListPart, results: list[Result]) -> None:
    """What became of the part, with it and in the counts of the whole list."""
    part.lines, part.report = None, _packed_report(results, has_head=part.number == 0)
    part.matched_rows = array("q", _rows_matched(results)).tobytes()
    part.save(update_fields=["lines", "report", "matched_rows"])
    for name, count in Counter(result for _line, result, _row in results).items():
        setattr(made, name, getattr(made, name) + count)
    made.problems = [*made.problems, *map(_problem, filter(_is_problem, results))][:MOST_PROBLEMS]
    made.save(update_fields=[MATCHED, REPEATED, NOT_FOUND, AMBIGUOUS, "problems"])


def _rows_matched(results: list[Result]) -> list[int]:
    return [candidates[0][0] for _, result, candidates in results if result == MATCHED]


def _is_problem(result: Result) -> bool:
    return result[1] in (NOT_FOUND, AMBIGUOUS)


def _problem(result: Result) -> dict[str, Any]:
    line, what, candidates = result
    return {"line": line.number, "text": line.text[:300], "result": what, "candidates": len(candidates)}


def _packed_report(results: list[Result], *, has_head: bool) -> bytes:
    packed = io.BytesIO()
    with gzip.open(packed, "wt", encoding="utf-8", newline="", compresslevel=3) as text:
        rows = csv.writer(text)
        if has_head:
            rows.writerow(REPORT_HEAD)
        for line, result, candidates in results:
            _, file_id, path = candidates[0] if len(candidates) == 1 else (0, "", "")
            rows.writerow([line.number, plain(line.text), result.replace("_", " "), plain(file_id), plain(path)])
    return packed.getvalue()


def _forget_older(made: ListImport) -> None:
    """One that is being matched in another window stays."""
    mine = list(ListImport.objects.filter(owner=made.owner, account=made.account).order_by("-made_at", "-pk"))
    old = [each.pk for each in mine[KEPT:] if each.is_done] + [each.pk for each in mine[KEPT_UNFINISHED:]]
    ListImport.objects.filter(pk__in=old).delete()
