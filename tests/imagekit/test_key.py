"""The key goes into one header and nowhere else."""

from __future__ import annotations

import base64
import logging
import traceback
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import requests
import responses

from medialib.imagekit.client import ImageKitClient
from medialib.imagekit.errors import ImageKitError
from medialib.imagekit.pool import new_session
from tests.imagekit.conftest import KEY
from tests.imagekit.servers import RawServer, Script, http_answer

URL = "https://api.imagekit.io/v1/files/batch/deleteByFileIds"
TOKEN = base64.b64encode(f"{KEY}:".encode()).decode().rstrip("=")


def whole_story(error: BaseException) -> str:
    """All that a log or an error page could show of it: texts, members and every linked exception."""
    linked = [link for link in (error.__cause__, error.__context__) if link]
    own = "".join(traceback.format_exception(error)) + repr(error) + repr(vars(error))
    return own + "".join(whole_story(link) for link in linked)


def echoes() -> list[dict[str, Any]]:
    """Answers of a server that repeats the key it was sent."""
    message = {"message": f"bad key {KEY} in Basic {TOKEN}="}
    plain: list[dict[str, Any]] = [
        {"status": status, "json": message, "headers": {"x-ik-requestId": KEY}} for status in (400, 403, 404, 429, 500)
    ]
    missing = {"status": 404, "json": message | {"missingFileIds": ["a"]}}
    return [*plain, missing, {"status": 200, "body": KEY}, {"body": requests.ConnectionError("cut")}]


@pytest.mark.parametrize("answer", echoes())
def test_no_error_tells_the_key(api: responses.RequestsMock, client: ImageKitClient, answer: dict[str, Any]) -> None:
    api.post(URL, **answer)
    with pytest.raises(ImageKitError) as caught:
        client.delete_files(["a"])
    story = whole_story(caught.value)
    assert KEY not in story
    assert TOKEN not in story


def test_an_error_leads_to_no_object_that_holds_the_key(api: responses.RequestsMock, client: ImageKitClient) -> None:
    api.post(URL, body=requests.ConnectionError("cut"))
    with pytest.raises(ImageKitError) as caught:
        client.delete_files(["a"])
    assert (caught.value.__cause__, caught.value.__context__) == (None, None)


def test_no_text_of_a_207_tells_the_key(api: responses.RequestsMock, client: ImageKitClient) -> None:
    api.post(URL, status=207, json={"errors": [{"fileId": "a", "error": f"for {KEY}"}]})
    assert client.delete_files(["a"]).errors == {"a": "for [key]"}


def test_a_message_from_outside_is_one_short_line(api: responses.RequestsMock, client: ImageKitClient) -> None:
    api.post(URL, status=400, json={"message": "a\r\nb" + "c" * 5000})
    with pytest.raises(ImageKitError) as caught:
        client.delete_files(["a"])
    assert "a bccc" in str(caught.value)
    assert len(str(caught.value)) < 300


def test_no_log_line_tells_the_key(
    serve: Callable[[Script], RawServer], client_of: Callable[..., ImageKitClient], caplog: pytest.LogCaptureFixture
) -> None:
    def script(sock: Any) -> None:
        while server.read_request(sock):
            sock.sendall(http_answer({"message": KEY}, status="503 Busy"))

    server = serve(script)
    with caplog.at_level(logging.DEBUG), pytest.raises(ImageKitError):
        client_of(api_url=server.url).list_files()
    assert "read repeated path=/v1/files status=503" in caplog.text
    assert KEY not in caplog.text
    assert TOKEN not in caplog.text


def test_no_repr_tells_the_key(client: ImageKitClient) -> None:
    shown = repr(client) + repr(vars(client)) + repr(client._transport._auth)
    assert KEY not in shown
    assert TOKEN not in shown


def test_a_netrc_file_does_not_replace_the_key(
    api: responses.RequestsMock, client: ImageKitClient, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / ".netrc").write_text("machine api.imagekit.io login somebody password else\n")
    monkeypatch.setenv("NETRC", str(tmp_path / ".netrc"))
    api.post(URL, json={"successfullyDeletedFileIds": ["a"]})
    client.delete_files(["a"])
    assert requests.utils.get_netrc_auth(URL) == ("somebody", "else")
    assert api.calls[0].request.headers["Authorization"].removeprefix("Basic ").rstrip("=") == TOKEN


def test_a_name_in_the_address_does_not_replace_the_key(
    serve: Callable[[Script], RawServer], client_of: Callable[..., ImageKitClient]
) -> None:
    def script(sock: Any) -> None:
        server.read_request(sock)
        sock.sendall(http_answer([]))

    server = serve(script)
    client_of(api_url=f"http://somebody:else@{server.address}").list_files()
    assert f"Authorization: Basic {TOKEN}".encode() in server.requests[0]


@pytest.mark.parametrize("key", ["", " ", "private x", "private_x\n", "private:x", "privé_x", "\x00"])
def test_what_cannot_be_a_key_is_refused_without_repeating_it(key: str) -> None:
    with pytest.raises(ValueError, match="visible ASCII") as caught:
        ImageKitClient(key)
    assert not key.strip() or key not in str(caught.value)


def test_a_cookie_is_not_kept(serve: Callable[[Script], RawServer]) -> None:
    def script(sock: Any) -> None:
        while server.read_request(sock):
            sock.sendall(http_answer([], headers="Set-Cookie: who=me; Path=/\r\n"))

    server = serve(script)
    with new_session() as session, ImageKitClient(KEY, api_url=server.url, session=session) as client:
        client.list_files()
        client.list_files()
    assert not any(b"cookie:" in request.lower() for request in server.requests)
