"""What never stood (address, DNS, port, TLS, proxy), and what did stand although it looks as if it had not."""

from __future__ import annotations

import socket
import ssl
from collections.abc import Callable
from pathlib import Path

import pytest

from medialib.imagekit.client import ImageKitClient
from medialib.imagekit.errors import AnswerLost, NotSent
from tests.imagekit.authority import Authority
from tests.imagekit.servers import (
    RawServer,
    Script,
    Serve,
    answering,
    connect_proxy_to,
    http_answer,
    over_tls,
    read_head,
)

ClientOf = Callable[..., ImageKitClient]
GONE = http_answer({"successfullyDeletedFileIds": ["a"]})
HALF = b"HTTP/1.1 200 OK\r\nContent-Length: 900\r\n\r\n{"


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
