"""Runs a deletion job: claims batches, has them sent by threads, records how each call ended.

All database work happens in the thread that calls run_deletion_job; its helpers speak HTTP only. A worker killed at
any point leaves a batch marked as sent: the next worker looks its files up at ImageKit before anything is sent
again, so no file is lost and none is counted twice.
"""

from __future__ import annotations

import logging
import math
import os
import secrets
import socket
import threading
import time
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from contextlib import ExitStack
from typing import Any

from django.conf import settings
from django.db import close_old_connections, reset_queries

from medialib.errors import MedialibError
from medialib.imagekit.client import ImageKitClient
from medialib.imagekit.errors import KeyRejected
from medialib.models import Batch, BatchState, DeletionJob, JobState, KeyPurpose, PauseCode
from medialib.models.sql import rare_checkpoints
from medialib.services.accounts import keys
from medialib.services.base.clock import shared_now
from medialib.services.base.retry import Patience
from medialib.services.deletion import breaker, claims, leases, lifecycle, purge, settling
from medialib.services.deletion.calls import CallReport, Gate, ReadPace, perform
from medialib.services.deletion.claim import Claim
from medialib.services.deletion.copying.stage import Copying
from medialib.services.deletion.looking import Looks
from medialib.services.deletion.looks import witnesses_for

logger = logging.getLogger(__name__)

RENEWALS_PER_LEASE = 5
LONGEST_NAP_S = 1.0  # Controls and other workers' changes are seen at least this often.
AWAIT_EVERY_S = 0.3
LATE_S = 0.02  # A call that goes out later than this after its planned time is counted again, at the time it goes.
KEY_EVERY_S = 2.0  # How often a running job looks whether another key was stored.
MOST_LOOK_UPS = 2  # Batches looked up at a time, a hundred reads each: reads have their limit too.
STAY_FOR_S = 5.0  # A runner with nothing to do waits this long for postponed batches before it leaves.


def worker_name() -> str:
    """A name for this worker, different in each process and each run."""
    return f"{socket.gethostname()[:40]}-{os.getpid()}-{secrets.token_hex(3)}"


def run_deletion_job(job_id: int, *, worker: str | None = None, stop: threading.Event | None = None) -> None:
    """Work on the job until it is finished or paused, nothing is left to claim, or `stop` is set."""
    job = DeletionJob.objects.select_related("account", "manifest").get(pk=job_id)
    lifecycle.start(job)
    job.refresh_from_db(fields=["state"])
    if job.state == JobState.CANCELLING and lifecycle.close_if_done(job):
        return
    if job.state not in (JobState.RUNNING, JobState.CANCELLING):
        return
    key_id = keys.best_key_id(job.account, KeyPurpose.DELETE)  # Before the client: a later key is then noticed.
    try:
        client = keys.client_for(job.account, KeyPurpose.DELETE)
    except MedialibError as error:
        if job.state == JobState.CANCELLING:
            give_up_look_ups(job, error, worker=worker or worker_name())
        else:
            breaker.stop(job, breaker.until_resumed(str(error)), code=PauseCode.NO_KEY)
        return
    with client:
        JobRunner(job, client, key_id=key_id, worker=worker or worker_name(), stop=stop or threading.Event()).run()


def give_up_look_ups(job: DeletionJob, error: MedialibError, *, worker: str) -> None:
    """End a job that is being cancelled while nobody can ask ImageKit: what must be looked up is unverified."""
    while taken := claims.claim(job, worker=worker, want=20, look_ups=20).claims:
        for claim in taken:
            at = shared_now()
            report = CallReport(claim, at, at, 0.0, error=KeyRejected(str(error)))
            settling.settle(job, report, worker=worker)
    lifecycle.close_if_done(job)


def run_to_end(job: DeletionJob, *, stop: threading.Event | None = None) -> None:
    """Run the job here, or wait for its workers, until it is finished, paused or `stop` is set. Refreshes `job`."""
    worker, stop = worker_name(), stop or threading.Event()
    while not stop.is_set():
        run_deletion_job(job.pk, worker=worker, stop=stop)
        job.refresh_from_db()
        if job.is_finished or job.state == JobState.PAUSED:
            break
        wait_s = (job.starts_at - shared_now()).total_seconds() if job.state == JobState.SCHEDULED else 0.0
        stop.wait(min(max(wait_s, AWAIT_EVERY_S), LONGEST_NAP_S))
    if job.is_finished and job.purge_cache:
        try:
            purge.run_purge(job)
        except MedialibError as error:  # The files are gone and counted; a worker takes the purge up again.
            logger.warning("purge not carried through job=%s: %s", job.pk, error)


class JobRunner:
    """One worker's part in one job."""

    def __init__(
        self, job: DeletionJob, client: ImageKitClient, *, key_id: int | None, worker: str, stop: threading.Event
    ) -> None:
        self.job, self.client, self.worker, self.stop = job, client, worker, stop
        self.key_id, self.key_seen_at = key_id, time.monotonic()
        self.clients = ExitStack()
        self.gate, self.patience = Gate(), Patience(stop)
        self.read_pace = ReadPace(settings.IMAGEKIT_LOOK_UP_RATE)
        self.looks = Looks(self.read_pace)
        self.copying = Copying(job, worker=worker, read_pace=self.read_pace, patience=self.patience)
        self.job_state: str = JobState.RUNNING
        self.in_flight: dict[Future[CallReport], Claim] = {}
        self.latency_s = 1.0  # A first guess on the safe side; each answer moves it.
        self.calls_allowed = settings.IMAGEKIT_START_RATE
        self.renewed_at = time.monotonic()
        self.send_at: float | None = None  # When the pace lets the next call go, if that is what we wait for.
        self.look_at: float | None = None  # When there is more to look at, so that no call has to wait for it.
        self.idle_since: float | None = None

    def run(self) -> None:
        """Claim, send and settle until there is nothing left for this worker."""
        hands = ThreadPoolExecutor(settings.JOB_CONCURRENCY, thread_name_prefix="call")
        with self.clients, rare_checkpoints(), self.copying, self.looks.hands, hands as threads:
            while True:
                reset_queries()  # In development Django keeps the last 9,000 statements, a hundred files in each.
                nap_s = self._claim_and_send(threads) if not self.stop.is_set() else LONGEST_NAP_S
                if not self.in_flight and self._is_over(nap_s):
                    break
                may_begin = self.job_state == JobState.RUNNING and not self.stop.is_set()
                self.copying.step(self.client, may_begin=may_begin)
                self._wait(self.copying.nap_s(nap_s))
                self._settle_ended()
                self._take_looks()
                self._renew()
                self._follow_key()
            self._let_go_of_looks()
            self.copying.let_go()
        lifecycle.close_if_done(self.job)

    def _claim_and_send(self, threads: ThreadPoolExecutor) -> float:
        """Send what may be sent now. Returns how long to wait before asking again, in seconds."""
        want = self._room()
        if want <= 0 or not self.gate.is_open():
            return LONGEST_NAP_S
        was_idle = not (self.in_flight or self.looks.held() or self.copying.held())
        looking_up = sum(claim.is_look_up for claim in self.in_flight.values())
        taken = self.patience.run(
            lambda: claims.claim(
                self.job,
                worker=self.worker,
                want=want,
                look_ups=MOST_LOOK_UPS - looking_up,
                ahead=self.looks.ahead(),
            )
        )
        self.looks.begin(self.client, taken)
        self.job_state = taken.job_state
        if taken.job_state != JobState.RUNNING:
            self._let_go_of_looks()
        self.calls_allowed = taken.calls_allowed or self.calls_allowed
        self.send_at = time.monotonic() + taken.wait_s if taken.wait_s else None
        self.look_at = time.monotonic() + taken.look_wait_s if taken.look_wait_s else None
        if was_idle:
            self.renewed_at = time.monotonic()
        for claim in taken.claims:
            self.in_flight[threads.submit(perform, self.client, claim, self.gate, self.read_pace)] = claim
        if taken.wait_s and taken.late_s > LATE_S:  # Where nothing has to wait, nothing has to be exact.
            self.patience.run(lambda: claims.note_late(self.job, taken))
        is_idle = not (self.in_flight or self.looks.held() or self.copying.held() or taken.wait_s)
        self.idle_since = (self.idle_since or time.monotonic()) if is_idle else None
        may_go_on = len(taken.claims) == want or taken.judged
        return min(taken.wait_s or (0.0 if may_go_on else LONGEST_NAP_S), taken.look_wait_s or LONGEST_NAP_S)

    def _room(self) -> int:
        """As many more batches as latency times rate asks for, within the cap.

        A call that was answered makes room for the next before it is settled, as long as settling keeps up.
        """
        target = math.ceil((self.latency_s + claims.AHEAD_S) * self.calls_allowed * 1.5) + 2
        sending = sum(not future.done() for future in self.in_flight)
        free_hands = min(target, settings.JOB_CONCURRENCY) - sending
        return min(free_hands, 2 * settings.JOB_CONCURRENCY - len(self.in_flight))

    def _is_due(self) -> bool:
        """Whether the pace lets a call go now that waited for it, or a look must begin."""
        due = [at for at in (self.send_at, self.look_at) if at is not None]
        return bool(due) and time.monotonic() >= min(due) and self._room() > 0

    def _wait(self, nap_s: float) -> None:
        """Until a call ends, or it is time to send again. Without calls in flight: until then, or until stopped."""
        futures: list[Future[Any]] = [*self.in_flight, *self.looks.in_flight]
        if futures:
            full = self._room() <= 0
            wait(futures, timeout=LONGEST_NAP_S if full else nap_s, return_when=FIRST_COMPLETED)
        elif nap_s:
            self.stop.wait(nap_s)

    def _settle_ended(self) -> None:
        """Settle what was answered. Answers can wait and the allowance cannot: when a call is due, it goes first."""
        ended = [future for future in self.in_flight if future.done()]
        while ended:
            reports = [future.result() for future in ended]
            count = self.patience.run(
                lambda reports=reports: settling.settle_some(  # type: ignore[misc]
                    self.job, reports, worker=self.worker, is_enough=self._is_due
                )
            )
            for future, report in zip(ended[:count], reports, strict=False):
                self.latency_s += (report.latency_s - self.latency_s) * 0.2
                del self.in_flight[future]
            if self._is_due():
                break
            ended = ended[count:]

    def _take_looks(self) -> None:
        """Give back the batches whose look failed, and doubt those that found nothing; the others may be sent."""
        failed, doubtful = self.looks.take_ended()
        if doubtful:
            witnesses = self.patience.run(lambda: witnesses_for(self.job))
            for report in doubtful:
                self.looks.doubt(self.client, report, witnesses)
        for report in failed:
            try:
                self.patience.run(
                    lambda report=report: settling.settle_failed_look(self.job, report, worker=self.worker)  # type: ignore[misc]
                )
            except settling.LeaseLost:
                logger.warning("lease lost, look dropped job=%s batch=%s", self.job.pk, report.claim.batch_id)

    def _let_go_of_looks(self) -> None:
        if batch_ids := self.looks.forget():
            self.patience.run(lambda: leases.release_looks(batch_ids, worker=self.worker))

    def _renew(self) -> None:
        held = [*self.in_flight.values(), *self.looks.held(), *self.copying.held()]
        if time.monotonic() - self.renewed_at < settings.LEASE_S / RENEWALS_PER_LEASE or not held:
            return
        ids = [claim.batch_id for claim in held]
        renewed = self.patience.run(lambda: Batch.objects.renew(self.worker, ids, at=shared_now()))
        self.renewed_at = time.monotonic()
        for claim in self.in_flight.values():
            if claim.batch_id in renewed:
                claim.validity.extend()

    def _follow_key(self) -> None:
        """Continue with the key that was stored last: the one before it may soon be refused."""
        if time.monotonic() - self.key_seen_at < KEY_EVERY_S:
            return
        self.key_seen_at = time.monotonic()
        key_id = self.patience.run(lambda: keys.best_key_id(self.job.account, KeyPurpose.DELETE))
        if key_id is None or key_id == self.key_id:
            return
        self.key_id = key_id
        try:
            self.client = self.clients.enter_context(keys.client_for(self.job.account, KeyPurpose.DELETE))
        except MedialibError as error:
            logger.warning("new key not used, the job goes on with the old one job=%s: %s", self.job.pk, error)

    def _is_over(self, nap_s: float) -> bool:
        """Whether this worker can leave: stopped, job not running, or nothing open that will soon be free."""
        if self.stop.is_set():
            return True
        if self.looks.held() or self.copying.held():
            return False
        close_old_connections()
        state = self.patience.run(lambda: DeletionJob.objects.values_list("state", flat=True).get(pk=self.job.pk))
        if state not in (JobState.RUNNING, JobState.CANCELLING):
            return True
        if nap_s < LONGEST_NAP_S:
            return False
        if not self.patience.run(lambda: self._has_work(state)):
            return True
        return self.idle_since is not None and time.monotonic() - self.idle_since > STAY_FOR_S

    def _has_work(self, state: str) -> bool:
        """Whether open batches are left that this worker may get; those of other workers do not count."""
        batches = self.job.batches.open()
        if state == JobState.CANCELLING:
            batches = batches.exclude(state=BatchState.WAITING)
        leased = self.job.batches.leased(shared_now()).values("pk")
        return batches.exclude(pk__in=leased).exists()
