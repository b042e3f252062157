"""Rate limits: a strict sliding window per account and class of endpoint, told in ImageKit's headers (milliseconds)."""

from __future__ import annotations

import math
import threading
import time
from collections import deque
from collections.abc import Callable, Mapping

from medialib.sandbox.http.answers import Refusal

MESSAGE = "You have exceeded the rate limit for this endpoint. Please wait before making another request."
HEADER_CHOICES = ("always", "on_429", "never")


class Window:
    """At most `rate` x interval calls in any interval. A refused call does not count."""

    def __init__(self, rate: float | None, interval_ms: int, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._taken: deque[float] = deque()
        self._lock = threading.Lock()
        self.set(rate, interval_ms)

    def set(self, rate: float | None, interval_ms: int) -> None:
        with self._lock:
            self.is_limited = rate is not None
            # Less than one call an interval means one call in a longer interval.
            self.interval_ms = max(interval_ms, math.ceil(1000 / rate)) if rate else interval_ms
            self.limit = max(1, math.floor(rate * self.interval_ms / 1000 + 1e-9)) if rate else 0

    def take(self) -> tuple[bool, dict[str, str]]:
        """Whether this call may pass, and the headers that tell so. No headers where there is no limit."""
        if not self.is_limited:
            return True, {}
        with self._lock:
            now = self._clock()
            while self._taken and now - self._taken[0] >= self.interval_ms / 1000:
                self._taken.popleft()
            may_pass = len(self._taken) < self.limit
            if may_pass:
                self._taken.append(now)
            return may_pass, rate_headers(self.limit, self.interval_ms, self._reset_ms(now))

    def _reset_ms(self, now: float) -> int:
        if len(self._taken) < self.limit:
            return 0
        return max(1, math.ceil((self._taken[-self.limit] - now) * 1000 + self.interval_ms))


class Rates:
    """One window for each class of endpoint. Uploads have none, as at ImageKit."""

    def __init__(self, rate: float | None, read_rate: float | None, interval_ms: int, headers: str) -> None:
        if headers not in HEADER_CHOICES:
            raise ValueError(f"rate_headers must be one of {', '.join(HEADER_CHOICES)}")
        self.headers = headers
        self._writes = {name: Window(rate, interval_ms) for name in ("delete", "purge", "write")}
        self._reads = {"read": Window(read_rate, interval_ms)}

    def set(self, rate: float | None, interval_ms: int) -> None:
        for window in self._writes.values():
            window.set(rate, interval_ms)

    def take(self, endpoint_class: str) -> Mapping[str, str]:
        """Headers for the answer. Raises Refusal (429) when the window is full."""
        window = self._writes.get(endpoint_class) or self._reads.get(endpoint_class)
        if window is None:
            return {}
        may_pass, headers = window.take()
        if not may_pass:
            raise Refusal(429, MESSAGE, headers=headers if self.headers != "never" else {})
        return headers if self.headers == "always" else {}


def rate_headers(limit: int, interval_ms: int, reset_ms: int) -> dict[str, str]:
    return {
        "X-RateLimit-Limit": str(limit),
        "X-RateLimit-Interval": str(interval_ms),
        "X-RateLimit-Reset": str(reset_ms),
    }
