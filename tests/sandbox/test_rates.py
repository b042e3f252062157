"""Rate limits: the window, its headers, and which calls share one."""

from __future__ import annotations

import pytest

from medialib.sandbox.http.rates import Window
from medialib.sandbox.server import Sandbox
from tests.sandbox.conftest import Api

NAMES = {"X-RateLimit-Limit", "X-RateLimit-Interval", "X-RateLimit-Reset"}


class Clock:
    def __init__(self) -> None:
        self.now_s = 100.0

    def __call__(self) -> float:
        return self.now_s


def test_no_interval_ever_holds_more_calls_than_allowed():
    clock = Clock()
    window = Window(5, 1000, clock)
    passed_at = []
    for _ in range(400):
        clock.now_s += 0.031
        if window.take()[0]:
            passed_at.append(clock.now_s)
    assert all(later - earlier >= 0.999999 for earlier, later in zip(passed_at, passed_at[5:], strict=False))
    assert len(passed_at) >= 58


def test_the_stated_wait_is_exactly_long_enough():
    clock = Clock()
    window = Window(2, 1000, clock)
    assert [window.take()[0] for _ in range(3)] == [True, True, False]
    wait_ms = int(window.take()[1]["X-RateLimit-Reset"])
    clock.now_s += (wait_ms - 1) / 1000
    assert window.take()[0] is False
    clock.now_s += 0.002
    assert window.take()[0] is True


@pytest.mark.parametrize(("rate", "limit", "interval_ms"), [(20, 20, 1000), (0.5, 1, 2000), (1.5, 1, 1000)])
def test_limit_and_interval_follow_the_rate(rate, limit, interval_ms):
    window = Window(rate, 1000)
    assert (window.limit, window.interval_ms) == (limit, interval_ms)


def test_too_many_deletes_are_told_how_long_to_wait_and_delete_nothing():
    with Sandbox(rate=2) as sandbox, Api(sandbox) as api:
        ids = sandbox.add_files([{}, {}, {}])
        answers = [api.delete_many([file_id]) for file_id in ids]
        assert [answer.status_code for answer in answers] == [200, 200, 429]
        assert answers[2].headers["X-RateLimit-Limit"] == "2"
        assert 0 < int(answers[2].headers["X-RateLimit-Reset"]) <= 1000
        assert sandbox.file_ids() == {ids[2]}


@pytest.mark.parametrize(("choice", "on_200", "on_429"), [("always", 1, 1), ("on_429", 0, 1), ("never", 0, 0)])
def test_headers_come_when_they_should(choice, on_200, on_429):
    with Sandbox(rate=1, rate_headers=choice) as sandbox, Api(sandbox) as api:
        answers = [api.delete_many(["x"]), api.delete_many(["x"])]
        assert [len(NAMES & set(answer.headers)) for answer in answers] == [3 * on_200, 3 * on_429]


def test_both_keys_share_the_accounts_limit_and_reads_have_their_own():
    with (
        Sandbox(rate=1, read_rate=1) as sandbox,
        Api(sandbox) as api,
        Api(sandbox, "private_sandbox_read_only") as other,
    ):
        assert [api.get("/v1/files").status_code, other.get("/v1/files").status_code] == [200, 429]
        assert api.delete_many(["x"]).status_code == 404


def test_a_new_rate_holds_at_once(sandbox, api):
    assert [api.delete_many(["x"]).status_code for _ in range(5)] == [404] * 5
    sandbox.set_rate(1, 60_000)
    assert "X-RateLimit-Limit" in api.delete_many(["x"]).headers
