"""Compares the indexes of the audit pages (paths and days) with the events that they stand for, and rebuilds them.

They prove nothing, but searches rely on them: an entry that was taken out hides an event from every page. Days of
events that were pruned cannot be counted again and stay as they are.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from datetime import date
from typing import Any

from django.db import connection, transaction
from django.db.models import Max
from django.utils.translation import gettext_lazy as _

from medialib.errors import Refused
from medialib.models import AuditCursor, AuditEvent, AuditSegment, EventKind
from medialib.models.audit import index
from medialib.models.audit.index import AuditDay, AuditPath
from medialib.models.query.folding import fold
from medialib.services.audit import indexing

CHUNK = 2_000
DayKey = tuple[date, int, str, str, str]
Sums = dict[DayKey, tuple[int, int]]


class Differs(Refused):
    """The index does not hold what the events say."""


def check() -> None:
    """Raises Differs at the first difference, up to where the index says that it has come."""
    newest = AuditPath.objects.aggregate(newest=Max("event_id"))["newest"] or 0
    up_to = indexing.indexed_up_to()  # Read after the paths: a worker may be adding some.
    if newest > up_to:
        raise Differs(_("The search index holds paths beyond the events that it claims."))
    if up_to > AuditSegment.objects.sealed_up_to():
        raise Differs(_("The search index claims events that are not sealed."))
    _check_paths(up_to)
    if not index.is_text_whole(connection):
        raise Differs(_("The text index of the paths does not hold the paths."))
    _check_days(up_to)


def rebuild() -> int:
    """Rebuild all of it from the sealed events. If it is killed, a worker continues."""
    with transaction.atomic():
        _forget_days(indexing.indexed_up_to())
        index.forget_all(connection)
        AuditCursor.objects.filter(name=indexing.CURSOR).delete()
    return indexing.catch_up(budget_s=None)


def _check_paths(up_to: int) -> None:
    seen = 0
    for rows in _chunks(AuditEvent.objects.filter(pk__lte=up_to).exclude(file_path=""), "pk", "file_path"):
        paths = {pk: fold(path) for pk, path in rows}
        held = AuditPath.objects.filter(event_id__gte=rows[0][0], event_id__lte=rows[-1][0])
        found: dict[int, str] = dict(held.values_list("event_id", "folded"))
        if found != paths:
            wrong = min(pk for pk in paths | found if paths.get(pk) != found.get(pk))
            raise Differs(_("The search index has a wrong path for the event %(event)d, or none."), event=wrong)
        seen += len(rows)
    if AuditPath.objects.filter(event_id__lte=up_to).count() != seen:
        raise Differs(_("The search index holds paths of events that do not exist."))


def _check_days(up_to: int) -> None:
    counted, last_pruned = _counted(up_to), _last_pruned_day()
    held = _held()
    for key in sorted(counted | held):
        of_events, of_index = counted.get(key, (0, 0)), held.get(key, (0, 0))
        is_partly_pruned = last_pruned is not None and key[0] <= last_pruned
        if of_index != of_events and not (is_partly_pruned and of_index >= of_events):
            raise Differs(_("The sums of %(day)s are not those of its events."), day=key[0])


def _forget_days(up_to: int) -> None:
    """All that the events can tell again; of days that were pruned in part, what they will tell again."""
    last_pruned = _last_pruned_day()
    AuditDay.objects.filter(**{} if last_pruned is None else {"day__gt": last_pruned}).delete()
    counted = _counted(up_to) if last_pruned else {}
    for row in AuditDay.objects.all():
        key = (row.day, row.account_id, row.account_name, row.actor_name, row.outcome)
        files, size = counted.get(key, (0, 0))
        row.files, row.size_bytes = max(row.files - files, 0), max(row.size_bytes - size, 0)
        row.save(update_fields=["files", "size_bytes"])


def _counted(up_to: int) -> Sums:
    files: Counter[DayKey] = Counter()
    sizes: Counter[DayKey] = Counter()
    settled = AuditEvent.objects.filter(pk__lte=up_to, event=EventKind.FILE_SETTLED)
    columns = ("pk", "time", "account_id", "account_name", "actor_name", "outcome", "size_bytes")
    for rows in _chunks(settled, *columns):
        for _pk, at, account, account_name, actor, outcome, size in rows:
            key = (at.date(), account or 0, account_name, actor, outcome)
            files[key] += 1
            sizes[key] += size or 0
    return {key: (count, sizes[key]) for key, count in files.items()}


def _held() -> Sums:
    columns = ("day", "account_id", "account_name", "actor_name", "outcome", "files", "size_bytes")
    return {tuple(row[:5]): (row[5], row[6]) for row in AuditDay.objects.values_list(*columns)}


def _last_pruned_day() -> date | None:
    oldest = AuditEvent.objects.order_by("pk").values_list("pk", flat=True).first() or 0
    at = AuditSegment.objects.filter(last_id__lt=oldest).aggregate(at=Max("last_time"))["at"]
    return at.date() if at else None


def _chunks(events: Any, *columns: str) -> Iterator[list[Any]]:
    """By key, so that memory stays flat; the key comes first."""
    ordered, last = events.order_by("pk").values_list(*columns), None
    while rows := list((ordered if last is None else ordered.filter(pk__gt=last))[:CHUNK]):
        yield rows
        last = rows[-1][0]
