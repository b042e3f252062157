"""Holds a finished job to the audit log: what its files say must be what was recorded when each was settled.

Rows of jobs and lists are working data that somebody could edit; the log is sealed. So nothing is certified that it
contradicts. A million files are compared by the database, in three statements.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from django.db import connection
from django.db.models import Count
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from medialib.errors import Refused, grouped
from medialib.models import AuditEvent, AuditSegment, DeletionJob, EventKind, Item, Outcome
from medialib.services.audit.seal import headers, statements

# Each column that is written with the outcome, and its copy in the log.
COPIES = {
    "item.outcome": "event.outcome",
    "item.evidence": "event.evidence",
    "item.path": "event.file_path",
    "item.size_bytes": "event.size_bytes",
    "item.http_status": "event.http_status",
    "item.settled_at": "event.time",
    "COALESCE(exchange.request_id, '')": "event.request_id",
}
DIFFERENT = """
    SELECT item.outcome, COUNT(*) FROM medialib_item AS item
    LEFT JOIN medialib_exchange AS exchange ON exchange.id = item.exchange_id
    LEFT JOIN medialib_auditevent AS event
        ON event.job_id = %s AND event.event = 'file.settled' AND event.file_id = item.file_id
    WHERE item.manifest_id = (SELECT manifest_id FROM medialib_deletionjob WHERE id = %s)
    AND item.outcome NOT IN ('', 'unverified') AND (event.id IS NULL OR {differences})
    GROUP BY item.outcome
"""


class OutcomesContradicted(Refused):
    """The sealed log says something else than the job's rows."""


@dataclass(frozen=True)
class OutcomeTally:
    """One outcome: how many files the job counts, its list holds, and the log settled; and how many are not as there.

    `logged` is None where the log does not settle: nobody knows yet what became of an unverified file.
    """

    outcome: str
    counted: int
    listed: int
    logged: int | None
    different: int

    def contradictions(self) -> Iterator[str]:
        """Sentences for the reader of this moment."""
        words = {"outcome": Outcome(self.outcome).label, "counted": grouped(self.counted)}
        words |= {"listed": grouped(self.listed), "logged": grouped(self.logged or 0)}
        if self.counted != self.listed:
            yield _("%(outcome)s: the job counts %(counted)s, its list holds %(listed)s") % words
        if self.logged is not None and self.listed != self.logged:
            yield _("%(outcome)s: the list holds %(listed)s, the log %(logged)s") % words
        if self.different:
            text = ngettext(
                "%(outcome)s: %(count)s file is not as the log says",
                "%(outcome)s: %(count)s files are not as the log says",
                self.different,
            )
            yield text % (words | {"count": grouped(self.different)})


def refuse_contradicted(job: DeletionJob) -> None:
    """Raises OutcomesContradicted, naming each count that differs. What was archived contradicts nothing any more."""
    if _is_archived(job):
        return
    found = [*_told_otherwise(job), *(text for tally in tallies(job) for text in tally.contradictions())]
    if found:
        sentence = gettext_lazy(
            "The sealed audit log contradicts job %(number)s, so nothing of it is certified: %(found)s."
        )
        raise OutcomesContradicted(sentence, number=job.pk, found="; ".join(found))


def _told_otherwise(job: DeletionJob) -> Iterator[str]:
    """Who asked, why and for which list, where the rows and the sealed confirmation differ."""
    kinds = (EventKind.JOB_CONFIRMED, EventKind.JOB_TAKEN_OVER)
    rows = AuditEvent.objects.filter(job=job, event__in=kinds).order_by("pk")
    newest = {row[0]: row[1:] for row in rows.values_list("event", "actor_name", "reason", "detail")}
    if (confirmed := newest.get(EventKind.JOB_CONFIRMED)) is None:
        return
    requested_by = newest.get(EventKind.JOB_TAKEN_OVER, confirmed)[0]
    if requested_by != job.requested_by_name:
        words = {"ours": job.requested_by_name, "theirs": requested_by}
        yield _("requested by: the job says %(ours)s, the log %(theirs)s") % words
    if confirmed[1] != job.reason:
        yield _("the reason is not the one that was confirmed")
    if confirmed[2].get("manifest", job.manifest.sha256) != job.manifest.sha256:
        yield _("the list is not the one that was confirmed")


def tallies(job: DeletionJob) -> list[OutcomeTally]:
    """One an outcome."""
    items = Item.objects.filter(manifest_id=job.manifest_id).order_by()
    listed = dict(items.values_list("outcome").annotate(Count("pk")))
    settled = AuditEvent.objects.filter(job=job, event=EventKind.FILE_SETTLED).order_by()
    logged = dict(settled.values_list("outcome").annotate(Count("pk")))
    different = _different(job)
    return [
        OutcomeTally(
            outcome,
            getattr(job, outcome),
            listed.get(outcome, 0),
            logged.get(outcome, 0) if outcome.is_final else None,
            different.get(outcome, 0),
        )
        for outcome in Outcome
    ]


def _different(job: DeletionJob) -> dict[str, int]:
    differ = "IS NOT" if connection.vendor == "sqlite" else "IS DISTINCT FROM"
    differences = " OR ".join(f"{ours} {differ} {theirs}" for ours, theirs in COPIES.items())
    with connection.cursor() as cursor:
        cursor.execute(DIFFERENT.format(differences=differences), [job.pk, job.pk])
        return dict(cursor.fetchall())


def _is_archived(job: DeletionJob) -> bool:
    """Whether its events left the log by retention, which takes the oldest first: its confirmation is gone as well.

    A statement that no key of the log signed says nothing: anybody with the database can insert one.
    """
    of_job = AuditEvent.objects.filter(job=job, event=EventKind.JOB_CONFIRMED)
    return not of_job.exists() and any(map(_is_of_this_log, statements.every()))


def _is_of_this_log(statement: statements.Statement) -> bool:
    last = AuditSegment.objects.filter(number=statement.last_segment).first()
    signers = {headers.key_of(last), headers.successor_of(last) or ""} if last else set()
    signers |= {headers.key_of(head)} if (head := AuditSegment.objects.head()) else set()
    return statement.holds(hashes={last.number: last.hash} if last else {}, keys=signers)
