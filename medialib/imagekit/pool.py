"""The HTTP pool under the client: connections that never leave in doubt whether a request was sent.

What requests and urllib3 raise does not tell. Behind a proxy a connection cut after the request was sent comes back as
a ProxyError, a TLS record damaged in the answer as an SSLError; both look like a connection that never stood. So the
connection says it itself, where it is known.
"""

from __future__ import annotations

import http.client
import io
import socket
import time
from collections.abc import Callable
from http.cookiejar import DefaultCookiePolicy
from typing import Any

import requests
from requests.adapters import HTTPAdapter
from urllib3.connection import HTTPConnection, HTTPSConnection
from urllib3.connectionpool import HTTPConnectionPool, HTTPSConnectionPool
from urllib3.poolmanager import PoolManager, ProxyManager

POOL_SIZE = 32
MAX_IDLE_S = 4.0  # Node closes an idle connection after 5 s; one that just closed would cost us an answer.
ANSWER_PATIENCE = 3  # A whole answer may take this many read time-outs, however its bytes drip in.


class NeverConnected(Exception):
    """No connection could be made, so not one byte of the request was sent.

    Derives from neither OSError nor urllib3's HTTPError: it has to pass through both libraries as it is.
    """


PeerAllowed = Callable[[str], bool]


def anybody(address: str) -> bool:
    return True


class _TimedReader(io.RawIOBase):
    """Reads from a socket until a fixed moment, after which each read is a time-out."""

    def __init__(self, raw: io.RawIOBase, sock: socket.socket) -> None:
        self._raw, self._sock = raw, sock
        self._step_s = sock.gettimeout()
        self._ends_at = time.monotonic() + ANSWER_PATIENCE * self._step_s if self._step_s else None

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int | None:
        if self._ends_at is not None and self._step_s is not None:
            left_s = self._ends_at - time.monotonic()
            if left_s <= 0:
                raise TimeoutError("the whole answer took too long")
            self._sock.settimeout(min(left_s, self._step_s))
        return self._raw.readinto(buffer)

    def close(self) -> None:
        self._raw.close()
        super().close()


class _TimedResponse(http.client.HTTPResponse):
    """An answer, status line and headers included, that must be complete in time."""

    def __init__(self, sock: socket.socket, *args: Any, **kwargs: Any) -> None:
        super().__init__(sock, *args, **kwargs)
        self.fp = io.BufferedReader(_TimedReader(self.fp.detach(), sock))


class _PlainConnection(HTTPConnection):
    response_class: type[http.client.HTTPResponse] = _TimedResponse
    peer_allowed = staticmethod(anybody)
    _used_at = 0.0

    def _new_conn(self) -> socket.socket:
        """Ask of the address that answers, not of the name: a name may lead elsewhere than when it was looked up."""
        sock = super()._new_conn()
        if self.proxy is None and not self.peer_allowed(str(sock.getpeername()[0])):
            sock.close()
            raise ConnectionRefusedError("The name leads to an address that may not be called.")
        return sock

    def connect(self) -> None:
        """Connect, through a proxy and with TLS where asked for; only then can a request be sent."""
        try:
            super().connect()
        except Exception as error:
            raise NeverConnected from error

    def getresponse(self) -> Any:
        self._used_at = time.monotonic()
        return super().getresponse()

    @property
    def is_connected(self) -> bool:
        """Whether the pool may use it again. The server may be closing one that was idle for long."""
        return time.monotonic() - self._used_at < MAX_IDLE_S and super().is_connected


class _TlsConnection(_PlainConnection, HTTPSConnection):
    pass


class _Adapter(HTTPAdapter):
    """Uses the connections above, directly and through a proxy. Never repeats a request by itself."""

    def __init__(self, peer_allowed: PeerAllowed, *, is_timed: bool) -> None:
        self._peer_allowed, self._is_timed = peer_allowed, is_timed
        super().__init__(pool_connections=4, pool_maxsize=POOL_SIZE, max_retries=0)

    def init_poolmanager(self, *args: Any, **kwargs: Any) -> None:
        super().init_poolmanager(*args, **kwargs)
        _use_our_connections(self.poolmanager, self._peer_allowed, is_timed=self._is_timed)

    def proxy_manager_for(self, proxy: str, **kwargs: Any) -> ProxyManager:
        manager: ProxyManager = super().proxy_manager_for(proxy, **kwargs)
        _use_our_connections(manager, self._peer_allowed, is_timed=self._is_timed)
        return manager

    def cert_verify(self, conn: Any, url: str, verify: Any, cert: Any) -> None:
        prepare: Any = super().cert_verify
        try:
            prepare(conn, url, verify, cert)
        except OSError as error:  # The CA bundle that the environment names is not there.
            raise NeverConnected from error


class _Session(requests.Session):
    def get_redirect_target(self, resp: requests.Response) -> str | None:
        """No redirect is looked at: the API has none, and following one could hand the key to a stranger."""
        return None


def new_session(peer_allowed: PeerAllowed = anybody, *, is_timed: bool = True) -> requests.Session:
    """A pooled session for many threads, which keeps no cookies: they would be shared between them.

    `peer_allowed` is asked of each address that was connected to without a proxy, before anything is sent. Without
    `is_timed` only each part of an answer has its time, for files that take hours.
    """
    session = _Session()
    session.cookies.set_policy(DefaultCookiePolicy(allowed_domains=[]))
    for scheme in ("https://", "http://"):
        session.mount(scheme, _Adapter(peer_allowed, is_timed=is_timed))
    return session


def _use_our_connections(manager: PoolManager, peer_allowed: PeerAllowed, *, is_timed: bool) -> None:
    asks: dict[str, Any] = {"peer_allowed": staticmethod(peer_allowed)}
    if not is_timed:
        asks["response_class"] = http.client.HTTPResponse
    plain = type("PlainConnection", (_PlainConnection,), asks)
    tls = type("TlsConnection", (_TlsConnection,), asks)
    manager.pool_classes_by_scheme = {
        "http": type("PlainPool", (HTTPConnectionPool,), {"ConnectionCls": plain}),
        "https": type("TlsPool", (HTTPSConnectionPool,), {"ConnectionCls": tls}),
    }
