"""Small servers on loopback that misbehave below HTTP, where `responses` cannot reach."""

from __future__ import annotations

import contextlib
import json
import socket
import ssl
import threading
from collections.abc import Callable
from typing import Any

Script = Callable[[socket.socket], object]
Serve = Callable[[Script], "RawServer"]


class RawServer:
    """Runs `script` with the socket of each connection, one thread each, and closes it afterwards."""

    def __init__(self, script: Script) -> None:
        self.script = script
        self.connections = 0
        self.requests: list[bytes] = []
        self.is_closing = threading.Event()
        self._threads: list[threading.Thread] = []
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.address = f"127.0.0.1:{self._listener.getsockname()[1]}"
        self.url = f"http://{self.address}"
        self._start(self._accept)

    def close(self) -> None:
        self.is_closing.set()
        self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()
        for thread in self._threads:
            thread.join(timeout=5)

    def read_request(self, sock: socket.socket) -> bytes:
        """The next request with its body; empty when the client is gone."""
        request = read_head(sock)
        length = [line for line in request.lower().split(b"\r\n") if line.startswith(b"content-length:")]
        missing = int(length[0].split(b":")[1]) if length else 0
        while missing > 0 and (part := sock.recv(missing)):
            request, missing = request + part, missing - len(part)
        if request:
            self.requests.append(request)
        return request

    def _accept(self) -> None:
        while not self.is_closing.is_set():
            try:
                sock, _ = self._listener.accept()
            except OSError:
                return
            self.connections += 1
            self._start(self._serve, sock)

    def _serve(self, sock: socket.socket) -> None:
        with sock, contextlib.suppress(OSError):  # The client may go away, as some tests make it do.
            self.script(sock)

    def _start(self, work: Callable[..., None], *args: Any) -> None:
        thread = threading.Thread(target=work, args=args, daemon=True)
        self._threads.append(thread)
        thread.start()


def answering(serve: Serve, *parts: bytes) -> RawServer:
    """A server that reads one request per connection, sends these bytes and cuts the connection."""

    def script(sock: socket.socket) -> None:
        server.read_request(sock)
        for part in parts:
            sock.sendall(part)

    server = serve(script)
    return server


def read_head(sock: socket.socket) -> bytes:
    """A request up to its blank line, byte by byte, so that nothing behind it is taken."""
    head = b""
    while not head.endswith(b"\r\n\r\n") and (byte := sock.recv(1)):
        head += byte
    return head


def http_answer(body: Any, status: str = "200 OK", headers: str = "") -> bytes:
    payload = json.dumps(body).encode()
    head = f"HTTP/1.1 {status}\r\nContent-Type: application/json\r\nContent-Length: {len(payload)}\r\n{headers}\r\n"
    return head.encode() + payload


def pipe(one: socket.socket, other: socket.socket) -> None:
    """Carry bytes both ways until either side ends."""

    def carry(source: socket.socket, target: socket.socket) -> None:
        try:
            while part := source.recv(65536):
                target.sendall(part)
            target.shutdown(socket.SHUT_WR)
        except OSError:
            pass

    back = threading.Thread(target=carry, args=(other, one), daemon=True)
    back.start()
    carry(one, other)
    back.join(timeout=5)


def connect_proxy_to(target: str, asked: list[str]) -> Script:
    """A proxy that notes the host it is asked for and leads each tunnel to `target`."""

    def script(sock: socket.socket) -> None:
        asked.append(read_head(sock).split()[1].decode())
        host, _, port = target.partition(":")
        with socket.create_connection((host, int(port)), timeout=5) as upstream:
            sock.sendall(b"HTTP/1.1 200 Connection established\r\n\r\n")
            pipe(sock, upstream)

    return script


def over_tls(context: ssl.SSLContext, script: Script) -> Script:
    def secured(sock: socket.socket) -> None:
        with context.wrap_socket(sock, server_side=True) as tls:
            script(tls)

    return secured
