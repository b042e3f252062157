"""How fast an account may be called: one row per account and kind of call, shared by all workers of all machines.

ImageKit states its limit as "so many calls in an interval" (headers X-RateLimit-Limit and X-RateLimit-Interval,
imagekit-api "Rate limits"), so that is what is kept: the times of the latest calls, and how many of them fall into
one interval. Until a header was seen the pace starts slow and grows while nothing is refused.
"""

from __future__ import annotations

import math
import random
import time
from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.conf import settings
from django.db import transaction

from medialib.imagekit.types import RateLimit
from medialib.models import Account, Pace, PaceKind
from medialib.services.base.clock import shared_now

MAX_BLOCK_S = 3600.0  # A longer stated wait is not believed: more likely its unit has changed.
MAX_REMEMBERED = 200  # Calls kept in the row; a faster limit is kept as the same rate over a shorter interval.
PROBE_GROWTH = 1.5  # How a limit that nobody stated grows in each second without a refusal…
PROBE_SECOND = timedelta(seconds=1)
CEILING_SHARE = 0.9  # …up to this share of what was once refused,
CEILING_GROWTH = 1.1  # which is tried again a little higher
CEILING_RISES_EVERY = timedelta(minutes=1)  # after a while without a refusal.
SPREAD_FOR = timedelta(seconds=30)  # How long calls keep an even distance after a burst was refused.
LEAST_LIMIT = 0.2
MOST_CALLS = 1_000_000
BURST_GAP_S = 0.004  # Within a burst: calls that start all at once hold each other up, and the last of them goes late.
SHORTEST_GAP_S = 0.0002  # Below it no clock and no network keeps a distance.
JITTER = 0.05  # Calls travel unevenly; a slightly longer interval keeps an even stream below the limit.


@dataclass(frozen=True)
class Allowance:
    """At most `calls` in any `interval_s` seconds, `gap_s` seconds apart."""

    calls: int
    interval_s: float
    gap_s: float = 0.0


def pace_of(account: Account, kind: PaceKind, *, lock: bool = False) -> Pace:
    """The account's pace, made with the safe default when there is none yet.

    With `lock` the row stays locked until the transaction ends, which puts all who ask for this account in a queue.
    """
    rows = Pace.objects.select_for_update() if lock else Pace.objects
    defaults = {"limit": settings.IMAGEKIT_START_RATE, "interval_ms": 1000}
    pace, _ = rows.get_or_create(account=account, kind=kind, defaults=defaults)
    return pace


def allowance(pace: Pace, *, headroom_percent: int, speed_percent: int = 100) -> Allowance:
    """What may be sent: ImageKit's limit less the headroom for the customer's production, times the job's speed."""
    share = (100 - headroom_percent) / 100 * speed_percent / 100
    target = pace.limit * share
    calls = min(max(1, math.floor(target + 1e-9)), MAX_REMEMBERED)
    interval_s = pace.interval_ms / 1000 * calls / target * (1 + JITTER)
    # Bursts of whole calls keep to the limit only if the interval is ImageKit's own; otherwise an even distance does.
    is_even = pace.is_spread or calls != round(target, 6)
    gap_s = interval_s / calls if is_even else min(interval_s / calls, BURST_GAP_S)
    return Allowance(calls, interval_s, gap_s=gap_s if gap_s >= SHORTEST_GAP_S else 0.0)


def fixed(per_second: float) -> Allowance:
    """An allowance of our own, whatever ImageKit states: so many calls a second at an even distance."""
    calls = max(1, min(math.floor(per_second), MAX_REMEMBERED))
    return Allowance(calls, calls / per_second * (1 + JITTER))


def take(pace: Pace, allowed: Allowance, *, at: datetime, ahead_s: float = 0.0) -> float:
    """Seconds until the next call may be sent, 0.0 for now. When that is within `ahead_s`, the call is taken for then.

    Changes the row in memory only; the caller holds its lock and saves it.
    """
    now_s = at.timestamp()
    wait_s = max(0.0, _blocked_s(pace, at))
    # Times from the future stem from a clock that was set back; they would block everybody until it catches up.
    latest_s = now_s + max(1.0, ahead_s)
    recent = [t for t in pace.recent if now_s - allowed.interval_s < t <= latest_s]
    if len(recent) >= allowed.calls:
        wait_s = max(wait_s, recent[-allowed.calls] + allowed.interval_s - now_s)
    if recent and allowed.gap_s:
        wait_s = max(wait_s, recent[-1] + allowed.gap_s - now_s)
    if wait_s <= ahead_s:
        pace.recent = [*(t for t in pace.recent if t <= latest_s), now_s + wait_s][-MAX_REMEMBERED:]
    return wait_s


def calls_within(pace: Pace, allowed: Allowance, *, at: datetime, seconds: float, most: int) -> tuple[int, float]:
    """How many calls may be sent within so many seconds, up to `most`; and when the next one after them may, at best.

    Takes none of them.
    """
    recent, count, wait_s = pace.recent, 0, 0.0
    while count < most and (wait_s := take(pace, allowed, at=at, ahead_s=seconds)) <= seconds:
        count += 1
    pace.recent = recent
    return count, wait_s


def put_off(pace: Pace, taken: Collection[float], *, until_s: float) -> None:
    """Let calls that were taken for these times count from `until_s` on, in seconds since 1970: they go no earlier."""
    pace.recent = sorted(max(t, until_s) if t in taken else t for t in pace.recent)


def give_back(pace: Pace, calls: int) -> None:
    """Take back the latest calls that were taken and not used."""
    if calls > 0:
        pace.recent = pace.recent[:-calls]


def _blocked_s(pace: Pace, at: datetime) -> float:
    if pace.blocked_until is None:
        return 0.0
    left_s = (pace.blocked_until - at).total_seconds()
    return left_s if left_s <= MAX_BLOCK_S else 0.0


def wait_for_turn(account: Account, kind: PaceKind) -> None:
    """Sleep until one call of this kind may be sent, and take it from the allowance. Holds no lock while it sleeps."""
    while True:
        with transaction.atomic():
            pace = pace_of(account, kind, lock=True)
            wait_s = take(pace, allowance(pace, headroom_percent=account.headroom), at=shared_now())
            if not wait_s:
                pace.save(update_fields=["recent"])
                return
        time.sleep(wait_s)


def note_answer(pace: Pace, rate_limit: RateLimit | None, *, at: datetime) -> bool:
    """Learn from a call that was not refused. Returns whether the row changed."""
    changed = pace.refusals > 0
    pace.refusals = 0
    if pace.is_spread and pace.changed_at is not None and at - pace.changed_at >= SPREAD_FOR:
        pace.is_spread, changed = False, True
    if rate_limit is not None:
        return _learn(pace, rate_limit, at=at) or changed
    if not pace.is_learned and (pace.changed_at is None or at - pace.changed_at >= PROBE_SECOND):
        return _probe(pace, at=at) or changed
    return changed


def note_refusal(pace: Pace, *, retry_after_s: float | None, rate_limit: RateLimit | None, at: datetime) -> None:
    """Learn from a 429: nobody sends on this account before the stated time."""
    pace.refusals = min(pace.refusals + 1, 12)
    is_episode = pace.refusals == 1  # Calls that were in the air when the first was refused say nothing new.
    wait_s = retry_after_s
    if wait_s is None:  # Nothing stated: back off, each machine a little differently.
        wait_s = min(60.0, 2.0 ** (pace.refusals - 1)) * random.uniform(1.0, 1.25)
    until = at + timedelta(seconds=min(max(wait_s, 0.0), MAX_BLOCK_S))
    if not _blocked_s(pace, until) > 0:  # A block that ends later stays, unless it stems from a clock set back since.
        pace.blocked_until = until
    if rate_limit is None:
        if is_episode:
            pace.ceiling, pace.limit, pace.changed_at = pace.limit, max(pace.limit / 2, LEAST_LIMIT), at
    elif not _learn(pace, rate_limit, at=at):
        # We kept to what was stated and were refused all the same: for a while, no bursts.
        pace.is_spread, pace.changed_at = True, at


def _learn(pace: Pace, rate_limit: RateLimit, *, at: datetime) -> bool:
    if not (0 < rate_limit.limit <= MOST_CALLS and 0 < rate_limit.interval_s <= MAX_BLOCK_S):
        return False  # Nonsense, or a unit that changed: better no header than this one.
    limit, interval_ms = float(rate_limit.limit), max(1, round(rate_limit.interval_s * 1000))
    if pace.is_learned and (pace.limit, pace.interval_ms) == (limit, interval_ms):
        return False
    pace.limit, pace.interval_ms, pace.is_learned, pace.changed_at = limit, interval_ms, True, at
    return True


def _probe(pace: Pace, *, at: datetime) -> bool:
    """Grow a limit that nobody stated, once a second, towards what was last refused, and that slowly too."""
    grown = pace.limit * PROBE_GROWTH
    if pace.ceiling is not None and grown > pace.ceiling * CEILING_SHARE:
        if pace.limit >= pace.ceiling * CEILING_SHARE:
            if pace.changed_at is not None and at - pace.changed_at < CEILING_RISES_EVERY:
                return False
            pace.ceiling *= CEILING_GROWTH
        grown = pace.ceiling * CEILING_SHARE
    pace.limit, pace.changed_at = min(grown, MOST_CALLS), at
    return True
