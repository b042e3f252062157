"""Asks the CDN to forget the addresses of deleted files, within ImageKit's monthly quota."""

from __future__ import annotations

import logging
from dataclasses import dataclass
from urllib.parse import quote

from django.db import transaction
from django.db.models import Exists, OuterRef, Q, Sum
from django.utils.translation import gettext_lazy as _

from medialib.errors import Refused, grouped
from medialib.imagekit.client import ImageKitClient
from medialib.imagekit.errors import ImageKitError, KeyRejected, NotSent, RateLimited
from medialib.models import (
    Account,
    DeletionJob,
    EventKind,
    Item,
    JobState,
    KeyPurpose,
    Manifest,
    Outcome,
    PaceKind,
    PurgeRequest,
    PurgeState,
)
from medialib.services.accounts import keys, pacing
from medialib.services.audit import log
from medialib.services.base.clock import shared_now

logger = logging.getLogger(__name__)

MONTHLY_QUOTA = 1000  # Purges per account and calendar month (imagekit-api, "Cache purge").


@dataclass(frozen=True)
class PurgeQuota:
    """Purges that ImageKit grants in a calendar month, and what medialib has used of them."""

    limit: int
    used: int

    @property
    def left(self) -> int:
        return max(0, self.limit - self.used)


def quota(account: Account) -> PurgeQuota:
    """This month's quota, less what jobs under way will need. Purges made outside medialib are not known here."""
    month = shared_now().replace(day=1, hour=0, minute=0, second=0, microsecond=0)
    this_month = Q(requested_at__gte=month) | Q(state=PurgeState.WAITING)
    used = PurgeRequest.objects.filter(this_month, account=account).count()
    promised = DeletionJob.objects.active().filter(account=account, purge_cache=True).aggregate(n=Sum("file_count"))
    return PurgeQuota(MONTHLY_QUOTA, used + (promised["n"] or 0))


def check_quota(manifest: Manifest) -> None:
    """Raises Refused when the purge of all its files would need more than is left this month."""
    left = quota(manifest.account).left
    if manifest.file_count > left:
        raise Refused(
            _(
                "Purging needs %(count)s purges, one a file; %(left)s of %(quota)s are left this month. Confirm "
                "without the purge, or delete fewer files."
            ),
            count=grouped(manifest.file_count),
            left=grouped(left),
            quota=grouped(MONTHLY_QUOTA),
        )


def run_purge(job: DeletionJob) -> None:
    """Request the purge of each deleted file's address, then ask how far the requests are. May be run again."""
    if not job.purge_cache or not job.is_finished:
        return
    _plan(job)
    with keys.client_for(job.account, KeyPurpose.DELETE) as client:
        for request in job.purges.filter(state=PurgeState.WAITING).iterator(chunk_size=200):
            if not _request(client, job, request):
                return
        for request in job.purges.filter(state=PurgeState.REQUESTED).exclude(request_id="").iterator(chunk_size=200):
            if not _ask(client, job, request):
                return


def unfinished_purges() -> list[int]:
    """Ids of finished jobs whose purge was not carried through."""
    requests = PurgeRequest.objects.filter(job=OuterRef("pk"))
    open_ended = requests.filter(Q(state=PurgeState.WAITING) | Q(state=PurgeState.REQUESTED, request_id__gt=""))
    asked = DeletionJob.objects.filter(purge_cache=True, state=JobState.FINISHED, deleted__gt=0)
    return list(asked.filter(~Exists(requests) | Exists(open_ended)).values_list("pk", flat=True))


def _plan(job: DeletionJob) -> None:
    """One row an address, made once: what is waiting after a crash is exactly what was not asked for.

    Files that were proven deleted only by a later verification are added.
    """
    with transaction.atomic():
        DeletionJob.objects.select_for_update().get(pk=job.pk)
        planned = set(job.purges.values_list("url", flat=True))
        deleted = Item.objects.filter(manifest_id=job.manifest_id, outcome=Outcome.DELETED).exclude(path="")
        paths = deleted.order_by("position").values_list("path", flat=True).iterator(chunk_size=2000)
        base = job.account.url_endpoint.rstrip("/")
        urls = (base + quote(path) for path in paths)
        requests = (PurgeRequest(job=job, account=job.account, url=url) for url in urls if url not in planned)
        PurgeRequest.objects.bulk_create(requests, batch_size=1000)


def _request(client: ImageKitClient, job: DeletionJob, request: PurgeRequest) -> bool:
    """Ask for one purge. False when the rest should wait for another run.

    The row is marked before the call: purging twice does no harm, but it costs quota, so a lost answer is not repeated.
    """
    pacing.wait_for_turn(job.account, PaceKind.PURGE)
    claimed = PurgeRequest.objects.filter(pk=request.pk, state=PurgeState.WAITING)
    if not claimed.update(state=PurgeState.REQUESTED, requested_at=shared_now()):
        return True  # Another worker does it.
    try:
        answer = client.purge(request.url)
    except RateLimited as error:
        _note_refusal(job.account, error)
        PurgeRequest.objects.filter(pk=request.pk).update(state=PurgeState.WAITING, requested_at=None)
        return False
    except NotSent as error:
        logger.warning("purge not sent purge=%s: %s", request.pk, error)
        PurgeRequest.objects.filter(pk=request.pk).update(state=PurgeState.WAITING, requested_at=None)
        return False
    except KeyRejected as error:
        _record(job, request, state=PurgeState.FAILED, error=str(error))
        return False
    except ImageKitError as error:
        _record(job, request, state=PurgeState.FAILED, error=str(error))
        return True
    _record(job, request, state=PurgeState.REQUESTED, request_id=answer.request_id)
    return True


def _record(
    job: DeletionJob, request: PurgeRequest, *, state: PurgeState, request_id: str = "", error: str = ""
) -> None:
    with transaction.atomic():
        PurgeRequest.objects.filter(pk=request.pk).update(state=state, request_id=request_id[:100], error=error)
        log.record(
            EventKind.PURGE_REQUESTED,
            account=job.account,
            job=job,
            detail={"url": request.url, "request_id": request_id, "error": error},
        )


def _note_refusal(account: Account, error: RateLimited) -> None:
    with transaction.atomic():
        pace = pacing.pace_of(account, PaceKind.PURGE, lock=True)
        pacing.note_refusal(pace, retry_after_s=error.retry_after_s, rate_limit=error.rate_limit, at=shared_now())
        pace.save()


def _ask(client: ImageKitClient, job: DeletionJob, request: PurgeRequest) -> bool:
    try:
        status = client.purge_status(request.request_id)
    except ImageKitError as error:
        logger.warning("purge status unknown purge=%s: %s", request.pk, error)
        return False
    if status == "Completed":
        _record_completed(job, request)
    return True


def _record_completed(job: DeletionJob, request: PurgeRequest) -> None:
    requested = PurgeRequest.objects.filter(pk=request.pk, state=PurgeState.REQUESTED)
    with transaction.atomic():
        if requested.update(state=PurgeState.COMPLETED):
            detail = {"url": request.url, "request_id": request.request_id}
            log.record(EventKind.PURGE_COMPLETED, account=job.account, job=job, detail=detail)
