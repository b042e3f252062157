"""Walk a list with several requests in the air, as many as the account's pace allows.

The first walk's way is halved again and again while requests could be sent and no walk is waiting. Only requests run in
threads; the pace, and whatever is done with a page, stay in the thread that iterates.
"""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from datetime import datetime
from typing import Any

from django.db import transaction
from django.utils.dateparse import parse_datetime

from medialib.imagekit.client import ImageKitClient
from medialib.imagekit.types import Listing
from medialib.models import Account, Pace, PaceKind
from medialib.services.accounts import pacing
from medialib.services.base.clock import shared_now
from medialib.services.sync import walk as crawl
from medialib.services.sync.walk import By, EndlessList, Walk

AT_ONCE = 12  # Requests in the air: 40 a second with 300 ms each.
FIRST_READS = 10.0  # Reads a second before ImageKit stated a limit: a quarter of what others report.
Stretch = tuple[datetime | None, datetime | None]


class Crowd:
    """Walks that share out one list. A file may come twice, and every file that is there all the time comes."""

    def __init__(
        self, client: ImageKitClient, *, by: By, stretches: Sequence[Stretch], turn: Callable[[], float]
    ) -> None:
        """`turn` takes one request from the pace: 0.0 when it may be sent now, else the seconds to wait."""
        self.has_queries = True
        self._turn = turn
        self._waiting = deque(Walk(client, by=by, since=since, until=until) for since, until in stretches)
        self._flying: dict[Future[Listing], Walk] = {}

    def pages(self) -> Iterator[Listing]:
        """Raises EndlessList instead of running for ever, and the client's errors."""
        seen = 0
        with ThreadPoolExecutor(AT_ONCE, thread_name_prefix="list") as pool:
            try:
                while self._waiting or self._flying:
                    for page in self._next_pages(pool):
                        seen += 1
                        yield page
                    if seen > crawl.MAX_PAGES:
                        raise EndlessList(f"The list has not ended after {crawl.MAX_PAGES:,} pages")
            finally:
                for future in self._flying:
                    future.cancel()

    def left(self) -> list[list[str | None]]:
        """What has not been listed yet, as JSON; `stretches_of` reads it."""
        walks = [*self._waiting, *self._flying.values()]
        return [[_text(walk.since), _text(walk.until)] for walk in walks]

    def _next_pages(self, pool: ThreadPoolExecutor) -> Iterator[Listing]:
        if len(self._waiting) == 1 and not self._flying:
            yield self._read_alone(self._waiting.popleft())
            return
        wait_s = self._send(pool)
        if not self._flying:
            time.sleep(wait_s)
        landed = wait(self._flying, timeout=wait_s or None, return_when=FIRST_COMPLETED).done
        for future in landed:
            if walk := self._flying.pop(future, None):
                page = future.result()
                self._go_on(walk, page)
                yield page

    def _read_alone(self, walk: Walk) -> Listing:
        """A small library is one walk, and needs no thread."""
        while wait_s := self._turn():
            time.sleep(wait_s)
        page = walk.fetch()
        self._go_on(walk, page)
        return page

    def _send(self, pool: ThreadPoolExecutor) -> float:
        """Send what may be sent. Returns the seconds until the next one may, 0.0 when nothing waits for its turn."""
        while self._waiting and len(self._flying) < AT_ONCE:
            if wait_s := self._turn():
                return wait_s
            walk = self._waiting.popleft()
            self._flying[pool.submit(walk.fetch)] = walk
        return 0.0

    def _go_on(self, walk: Walk, page: Listing) -> None:
        has_more = walk.advance(page)
        if not walk.has_queries:
            self._leave_all_to(walk)
        if not has_more:
            return
        self._waiting.append(walk)
        if len(self._waiting) + len(self._flying) < AT_ONCE and (later := walk.split()):
            self._waiting.append(later)

    def _leave_all_to(self, deaf: Walk) -> None:
        """Where questions are not answered, one walk counts through the whole list, and the others are in its way."""
        self.has_queries = False
        self._waiting.clear()
        for future in self._flying:
            future.cancel()
        self._flying.clear()


def stretches_of(left: list[list[str | None]]) -> list[Stretch]:
    return [(_time(since), _time(until)) for since, until in left]


def _text(moment: datetime | None) -> str | None:
    return moment.isoformat() if moment else None


def _time(text: str | None) -> datetime | None:
    return parse_datetime(text) if text else None


def read_turn(account: Account) -> Callable[[], float]:
    """Takes reads from the account's pace, which all workers share."""
    first: dict[str, Any] = {"limit": FIRST_READS, "interval_ms": 1000}
    Pace.objects.get_or_create(account=account, kind=PaceKind.READ, defaults=first)

    def take() -> float:
        with transaction.atomic():
            pace = pacing.pace_of(account, PaceKind.READ, lock=True)
            allowed = pacing.allowance(pace, headroom_percent=account.headroom)
            wait_s = pacing.take(pace, allowed, at=shared_now())
            if not wait_s:
                pace.save(update_fields=["recent"])
        return wait_s

    return take


def note_read(account: Account, page: Listing) -> None:
    """Learn from the answer how fast one may read."""
    with transaction.atomic():
        pace = pacing.pace_of(account, PaceKind.READ, lock=True)
        if pacing.note_answer(pace, page.rate_limit, at=shared_now()):
            pace.save()
