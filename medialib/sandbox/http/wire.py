"""HTTP/1.1 over sockets: reads a request, writes the answer, or breaks the connection when a fault says so."""

from __future__ import annotations

import contextlib
import socket
import socketserver
import threading
import time
import uuid
from collections.abc import Callable
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from medialib.sandbox.http.answers import Refusal, Response
from medialib.sandbox.http.calls import has_hung_up, readable
from medialib.sandbox.http.requests import Request

MAX_BODY_BYTES = 130 * 1024 * 1024
ZEROS = bytes(64 * 1024)


class Cut(Exception):
    """Ends the connection; `answer` is set when half of it is to be sent first."""

    def __init__(self, answer: Response | None = None) -> None:
        super().__init__()
        self.answer = answer


class Server(ThreadingHTTPServer):
    daemon_threads = True
    request_queue_size = 256

    def __init__(self, host: str, port: int, respond: Callable[[Request, socket.socket], Response]) -> None:
        self.respond = respond
        self._handlers: dict[threading.Thread, socket.socket] = {}
        self._lock = threading.Lock()
        if ":" in host:
            self.address_family = socket.AF_INET6
        super().__init__((host, port), Handler)

    def server_bind(self) -> None:
        """As HTTPServer, but without its look-up of the host's name, which can take seconds."""
        socketserver.TCPServer.server_bind(self)
        self.server_name, self.server_port = str(self.server_address[0]), self.server_address[1]

    def process_request_thread(self, request: Any, client_address: Any) -> None:
        with self._lock:
            self._handlers[threading.current_thread()] = request
        try:
            super().process_request_thread(request, client_address)
        finally:
            with self._lock:
                self._handlers.pop(threading.current_thread(), None)

    def handle_error(self, request: Any, client_address: Any) -> None:
        """A client that goes away in the middle is no error of ours; anything else was answered with a 500."""

    def close_connections(self) -> None:
        """End every open connection and wait for its thread."""
        with self._lock:
            handlers = dict(self._handlers)
        for connection in handlers.values():
            _shut(connection)
        for thread in handlers:
            thread.join(timeout=5)


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    timeout = 120
    server: Server

    def handle_one_request(self) -> None:
        try:
            super().handle_one_request()
        except OSError:
            self.close_connection = True

    def answer(self) -> None:
        try:
            request = Request(self.command, self.path, dict(self.headers.items()), self._body())
            answer = self.server.respond(request, self.connection)
        except Refusal as refusal:
            answer, self.close_connection = refusal.answer, True  # The body was not read to its end.
        except Cut as cut:
            self._cut(cut.answer)
            return
        self._send(answer)

    do_GET = do_HEAD = do_POST = do_PUT = do_PATCH = do_DELETE = do_OPTIONS = answer  # noqa: N815

    def _body(self) -> bytes:
        """The request's body. Raises Refusal when its length cannot be told or is too much."""
        if "chunked" in (self.headers.get("Transfer-Encoding") or "").lower():
            return self._chunks()
        length = self.headers.get("Content-Length") or "0"
        if not (length.isascii() and length.isdigit()):
            raise Refusal(400, "Your request contains an invalid Content-Length header.")
        return self._read(int(length))

    def _chunks(self) -> bytes:
        body = bytearray()
        while size := self._chunk_size():
            body += self._read(size)
            self.rfile.readline(16)
            if len(body) > MAX_BODY_BYTES:
                raise Refusal(413, "Your request is too large.")
        while self.rfile.readline(65537).strip():
            pass  # Trailers.
        return bytes(body)

    def _chunk_size(self) -> int:
        try:
            return max(0, int(self.rfile.readline(64).partition(b";")[0], 16))
        except ValueError:
            raise Refusal(400, "Your request contains an invalid chunk.") from None

    def _read(self, length: int) -> bytes:
        if length > MAX_BODY_BYTES:
            raise Refusal(413, "Your request is too large.")
        body = self.rfile.read(length)
        if len(body) < length:
            raise Cut
        return body

    def _send(self, answer: Response) -> None:
        body = b"" if self.command == "HEAD" else answer.body
        self.connection.sendall(self._head(answer) + body)
        left = 0 if self.command == "HEAD" else answer.padding
        while left > 0:
            self.connection.sendall(ZEROS[: min(left, len(ZEROS))])
            left -= len(ZEROS)

    def _cut(self, answer: Response | None) -> None:
        if answer:
            self.connection.sendall(self._head(answer) + answer.body[: len(answer.body) // 2])
        self.close_connection = True
        _shut(self.connection)

    def _head(self, answer: Response) -> bytes:
        lines = [f"HTTP/1.1 {answer.status} {_phrase(answer.status)}", f"Date: {self.date_time_string()}"]
        if answer.status != 204:
            lines += [f"Content-Type: {answer.content_type}", f"Content-Length: {len(answer.body) + answer.padding}"]
        lines += [f"{name}: {value}" for name, value in answer.headers.items()]
        lines.append(f"x-ik-requestId: {uuid.uuid4()}")
        lines.append(f"Connection: {'close' if self.close_connection else 'keep-alive'}")
        return ("\r\n".join(lines) + "\r\n\r\n").encode("latin-1")

    def log_message(self, *args: Any) -> None:
        """Quiet: the call log is the record."""


def _phrase(status: int) -> str:
    return HTTPStatus(status).phrase if status in HTTPStatus._value2member_map_ else "Unknown"


def _shut(connection: socket.socket) -> None:
    with contextlib.suppress(OSError):  # It may be closed already.
        connection.shutdown(socket.SHUT_RDWR)


def wait_for_hang_up(connection: socket.socket, seconds: float) -> bool:
    """Wait, but no longer than the client does. True when it has hung up."""
    until = time.monotonic() + seconds
    if readable(connection, seconds) and not has_hung_up(connection):
        time.sleep(max(0, until - time.monotonic()))  # More requests wait in the pipe: nobody has hung up.
    return has_hung_up(connection)
