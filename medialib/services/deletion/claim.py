"""Claim: one batch in the hands of one worker, for as long as its lease runs."""

from __future__ import annotations

import math
import time
from dataclasses import dataclass, field

from django.conf import settings

# A call is not begun in the last part of its lease: the answer should find us still the owner.
SENDABLE_SHARE = 0.85


class Validity:
    """Until when this process may begin calls under its leases, by a clock that nobody can set back."""

    def __init__(self) -> None:
        self.extend()

    def extend(self) -> None:
        self._ends_at = _awake_or_asleep_s() + settings.LEASE_S * SENDABLE_SHARE

    def holds(self) -> bool:
        return _awake_or_asleep_s() < self._ends_at


def _awake_or_asleep_s() -> float:
    """Seconds on a clock that nobody sets and that, where the machine has one, keeps running while it is suspended."""
    return time.clock_gettime(time.CLOCK_BOOTTIME) if hasattr(time, "CLOCK_BOOTTIME") else time.monotonic()


@dataclass(frozen=True)
class Claim:
    """One batch in the hands of one worker."""

    batch_id: int
    number: int
    first_position: int
    last_position: int
    fence: int
    attempt: int
    lost_answers: int
    look_ups: int
    file_ids: tuple[str, ...]
    never_seen: frozenset[str]
    is_look_up: bool
    is_verify: bool
    is_cancelling: bool
    send_at: float = field(default=0.0, compare=False)  # By the monotonic clock; not before.
    validity: Validity = field(default_factory=Validity, compare=False, repr=False)
    look_ends_at: float = field(default=math.inf, compare=False)  # By the monotonic clock; then it was too long ago.

    def is_look_fresh(self) -> bool:
        """Whether the look at its files, where there was one, is recent enough to send them."""
        return time.monotonic() <= self.look_ends_at

    def is_still_ours(self) -> bool:
        """False in a process that slept through the end of its lease."""
        return self.validity.holds()
