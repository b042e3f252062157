"""Waits while a database is away for a moment: locked, restarting, or out of space."""

from __future__ import annotations

import logging
import random
import threading
import time
from collections.abc import Callable
from typing import TypeVar

from django.db import InterfaceError, OperationalError, connection

logger = logging.getLogger(__name__)

T = TypeVar("T")

WAIT_FOR_S = 60.0


class Patience:
    """Repeats a piece of database work, all of it one transaction, until it succeeds or the wait is over."""

    def __init__(self, stop: threading.Event, *, wait_for_s: float = WAIT_FOR_S) -> None:
        self.stop, self.wait_for_s = stop, wait_for_s

    def run(self, work: Callable[[], T]) -> T:
        """The result of `work`. Raises the database's own error when it stays away for `wait_for_s` seconds."""
        give_up_at, pause_s = time.monotonic() + self.wait_for_s, 0.1
        while True:
            try:
                return work()
            except (OperationalError, InterfaceError) as error:
                if time.monotonic() >= give_up_at or connection.in_atomic_block:
                    raise
                logger.warning("database away, trying again: %s", error)
                connection.close()
                time.sleep(pause_s * random.uniform(0.8, 1.2))
                pause_s = min(pause_s * 2, 2.0)
