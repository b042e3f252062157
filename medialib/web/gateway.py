"""Stands between the web server (ASGI) and Django (WSGI): bodies are read first, then a thread answers.

Django runs as it does under WSGI, in a pool of threads. A thread that has its whole answer is free at once; one that
streams runs ahead of a slow reader by a bounded amount, and is freed when the reader takes nothing for a while.
"""

from __future__ import annotations

import asyncio
import logging
import sys
import threading
from collections.abc import Awaitable, Callable, Iterable, Mapping
from concurrent.futures import ThreadPoolExecutor
from typing import IO, Any
from urllib.parse import unquote_to_bytes

from medialib.web.bodies import Body, Gone, Receive, Room, TooMuch, TooSlow

logger = logging.getLogger(__name__)

PIECE_BYTES = 65_536
AHEAD_BYTES = 1_048_576
READ_WITHIN_S = 60.0
ALL_BODIES_BYTES = 512 * 1_048_576

Scope = Mapping[str, Any]
Send = Callable[[dict[str, Any]], Awaitable[None]]
Headers = list[tuple[str, str]]
Wsgi = Callable[[dict[str, Any], Callable[..., Any]], Iterable[bytes]]


class ReaderGone(Exception):
    """Nobody takes the rest of the answer."""


class BrokenOff(Exception):
    """The answer ends in the middle; the log says why. Its reader must not take it for whole."""


class Gateway:
    """The ASGI application. `most_body_bytes` is refused by the application itself, by the length that it is told."""

    def __init__(self, application: Wsgi, *, threads: int, most_body_bytes: int) -> None:
        self.application = application
        self.most_body_bytes = most_body_bytes
        self.pool = ThreadPoolExecutor(threads, thread_name_prefix="web")
        self.room = Room(ALL_BODIES_BYTES)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            raise ValueError(f"medialib speaks HTTP only, not {scope['type']}")
        headers = {name.lower(): value for name, value in scope["headers"]}
        with Body(self.room) as body:
            try:
                stated = stated_length(headers)
                if may_have_body(scope, headers) and stated <= self.most_body_bytes:
                    await body.read(receive, most_bytes=self.most_body_bytes)
                    stated = body.size
            except (TooSlow, TooMuch) as error:
                await refuse(send, error)
            except Gone:
                return
            else:
                await self._answer(environ_of(scope, body.file, length=stated), receive, send)

    async def _answer(self, environ: dict[str, Any], receive: Receive, send: Send) -> None:
        answer = StreamedAnswer(asyncio.get_running_loop())
        self.pool.submit(answer.run, self.application, environ)
        await answer.pass_on(receive, send)


class StreamedAnswer:
    """One answer on its way from a thread to the server's loop."""

    def __init__(self, loop: asyncio.AbstractEventLoop) -> None:
        self.status, self.headers = 500, []  # type: int, Headers
        self._loop = loop
        self._pieces: asyncio.Queue[tuple[bytes | None, bool]] = asyncio.Queue()
        self._waiting, self._changed = 0, threading.Condition()
        self._is_abandoned = False

    # In the thread.

    def run(self, application: Wsgi, environ: dict[str, Any]) -> None:
        """Answer, and never raise: the reader of the last piece would wait for ever."""
        rest: bytes | None = None
        try:
            rest = self._collect(application(environ, self._start))
        except ReaderGone:
            logger.info("an answer was given up: its reader took nothing for %.0f s or went away", READ_WITHIN_S)
        except Exception:
            logger.exception("an answer broke off")
        self._loop.call_soon_threadsafe(self._pieces.put_nowait, (rest, True))

    def _start(self, status: str, headers: Headers, exc_info: Any = None) -> None:
        self.status, self.headers = int(status.split(" ", 1)[0]), headers

    def _collect(self, pieces: Iterable[bytes]) -> bytes:
        """Hand on what is long, and return the rest. The whole of a short answer is one piece."""
        held: list[bytes] = []
        size = 0
        try:
            for piece in pieces:
                held.append(piece)
                size += len(piece)
                if size >= PIECE_BYTES:
                    self._hand_on(b"".join(held))
                    held, size = [], 0
        finally:
            close = getattr(pieces, "close", None)
            if close:
                close()
        return b"".join(held)

    def _hand_on(self, piece: bytes) -> None:
        with self._changed:
            in_time = self._changed.wait_for(lambda: self._is_abandoned or self._waiting < AHEAD_BYTES, READ_WITHIN_S)
            if self._is_abandoned or not in_time:
                raise ReaderGone
            self._waiting += len(piece)
        self._loop.call_soon_threadsafe(self._pieces.put_nowait, (piece, False))

    # In the loop.

    async def pass_on(self, receive: Receive, send: Send) -> None:
        """Raises BrokenOff where the rest does not come, so that the server ends the connection."""
        piece, is_last = await self._pieces.get()
        if piece is None:
            raise BrokenOff
        headers = [(name.lower().encode("latin-1"), value.encode("latin-1")) for name, value in self.headers]
        await send({"type": "http.response.start", "status": self.status, "headers": headers})
        watch = None if is_last else asyncio.create_task(self._watch(receive))
        try:
            while not is_last:
                await send({"type": "http.response.body", "body": piece, "more_body": True})
                self._note_sent(len(piece))
                piece, is_last = await self._pieces.get()
                if piece is None:
                    raise BrokenOff
            await send({"type": "http.response.body", "body": piece, "more_body": False})
        finally:
            self._abandon()
            if watch:
                watch.cancel()

    async def _watch(self, receive: Receive) -> None:
        while (await receive())["type"] != "http.disconnect":
            pass
        self._abandon()

    def _note_sent(self, size: int) -> None:
        with self._changed:
            self._waiting -= size
            self._changed.notify()

    def _abandon(self) -> None:
        with self._changed:
            self._is_abandoned = True
            self._changed.notify()


def may_have_body(scope: Scope, headers: Mapping[bytes, bytes]) -> bool:
    """HTTP/2 needs to announce none."""
    is_newer = not str(scope.get("http_version", "1.1")).startswith("1")
    return b"content-length" in headers or b"transfer-encoding" in headers or is_newer


def stated_length(headers: Mapping[bytes, bytes]) -> int:
    stated = headers.get(b"content-length", b"0")
    return int(stated) if stated.isdigit() else 0


async def refuse(send: Send, error: TooSlow | TooMuch) -> None:
    status, text = (408, b"The request came too slowly.\n") if isinstance(error, TooSlow) else (503, b"Try later.\n")
    headers = [
        (b"content-type", b"text/plain"),
        (b"content-length", str(len(text)).encode()),
        (b"connection", b"close"),
    ]
    await send({"type": "http.response.start", "status": status, "headers": headers})
    await send({"type": "http.response.body", "body": text})


def environ_of(scope: Scope, body: IO[bytes], *, length: int) -> dict[str, Any]:
    """The same request as WSGI (PEP 3333) says it."""
    client, server = scope.get("client") or ("", 0), scope.get("server") or ("localhost", 80)
    environ = {
        "REQUEST_METHOD": scope["method"],
        "SCRIPT_NAME": scope.get("root_path", ""),
        "PATH_INFO": path_of(scope),
        "QUERY_STRING": scope["query_string"].decode("latin-1"),
        "SERVER_NAME": str(server[0]),
        "SERVER_PORT": str(server[1]),
        "SERVER_PROTOCOL": f"HTTP/{scope.get('http_version', '1.1')}",
        "REMOTE_ADDR": str(client[0]),
        "REMOTE_PORT": str(client[1]),
        "wsgi.version": (1, 0),
        "wsgi.url_scheme": scope.get("scheme", "http"),
        "wsgi.input": body,
        "wsgi.errors": sys.stderr,
        "wsgi.multithread": True,
        "wsgi.multiprocess": True,
        "wsgi.run_once": False,
    }
    return environ | headers_of(scope) | {"CONTENT_LENGTH": str(length)}


def path_of(scope: Scope) -> str:
    raw = scope.get("raw_path")
    whole = unquote_to_bytes(raw.partition(b"?")[0]) if raw else scope["path"].encode()
    return whole.decode("latin-1")


def headers_of(scope: Scope) -> dict[str, str]:
    """A name with an underscore is dropped: as a variable it could pass for another, such as X-Forwarded-For."""
    found: dict[str, str] = {}
    for raw, value in scope["headers"]:
        if b"_" in raw:
            continue
        name = raw.decode("latin-1").upper().replace("-", "_")
        key = name if name in ("CONTENT_TYPE", "CONTENT_LENGTH") else f"HTTP_{name}"
        text = value.decode("latin-1")
        joint = "; " if key == "HTTP_COOKIE" else ","
        found[key] = f"{found[key]}{joint}{text}" if key in found else text
    return found
