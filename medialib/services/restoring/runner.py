"""Runs a restore: one worker at a time holds the job, has its files put back by threads, and records each end.

A worker killed at any point leaves files whose intent is recorded and whose end is not: whoever comes next looks at the
path before anything is sent, as for every file.
"""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Sequence
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from dataclasses import replace
from datetime import timedelta

from django.conf import settings
from django.db import transaction
from django.db.models import F

from medialib.errors import MedialibError, in_english
from medialib.imagekit.originals import Originals
from medialib.models import KeyPurpose, RestoreItem, RestoreJob, RestoreState
from medialib.services.accounts import addresses, keys
from medialib.services.base.clock import shared_now
from medialib.services.base.wake import wake
from medialib.services.deletion.calls import ReadPace
from medialib.services.restoring import freezing, settling
from medialib.services.restoring.putting import Hands, Put, PutWish

logger = logging.getLogger(__name__)

UPLOADS = 4  # At a time: uploads are not limited by ImageKit, but the line is.
RENEWALS_PER_LEASE = 5
CHANGED = "The frozen list is not the one that was confirmed. Nothing more is sent; cancel the restore."


class RestoreLost(Exception):
    """The job belongs to another worker by now."""


def run_restore(job_id: int, *, worker: str, stop: threading.Event | None = None) -> None:
    """Work on the restore until it is finished, paused, or `stop` is set; not while another worker holds it."""
    stop = stop or threading.Event()
    job = _take(job_id, worker)
    if job is None:
        return
    try:
        if job.state == RestoreState.CANCELLING and not job.items.filter(outcome="", sent_at__isnull=False).exists():
            return
        if cause := _why_not(job):
            settling.pause(job, cause)
            return
        try:
            client = keys.client_for(job.account, KeyPurpose.DELETE)
            upload_url, originals = _upload_url(job), _originals(job)
        except MedialibError as error:
            settling.pause(job, in_english(error))
            return
        over = threading.Event()
        read_pace = ReadPace(settings.IMAGEKIT_LOOK_UP_RATE)
        with client, originals:
            hands = Hands(client, originals, upload_url=upload_url, read_pace=read_pace, over=over)
            _Run(job, hands, worker=worker, stop=stop).work()
    except RestoreLost:
        logger.warning("restore taken over job=%s", job.pk)
    finally:
        settling.close_if_done(job)
        RestoreJob.objects.held_by(job.pk, worker, job.fence).update(lease_until=None)


def run_to_end(job: RestoreJob, *, worker: str, stop: threading.Event) -> None:
    """Run the restore here, or wait for its worker, until it is finished, paused, or `stop` is set."""
    while not stop.is_set():
        run_restore(job.pk, worker=worker, stop=stop)
        job.refresh_from_db()
        if job.is_finished or job.state == RestoreState.PAUSED:
            return
        stop.wait(0.3)


def sweep() -> None:
    """Wake a worker for each restore under way that nobody holds."""
    for job_id in RestoreJob.objects.due(shared_now()).values_list("pk", flat=True):
        wake("run_restore", job_id)


def _take(job_id: int, worker: str) -> RestoreJob | None:
    at = shared_now()
    won = RestoreJob.objects.due(at).filter(pk=job_id)
    if not won.update(lease_owner=worker, lease_until=at + _lease(), fence=F("fence") + 1):
        return None
    return RestoreJob.objects.select_related("account", "requested_by").get(pk=job_id)


def _lease() -> timedelta:
    return timedelta(seconds=settings.LEASE_S)


def _why_not(job: RestoreJob) -> str:
    """Why nothing may be sent in this person's name, in English; or that the list was changed."""
    if job.state == RestoreState.CANCELLING:
        return ""
    person = job.requested_by
    is_by_person = job.source.get("by_person", True)
    if is_by_person and (person is None or not person.is_active or not person.has_perm("medialib.restore_files")):
        return f"“{job.requested_by_name}”, who asked for it, may no longer restore files."
    if person is not None and job.account.delete_scope(person).is_nothing:
        return f"“{job.requested_by_name}”, who asked for it, may no longer act in this account."
    return CHANGED if freezing.sha256_of(job) != job.sha256 else ""


def _upload_url(job: RestoreJob) -> str:
    """Checked as the API address is: it receives the private key."""
    url = addresses.clean(job.account.upload_url, what=addresses.UPLOAD)
    addresses.refuse_foreign(url, what=addresses.UPLOAD)
    addresses.refuse_private(url, what=addresses.UPLOAD)
    return url


def _originals(job: RestoreJob) -> Originals:
    endpoint = addresses.clean(job.account.url_endpoint, what=addresses.ENDPOINT)
    addresses.refuse_private(endpoint, what=addresses.ENDPOINT)
    return Originals(
        endpoint,
        connect_timeout_s=settings.IMAGEKIT_CONNECT_TIMEOUT_S,
        read_timeout_s=settings.IMAGEKIT_READ_TIMEOUT_S,
        peer_allowed=addresses.is_allowed_peer,
    )


class _Run:
    def __init__(self, job: RestoreJob, hands: Hands, *, worker: str, stop: threading.Event) -> None:
        self.job, self.hands, self.worker, self.stop = job, hands, worker, stop
        self.in_flight: dict[Future[Put], PutWish] = {}
        self.renewed_at = time.monotonic()
        self.is_stopped = False
        self.taken: set[int] = set()  # By this run: what it gave up stays for the next one.

    def work(self) -> None:
        with ThreadPoolExecutor(UPLOADS, thread_name_prefix="restore") as threads:
            try:
                while True:
                    if not self.is_stopped and not self.stop.is_set():
                        for wish in claim(
                            self.job, worker=self.worker, want=UPLOADS - len(self.in_flight), taken=self.taken
                        ):
                            self.in_flight[threads.submit(self.hands.put_back, wish)] = wish
                    if self.stop.is_set():
                        self.hands.over.set()
                    if not self.in_flight:
                        return
                    wait(self.in_flight, timeout=1.0, return_when=FIRST_COMPLETED)
                    self._settle()
                    self._renew()
            finally:
                self.hands.over.set()

    def _settle(self) -> None:
        ended = [future for future in self.in_flight if future.done()]
        puts = [future.result() for future in ended]
        for future in ended:
            del self.in_flight[future]
        settle(self.job, [put for put in puts if put.outcome], worker=self.worker)
        for put in puts:
            if put.stop_cause:
                self.is_stopped = True
                settling.pause(self.job, put.stop_cause)

    def _renew(self) -> None:
        if time.monotonic() - self.renewed_at < settings.LEASE_S / RENEWALS_PER_LEASE:
            return
        self.renewed_at, at = time.monotonic(), shared_now()
        mine = RestoreJob.objects.held_by(self.job.pk, self.worker, self.job.fence).filter(lease_until__gt=at)
        if not mine.update(lease_until=at + _lease()):
            raise RestoreLost


def claim(job: RestoreJob, *, worker: str, want: int, taken: set[int]) -> list[PutWish]:
    """Take files that are not `taken` yet, and record the intent to upload them before anything is sent.

    First those that an earlier worker may have sent. Of a restore that is being cancelled only these are looked up.
    """
    with transaction.atomic():
        held = RestoreJob.objects.select_for_update().held_by(job.pk, worker, job.fence).first()
        if held is None:
            raise RestoreLost
        if want <= 0 or held.state not in (RestoreState.RUNNING, RestoreState.CANCELLING):
            return []
        items = job.items.filter(outcome="").exclude(pk__in=taken).select_related("copy__content")
        rows = list(items.filter(sent_at__isnull=False).order_by("position")[:want])
        if held.state == RestoreState.RUNNING:
            rows += items.filter(sent_at__isnull=True).order_by("position")[: want - len(rows)]
        fresh = [row.pk for row in rows if row.sent_at is None]
        RestoreItem.objects.filter(pk__in=fresh).update(sent_at=shared_now())
        taken.update(row.pk for row in rows)
    return [_wish(held, row, was_sent=row.pk not in fresh) for row in rows]


def _wish(job: RestoreJob, item: RestoreItem, *, was_sent: bool) -> PutWish:
    copy = item.copy
    bare = PutWish(
        item_id=item.pk,
        file_id=item.file_id,
        path=item.path,
        beside=beside(item.path, job.pk) if job.keeps_both else "",
        size_bytes=item.size_bytes,
        sha256=item.sha256,
        name="",
        was_sent=was_sent,
        may_send=job.state == RestoreState.RUNNING,
    )
    if copy is None or copy.content.is_leaving:
        return bare
    return replace(
        bare,
        name=copy.content.name,
        is_private=copy.is_private,
        is_published=copy.is_published,
        tags=tuple(copy.tags),
        custom_metadata=copy.custom_metadata,
        custom_coordinates=copy.custom_coordinates,
        description=copy.description,
        created_at=copy.file_created_at,
    )


def beside(path: str, job_id: int) -> str:
    """Where a file goes that another one has taken the place of: the same for each try of one restore."""
    folder, _, name = path.rpartition("/")
    stem, dot, extension = name.rpartition(".")
    return f"{folder}/{stem}_restored-{job_id}.{extension}" if dot else f"{folder}/{name}_restored-{job_id}"


def settle(job: RestoreJob, puts: Sequence[Put], *, worker: str) -> None:
    """Record ends: outcomes, evidence, events and counters in one transaction, or nothing of it."""
    if not puts:
        return
    with transaction.atomic():
        if not RestoreJob.objects.select_for_update().held_by(job.pk, worker, job.fence).exists():
            raise RestoreLost
        settling.record(job, puts)
