"""Audit events of a job's batches and files, written in bulk inside the transaction that settles them."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import TYPE_CHECKING

from django.db.models import CharField, F, QuerySet, Value
from django.db.models.fields import BigIntegerField, DateTimeField, TextField
from django.db.models.fields.json import JSONField

from medialib.models import AuditEvent, DeletionJob, EventKind, Item
from medialib.models.sql import insert_from_select

if TYPE_CHECKING:
    from medialib.services.deletion.claim import Claim


def record_intents(job: DeletionJob, claims: Sequence[Claim], *, worker: str, at: datetime) -> None:
    """One event a batch that is about to be sent. Committed before the call: no record, no deletion."""
    AuditEvent.objects.bulk_create(
        AuditEvent(
            time=at,
            event=EventKind.BATCH_SENT,
            actor_id=job.requested_by_id,
            actor_name=job.requested_by_name,
            account_id=job.account_id,
            account_name=job.account.name,
            job_id=job.pk,
            detail={
                "batch": claim.number,
                "attempt": claim.attempt,
                "first_position": claim.first_position,
                "last_position": claim.last_position,
                "file_count": len(claim.file_ids),
                "worker": worker,
            },
        )
        for claim in claims
    )


def record_outcomes(
    job: DeletionJob,
    items: QuerySet[Item],
    *,
    event: EventKind = EventKind.FILE_SETTLED,
    request_id: str = "",
    at: datetime,
) -> int:
    """One event a file, copied from its item by the database itself. Returns how many were written."""
    big, text, char = BigIntegerField(), TextField(), CharField()
    source = items.order_by("position").values_list(
        Value(at, DateTimeField()),
        Value(event.value, char),
        Value(job.requested_by_id, big),
        Value(job.requested_by_name, char),
        Value("", char),
        Value(request_id, char),
        Value(job.account_id, big),
        Value(job.account.name, char),
        Value(job.pk, big),
        F("file_id"),
        F("path"),
        F("size_bytes"),
        F("outcome"),
        F("evidence"),
        F("http_status"),
        Value(job.reason, text),
        Value({}, JSONField()),
    )
    return insert_from_select(AuditEvent, _COLUMNS, source)


_COLUMNS = (
    "time",
    "event",
    "actor_id",
    "actor_name",
    "address",
    "request_id",
    "account_id",
    "account_name",
    "job_id",
    "file_id",
    "file_path",
    "size_bytes",
    "outcome",
    "evidence",
    "http_status",
    "reason",
    "detail",
)
