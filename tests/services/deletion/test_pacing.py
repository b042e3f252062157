"""The pace of an account: what was stated is kept, and nobody sends before he may."""

from __future__ import annotations

import itertools
import math
import time
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from medialib.imagekit.types import RateLimit
from medialib.models import Pace
from medialib.services.accounts import pacing
from medialib.services.deletion import claims as leases
from medialib.services.deletion import runner

START = datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC)


def later(seconds: float) -> datetime:
    return START + timedelta(seconds=seconds)


def pace(limit: float = 20, interval_ms: int = 1000, **fields: object) -> Pace:
    return Pace(limit=limit, interval_ms=interval_ms, recent=[], refusals=0, **fields)


def sends(row: Pace, allowed: pacing.Allowance, *, for_s: float) -> list[float]:
    """Times, in seconds after START, of calls by somebody who sends whenever he may."""
    times, at = [], 0.0
    while at < for_s:
        if wait_s := pacing.take(row, allowed, at=later(at)):
            at += wait_s + 0.001
        else:
            times.append(at)
    return times


def test_headroom_and_speed_multiply():
    allowed = pacing.allowance(pace(limit=20), headroom_percent=20, speed_percent=50)
    assert allowed.calls == 8
    assert allowed.interval_s == pytest.approx(1 * (1 + pacing.JITTER))


def test_a_share_below_one_call_stretches_the_interval():
    allowed = pacing.allowance(pace(limit=1), headroom_percent=20, speed_percent=10)
    assert allowed.calls == 1
    assert allowed.interval_s == pytest.approx(12.5 * (1 + pacing.JITTER))


@settings(deadline=None)
@given(
    limit=st.floats(0.3, 400),
    interval_ms=st.integers(200, 10_000),
    headroom=st.integers(0, 95),
    is_spread=st.booleans(),
)
def test_no_interval_ever_holds_more_calls_than_the_limit(limit, interval_ms, headroom, is_spread):
    row = pace(limit=limit, interval_ms=interval_ms, is_spread=is_spread)
    allowed = pacing.allowance(row, headroom_percent=headroom)
    times = sends(row, allowed, for_s=min(3 * allowed.interval_s, 30))
    most = max(sum(1 for t in times if start <= t < start + interval_ms / 1000) for start in times)
    assert most <= math.ceil(limit * (100 - headroom) / 100 - 1e-6)


def test_a_call_taken_ahead_has_its_time_and_no_interval_holds_too_many():
    row = pace(limit=4)
    allowed = pacing.allowance(row, headroom_percent=0)
    gaps = [pacing.take(row, allowed, at=START, ahead_s=0.1) for _ in range(4)]
    assert gaps == pytest.approx([number * pacing.BURST_GAP_S for number in range(4)], abs=1e-6)
    assert pacing.take(row, allowed, at=START, ahead_s=0.1) == pytest.approx(allowed.interval_s)
    assert len(row.recent) == 4
    early = later(allowed.interval_s - 0.06)
    assert pacing.take(row, allowed, at=early, ahead_s=0.1) == pytest.approx(0.06)
    assert row.recent[-1] == pytest.approx(later(allowed.interval_s).timestamp())


def test_no_call_is_taken_ahead_of_a_stated_time():
    row = pace()
    pacing.note_refusal(row, retry_after_s=4.0, rate_limit=None, at=START)
    allowed = pacing.allowance(row, headroom_percent=0)
    assert pacing.take(row, allowed, at=later(3.95), ahead_s=0.1) == pytest.approx(0.05)
    assert row.recent == [pytest.approx(later(4.0).timestamp())]


def test_calls_that_are_ready_late_count_from_then():
    row = pace(limit=2)
    allowed = pacing.allowance(row, headroom_percent=0)
    assert [pacing.take(row, allowed, at=at) for at in (START, later(0.01))] == [0.0, 0.0]
    pacing.put_off(row, row.recent[-1:], until_s=later(0.4).timestamp())
    assert row.recent == [START.timestamp(), later(0.4).timestamp()]


@pytest.mark.django_db
def test_calls_whose_commit_took_long_count_from_when_they_go(sandbox, job_for, monkeypatch, unseen):
    job = job_for(300)
    runner.lifecycle.start(job)
    claims = leases.claim(job, worker="w", want=2, look_ups=0)
    row = Pace.objects.get(account=job.account, kind="delete")
    assert list(claims.counted_at) == row.recent[-2:]
    leases.claim(job, worker="w", want=1, look_ups=0)
    time.sleep(0.1)
    assert claims.late_s >= 0.1
    leases.note_late(job, claims)
    row.refresh_from_db()
    assert len(row.recent) == 3
    assert row.recent[-1] == row.recent[-2] >= max(claims.counted_at) + 0.1


def test_nearly_all_of_the_limit_is_used():
    row = pace(limit=20)
    assert len(sends(row, pacing.allowance(row, headroom_percent=0), for_s=10)) >= 195


def test_nobody_sends_before_the_stated_time():
    row = pace()
    pacing.note_refusal(row, retry_after_s=4.0, rate_limit=None, at=START)
    allowed = pacing.allowance(row, headroom_percent=0)
    assert pacing.take(row, allowed, at=later(3.9)) == pytest.approx(0.1)
    assert pacing.take(row, allowed, at=later(4.0)) == 0.0


def test_a_later_shorter_wait_does_not_shorten_an_earlier_one():
    row = pace()
    pacing.note_refusal(row, retry_after_s=10, rate_limit=None, at=START)
    pacing.note_refusal(row, retry_after_s=1, rate_limit=None, at=later(1))
    assert row.blocked_until == later(10)


def test_without_a_stated_time_the_waits_double():
    row = pace()
    waits = []
    for _ in range(4):
        row.blocked_until = None
        pacing.note_refusal(row, retry_after_s=None, rate_limit=None, at=START)
        waits.append((row.blocked_until - START).total_seconds())
    assert [round(wait // expected) for wait, expected in zip(waits, [1, 2, 4, 8], strict=True)] == [1, 1, 1, 1]


def test_headers_set_the_limit():
    row = pace(limit=2)
    assert pacing.note_answer(row, RateLimit(limit=50, interval_s=10.0), at=START)
    assert (row.limit, row.interval_ms, row.is_learned) == (50, 10_000, True)
    assert not pacing.note_answer(row, RateLimit(limit=50, interval_s=10.0), at=later(1))


def test_a_limit_nobody_stated_grows_once_a_second_up_to_what_was_refused():
    row = pace(limit=2)
    for tenth in range(1, 40):
        pacing.note_answer(row, None, at=later(tenth / 10))
    assert row.limit == pytest.approx(2 * pacing.PROBE_GROWTH**4)
    pacing.note_refusal(row, retry_after_s=1, rate_limit=None, at=later(5))
    for second in range(6, 60):
        pacing.note_answer(row, None, at=later(second))
    assert row.limit == pytest.approx(2 * pacing.PROBE_GROWTH**4 * pacing.CEILING_SHARE)


def test_a_refusal_within_the_stated_limit_spreads_the_calls():
    row = pace(limit=20)
    pacing.note_answer(row, RateLimit(20, 1.0), at=START)
    pacing.note_refusal(row, retry_after_s=0.1, rate_limit=RateLimit(20, 1.0, 0.1), at=START)
    times = sends(row, pacing.allowance(row, headroom_percent=0), for_s=2)
    assert min(b - a for a, b in itertools.pairwise(times)) >= 0.05


def test_a_clock_set_back_an_hour_blocks_nobody():
    row = pace(limit=2)
    allowed = pacing.allowance(row, headroom_percent=0)
    sends(row, allowed, for_s=2)
    row.blocked_until = later(20)
    assert pacing.take(row, allowed, at=later(-3600)) <= pacing.MAX_BLOCK_S + 20
    row.blocked_until = None
    assert pacing.take(row, allowed, at=later(-3599)) == 0.0
