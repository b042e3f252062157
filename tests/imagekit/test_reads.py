"""Listing, looking up, purging; and what is repeated and what is not."""

from __future__ import annotations

import json
import time
from collections.abc import Callable
from typing import Any

import pytest
import requests
import responses
from responses import matchers

from medialib.imagekit.client import MAX_LIST_LIMIT, READ_TRIES, ImageKitClient
from medialib.imagekit.errors import AnswerLost, BadRequest, FileMissing, KeyRejected, NotSent, RateLimited

FILES = "https://api.imagekit.io/v1/files"
DETAILS = f"{FILES}/a/details"
VERSIONS = f"{FILES}/a/versions"
PURGE = f"{FILES}/purge"
HTML = "<html>hello</html>"


def row(file_id: str, **members: Any) -> dict[str, Any]:
    return {"type": "file", "fileId": file_id, "name": f"{file_id}.jpg", "filePath": f"/{file_id}.jpg", **members}


def test_a_listing_asks_for_files_only_in_a_stable_order(api: responses.RequestsMock, client: ImageKitClient) -> None:
    expected = {"type": "file", "sort": "ASC_CREATED", "skip": "0", "limit": "1000"}
    api.get(FILES, json=[], match=[matchers.query_param_matcher(expected)])
    assert client.list_files().row_count == 0


def test_a_listing_passes_on_what_is_asked(api: responses.RequestsMock, client: ImageKitClient) -> None:
    query = 'type = "file" AND name : "ä&b"'
    expected = {"type": "file", "sort": "DESC_SIZE", "skip": "5", "limit": "7", "path": "/a b/", "searchQuery": query}
    api.get(FILES, json=[], match=[matchers.query_param_matcher(expected)])
    client.list_files(skip=5, limit=7, sort="DESC_SIZE", path="/a b/", search_query=query)


def test_a_listing_counts_all_rows_but_holds_only_files(api: responses.RequestsMock, client: ImageKitClient) -> None:
    folder, version = {"type": "folder", "folderId": "f", "name": "x"}, row("v", type="file-version")
    api.get(FILES, json=[row("a"), folder, version, None, row("b")], headers={"x-ik-requestId": "req-9"})
    page = client.list_files()
    assert {file.file_id for file in page.files} == {"a", "b"}
    assert (page.row_count, page.request_id) == (5, "req-9")


@pytest.mark.parametrize("options", [{"skip": -1}, {"limit": 0}, {"limit": MAX_LIST_LIMIT + 1}])
def test_a_listing_out_of_bounds_is_refused_before_any_call(client: ImageKitClient, options: dict[str, int]) -> None:
    with pytest.raises(ValueError):
        client.list_files(**options)  # type: ignore[arg-type]


@pytest.mark.parametrize("body", [HTML, "{}", "null", "[", ""])
def test_an_unreadable_listing_is_lost_after_the_last_try(
    api: responses.RequestsMock, client: ImageKitClient, waits: list[float], body: str
) -> None:
    api.get(FILES, body=body)
    with pytest.raises(AnswerLost) as caught:
        client.list_files()
    assert caught.value.http_status == 200
    assert (len(api.calls), len(waits)) == (READ_TRIES, READ_TRIES - 1)


@pytest.mark.parametrize("trouble", [{"status": 503}, {"body": HTML}, {"body": requests.ReadTimeout()}])
def test_a_lost_read_is_repeated_after_growing_waits(
    api: responses.RequestsMock, client: ImageKitClient, waits: list[float], trouble: dict[str, Any]
) -> None:
    for _ in range(READ_TRIES - 1):
        api.get(FILES, **trouble)
    api.get(FILES, json=[row("a")])
    assert client.list_files().row_count == 1
    assert [0.25 * 2**n <= wait <= 0.75 * 2**n for n, wait in enumerate(waits)] == [True] * 3


def test_a_read_told_to_wait_waits_as_long_as_told(
    api: responses.RequestsMock, client: ImageKitClient, waits: list[float]
) -> None:
    api.get(FILES, status=429, headers={"X-RateLimit-Reset": "4000"})
    api.get(FILES, json=[])
    client.list_files()
    assert [4 <= wait <= 4.25 for wait in waits] == [True]


def test_a_read_told_to_wait_too_long_leaves_it_to_the_caller(
    api: responses.RequestsMock, client: ImageKitClient, waits: list[float]
) -> None:
    api.get(FILES, status=429, headers={"Retry-After": "3600"})
    with pytest.raises(RateLimited) as caught:
        client.list_files()
    assert (caught.value.retry_after_s, waits) == (3600, [])


def test_a_stated_wait_is_kept_as_often_as_it_is_asked_for(
    api: responses.RequestsMock, client: ImageKitClient, waits: list[float]
) -> None:
    for _ in range(READ_TRIES + 1):
        api.get(FILES, status=503, headers={"Retry-After": "8"}, body=HTML)
    api.get(FILES, json=[row("a")])
    assert client.list_files().row_count == 1
    assert [round(wait) for wait in waits] == [8] * (READ_TRIES + 1)


def test_a_reset_that_stands_in_every_answer_is_no_wait_of_a_failure(
    api: responses.RequestsMock, client: ImageKitClient, waits: list[float], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("medialib.imagekit.client.random.uniform", lambda least, most: (least + most) / 2)
    api.get(FILES, status=500, headers={"X-RateLimit-Reset": "200"}, json={"message": "Try again."})
    with pytest.raises(AnswerLost, match=r"failed to answer \(HTTP 500\)") as caught:
        client.list_files()
    assert (caught.value.retry_after_s, len(api.calls)) == (None, READ_TRIES)
    assert waits == [0.5, 1.0, 2.0]


def test_nobody_waits_longer_than_a_minute_in_all(
    api: responses.RequestsMock, client: ImageKitClient, waits: list[float]
) -> None:
    api.get(FILES, status=503, headers={"Retry-After": "25"})
    with pytest.raises(AnswerLost, match="for 25 seconds") as caught:
        client.list_files()
    assert (caught.value.retry_after_s, len(waits)) == (25, 2)


@pytest.mark.parametrize("status", [403, 500, 502, 503])
def test_a_page_of_a_firewall_is_not_taken_for_imagekits_word(
    api: responses.RequestsMock, client: ImageKitClient, status: int
) -> None:
    api.get(FILES, status=status, body="<html><title>Attention Required!</title></html>")
    with pytest.raises(AnswerLost, match="in front of ImageKit"):
        client.list_files()


@pytest.mark.parametrize("unit", [1, 1000])
def test_a_reset_beyond_a_day_is_a_point_in_time(
    api: responses.RequestsMock, client: ImageKitClient, waits: list[float], unit: int
) -> None:
    api.get(FILES, status=429, headers={"X-RateLimit-Reset": str(int((time.time() + 3) * unit))})
    api.get(FILES, json=[])
    client.list_files()
    assert 1.5 < waits[0] < 3.5


@pytest.mark.parametrize(
    ("answer", "expected"),
    [
        ({"status": 400}, BadRequest),
        ({"status": 401}, KeyRejected),
        ({"status": 403, "json": {"message": "Your account cannot be authenticated."}}, KeyRejected),
        ({"status": 404}, BadRequest),
        ({"status": 302, "headers": {"Location": "https://elsewhere.example/"}}, BadRequest),
        ({"body": requests.ConnectTimeout()}, NotSent),
    ],
)
def test_a_refused_read_is_not_repeated(
    api: responses.RequestsMock, client: ImageKitClient, answer: dict[str, Any], expected: type[Exception]
) -> None:
    api.get(FILES, **answer)
    with pytest.raises(expected):
        client.list_files()
    assert len(api.calls) == 1


def test_details_are_one_file(api: responses.RequestsMock, client: ImageKitClient) -> None:
    api.get(DETAILS, json=row("a", size=12))
    assert client.file_details("a").size_bytes == 12


def test_a_file_that_is_not_there_is_missing(api: responses.RequestsMock, client: ImageKitClient) -> None:
    api.get(DETAILS, status=404, json={"message": "The requested file does not exist."})
    with pytest.raises(FileMissing) as caught:
        client.file_details("a")
    assert caught.value.http_status == 404


@pytest.mark.parametrize("body", [HTML, "", "[]", "{}", '{"error": "no route"}'])
def test_a_404_that_is_not_imagekits_does_not_make_a_file_missing(
    api: responses.RequestsMock, client: ImageKitClient, body: str
) -> None:
    api.get(DETAILS, status=404, body=body)
    with pytest.raises(BadRequest):
        client.file_details("a")


@pytest.mark.parametrize("body", ["{}", "[]", '{"type": "folder", "folderId": "a"}'])
def test_details_that_are_no_file_are_lost(api: responses.RequestsMock, client: ImageKitClient, body: str) -> None:
    api.get(DETAILS, body=body)
    with pytest.raises(AnswerLost):
        client.file_details("a")


def version(number: int, kind: str = "file-version") -> dict[str, Any]:
    info = {"id": f"v{number}", "name": f"Version {number}"}
    return row("a", type=kind, versionInfo=info, size=number, url=f"https://x/a.jpg?ik-obj-version={number}")


def test_versions_come_with_the_current_one_first(api: responses.RequestsMock, client: ImageKitClient) -> None:
    api.get(VERSIONS, json=[version(1), version(2, "file"), {"type": "folder"}, None])
    found = client.file_versions("a")
    assert [(each.name, each.size_bytes, each.is_current) for each in found] == [
        ("Version 2", 2, True),
        ("Version 1", 1, False),
    ]
    assert found[1].url.endswith("?ik-obj-version=1")


def test_versions_of_a_file_that_is_not_there(api: responses.RequestsMock, client: ImageKitClient) -> None:
    api.get(VERSIONS, status=404, json={"message": "The requested file does not exist."})
    with pytest.raises(FileMissing):
        client.file_versions("a")


@pytest.mark.parametrize("body", [HTML, "{}", ""])
def test_versions_that_cannot_be_read_are_lost_at_the_first_try_when_one_is_allowed(
    api: responses.RequestsMock, client: ImageKitClient, waits: list[float], body: str
) -> None:
    api.get(VERSIONS, body=body)
    with pytest.raises(AnswerLost):
        client.file_versions("a", tries=1)
    assert waits == []


def test_an_id_cannot_climb_out_of_its_place_in_the_address(
    api: responses.RequestsMock, client: ImageKitClient
) -> None:
    api.get(f"{FILES}/a%2F..%2F%3Fb%23%25/details", json=row("x"))
    client.file_details("a/../?b#%")
    assert api.calls[0].request.path_url == "/v1/files/a%2F..%2F%3Fb%23%25/details"


@pytest.mark.parametrize("file_id", ["", " ", ".", "..", None])
def test_what_is_no_id_is_refused_before_any_call(client: ImageKitClient, file_id: Any) -> None:
    for call in (client.file_details, client.purge_status):
        with pytest.raises(ValueError):
            call(file_id)


def test_a_search_by_ids_finds_only_those_asked_for(api: responses.RequestsMock, client: ImageKitClient) -> None:
    api.get(FILES, json=[row("a"), row("stranger"), row("b", type="file-version")])
    api.get(FILES, json=[])
    assert client.find_files(["a", "b"]).files.keys() == {"a"}
    assert api.calls[0].request.params["searchQuery"] == 'type = "file" AND id IN ["a","b"]'  # type: ignore[attr-defined]


def test_a_search_filled_up_by_versions_goes_on(api: responses.RequestsMock, client: ImageKitClient) -> None:
    versions = [row(f"v{number}", type="file-version") for number in range(MAX_LIST_LIMIT)]
    api.get(FILES, json=versions, match=[matchers.query_param_matcher({"skip": "0"}, strict_match=False)])
    api.get(FILES, json=[row("a")], match=[matchers.query_param_matcher({"skip": "1000"}, strict_match=False)])
    assert client.find_files(["a"]).files.keys() == {"a"}


def test_a_search_without_end_does_not_pass_for_files_that_are_gone(
    api: responses.RequestsMock, client: ImageKitClient
) -> None:
    api.get(FILES, json=[row(f"stranger{number}") for number in range(MAX_LIST_LIMIT)])
    with pytest.raises(AnswerLost):
        client.find_files(["a"])
    assert len(api.calls) == 11


def test_a_search_for_nothing_makes_no_call(client: ImageKitClient) -> None:
    with responses.RequestsMock():
        assert client.find_files([]).files == {}


@pytest.mark.parametrize("file_ids", [['a"b'], ["a\\"], ["a\n"], [""], [None], "abc", ["a"] * 101])
def test_ids_that_could_change_the_search_are_refused(client: ImageKitClient, file_ids: Any) -> None:
    with responses.RequestsMock(), pytest.raises(ValueError):
        client.find_files(file_ids)


@pytest.mark.parametrize("status", [200, 201])
def test_a_purge_has_an_id_to_ask_for(api: responses.RequestsMock, client: ImageKitClient, status: int) -> None:
    api.post(PURGE, status=status, json={"requestId": "p1"})
    answer = client.purge("https://ik.imagekit.io/acme/a.jpg")
    assert (answer.request_id, answer.http_status) == ("p1", status)
    assert json.loads(api.calls[0].request.body or "") == {"url": "https://ik.imagekit.io/acme/a.jpg"}


@pytest.mark.parametrize(
    ("answer", "expected"),
    [
        ({"status": 400, "json": {"message": "Invalid url"}}, BadRequest),
        ({"status": 403, "json": {"message": "Your account cannot be authenticated."}}, KeyRejected),
        ({"status": 404}, BadRequest),
        ({"status": 403}, AnswerLost),
        ({"status": 403, "body": HTML}, AnswerLost),
        ({"status": 429}, RateLimited),
        ({"status": 500}, AnswerLost),
        ({"status": 204}, AnswerLost),
        ({"status": 201, "body": HTML}, AnswerLost),
        ({"status": 201, "json": {"requestId": 5}}, AnswerLost),
        ({"body": requests.ConnectionError()}, AnswerLost),
    ],
)
def test_a_failed_purge_is_not_repeated(
    api: responses.RequestsMock, client: ImageKitClient, answer: dict[str, Any], expected: type[Exception]
) -> None:
    api.post(PURGE, **answer)
    with pytest.raises(expected):
        client.purge("https://ik.imagekit.io/acme/a.jpg")
    assert len(api.calls) == 1


@pytest.mark.parametrize("state", ["Pending", "Completed"])
def test_a_purge_says_how_far_it_is(api: responses.RequestsMock, client: ImageKitClient, state: str) -> None:
    api.get(f"{PURGE}/p1", json={"status": state})
    assert client.purge_status("p1") == state


def test_an_unknown_purge_is_a_bad_request(api: responses.RequestsMock, client: ImageKitClient) -> None:
    api.get(f"{PURGE}/p1", status=400, json={"message": "No request found for this requestId."})
    with pytest.raises(BadRequest, match="No request found"):
        client.purge_status("p1")


@pytest.mark.parametrize("body", [HTML, "{}", '{"status": null}'])
def test_an_unreadable_purge_state_is_lost(api: responses.RequestsMock, client: ImageKitClient, body: str) -> None:
    api.get(f"{PURGE}/p1", body=body)
    with pytest.raises(AnswerLost):
        client.purge_status("p1")


def test_the_accounts_own_address_is_used(
    api: responses.RequestsMock, client_of: Callable[..., ImageKitClient]
) -> None:
    api.get("https://media.example/imagekit/v1/files", json=[])
    assert client_of(api_url="https://media.example/imagekit/").list_files().row_count == 0


def test_a_session_from_outside_is_used_and_left_open(api: responses.RequestsMock) -> None:
    api.get(FILES, json=[])
    with requests.Session() as session:
        session.headers["X-Ours"] = "yes"
        with ImageKitClient("private_x", session=session) as client:
            client.list_files()
        assert api.calls[0].request.headers["X-Ours"] == "yes"
        session.get(FILES)
