"""Rows for the review, job and audit pages: a frozen manifest, a job over it, its calls."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from django.contrib.auth.models import User
from django.utils.timezone import now

from medialib.models import (
    Account,
    AuditEvent,
    Batch,
    BatchState,
    DeletionJob,
    EventKind,
    Exchange,
    Item,
    Manifest,
    Outcome,
    Worker,
)
from medialib.services.audit import job_records, log
from medialib.services.manifests.hashing import manifest_sha256
from tests import factories

SHA = "9f3c0a1b" * 8


def manifest(
    account: Account,
    owner: User,
    paths: list[str] | int = 3,
    *,
    library_count: int = 1_000_000,
    has_real_hash: bool = False,
    **fields: Any,
) -> Manifest:
    """A frozen list of files that the index knows, each of one kilobyte. Its hash is made up unless told otherwise."""
    count = paths if isinstance(paths, int) else len(paths)
    assets = [factories.asset(account, "" if isinstance(paths, int) else paths[n]) for n in range(count)]
    smallest = {"frozen_by_name": owner.username, "frozen_at": now(), "sha256": "", "total_bytes": 1024 * count}
    frozen = Manifest.objects.create(
        account=account, frozen_by=owner, file_count=count, library_count=library_count, **smallest | fields
    )
    Item.objects.bulk_create(
        Item(
            manifest=frozen,
            position=n,
            file_id=asset.file_id,
            path=asset.path,
            size_bytes=1024,
            file_updated_at=asset.updated_at,
        )
        for n, asset in enumerate(assets)
    )
    frozen.sha256 = manifest_sha256(frozen) if has_real_hash else SHA
    frozen.save()
    return frozen


def job(frozen: Manifest, **fields: Any) -> DeletionJob:
    """A job that waits for its start, unless the fields say otherwise."""
    smallest = {
        "requested_by_name": frozen.frozen_by_name,
        "reason": "Old campaign",
        "created_at": now(),
        "starts_at": now(),
    }
    return DeletionJob.objects.create(
        manifest=frozen,
        account=frozen.account,
        requested_by=frozen.frozen_by,
        file_count=frozen.file_count,
        **smallest | fields,
    )


def finished(frozen: Manifest, outcomes: list[str], skip_causes: list[str] | None = None) -> DeletionJob:
    """A finished job whose files ended so, in order, settled by one call."""
    counts = {outcome: outcomes.count(outcome) for outcome in Outcome.values if outcome in outcomes}
    at = now()
    done = job(frozen, state="finished", started_at=at, finished_at=at, calls=1, **counts)
    call = exchange(done)
    causes = skip_causes or [""] * len(outcomes)
    for item, outcome, cause in zip(frozen.items.order_by("position"), outcomes, causes, strict=True):
        item.outcome, item.evidence, item.settled_at, item.exchange = outcome, "HTTP 200", at, call
        item.skip_cause = cause
        item.save()
    return done


def exchange(of: DeletionJob) -> Exchange:
    batch = Batch.objects.create(
        job=of, number=0, first_position=0, last_position=min(99, of.file_count - 1), state=BatchState.SETTLED
    )
    return Exchange.objects.create(
        batch=batch, kind="delete", attempt=1, worker="worker-1", file_count=of.file_count, sent_at=now(),
        answered_at=now(), http_status=200, request_id="ik-request-7", ended="answered", result="all deleted",
    )  # fmt: skip


def worker(*, silent_s: int = 0) -> Worker:
    return Worker.objects.create(id="w1", engine="test", started_at=now(), seen_at=now() - timedelta(seconds=silent_s))


def event(kind: EventKind = EventKind.FILE_SETTLED, **fields: Any) -> AuditEvent:
    if account := fields.get("account"):
        fields.setdefault("account_name", account.name)
    return AuditEvent.objects.create(**{"time": now(), "event": kind} | fields)


def end_in_log(job: DeletionJob) -> None:
    """The event that ends a job, with what it seals of the job's rows."""
    record = {"rows": job_records.of_rows(job), "calls": job_records.of_calls(job)}
    detail = {"manifest": manifest_sha256(job.manifest), "record": record}
    log.record(EventKind.JOB_FINISHED, account=job.account, job=job, detail=detail)
