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
    KeptContent,
    KeptCopy,
    Manifest,
    Outcome,
    RestoreItem,
    RestoreJob,
    RestoreState,
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


def restore(account: Account, **fields: Any) -> RestoreJob:
    """A restore that runs, of no file."""
    smallest = {
        "requested_by_name": "sam",
        "reason": "a mistake",
        "sha256": "0" * 64,
        "file_count": 0,
        "total_bytes": 0,
    }
    state = {"state": RestoreState.RUNNING, "created_at": now()}
    return RestoreJob.objects.create(account=account, **smallest | state | fields)


def copied(done: DeletionJob) -> DeletionJob:
    """The job, as if it had kept a copy of each of its files for 30 days."""
    DeletionJob.objects.filter(pk=done.pk).update(keep_copies_days=30)
    for item in done.manifest.items.all():
        content = KeptContent.objects.create(
            account=done.account,
            sha256=f"{item.pk:064}",
            size_bytes=item.size_bytes,
            name=f"copy {item.pk}",
            kept_at=now(),
        )
        KeptCopy.objects.create(
            account=done.account,
            content=content,
            job=done,
            file_id=item.file_id,
            path=item.path,
            size_bytes=item.size_bytes,
            is_private=False,
            is_published=True,
            ai_tags=[{"name": "dog"}] if item.position == 0 else [],
            copied_at=now(),
            keep_until=now() + timedelta(days=30),
        )
    done.refresh_from_db()
    return done


def restore_of(done: DeletionJob, person: User, **fields: Any) -> RestoreJob:
    """A restore of all files of a copied job, whose first one came back under another id."""
    copies = list(KeptCopy.objects.filter(job=done).order_by("pk"))
    made = restore(done.account, requested_by=person, file_count=len(copies), source={"job": done.pk}, **fields)
    for position, copy in enumerate(copies):
        is_back = position == 0 and made.state == RestoreState.RUNNING
        back = {"outcome": "restored", "evidence": "ImageKit took it.", "new_file_id": "new", "settled_at": now()}
        RestoreItem.objects.create(
            job=made,
            position=position,
            copy=copy,
            file_id=copy.file_id,
            path=copy.path,
            size_bytes=copy.size_bytes,
            sha256=copy.content.sha256,
            **(back if is_back else {}),
        )
    return made


def end_in_log(job: DeletionJob) -> None:
    """The event that ends a job, with what it seals of the job's rows."""
    record = {"rows": job_records.of_rows(job), "calls": job_records.of_calls(job)}
    detail = {"manifest": manifest_sha256(job.manifest), "record": record}
    log.record(EventKind.JOB_FINISHED, account=job.account, job=job, detail=detail)
