"""What is kept of a job beside its files, as hashes that go into the event that ends it.

Pages and receipts read these rows, which somebody with the database could edit; the event is sealed.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from datetime import datetime
from typing import Any

from django.db.models import QuerySet

from medialib.models import Batch, DeletionJob, Exchange, Item, Manifest
from medialib.services.audit.seal.headers import canonical_time
from medialib.services.audit.seal.lines import canonical, exact

JOB = (
    "account_id", "requested_by_name", "is_by_person", "reason", "needs_approval", "approved_by_name", "approved_at",
    "retry_of_id", "purge_cache", "keep_copies_days", "created_at", "starts_at", "started_at", "finished_at",
    "file_count", "deleted_bytes", "calls", "refused_calls",
)  # fmt: skip
LIST = (
    "account_id", "frozen_by_name", "frozen_at", "sha256", "file_count", "total_bytes", "library_count", "source",
)  # fmt: skip
BATCH = ("number", "first_position", "last_position", "attempts", "lost_answers")
CALL = (
    "batch__number", "kind", "attempt", "worker", "file_count", "sent_at", "answered_at", "http_status", "request_id",
    "ended", "result", "errors", "gone_count",
)  # fmt: skip
FETCH = 2_000


def of_calls(job: DeletionJob) -> str:
    """SHA-256 over its batches, its calls and why files were skipped. A job of a million files takes a second."""
    batches = Batch.objects.filter(job=job).order_by("number").values_list(*BATCH)
    calls = Exchange.objects.filter(batch__job=job).order_by("pk").values_list(*CALL)
    skipped = Item.objects.filter(manifest_id=job.manifest_id).exclude(skip_cause="").order_by("position")
    return _sha256(batches, calls, skipped.values_list("position", "skip_cause"))


def of_rows(job: DeletionJob) -> str:
    """SHA-256 over the job's own row and its list's, as they stand in the database."""
    jobs = DeletionJob.objects.filter(pk=job.pk).order_by().values_list(*JOB)
    return _sha256(jobs, Manifest.objects.filter(pk=job.manifest_id).order_by().values_list(*LIST))


def _sha256(*tables: QuerySet[Any, Any]) -> str:
    """Over canonical JSON (RFC 8785), one row a line, and an empty line after each table."""
    digest = hashlib.sha256()
    for rows in tables:
        for row in rows.iterator(chunk_size=FETCH):
            digest.update(canonical(exact(list(_plain(row)))).encode() + b"\n")
        digest.update(b"\n")
    return digest.hexdigest()


def _plain(row: tuple[Any, ...]) -> Iterator[Any]:
    return (canonical_time(value) if isinstance(value, datetime) else value for value in row)
