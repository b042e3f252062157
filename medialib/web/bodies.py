"""Takes a request's body in before a thread is given to the request: a slow sender keeps nobody else waiting.

A body has a deadline that moves on as it arrives, which demands a least speed, and one that does not move. Small bodies
stay in memory, larger ones lie in a temporary file.
"""

from __future__ import annotations

import asyncio
import tempfile
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from typing import IO, Any, Self

GRACE_S = 10.0  # Of all pauses together, however much is sent.
LEAST_BYTES_A_SECOND = 8_192
WITHIN_S = 900.0
IN_MEMORY_BYTES = 262_144

Receive = Callable[[], Awaitable[Mapping[str, Any]]]


class TooSlow(Exception):
    """The body did not come in time."""


class TooMuch(Exception):
    """So many bodies are under way that the disk would fill."""


class Gone(Exception):
    """The sender went away."""


@dataclass
class Room:
    """How much of all bodies one process holds at a time."""

    most_bytes: int
    held_bytes: int = 0

    def take(self, size: int) -> None:
        if self.held_bytes + size > self.most_bytes:
            raise TooMuch
        self.held_bytes += size


class Body:
    """What came of one body: a file to read, and its length. As a context manager it gives the room back."""

    def __init__(self, room: Room) -> None:
        self.file: IO[bytes] = tempfile.SpooledTemporaryFile(IN_MEMORY_BYTES)  # noqa: SIM115  Closed by __exit__.
        self.size = 0
        self._room = room

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._room.held_bytes -= self.size
        self.file.close()

    async def read(self, receive: Receive, *, most_bytes: int) -> None:
        """Read all of it, or one byte more than is allowed. Raises TooSlow, TooMuch or Gone."""
        began = asyncio.get_running_loop().time()
        try:
            async with asyncio.timeout(GRACE_S) as limit:
                while await self._take(receive) and self.size <= most_bytes:
                    allowed_s = GRACE_S + self.size / LEAST_BYTES_A_SECOND
                    limit.reschedule(began + min(allowed_s, WITHIN_S))
        except TimeoutError:
            raise TooSlow from None
        self.file.seek(0)

    async def _take(self, receive: Receive) -> bool:
        """Whether more is to come."""
        message = await receive()
        if message["type"] == "http.disconnect":
            raise Gone
        piece = message.get("body", b"")
        self._room.take(len(piece))
        self.size += len(piece)
        if self.size > IN_MEMORY_BYTES:  # A slow disk must not stop the loop that everybody's request passes.
            await asyncio.to_thread(self.file.write, piece)
        else:
            self.file.write(piece)
        return bool(message.get("more_body"))
