"""Where in a long log to look: paths by their index, times by the seals. Without these each search reads all of it."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from django.db import connection
from django.db.models import BooleanField, F, Lookup, Max, Min, OuterRef, Q, Subquery
from django.db.models.expressions import RawSQL

from medialib.models import AuditEvent, AuditPath, AuditSegment
from medialib.models.audit.events import AuditEventQuerySet
from medialib.models.audit.index import has_text
from medialib.models.query.folding import SHORTEST_INDEXED, fold
from medialib.services.audit.indexing import indexed_up_to


class NotSettled(Lookup[Any]):
    """Whether an event is another than that of a settled file, with the literal that the index has."""

    prepare_rhs = False

    def as_sql(self, compiler: Any, connection: Any) -> Any:
        column, params = self.process_lhs(compiler, connection)
        return f"NOT ({column} = 'file.settled')", params


# The conditions of partial indexes, word for word: SQLite uses such an index only for a statement that says them.
UNUSUAL = RawSQL("NOT (medialib_auditevent.outcome IN ('', 'deleted'))", [], output_field=BooleanField())
OF_KIND = NotSettled(F("event"), "")  # In statements within a statement too.
OF_FILE = RawSQL("NOT (medialib_auditevent.file_id = '')", [], output_field=BooleanField())
MANY = 5_000  # From so many hits on, the newest are found sooner by walking back through the log.

SAMPLE, COMMON = 5_000, 100  # Of the newest paths, and how many of them make a term a common one.


def at_path(events: AuditEventQuerySet, path: str) -> AuditEventQuerySet:
    """A leading slash asks for paths that begin so, anything else for paths that contain it, both without case."""
    if not path:
        return events
    is_prefix, folded = path.startswith("/"), fold(path)
    newest = indexed_up_to()
    tail = {"file_path__istartswith" if is_prefix else "file_path__icontains": path}
    not_indexed = Q(pk__gt=newest, **tail)
    held = {"folded__startswith" if is_prefix else "folded__contains": folded}
    by_row = Q(**{f"indexed_{lookup}": text for lookup, text in held.items()})
    # Read with its row. As EXISTS, PostgreSQL would collect every match of the whole log before it looks at the first.
    paths = AuditPath.objects.filter(event_id=OuterRef("pk")).values("folded")[:1]
    events = events.alias(indexed_folded=Subquery(paths))
    if len(folded) < SHORTEST_INDEXED or not has_text(connection) or _is_common(held, newest):
        return events.filter(by_row | not_indexed)
    found = AuditPath.objects.filter(**{"folded__found_at_start" if is_prefix else "folded__found": folded})
    ids = list(found.order_by().values_list("event_id", flat=True)[:MANY])
    ids += AuditEvent.objects.filter(not_indexed).order_by().values_list("pk", flat=True)[: MANY - len(ids)]
    return events.filter(by_row | not_indexed) if len(ids) == MANY else events.filter(pk__in=ids)


def _is_common(held: dict[str, str], newest: int) -> bool:
    """Whether so many of the newest paths match that a page fills soon; an index would collect all matches first."""
    return AuditPath.objects.filter(event_id__gt=newest - SAMPLE, **held).count() >= COMMON


def exactly_at(events: AuditEventQuerySet, path: str) -> AuditEventQuerySet:
    """Events of files at exactly this path."""
    return at_path(events, path).filter(file_path=path)


def within(events: AuditEventQuerySet, *, since: datetime | None, until: datetime | None) -> AuditEventQuerySet:
    """Events of since <= time < until. The seals tell which ids can be meant, and the list walks along the ids."""
    if since:
        first = AuditSegment.objects.filter(last_time__gte=since).aggregate(first=Min("first_id"))["first"]
        events = events.filter(time__unindexed__gte=since)
        events = events.filter(pk__gte=first or AuditSegment.objects.sealed_up_to() + 1)
    if until:
        events = events.filter(time__unindexed__lt=until)
        last = AuditSegment.objects.filter(first_time__lt=until).aggregate(last=Max("last_id"))["last"] or 0
        if last < AuditSegment.objects.sealed_up_to():  # Else newer ones, not sealed yet, may be meant too.
            events = events.filter(pk__lte=last)
    return events
