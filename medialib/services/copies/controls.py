"""What people may ask of copies: keep them longer, or destroy them at once. Each is audited."""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime, timedelta

from django.db import transaction
from django.db.models import QuerySet, Sum
from django.utils.translation import gettext_lazy as _

from medialib.errors import Refused, WrongUse, grouped
from medialib.models import DeletionJob, EventKind, KeptCopy
from medialib.models.accounts import LONGEST_KEEP_DAYS
from medialib.services.audit import log
from medialib.services.audit.log import MAX_REASON, Actor
from medialib.services.base.clock import shared_now
from medialib.services.copies.sweeping import date_finished

MOST_NAMED = 100  # Ids of files that the record of one destruction names.


def keep_longer(job: DeletionJob, *, days: int, reason: str, actor: Actor) -> datetime:
    """Keep all copies of a job for so many days from now, where that is longer. Returns until when.

    Raises WrongUse without a reason or for a number of days that is none, Refused where there is nothing to keep.
    """
    reason = _clean_reason(reason)
    if not 1 <= days <= LONGEST_KEEP_DAYS:
        raise WrongUse(_("Copies are kept for 1 to %(most)s days."), most=grouped(LONGEST_KEEP_DAYS))
    _require_finished(job)
    date_finished()
    until = shared_now() + timedelta(days=days)
    with transaction.atomic():
        count = KeptCopy.objects.filter(job=job, keep_until__lt=until).update(keep_until=until)
        if not count:
            raise Refused(_("Every copy there is stays longer than that already, so nothing was changed."))
        detail = {"file_count": count, "until": until.isoformat()}
        log.record(
            EventKind.COPIES_KEPT_LONGER, actor=actor, account=job.account, job=job, reason=reason, detail=detail
        )
    return until


def destroy(job: DeletionJob, *, reason: str, actor: Actor, file_ids: Collection[str] | None = None) -> int:
    """Destroy copies of a job at once, all or those of some files: then there is no way back. Returns how many.

    The bytes go with the next sweep, unless a copy of another job has the same. Raises WrongUse without a reason,
    Refused while the job is not finished: its files are deleted only because they have copies.
    """
    reason = _clean_reason(reason)
    _require_finished(job)
    with transaction.atomic():
        copies: QuerySet[KeptCopy] = KeptCopy.objects.filter(job=job)
        if file_ids is not None:
            copies = copies.filter(file_id__in=file_ids)
        total = copies.aggregate(n=Sum("size_bytes", default=0))["n"]
        named = list(copies.order_by("pk").values_list("file_id", flat=True)[:MOST_NAMED])
        count, _rows = copies.delete()
        if not count:
            raise Refused(_("There is no copy to destroy, so nothing was changed."))
        detail = {"file_count": count, "total_bytes": total, "file_ids": named}
        log.record(EventKind.COPIES_DESTROYED, actor=actor, account=job.account, job=job, reason=reason, detail=detail)
    return count


def _clean_reason(reason: str) -> str:
    reason = reason.strip()
    if not reason or len(reason) > MAX_REASON:
        raise WrongUse(
            _("Say why in at most %(limit)s characters: it stays in the audit log."), limit=grouped(MAX_REASON)
        )
    return reason


def _require_finished(job: DeletionJob) -> None:
    if not job.is_finished:
        raise Refused(_("Its copies can be changed once job %(number)s is finished."), number=job.pk)
