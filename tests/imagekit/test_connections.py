"""Below HTTP: what is cut, slow, closed or never stood, and whether the request can have been carried out."""

from __future__ import annotations

import socket
import ssl
import threading
import time
from collections.abc import Callable
from pathlib import Path

import pytest
import responses

from medialib.imagekit import pool, transport
from medialib.imagekit.client import ImageKitClient
from medialib.imagekit.errors import AnswerLost, BadRequest, NotSent
from tests.imagekit.authority import Authority
from tests.imagekit.servers import RawServer, Script, connect_proxy_to, http_answer, over_tls, read_head

Serve = Callable[[Script], RawServer]
ClientOf = Callable[..., ImageKitClient]
GONE = http_answer({"successfullyDeletedFileIds": ["a"]})
HALF = b"HTTP/1.1 200 OK\r\nContent-Length: 900\r\n\r\n{"


def reset(sock: socket.socket) -> None:
    """Close with a reset instead of an orderly end."""
    sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\x01\x00\x00\x00\x00\x00\x00\x00")


def answering(serve: Serve, *parts: bytes) -> RawServer:
    """A server that reads one request per connection, sends these bytes and cuts the connection."""

    def script(sock: socket.socket) -> None:
        server.read_request(sock)
        for part in parts:
            sock.sendall(part)

    server = serve(script)
    return server


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


def test_a_port_nobody_listens_on_was_never_sent_to(client_of: ClientOf) -> None:
    with socket.create_server(("127.0.0.1", 0)) as free:
        address = free.getsockname()
    with pytest.raises(NotSent, match="refused"):
        client_of(api_url=f"http://127.0.0.1:{address[1]}").delete_files(["a"])


def test_a_name_that_does_not_resolve_was_never_sent_to(client_of: ClientOf, monkeypatch: pytest.MonkeyPatch) -> None:
    def unknown(*_: object) -> None:
        raise socket.gaierror(socket.EAI_NONAME, "Name or service not known")

    monkeypatch.setattr(socket, "getaddrinfo", unknown)
    with pytest.raises(NotSent, match="does not resolve"):
        client_of(api_url="https://nowhere.invalid").delete_files(["a"])


@pytest.mark.parametrize("api_url", ["not an address", "ftp://127.0.0.1", "http://", "http://[::1", "https://*.x"])
def test_a_malformed_address_was_never_sent_to(client_of: ClientOf, api_url: str) -> None:
    with pytest.raises(NotSent, match="not valid"):
        client_of(api_url=api_url).delete_files(["a"])


def test_a_host_that_takes_no_connection_in_time_was_never_sent_to(
    client_of: ClientOf, monkeypatch: pytest.MonkeyPatch
) -> None:
    def too_slow(*_: object, **__: object) -> None:
        raise TimeoutError("timed out")

    monkeypatch.setattr("urllib3.util.connection.create_connection", too_slow)
    with pytest.raises(NotSent, match="in time"):
        client_of(api_url="http://127.0.0.1:9").delete_files(["a"])


def test_a_tls_handshake_that_hangs_was_never_sent_to(serve: Serve, client_of: ClientOf) -> None:
    server = serve(lambda sock: server.is_closing.wait() and None)
    with pytest.raises(NotSent, match="in time"):
        client_of(api_url=f"https://{server.address}", connect_timeout_s=0.1).delete_files(["a"])


def test_a_server_that_speaks_no_tls_was_never_sent_to(serve: Serve, client_of: ClientOf) -> None:
    server = serve(lambda sock: sock.sendall(b"HTTP/1.1 400 Bad Request\r\n\r\n"))
    with pytest.raises(NotSent):
        client_of(api_url=f"https://{server.address}").delete_files(["a"])


def test_a_missing_ca_bundle_sends_nothing(
    serve: Serve, client_of: ClientOf, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("REQUESTS_CA_BUNDLE", str(tmp_path / "absent.pem"))
    server = answering(serve)
    with pytest.raises(NotSent, match="CA bundle"):
        client_of(api_url=f"https://{server.address}").delete_files(["a"])


def test_a_certificate_nobody_vouches_for_sends_nothing(
    serve: Serve, client_of: ClientOf, authority: Authority
) -> None:
    server = serve(over_tls(authority.server_context("localhost"), lambda sock: None))
    with pytest.raises(NotSent, match="TLS"):
        client_of(api_url=f"https://{server.address}").delete_files(["a"])
    assert server.requests == []


@pytest.mark.parametrize(
    "answer", [b"HTTP/1.1 403 Forbidden\r\n\r\n", b"HTTP/1.1 407 Auth\r\n\r\n", b"junk\r\n\r\n", b""]
)
def test_a_proxy_that_refuses_the_tunnel_sends_nothing(
    serve: Serve, client_of: ClientOf, monkeypatch: pytest.MonkeyPatch, answer: bytes
) -> None:
    monkeypatch.setenv("HTTPS_PROXY", answering(serve, answer).url)
    with pytest.raises(NotSent, match="proxy"):
        client_of().delete_files(["a"])


def test_a_proxy_that_drips_its_answer_cannot_hold_a_call_for_ever(
    serve: Serve, client_of: ClientOf, monkeypatch: pytest.MonkeyPatch
) -> None:
    def script(sock: socket.socket) -> None:
        while not server.is_closing.wait(0.02):
            sock.sendall(b"H")

    server = serve(script)
    monkeypatch.setenv("HTTPS_PROXY", server.url)
    with pytest.raises(NotSent):
        client_of(connect_timeout_s=0.1).delete_files(["a"])


def test_the_shipped_address_is_reached_with_nothing_but_the_usual_variables_set(
    serve: Serve, client_of: ClientOf, monkeypatch: pytest.MonkeyPatch, authority: Authority
) -> None:
    asked: list[str] = []
    stand_in = tls_stand_in(serve, authority, GONE)
    monkeypatch.setenv("HTTPS_PROXY", serve(connect_proxy_to(stand_in.address, asked)).url)
    monkeypatch.setenv("REQUESTS_CA_BUNDLE", str(authority.bundle))
    assert client_of().delete_files(["a"]).deleted == {"a"}
    assert asked == ["api.imagekit.io:443"]
    assert b"Host: api.imagekit.io\r\n" in stand_in.requests[0]


@pytest.mark.parametrize("sent", [b"", HALF])
def test_an_answer_cut_behind_a_proxy_is_lost_and_not_unsent(
    serve: Serve, client_of: ClientOf, monkeypatch: pytest.MonkeyPatch, authority: Authority, sent: bytes
) -> None:
    stand_in = tls_stand_in(serve, authority, sent)
    monkeypatch.setenv("HTTPS_PROXY", serve(connect_proxy_to(stand_in.address, [])).url)
    monkeypatch.setenv("REQUESTS_CA_BUNDLE", str(authority.bundle))
    with pytest.raises(AnswerLost):
        client_of().delete_files(["a"])
    assert len(stand_in.requests) == 1


def test_an_answer_cut_behind_a_plain_proxy_is_lost_and_not_unsent(
    serve: Serve, client_of: ClientOf, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HTTP_PROXY", answering(serve).url)
    with pytest.raises(AnswerLost):
        client_of(api_url="http://media.example").delete_files(["a"])


def test_a_damaged_tls_record_in_the_answer_loses_it(
    serve: Serve, client_of: ClientOf, monkeypatch: pytest.MonkeyPatch, authority: Authority
) -> None:
    server = serve(damaging(authority.server_context("localhost")))
    monkeypatch.setenv("REQUESTS_CA_BUNDLE", str(authority.bundle))
    with pytest.raises(AnswerLost):
        client_of(api_url=f"https://localhost:{server.address.rpartition(':')[2]}").delete_files(["a"])


def test_no_proxy_is_honoured(serve: Serve, client_of: ClientOf, monkeypatch: pytest.MonkeyPatch) -> None:
    server = answering(serve, GONE)
    monkeypatch.setenv("HTTP_PROXY", "http://127.0.0.1:9")
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")
    assert client_of(api_url=server.url).delete_files(["a"]).deleted == {"a"}


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


def tls_stand_in(serve: Serve, authority: Authority, answer: bytes) -> RawServer:
    """A server that passes for api.imagekit.io with those who trust the authority."""

    def script(sock: socket.socket) -> None:
        server.read_request(sock)
        sock.sendall(answer)

    server = serve(over_tls(authority.server_context("api.imagekit.io"), script))
    return server


def damaging(context: ssl.SSLContext) -> Script:
    """Answer with bytes that no TLS peer can have sent, after a sound handshake and the request."""

    def script(sock: socket.socket) -> None:
        raw = sock.dup()
        with raw, context.wrap_socket(sock, server_side=True) as tls:
            read_head(tls)
            raw.sendall(b"\x17\x03\x03\x00\x20" + b"\x00" * 32)
            raw.recv(1000)

    return script
