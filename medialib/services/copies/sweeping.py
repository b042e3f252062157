"""The end of copies: what is due, what nobody needs, and what killed workers left. Run by every worker now and then."""

from __future__ import annotations

import logging
from collections import Counter
from datetime import timedelta

from django.db import transaction
from django.db.models import Exists, OuterRef

from medialib.models import DeletionJob, EventKind, Item, KeptContent, KeptCopy, Outcome
from medialib.services.audit import log
from medialib.services.base.clock import shared_now
from medialib.services.copies import storage
from medialib.services.copies.storage import StorageTrouble

logger = logging.getLogger(__name__)

SLICE = 500
ORPHAN_AFTER_S = 7 * 24 * 3600.0  # Bytes without a row: far longer than a worker takes from the one to the other.
UNFINISHED_AFTER_S = 24 * 3600.0
# What may be gone from ImageKit. Of all other files the copy is as good as the file that is still there.
NEEDS_ITS_COPY = (Outcome.DELETED, Outcome.ALREADY_GONE, Outcome.UNVERIFIED)


def sweep() -> None:
    """Date the copies of finished jobs, and remove what is due or needed by nobody."""
    if not KeptContent.objects.exists():
        return
    date_finished()
    remove_due()
    remove_contents()


def sweep_storage() -> None:
    """Remove bytes that no row names: a worker was killed between writing them and writing the row."""
    try:
        unfinished, orphans = storage.forget_unfinished(UNFINISHED_AFTER_S), _remove_orphans()
        if unfinished or orphans:
            logger.warning("orphans of copies removed unfinished=%d whole=%d", unfinished, orphans)
    except (OSError, StorageTrouble) as trouble:
        logger.warning("storage of copies not swept: %s", trouble)


def date_finished() -> None:
    """Say until when copies of finished jobs stay; those of files that were not deleted are not needed."""
    while rows := list(KeptCopy.objects.undated().select_related("job").order_by("pk")[:SLICE]):
        kept_items = Item.objects.filter(manifest__job=OuterRef("job"), file_id=OuterRef("file_id"))
        needed = Exists(kept_items.filter(outcome__in=NEEDS_ITS_COPY))
        with transaction.atomic():
            these = KeptCopy.objects.filter(pk__in=[row.pk for row in rows], keep_until__isnull=True)
            these.exclude(needed).delete()
            for job in {row.job for row in rows}:
                until = (job.finished_at or shared_now()) + timedelta(days=job.keep_copies_days or 0)
                these.filter(job=job).update(keep_until=until)


def remove_due() -> int:
    """Remove copies whose time is over, and record how many of each job. Returns how many."""
    removed = 0
    while due := list(KeptCopy.objects.due(shared_now()).order_by("pk").values_list("pk", "job")[:SLICE]):
        with transaction.atomic():
            rows = KeptCopy.objects.select_for_update().filter(pk__in=[pk for pk, _ in due])
            found = list(rows.due(shared_now()).values_list("pk", "job", "size_bytes"))
            KeptCopy.objects.filter(pk__in=[pk for pk, _, _ in found]).delete()
            files, size = Counter(job for _, job, _ in found), Counter[int]()
            for _, job_id, size_bytes in found:
                size[job_id] += size_bytes
            for job in DeletionJob.objects.filter(pk__in=files).select_related("account"):
                detail = {"file_count": files[job.pk], "total_bytes": size[job.pk]}
                log.record(EventKind.COPIES_REMOVED, account=job.account, job=job, detail=detail)
        removed += len(found)
        if not found:
            break
    return removed


def remove_contents() -> int:
    """Remove bytes that no copy names any more. Returns how many files went from the storage."""
    removed = 0
    for pk in list(KeptContent.objects.unneeded().values_list("pk", flat=True)[: 20 * SLICE]):
        if not _take_leave(pk):
            continue
        name = KeptContent.objects.values_list("name", flat=True).get(pk=pk)
        try:
            storage.remove(name)
        except StorageTrouble as trouble:  # It stays marked, and is tried again.
            logger.warning("copy not removed from the storage: %s", trouble)
            continue
        KeptContent.objects.filter(pk=pk).delete()
        removed += 1
    return removed


def _take_leave(pk: int) -> bool:
    """Mark content as leaving, unless a copy names it by now: whoever adds one holds the same lock."""
    with transaction.atomic():
        row = KeptContent.objects.select_for_update().filter(pk=pk).first()
        if row is None or KeptCopy.objects.filter(content=row).exists():
            return False
        if not row.is_leaving:
            row.is_leaving = True
            row.save(update_fields=["is_leaving"])
    return True


def _remove_orphans() -> int:
    removed, names = 0, list[str]()
    for name in storage.names_older_than(ORPHAN_AFTER_S):
        names.append(name)
        if len(names) == SLICE:
            removed += _remove_unnamed(names)
            names = []
    return removed + _remove_unnamed(names)


def _remove_unnamed(names: list[str]) -> int:
    """A name in the storage is used once and never again, so one without a row never gets one so late."""
    known = set(KeptContent.objects.filter(name__in=names).values_list("name", flat=True))
    orphans = [name for name in names if name not in known]
    for name in orphans:
        storage.remove(name)
    return len(orphans)
