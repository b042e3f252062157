"""Bodies in, answers out, between the server's loop and the threads that answer."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from medialib.web import bodies, gateway
from medialib.web.gateway import Gateway
from tests import loops

SCOPE = {
    "type": "http",
    "method": "POST",
    "path": "/ü",
    "raw_path": b"/%C3%BC",
    "query_string": b"a=%20",
    "http_version": "1.1",
    "scheme": "http",
    "client": ("192.0.2.7", 5),
    "server": ("127.0.0.1", 8000),
    "headers": [(b"host", b"media.example.com"), (b"content-length", b"6"), (b"cookie", b"a=1"), (b"cookie", b"b=2")],
}
MOST = 1_000_000


def application(answer: Callable[[dict[str, Any]], Any]) -> Callable[..., Any]:
    def run(environ: dict[str, Any], start: Callable[..., Any]) -> Any:
        start("200 OK", [("Content-Type", "text/plain")])
        return answer(environ)

    return run


def ask(wsgi: Any, *pieces: bytes, scope: dict[str, Any] | None = None, pause_s: float = 0) -> list[dict[str, Any]]:
    """What the server is told, when a body comes in these pieces and then nothing more."""
    messages, said = list(pieces), []

    async def receive() -> dict[str, Any]:
        await asyncio.sleep(pause_s)
        if not messages:
            await asyncio.Event().wait()
        return {"type": "http.request", "body": messages.pop(0), "more_body": bool(messages)}

    async def send(message: dict[str, Any]) -> None:
        said.append(message)

    loops.run(Gateway(wsgi, threads=2, most_body_bytes=MOST)(SCOPE | (scope or {}), receive, send))
    return said


def test_the_request_and_its_answer_pass_whole():
    seen: dict[str, Any] = {}

    def answer(environ: dict[str, Any]) -> list[bytes]:
        seen.update(environ, body=environ["wsgi.input"].read())
        return [b"one ", b"two"]

    start, body = ask(application(answer), b"abc", b"def")
    assert (start["status"], start["headers"]) == (200, [(b"content-type", b"text/plain")])
    assert (body["body"], body["more_body"]) == (b"one two", False)
    told = (seen["REQUEST_METHOD"], seen["PATH_INFO"], seen["QUERY_STRING"], seen["REMOTE_ADDR"], seen["HTTP_COOKIE"])
    assert told == ("POST", "/ü".encode().decode("latin-1"), "a=%20", "192.0.2.7", "a=1; b=2")
    assert (seen["body"], seen["CONTENT_LENGTH"]) == (b"abcdef", "6")


def test_a_header_cannot_pass_for_another_by_an_underscore():
    headers = [*SCOPE["headers"], (b"x_forwarded_for", b"10.0.0.1")]
    (_, body) = ask(application(lambda environ: [repr(environ).encode()]), b"abcdef", scope={"headers": headers})
    assert b"10.0.0.1" not in body["body"]


def test_a_body_without_a_stated_length_is_measured_and_bounded():
    chunked = {"headers": [(b"transfer-encoding", b"chunked")]}
    answer = application(lambda environ: [environ["CONTENT_LENGTH"].encode()])
    assert ask(answer, b"abc", b"defg", scope=chunked)[1]["body"] == b"7"
    pieces = [b"x" * 400_000] * 9
    assert ask(answer, *pieces, scope=chunked)[1]["body"] == b"1200000"  # Read no further; the middleware refuses it.


def test_a_body_that_is_too_large_by_its_own_word_is_not_read():
    length = {"headers": [(b"content-length", b"1000001")]}
    answer = application(lambda environ: [environ["CONTENT_LENGTH"].encode() + environ["wsgi.input"].read()])
    assert ask(answer, scope=length)[1]["body"] == b"1000001"


@pytest.mark.parametrize(("pieces", "pause_s"), [((b"abc",), 0), ((b"a", b"b", b"c", b"d", b"e", b"f"), 0.05)])
def test_a_slow_body_is_given_up_before_a_thread_is_taken(monkeypatch, pieces, pause_s):
    monkeypatch.setattr(bodies, "GRACE_S", 0.12)
    never = application(lambda environ: pytest.fail("a thread was taken"))
    said = ask(never, *pieces, b"" if pause_s else b"never", pause_s=pause_s or 0.2)
    assert said[0]["status"] == 408


def test_the_deadline_moves_on_while_enough_comes(monkeypatch):
    monkeypatch.setattr(bodies, "GRACE_S", 0.15)
    pieces = [b"x" * 2_000] * 6  # 0.3 s at 40,000 bytes a second.
    said = ask(application(lambda environ: [b"taken"]), *pieces, pause_s=0.05)
    assert said[1]["body"] == b"taken"


def test_all_bodies_together_are_bounded(monkeypatch):
    monkeypatch.setattr(gateway, "ALL_BODIES_BYTES", 5)
    assert ask(application(lambda environ: [b""]), b"abcdef")[0]["status"] == 503


def test_the_room_of_a_body_is_given_back_and_its_file_closed():
    room = bodies.Room(10)
    for _ in range(3):
        with bodies.Body(room) as body:
            room.take(8)
            body.size = 8
    assert (room.held_bytes, body.file.closed) == (0, True)


def streaming(closed: list[bool], *, fails: bool = False) -> Callable[..., Any]:
    def pieces(environ: dict[str, Any]) -> Iterator[bytes]:
        try:
            for _ in range(40):
                yield b"x" * 65_536
            if fails:
                raise ValueError
        finally:
            closed.append(True)

    return application(pieces)


def test_a_long_answer_is_streamed_and_closed_in_its_thread():
    closed: list[bool] = []
    _, *parts = ask(streaming(closed), b"abcdef")
    assert sum(len(part["body"]) for part in parts) == 40 * 65_536
    assert [part["more_body"] for part in parts] == [True] * 40 + [False]
    assert closed == [True]


def test_an_answer_that_breaks_off_is_not_passed_off_as_whole():
    with pytest.raises(gateway.BrokenOff):
        ask(streaming([], fails=True), b"abcdef")


def test_a_reader_that_takes_nothing_frees_the_thread(monkeypatch):
    monkeypatch.setattr(gateway, "READ_WITHIN_S", 0.1)
    closed: list[bool] = []

    async def stuck() -> None:
        async def send(message: dict[str, Any]) -> None:
            if message["type"] == "http.response.body":
                while not closed:
                    await asyncio.sleep(0.02)

        async def receive() -> dict[str, Any]:
            await asyncio.Event().wait()
            raise AssertionError

        scope = SCOPE | {"method": "GET", "headers": []}
        await Gateway(streaming(closed), threads=1, most_body_bytes=MOST)(scope, receive, send)

    with pytest.raises(gateway.BrokenOff):
        loops.run(stuck())
    assert closed == [True]
