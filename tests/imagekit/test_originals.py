"""Downloads that bring exactly the file that is listed, and uploads that are read while they are sent."""

from __future__ import annotations

import hashlib
import io
from datetime import UTC, datetime

import pytest

from medialib.imagekit.client import ImageKitClient
from medialib.imagekit.errors import AnswerLost, BadOriginal, BadRequest, NotSent
from medialib.imagekit.originals import Original, Originals, Stopped
from medialib.imagekit.uploads import Upload
from medialib.sandbox.http.answers import Response

WHEN = datetime(2024, 5, 6, 7, 8, 9, 123_000, tzinfo=UTC)


@pytest.fixture
def client(sandbox):
    with ImageKitClient("private_sandbox", api_url=sandbox.api_url) as client:
        yield client


@pytest.fixture
def originals(sandbox):
    with Originals(sandbox.url_endpoint, read_timeout_s=2) as originals:
        yield originals


def original(path="/a.txt", size_bytes=1234, *, is_private=False):
    return Original(path, size_bytes, WHEN, is_private)


def fetched(originals, client, wanted):
    pieces = []
    originals.download(client, wanted, pieces.append)
    return b"".join(pieces)


@pytest.mark.parametrize("is_private", [False, True])
@pytest.mark.parametrize("path", ["/a.txt", "/x y/ü 春 100%.txt", "/x/#?&.txt"])
def test_brings_the_bytes_of_public_and_private_files(sandbox, client, originals, path, is_private):
    sandbox.add_file(path=path, size=200_000, is_private=is_private)
    assert len(fetched(originals, client, original(path, 200_000, is_private=is_private))) == 200_000


def test_the_address_names_the_version_and_holds_no_key(client, originals):
    url = originals.address(client, original(is_private=True))
    assert "/a.txt?tr=orig-true&updatedAt=1714979289123&ik-t=" in url
    assert "private_sandbox" not in url


@pytest.mark.parametrize("path", ["/../etc/passwd", "/a/../../b", "/./a", "a.txt", "/a\\..\\b"])
def test_a_path_that_leaves_the_endpoint_is_not_asked_for(client, originals, path):
    with pytest.raises(BadOriginal):
        originals.address(client, original(path))


@pytest.mark.parametrize(
    "answer",
    [
        Response(200, b"x" * 1233),
        Response(200, b"x" * 1235),
        Response(200, b"x" * 100, padding=10**12),
        Response(404, b"no"),
        Response(302, headers={"Location": "http://127.0.0.1:9/elsewhere"}),
        Response(206, b"x" * 1234),
    ],
)
def test_what_is_not_the_listed_file_is_refused(sandbox, client, originals, answer):
    sandbox.add_file(path="/a.txt")
    sandbox.lie("/a.txt", answer)
    with pytest.raises(BadOriginal):
        fetched(originals, client, original())


def test_a_sender_without_a_length_is_cut_off_where_the_file_should_end(client, serve):
    endless = b"HTTP/1.1 200 OK\r\nConnection: close\r\n\r\n" + b"x" * 300_000

    def script(connection):
        connection.recv(65536)
        connection.sendall(endless)

    with Originals(serve(script).url, read_timeout_s=2) as originals, pytest.raises(BadOriginal):
        fetched(originals, client, original())


def test_a_stated_length_that_does_not_come_may_be_asked_for_again(client, serve):
    def script(connection):
        connection.recv(65536)
        connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 1234\r\n\r\n" + b"x" * 50)

    with Originals(serve(script).url, read_timeout_s=2) as originals, pytest.raises(AnswerLost) as caught:
        fetched(originals, client, original())
    assert "ik-s" not in str(caught.value)


def test_trouble_at_the_cdn_may_pass(sandbox, client, originals):
    sandbox.add_file(path="/a.txt")
    sandbox.lie("/a.txt", Response(503, b"busy"))
    with pytest.raises(AnswerLost):
        fetched(originals, client, original())


def test_an_address_that_may_not_be_called_is_not(sandbox, client):
    sandbox.add_file(path="/a.txt")
    with (
        Originals(sandbox.url_endpoint, peer_allowed=lambda address: False) as originals,
        pytest.raises(NotSent),
    ):
        fetched(originals, client, original())


def test_a_download_stops_when_nobody_wants_it(sandbox, client, originals):
    sandbox.add_file(path="/a.txt", size=10**10)
    with pytest.raises(Stopped):
        originals.download(client, original(size_bytes=10**10), lambda piece: None, is_over=lambda: True)


def test_an_upload_streams_its_file_and_brings_all_back(sandbox, client):
    content = bytes(range(256)) * 4000

    class Watched(io.BytesIO):
        largest = 0

        def read(self, size=-1):
            Watched.largest = max(Watched.largest, size)
            return super().read(size)

    upload = Upload(
        path="/put/ü.bin",
        file=Watched(content),
        size_bytes=len(content),
        tags=("a", "b"),
        custom_metadata={"brand": "ü"},
        custom_coordinates="1,2,3,4",
        description='a "word"',
        is_private=True,
        created_at=WHEN,
    )
    made = client.upload_file(sandbox.api_url, upload)
    kept = client.file_details(made.file_id)
    assert (kept.path, kept.size_bytes, kept.tags) == ("/put/ü.bin", len(content), ("a", "b"))
    assert (kept.is_private, dict(kept.custom_metadata), kept.created_at) == (True, {"brand": "ü"}, WHEN)
    assert kept.raw["description"] == 'a "word"'
    assert 0 < Watched.largest <= 64 * 1024
    with Originals(sandbox.url_endpoint) as originals:
        found = fetched(originals, client, original("/put/ü.bin", len(content), is_private=True))
    assert hashlib.sha256(found).digest() == hashlib.sha256(content).digest()


def test_an_upload_replaces_nothing(sandbox, client):
    sandbox.add_file(path="/a.txt")
    with pytest.raises(BadRequest):
        client.upload_file(sandbox.api_url, Upload(path="/a.txt", file=io.BytesIO(b"new"), size_bytes=3))
    assert sandbox.file_count() == 1


def test_a_file_shorter_than_it_should_be_is_no_upload(sandbox, client):
    with pytest.raises(AnswerLost):
        client.upload_file(sandbox.api_url, Upload(path="/a.txt", file=io.BytesIO(b"new"), size_bytes=30))
    assert sandbox.file_count() == 0
