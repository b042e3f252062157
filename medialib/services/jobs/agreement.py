"""Holds a finished job to the audit log: what its files say must be what was recorded when each was settled.

Rows of jobs and lists are working data that somebody could edit; the log is sealed. So nothing is certified that it
contradicts. A million files are compared by the database, in three statements.
"""

from __future__ import annotations

import time
from collections.abc import Iterator
from dataclasses import dataclass

from django.db import connection
from django.db.models import Count, Q
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from medialib.errors import Refused, grouped
from medialib.models import AuditEvent, AuditSegment, DeletionJob, EventKind, Item, Outcome, PurgeState
from medialib.services.audit import job_records
from medialib.services.audit.seal import headers, statements
from medialib.services.manifests.hashing import manifest_sha256

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
JOBS_AT_ONCE = 100
SETTLING_S = 0.5
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
    """Raises OutcomesContradicted, naming each thing that differs. What was archived contradicts nothing any more."""
    if found := contradictions(job):
        sentence = gettext_lazy(
            "The sealed audit log contradicts job %(number)s, so nothing of it is certified: %(found)s."
        )
        raise OutcomesContradicted(sentence, number=job.pk, found="; ".join(found))


def contradictions(job: DeletionJob) -> list[str]:
    """What the log says otherwise than the job's rows. Of a job under way, what stood at its confirmation."""
    if _is_archived(job):
        return []
    if not job.is_finished:
        return list(_told_otherwise(job))
    found = [*_told_otherwise(job), *(text for tally in tallies(job) for text in tally.contradictions())]
    return [*found, *_changed_since_its_end(job), *_purged_otherwise(job)]


def first_contradicted() -> tuple[int, list[str]] | None:
    """The first job that the log contradicts, by number, and what is different; None where it contradicts none.

    All files of all finished jobs are read.
    """
    confirmed = AuditEvent.objects.filter(event=EventKind.JOB_CONFIRMED)
    gone = confirmed.exclude(job__in=DeletionJob.objects.values("pk")).values_list("job_id", flat=True).first()
    if gone is not None:
        return gone, [_("the database does not have it")]
    for job in DeletionJob.objects.select_related("manifest").order_by("pk").iterator(chunk_size=JOBS_AT_ONCE):
        if contradictions(job):
            time.sleep(SETTLING_S)  # Its rows were read one after the other, and a purge may have gone on meanwhile.
            job.refresh_from_db()
            if found := contradictions(job):
                return job.pk, found
    return None


def _told_otherwise(job: DeletionJob) -> Iterator[str]:
    """Who asked, why and for which list, where the rows and the sealed confirmation differ."""
    kinds = (EventKind.JOB_CONFIRMED, EventKind.JOB_TAKEN_OVER)
    rows = AuditEvent.objects.filter(job=job, event__in=kinds).order_by("pk")
    newest = {row[0]: row[1:] for row in rows.values_list("event", "actor_name", "reason", "detail", "account_id")}
    if (confirmed := newest.get(EventKind.JOB_CONFIRMED)) is None:
        yield _("nobody confirmed it")
        return
    taken_over = newest.get(EventKind.JOB_TAKEN_OVER)
    requested_by = taken_over[0] if taken_over else confirmed[2].get("in_the_name_of", confirmed[0])
    if confirmed[3] != job.account_id:
        yield _("the account is not the one that was confirmed")
    if requested_by != job.requested_by_name:
        words = {"ours": job.requested_by_name, "theirs": requested_by}
        yield _("requested by: the job says %(ours)s, the log %(theirs)s") % words
    if confirmed[1] != job.reason:
        yield _("the reason is not the one that was confirmed")
    if confirmed[2].get("manifest", job.manifest.sha256) != job.manifest.sha256:
        yield _("the list is not the one that was confirmed")


def _changed_since_its_end(job: DeletionJob) -> Iterator[str]:
    ends = AuditEvent.objects.filter(job=job, event=EventKind.JOB_FINISHED).order_by("-pk")
    detail = ends.values_list("detail", flat=True).first() or {}
    record = detail.get("record", {})
    if record.get("rows") != job_records.of_rows(job):
        yield _("its names, times or bytes are not those of its end")
    if record.get("calls") != job_records.of_calls(job):
        yield _("its calls are not those of its end")
    if detail.get("manifest") != manifest_sha256(job.manifest):
        yield _("its list is not that of its end")


def _purged_otherwise(job: DeletionJob) -> Iterator[str]:
    """Where an address of a purge says something else than the last event about it."""
    kinds = (EventKind.PURGE_REQUESTED, EventKind.PURGE_COMPLETED)
    told: dict[str, tuple[str, str, str]] = {}
    events = AuditEvent.objects.filter(job=job, event__in=kinds).order_by("pk").values_list("event", "detail")
    for event, detail in events.iterator():
        error = detail.get("error", "")
        state = PurgeState.FAILED if error else PurgeState.REQUESTED
        if event == EventKind.PURGE_COMPLETED:
            state = PurgeState.COMPLETED
        told[detail["url"]] = (state, detail["request_id"][:100], error)
    waiting = Q(state=PurgeState.WAITING) | Q(state=PurgeState.REQUESTED, request_id="")
    rows = job.purges.exclude(waiting).order_by("pk").values_list("url", "state", "request_id", "error")
    if [*told.items()] != [(url, tuple(rest)) for url, *rest in rows]:
        yield _("its purges are not those that the log knows of")


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
