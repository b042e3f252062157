"""Each answer that a bulk delete can get over a sound connection."""

from __future__ import annotations

import base64
import json
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from typing import Any

import pytest
import requests
import responses

from medialib.imagekit.client import MAX_DELETE_BATCH, ImageKitClient
from medialib.imagekit.errors import AnswerLost, BadRequest, FilesMissing, KeyRejected, NotSent, RateLimited
from medialib.imagekit.types import RateLimit
from tests.imagekit.conftest import KEY

URL = "https://api.imagekit.io/v1/files/batch/deleteByFileIds"
HTML = "<html><body>Not found</body></html>"


def test_sends_the_ids_as_json_with_the_key_as_user_name(api: responses.RequestsMock, client: ImageKitClient) -> None:
    api.post(URL, json={"successfullyDeletedFileIds": ["a", "b"]})
    client.delete_files(["a", "b"])
    request = api.calls[0].request
    assert json.loads(request.body or "") == {"fileIds": ["a", "b"]}
    assert request.headers["Authorization"] == "Basic " + base64.b64encode(f"{KEY}:".encode()).decode()
    assert request.headers["User-Agent"].startswith("medialib/")
    assert request.headers["Content-Type"] == "application/json"


def test_every_call_has_time_outs_and_checks_the_certificate(
    api: responses.RequestsMock, client_of: Callable[..., ImageKitClient]
) -> None:
    api.post(URL, json={"successfullyDeletedFileIds": ["a"]})
    client_of(connect_timeout_s=2, read_timeout_s=3).delete_files(["a"])
    options = api.calls[0].request.req_kwargs  # type: ignore[attr-defined]
    assert (options["timeout"], options["verify"], options["stream"]) == ((2, 3), True, True)


def test_a_200_names_the_files_that_are_gone(api: responses.RequestsMock, client: ImageKitClient) -> None:
    api.post(URL, json={"successfullyDeletedFileIds": ["b", "a"]}, headers={"x-ik-requestId": "req-1"})
    answer = client.delete_files(["a", "b"])
    assert (answer.deleted, dict(answer.errors)) == ({"a", "b"}, {})
    assert (answer.http_status, answer.request_id, answer.rate_limit) == (200, "req-1", None)


def test_a_207_names_the_files_that_stayed_and_why(api: responses.RequestsMock, client: ImageKitClient) -> None:
    errors = [{"fileId": "b", "error": "Error in deleting tags"}, {"fileId": "c"}, "odd", {"error": "no id"}]
    api.post(URL, status=207, json={"successfullyDeletedFileIds": ["a"], "errors": errors})
    answer = client.delete_files(["a", "b", "c"])
    assert answer.deleted == {"a"}
    assert answer.errors == {"b": "Error in deleting tags", "c": "no reason given"}
    assert answer.http_status == 207


def test_a_207_may_name_no_deleted_file_at_all(api: responses.RequestsMock, client: ImageKitClient) -> None:
    api.post(URL, status=207, json={"errors": [{"fileId": "a", "error": "x"}]})
    assert client.delete_files(["a"]).errors == {"a": "x"}


def test_an_id_both_deleted_and_in_error_does_not_count_as_gone(
    api: responses.RequestsMock, client: ImageKitClient
) -> None:
    body = {"successfullyDeletedFileIds": ["a", "b"], "errors": [{"fileId": "b", "error": "x"}]}
    api.post(URL, status=207, json=body)
    answer = client.delete_files(["a", "b"])
    assert (answer.deleted, answer.errors) == ({"a"}, {"b": "x"})


@pytest.mark.parametrize("status", [200, 207])
def test_only_ids_that_were_sent_count(api: responses.RequestsMock, client: ImageKitClient, status: int) -> None:
    body = {"successfullyDeletedFileIds": ["a", "stranger", 7, None], "errors": [{"fileId": "other", "error": "x"}]}
    api.post(URL, status=status, json=body)
    answer = client.delete_files(["a", "b"])
    assert (answer.deleted, answer.errors) == ({"a"}, {})


def test_a_404_names_the_unknown_files(api: responses.RequestsMock, client: ImageKitClient) -> None:
    api.post(URL, status=404, json={"message": "no", "missingFileIds": ["b", "stranger", 5]})
    with pytest.raises(FilesMissing) as caught:
        client.delete_files(["a", "b"])
    assert caught.value.file_ids == {"b"}
    assert caught.value.http_status == 404


@pytest.mark.parametrize(
    "body",
    [HTML, "", "[]", "{}", '{"message": "no"}', '{"missingFileIds": []}', '{"missingFileIds": ["stranger"]}',
     '{"missingFileIds": "a"}', '{"missingFileIds": null}', '{"missingFileIds": {"a": 1}}'],
)  # fmt: skip
def test_a_404_that_names_none_of_our_files_proves_nothing_about_them(
    api: responses.RequestsMock, client: ImageKitClient, body: str
) -> None:
    api.post(URL, status=404, body=body)
    with pytest.raises(BadRequest) as caught:
        client.delete_files(["a"])
    assert caught.value.http_status == 404


@pytest.mark.parametrize("status", [400, 402, 405, 409, 413, 422, 423])
def test_other_refusals_are_final(api: responses.RequestsMock, client: ImageKitClient, status: int) -> None:
    api.post(URL, status=status, json={"message": "fileIds is empty."})
    with pytest.raises(BadRequest, match="fileIds is empty") as caught:
        client.delete_files(["a"])
    assert caught.value.http_status == status


@pytest.mark.parametrize("status", [401, 403])
def test_a_refused_key_is_told_apart(api: responses.RequestsMock, client: ImageKitClient, status: int) -> None:
    api.post(URL, status=status, json={"message": "Your account cannot be authenticated."})
    with pytest.raises(KeyRejected) as caught:
        client.delete_files(["a"])
    assert caught.value.http_status == status


@pytest.mark.parametrize("location", ["https://elsewhere.example/", "http://", "http://[", "/v2/files", ""])
@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
def test_a_redirect_is_not_followed(
    api: responses.RequestsMock, client: ImageKitClient, status: int, location: str
) -> None:
    api.post(URL, status=status, headers={"Location": location})
    with pytest.raises(BadRequest, match="redirect"):
        client.delete_files(["a"])
    assert len(api.calls) == 1


@pytest.mark.parametrize(
    ("headers", "expected"),
    [
        ({"X-RateLimit-Reset": "4000"}, 4.0),
        ({"X-RateLimit-Reset": "250", "Retry-After": "9"}, 0.25),
        ({"X-RateLimit-Reset": "soon", "Retry-After": "9"}, 9.0),
        ({"Retry-After": "1.5"}, 1.5),
        ({"X-RateLimit-Reset": "-1"}, None),
        ({"X-RateLimit-Reset": "nan"}, None),
        ({"Retry-After": "inf"}, None),
        ({"Retry-After": "Thu, 01 Jan 1970 00:00:00 GMT"}, 0.0),
        ({"Retry-After": "Thu, 99 Jan 1970 00:00:00 GMT"}, None),
        ({}, None),
    ],
)
def test_a_429_says_how_long_to_wait(
    api: responses.RequestsMock, client: ImageKitClient, headers: dict[str, str], expected: float | None
) -> None:
    api.post(URL, status=429, headers=headers, json={"message": "slow down"})
    with pytest.raises(RateLimited) as caught:
        client.delete_files(["a"])
    assert caught.value.retry_after_s == expected
    assert (caught.value.http_status, len(api.calls)) == (429, 1)


def test_retry_after_may_be_a_date(api: responses.RequestsMock, client: ImageKitClient) -> None:
    moment = format_datetime(datetime.now(UTC) + timedelta(seconds=90), usegmt=True)
    api.post(URL, status=429, headers={"Retry-After": moment}, body=HTML)
    with pytest.raises(RateLimited) as caught:
        client.delete_files(["a"])
    assert 80 < (caught.value.retry_after_s or 0) <= 90


def test_rate_headers_are_kept_in_seconds(api: responses.RequestsMock, client: ImageKitClient) -> None:
    headers = {"X-RateLimit-Limit": "5", "X-RateLimit-Interval": "1000", "X-RateLimit-Reset": "200"}
    api.post(URL, json={"successfullyDeletedFileIds": ["a"]}, headers=headers)
    assert client.delete_files(["a"]).rate_limit == RateLimit(limit=5, interval_s=1.0, reset_s=0.2)


@pytest.mark.parametrize("status", [201, 202, 204, 206, 408, 500, 502, 503, 504, 599])
def test_an_answer_that_proves_nothing_is_lost(
    api: responses.RequestsMock, client: ImageKitClient, status: int, waits: list[float]
) -> None:
    api.post(URL, status=status, json={"message": "Oops", "successfullyDeletedFileIds": ["a"]})
    with pytest.raises(AnswerLost) as caught:
        client.delete_files(["a"])
    assert caught.value.http_status == status
    assert (len(api.calls), waits) == (1, [])


@pytest.mark.parametrize("status", [200, 207])
@pytest.mark.parametrize(
    "body",
    [HTML, "", "{", "[]", "null", "7", "{}", '{"successfullyDeletedFileIds": null}', b"\xff\xfe{", "[" * 100_000],
)
def test_an_unreadable_success_is_lost(
    api: responses.RequestsMock, client: ImageKitClient, status: int, body: Any
) -> None:
    api.post(URL, status=status, body=body)
    with pytest.raises(AnswerLost) as caught:
        client.delete_files(["a"])
    assert caught.value.http_status == status


@pytest.mark.parametrize(
    ("raised", "expected"),
    [
        (requests.ConnectTimeout(), NotSent),
        (requests.ReadTimeout(), AnswerLost),
        (requests.ConnectionError("cut"), AnswerLost),
        (requests.exceptions.ProxyError("who knows"), AnswerLost),
        (requests.exceptions.SSLError("who knows"), AnswerLost),
        (requests.exceptions.ChunkedEncodingError(), AnswerLost),
        (requests.exceptions.InvalidHeader(), AnswerLost),
        (OSError("odd"), AnswerLost),
    ],
)
def test_what_could_have_been_sent_counts_as_sent(
    api: responses.RequestsMock, client: ImageKitClient, raised: Exception, expected: type[Exception]
) -> None:
    api.post(URL, body=raised)
    with pytest.raises(expected):
        client.delete_files(["a"])
    assert len(api.calls) == 1


@pytest.mark.parametrize(
    "file_ids",
    [[], "abc", ["a", "a"], ["a", ""], ["a", "  "], ["a", None], [7], [b"a"], [["a"]],
     [str(number) for number in range(MAX_DELETE_BATCH + 1)]],
)  # fmt: skip
def test_a_wrong_batch_is_refused_before_any_call(client: ImageKitClient, file_ids: Any) -> None:
    with responses.RequestsMock() as untouched, pytest.raises(ValueError):
        client.delete_files(file_ids)
    assert len(untouched.calls) == 0


def test_a_full_batch_is_one_call(api: responses.RequestsMock, client: ImageKitClient) -> None:
    file_ids = [f"{number:024x}" for number in range(MAX_DELETE_BATCH)]
    api.post(URL, json={"successfullyDeletedFileIds": file_ids})
    assert client.delete_files(file_ids).deleted == set(file_ids)
