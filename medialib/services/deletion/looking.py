"""Looks ahead of the calls: early enough that the pace does not wait for them, and late enough that none gets old."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from concurrent.futures import Future, ThreadPoolExecutor

from django.conf import settings

from medialib.imagekit.client import ImageKitClient
from medialib.services.deletion.calls import Gate, LookReport, ReadPace, perform_doubt, perform_look
from medialib.services.deletion.claim import Claim
from medialib.services.deletion.claims import Ahead, Claims
from medialib.services.deletion.looks import MAX_AGE_S, MAX_WAIT_S, Look

LEAD_S = 0.4  # Looks are back so long before their calls: answers come in a bunch, and the database needs its time.
MARGIN_S = 0.25  # How long before a look is too old its call should go.
LATENCY_DECAY = 0.9  # The latency that is expected rises at once, and falls so slowly with each quicker look.


class Looks:
    """The batches of one worker that are being looked at, and those that were and wait for their call."""

    def __init__(self, read_pace: ReadPace) -> None:
        self.gate, self.read_pace = Gate(), read_pace
        self.in_flight: dict[Future[LookReport], Claim] = {}
        self.ready: dict[int, tuple[Claim, Look]] = {}
        self.latency_s = 0.3
        self.hands = ThreadPoolExecutor(settings.JOB_CONCURRENCY, thread_name_prefix="look")

    def ahead(self) -> Ahead:
        """What the next claim has to know."""
        busy = len(self.in_flight) + len(self.ready)
        return Ahead(
            looked=dict(self.ready),
            room=2 * settings.JOB_CONCURRENCY - busy if self.gate.is_open() else 0,
            horizon_s=min(self.latency_s + LEAD_S, MAX_AGE_S - MARGIN_S, self.latency_s + MAX_WAIT_S - MARGIN_S),
        )

    def begin(self, client: ImageKitClient, claims: Claims) -> None:
        """Forget what was judged, and look at what was handed out."""
        for batch_id in (*claims.judged, *claims.stale):
            self.ready.pop(batch_id, None)
        for claim in claims.to_look:
            self.in_flight[self.hands.submit(perform_look, client, claim, self.gate, self.read_pace)] = claim

    def doubt(self, client: ImageKitClient, report: LookReport, witnesses: Sequence[str]) -> None:
        """Ask whether the key knows other files of the account before a look that found nothing is believed."""
        self.in_flight[self.hands.submit(perform_doubt, client, report, witnesses)] = report.claim

    def take_ended(self) -> tuple[list[LookReport], list[LookReport]]:
        """Looks that failed since the last time, and those that found nothing; the others are ready."""
        failed, doubtful = [], []
        for future in [future for future in self.in_flight if future.done()]:
            claim, report = self.in_flight.pop(future), future.result()
            if report.look is None:
                failed.append(report)
            elif report.look.is_doubtful and not report.is_doubt_over:
                doubtful.append(report)
            else:
                self.ready[claim.batch_id] = (claim, report.look)
                self.latency_s = max(report.latency_s, self.latency_s * LATENCY_DECAY)
        return failed, doubtful

    def held(self) -> Collection[Claim]:
        """All batches that are leased to be looked at."""
        return [*self.in_flight.values(), *(claim for claim, _ in self.ready.values())]

    def forget(self) -> list[int]:
        """Let go of what is ready. Returns the batches."""
        batch_ids = list(self.ready)
        self.ready.clear()
        return batch_ids
