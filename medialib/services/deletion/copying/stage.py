"""The part of a runner that copies: it looks at batches, has their files fetched by threads, and lets them be sent.

As in the runner, all database work happens in the thread that calls step(); the threads speak HTTP and write to the
storage. A worker killed at any point leaves a batch that still needs its copies, and bytes that no row names: the next
worker copies again what has no row, and the sweep removes the rest.
"""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Collection, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, field
from types import TracebackType
from typing import Self

from django.conf import settings

from medialib.errors import MedialibError
from medialib.imagekit.client import ImageKitClient
from medialib.imagekit.originals import Originals
from medialib.models import DeletionJob
from medialib.services.accounts import addresses
from medialib.services.base.retry import Patience
from medialib.services.copies import keeping, storage
from medialib.services.copies.fetching import Fetched, fetch
from medialib.services.copies.storage import StorageTrouble
from medialib.services.deletion import leases, settling
from medialib.services.deletion.calls import Gate, LookReport, ReadPace, perform_look
from medialib.services.deletion.claim import Claim
from medialib.services.deletion.copying import claiming
from medialib.services.deletion.looks import Look

logger = logging.getLogger(__name__)

MOST_BATCHES = 4  # In the hands of one worker: enough that no thread waits for the last file of a batch.
CLAIM_EVERY_S = 0.2
STEP_S = 0.05  # How often the runner comes by while there is something to do.


@dataclass
class _InHand:
    claim: Claim
    look: Look
    waiting: set[str]
    errors: dict[str, str] = field(default_factory=dict)


class Copying:
    """One worker's part in the copies of one job. For a job that keeps none it does nothing."""

    def __init__(self, job: DeletionJob, *, worker: str, read_pace: ReadPace, patience: Patience) -> None:
        self.job, self.worker, self.patience = job, worker, patience
        self.is_on = job.keep_copies_days is not None
        self.gate, self.read_pace = Gate(), read_pace
        self.over = threading.Event()
        self.looking: dict[Future[LookReport], Claim] = {}
        self.batches: dict[int, _InHand] = {}
        self.fetching: dict[Future[Fetched], int] = {}
        self.claimed_at = 0.0
        self.has_given_back = False  # In the last step: there is something to send now.

    def __enter__(self) -> Self:
        try:
            endpoint = self._endpoint() if self.is_on else ""
        except MedialibError as error:  # Its batches stay as they are: none of them is sent without its copies.
            self.is_on = False
            claiming.stop_for_address(self.job, error)
        if self.is_on:
            self.hands = ThreadPoolExecutor(settings.COPIES_IN_FLIGHT, thread_name_prefix="copy")
            self.eyes = ThreadPoolExecutor(MOST_BATCHES, thread_name_prefix="copy-look")
            self.originals = Originals(
                endpoint,
                connect_timeout_s=settings.IMAGEKIT_CONNECT_TIMEOUT_S,
                read_timeout_s=settings.IMAGEKIT_READ_TIMEOUT_S,
                peer_allowed=addresses.is_allowed_peer,
            )
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.over.set()
        if self.is_on:
            for pool in (self.eyes, self.hands):
                pool.shutdown(cancel_futures=True)
            self.originals.__exit__()

    def _endpoint(self) -> str:
        """From where originals may be fetched. Raises MedialibError for an address that may not be called."""
        endpoint = addresses.clean(self.job.account.url_endpoint, what=addresses.ENDPOINT)
        addresses.refuse_private(endpoint, what=addresses.ENDPOINT)
        return endpoint

    def step(self, client: ImageKitClient, *, may_begin: bool) -> None:
        """Take what has ended, and begin more where the job may go on; else let go of everything."""
        if not self.is_on:
            return
        if not may_begin:
            self.has_given_back = False
            self.let_go()
            return
        self._take_looks(client)
        self._take_copies()
        self._give_back()
        due = time.monotonic() - self.claimed_at >= CLAIM_EVERY_S
        if due and (room := MOST_BATCHES - len(self.held())) > 0 and self.gate.is_open():
            self.claimed_at = time.monotonic()
            claims = self.patience.run(lambda: claiming.claim_to_copy(self.job, worker=self.worker, want=room))
            for claim in claims:
                self.looking[self.eyes.submit(perform_look, client, claim, self.gate, self.read_pace)] = claim

    def held(self) -> Collection[Claim]:
        """The batches that this worker holds to copy their files."""
        return [*self.looking.values(), *(one.claim for one in self.batches.values())]

    def nap_s(self, nap_s: float) -> float:
        """How long the runner may sleep."""
        if self.has_given_back:
            return 0.0
        return min(nap_s, STEP_S) if self.is_on and self.held() else nap_s

    def let_go(self) -> None:
        """Stop what is being copied, and give the batches back as they are. What is safe already counts."""
        if not self.held():
            return
        over, self.over = self.over, threading.Event()
        over.set()
        ended = [future.result() for future in list(self.fetching) if future.done() and not future.cancelled()]
        for future in list(self.fetching):
            future.cancel()
        self._keep([one for one in ended if one.name])
        batch_ids = [claim.batch_id for claim in self.held()]
        self.fetching.clear()
        self.looking.clear()
        self.batches.clear()
        self.patience.run(lambda: leases.release_looks(batch_ids, worker=self.worker))

    def _take_looks(self, client: ImageKitClient) -> None:
        for future in [future for future in self.looking if future.done()]:
            claim, report = self.looking.pop(future), future.result()
            if report.look is None:
                self._settle_failed_look(report)
                continue
            look = report.look
            files = self.patience.run(lambda c=claim, k=look: claiming.files_to_copy(self.job, c, k))  # type: ignore[misc]
            self.batches[claim.batch_id] = _InHand(claim, look, {file.file_id for file in files})
            for file in files:
                task = self.hands.submit(
                    fetch,
                    file,
                    account_id=self.job.account_id,
                    client=client,
                    originals=self.originals,
                    over=self.over,
                )
                self.fetching[task] = claim.batch_id

    def _settle_failed_look(self, report: LookReport) -> None:
        try:
            self.patience.run(lambda: settling.settle_failed_look(self.job, report, worker=self.worker))
        except settling.LeaseLost:
            logger.warning("lease lost, look dropped job=%s batch=%s", self.job.pk, report.claim.batch_id)

    def _take_copies(self) -> None:
        ended = [future for future in self.fetching if future.done()]
        fetched = [(self.fetching.pop(future), future.result()) for future in ended]
        self._keep([one for _, one in fetched if one.name])
        for batch_id, one in fetched:
            if one.trouble is not None:
                trouble = one.trouble
                self.patience.run(lambda trouble=trouble: claiming.stop_for(self.job, trouble))  # type: ignore[misc]
                self.let_go()
                return
            if (batch := self.batches.get(batch_id)) is None or one.was_stopped:
                continue
            batch.waiting.discard(one.file.file_id)
            if one.error:
                batch.errors[one.file.file_id] = one.error

    def _keep(self, fetched: Sequence[Fetched]) -> None:
        if not fetched:
            return
        for name in self.patience.run(lambda: keeping.keep(self.job, fetched)):
            try:
                storage.remove(name)
            except StorageTrouble as trouble:  # The sweep finds it again.
                logger.warning("copy kept twice not removed: %s", trouble)

    def _give_back(self) -> None:
        done = [(batch_id, one) for batch_id, one in self.batches.items() if not one.waiting]
        self.has_given_back = bool(done)
        for batch_id, one in done:
            del self.batches[batch_id]
            try:
                self.patience.run(
                    lambda one=one: claiming.give_back(self.job, one.claim, one.look, one.errors, worker=self.worker)  # type: ignore[misc]
                )
            except settling.LeaseLost:
                logger.warning("lease lost, copies stay job=%s batch=%s", self.job.pk, batch_id)
