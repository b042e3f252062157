"""A record of the calls the sandbox answered: what tests ask, to know what really happened."""

from __future__ import annotations

import select
import socket
import threading
import time
from collections import deque
from collections.abc import Iterable
from dataclasses import dataclass, field
from itertools import count
from typing import NamedTuple

MAX_KEPT = 200_000


class DeletedByCall(NamedTuple):
    """One file that an API call really removed."""

    file_id: str
    call_number: int
    worker_user_agent: str


@dataclass(eq=False)
class Call:
    """One API call. `answered` is False when a fault kept the answer from the client, or the client left first."""

    number: int
    kind: str  # One of those in routes.py: delete, list, details, update, file, folder, bulk_job, purge, …
    at_monotonic: float
    file_ids: tuple[str, ...] = ()
    status: int | None = None
    fault: str | None = None
    answered: bool = False
    method: str = ""
    target: str = ""
    user_agent: str = ""
    connection: socket.socket | None = field(default=None, repr=False)
    is_held: bool = False


class CallLog:
    def __init__(self) -> None:
        self._changed = threading.Condition()
        self._calls: deque[Call] = deque(maxlen=MAX_KEPT)
        self._numbers = count(1)
        self._removed: list[DeletedByCall] = []
        self._in_flight: list[Call] = []
        self._overlapping: set[str] = set()

    def open(self, kind: str, **members: object) -> Call:
        with self._changed:
            call = Call(next(self._numbers), kind, time.monotonic(), **members)  # type: ignore[arg-type]
            self._calls.append(call)
            if kind == "delete":
                self._note_overlap(call)
                self._in_flight.append(call)
            self._changed.notify_all()
            return call

    def _note_overlap(self, call: Call) -> None:
        for other in self._in_flight:
            common = set(call.file_ids).intersection(other.file_ids)
            # A client that has hung up no longer waits for that call, so sending again is its right.
            if common and not has_hung_up(other.connection):
                self._overlapping |= common

    def close(self, call: Call) -> None:
        """The call is over. Must come before its answer is sent: the client may follow it up at once."""
        with self._changed:
            if call in self._in_flight:
                self._in_flight.remove(call)
            call.connection = None

    def held(self, call: Call, is_held: bool) -> None:
        with self._changed:
            call.is_held = is_held
            self._changed.notify_all()

    def removed(self, call: Call, file_ids: Iterable[str]) -> None:
        with self._changed:
            self._removed.extend(DeletedByCall(file_id, call.number, call.user_agent) for file_id in file_ids)

    def calls(self, kind: str) -> list[Call]:
        with self._changed:
            return [call for call in self._calls if kind in ("any", call.kind)]

    def deleted_by_calls(self) -> list[DeletedByCall]:
        with self._changed:
            return list(self._removed)

    def overlapping(self) -> set[str]:
        with self._changed:
            return set(self._overlapping)

    def wait_until_held(self, count_: int, timeout_s: float) -> bool:
        with self._changed:
            return self._changed.wait_for(lambda: sum(call.is_held for call in self._in_flight) >= count_, timeout_s)


def has_hung_up(connection: socket.socket | None) -> bool:
    if connection is None:
        return True
    try:
        # Asked first, because a socket with a time-out would wait for something to read.
        return readable(connection, 0) and connection.recv(1, socket.MSG_PEEK) == b""
    except (OSError, ValueError):
        return True


def readable(connection: socket.socket, seconds: float) -> bool:
    """Wait until there is something to read, or the end of it."""
    poll = select.poll()
    poll.register(connection, select.POLLIN)
    return bool(poll.poll(max(0, seconds * 1000)))
