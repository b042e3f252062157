"""Two jobs may name the same file: each deletion has one author."""

from __future__ import annotations

from datetime import datetime, timedelta

from django.db.models import Exists, OuterRef

from medialib.models import Batch, DeletionJob, Item


def without_conflicts(job: DeletionJob, batches: list[Batch], *, at: datetime) -> list[Batch]:
    """Leave out batches with a file that another job has in its hands now, so that each deletion has one author."""
    others = DeletionJob.objects.active().filter(account_id=job.account_id).exclude(pk=job.pk)
    if not batches or not others.exists():
        return batches
    free = []
    for batch in batches:
        file_ids = batch.open_items().values_list("file_id", flat=True)
        held = Batch.objects.leased(at).filter(
            job__manifest=OuterRef("manifest"),
            first_position__lte=OuterRef("position"),
            last_position__gte=OuterRef("position"),
        )
        same_files = Item.objects.filter(file_id__in=list(file_ids), outcome="", manifest__job__in=others)
        if same_files.filter(Exists(held)).exists():
            Batch.objects.filter(pk=batch.pk).update(not_before=at + timedelta(seconds=1))
        else:
            free.append(batch)
    return free
