"""Below HTTP: what is cut, slow or closed after the connection stood, so that the answer is lost."""

from __future__ import annotations

import socket
import ssl
import threading
import time
from collections.abc import Callable

import pytest
import responses

from medialib.imagekit import pool, transport
from medialib.imagekit.client import ImageKitClient
from medialib.imagekit.errors import AnswerLost, BadRequest
from tests.imagekit.servers import Serve, answering, http_answer

ClientOf = Callable[..., ImageKitClient]
GONE = http_answer({"successfullyDeletedFileIds": ["a"]})
HALF = b"HTTP/1.1 200 OK\r\nContent-Length: 900\r\n\r\n{"


def reset(sock: socket.socket) -> None:
    """Close with a reset instead of an orderly end."""
    sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\x01\x00\x00\x00\x00\x00\x00\x00")


@pytest.mark.parametrize(
    ("sent", "status"),
    [
        ((), None),
        ((b"HTTP/1.1 20",), None),
        ((b"HTTP/1.1 200",), 200),
        ((b"no HTTP at all\r\n\r\n",), None),
        ((b"HTTP/1.1 200 OK\r\nX" + b"y" * 70_000,), None),
        ((HALF,), 200),
        ((b"HTTP/1.1 207 Multi\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nab",), 207),
        ((b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nnothex\r\n",), 200),
        ((b"HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nContent-Length: 4\r\n\r\nabcd",), 200),
        ((b"HTTP/1.1 200 OK\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\n{}",), None),
    ],
)
def test_a_connection_cut_after_the_request_loses_the_answer(
    serve: Serve, client_of: ClientOf, sent: tuple[bytes, ...], status: int | None
) -> None:
    server = answering(serve, *sent)
    with pytest.raises(AnswerLost) as caught:
        client_of(api_url=server.url).delete_files(["a"])
    assert caught.value.http_status == status
    assert len(server.requests) == 1


def test_a_reset_after_the_request_loses_the_answer(serve: Serve, client_of: ClientOf) -> None:
    def script(sock: socket.socket) -> None:
        server.read_request(sock)
        reset(sock)

    server = serve(script)
    with pytest.raises(AnswerLost):
        client_of(api_url=server.url).delete_files(["a"])


@pytest.mark.parametrize(("begun", "status"), [(b"", None), (HALF, 200)])
def test_a_server_that_falls_silent_loses_the_answer(
    serve: Serve, client_of: ClientOf, begun: bytes, status: int | None
) -> None:
    def script(sock: socket.socket) -> None:
        server.read_request(sock)
        sock.sendall(begun)
        server.is_closing.wait()

    server = serve(script)
    with pytest.raises(AnswerLost, match="in time") as caught:
        client_of(api_url=server.url, read_timeout_s=0.1).delete_files(["a"])
    assert caught.value.http_status == status


@pytest.mark.parametrize(
    ("begun", "drop"),
    [
        (b"", b"H"),
        (b"HTTP/1.1 200 OK\r\nX-Long: ", b"y"),
        (b"HTTP/1.1 200 OK\r\nContent-Length: 90000\r\n\r\n", b" "),
        (b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n", b"0"),
        (b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n", b"1\r\n \r\n"),
        (b"", b"HTTP/1.1 100 Continue\r\n\r\n"),
    ],
)
def test_a_server_that_drips_bytes_cannot_hold_a_call_for_ever(
    serve: Serve, client_of: ClientOf, begun: bytes, drop: bytes
) -> None:
    def script(sock: socket.socket) -> None:
        server.read_request(sock)
        sock.sendall(begun)
        while not server.is_closing.wait(0.02):
            sock.sendall(drop)

    server = serve(script)
    began_at = time.monotonic()
    with pytest.raises(AnswerLost):
        client_of(api_url=server.url, read_timeout_s=0.15).delete_files(["a"])
    assert time.monotonic() - began_at < 0.15 * pool.ANSWER_PATIENCE + 1


def test_a_body_without_end_is_given_up(serve: Serve, client_of: ClientOf, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(transport, "MAX_BODY_BYTES", 1000)
    server = answering(serve, b"HTTP/1.1 200 OK\r\n\r\n", b" " * 2000)
    with pytest.raises(AnswerLost, match="longer") as caught:
        client_of(api_url=server.url).delete_files(["a"])
    assert caught.value.http_status == 200


def test_one_connection_serves_many_calls(serve: Serve, client_of: ClientOf) -> None:
    def script(sock: socket.socket) -> None:
        while server.read_request(sock):
            sock.sendall(GONE)

    server = serve(script)
    client = client_of(api_url=server.url)
    assert [client.delete_files(["a"]).deleted for _ in range(3)] == [{"a"}] * 3
    assert (server.connections, len(server.requests)) == (1, 3)


def test_a_connection_closed_while_idle_costs_no_answer(serve: Serve, client_of: ClientOf) -> None:
    closed = threading.Event()

    def script(sock: socket.socket) -> None:
        server.read_request(sock)
        sock.sendall(GONE)
        sock.shutdown(socket.SHUT_WR)
        closed.set()

    server = serve(script)
    client = client_of(api_url=server.url)
    client.delete_files(["a"])
    assert closed.wait(5)
    assert client.delete_files(["a"]).deleted == {"a"}
    assert server.connections == 2


def test_a_connection_idle_for_long_is_not_used_again(
    serve: Serve, client_of: ClientOf, monkeypatch: pytest.MonkeyPatch
) -> None:
    def script(sock: socket.socket) -> None:
        while server.read_request(sock):
            sock.sendall(GONE)

    server = serve(script)
    client = client_of(api_url=server.url)
    client.delete_files(["a"])
    monkeypatch.setattr(pool, "MAX_IDLE_S", 0.0)
    client.delete_files(["a"])
    assert server.connections == 2


def test_a_kept_connection_cut_under_the_request_loses_the_answer(serve: Serve, client_of: ClientOf) -> None:
    def script(sock: socket.socket) -> None:
        server.read_request(sock)
        sock.sendall(GONE)
        server.read_request(sock)

    server = serve(script)
    client = client_of(api_url=server.url)
    client.delete_files(["a"])
    with pytest.raises(AnswerLost):
        client.delete_files(["a"])
    assert len(server.requests) == 2


def test_many_threads_share_one_client(serve: Serve, client_of: ClientOf) -> None:
    def script(sock: socket.socket) -> None:
        while server.read_request(sock):
            sock.sendall(GONE)

    server = serve(script)
    client = client_of(api_url=server.url)
    gone: list[frozenset[str]] = []
    threads = [threading.Thread(target=lambda: gone.append(client.delete_files(["a"]).deleted)) for _ in range(16)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert gone == [{"a"}] * 16


def test_a_redirect_is_refused_without_a_look_at_where_it_leads(serve: Serve, client_of: ClientOf) -> None:
    server = answering(serve, b"HTTP/1.1 302 Found\r\nLocation: http://[\r\nContent-Length: 0\r\n\r\n")
    with pytest.raises(BadRequest, match="redirect"):
        client_of(api_url=server.url).delete_files(["a"])


def test_an_error_of_the_caller_does_not_make_a_sent_request_unsent(
    api: responses.RequestsMock, client: ImageKitClient
) -> None:
    api.post("https://api.imagekit.io/v1/files/batch/deleteByFileIds", body=ConnectionResetError())
    try:
        raise ssl.SSLCertVerificationError
    except ssl.SSLCertVerificationError:
        with pytest.raises(AnswerLost):
            client.delete_files(["a"])
