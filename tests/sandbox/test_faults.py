"""Each fault over real sockets: what the caller sees, and what really happened to the files."""

from __future__ import annotations

import contextlib
import json
import threading
import time

import pytest
import requests

from medialib.sandbox.http.faults import TROUBLES
from tests.sandbox.conftest import Api


@pytest.fixture
def ids(sandbox):
    return sandbox.add_files([{"path": f"/{number}.jpg"} for number in range(4)])


@pytest.mark.parametrize(
    ("name", "params", "is_deleted"),
    [
        ("lost_after", {}, True),
        ("lost_before", {}, False),
        ("cut_body", {}, True),
        ("timeout_before", {"delay_s": 0.01}, False),
    ],
)
def test_a_cut_connection_gives_no_answer(sandbox, api, ids, name, params, is_deleted):
    sandbox.fault(name, **params)
    with pytest.raises((requests.ConnectionError, requests.exceptions.ChunkedEncodingError)):
        api.delete_many(ids)
    assert sandbox.file_ids() == (set() if is_deleted else set(ids))
    assert [(call.fault, call.answered) for call in sandbox.calls("delete")] == [(name, False)]


@pytest.mark.parametrize(
    ("name", "status", "is_deleted"),
    [
        ("500_before", 500, False),
        ("500_after", 500, True),
        ("502_html", 502, False),
        ("503", 503, False),
        ("html_200", 200, True),
        ("truncated_200", 200, True),
        ("429", 429, False),
        ("429_bare", 429, False),
        ("storm", 429, False),
        ("malformed_400", 400, False),
        ("redirect", 302, False),
    ],
)
def test_a_fault_answers_as_its_name_says(sandbox, api, ids, name, status, is_deleted):
    sandbox.fault(name)
    assert api.delete_many(ids).status_code == status
    assert sandbox.file_ids() == (set() if is_deleted else set(ids))
    assert {gone.file_id for gone in sandbox.deleted_by_calls()} == (set(ids) if is_deleted else set())


@pytest.mark.parametrize("name", ["html_200", "502_html", "truncated_200"])
def test_some_answers_are_no_json(sandbox, api, ids, name):
    sandbox.fault(name)
    answer = api.delete_many(ids)
    assert int(answer.headers["Content-Length"]) == len(answer.content) > 0
    with pytest.raises(json.JSONDecodeError):
        json.loads(answer.content)


@pytest.mark.parametrize("name", ["timeout", "slow"])
def test_a_late_answer_comes_after_the_work(sandbox, api, ids, name):
    sandbox.fault(name, delay_s=0.05)
    started = time.monotonic()
    assert api.delete_many(ids).status_code == 200
    assert time.monotonic() - started >= 0.05
    assert sandbox.file_ids() == set()


def test_a_caller_that_gives_up_waiting_frees_the_call(sandbox, api, ids):
    sandbox.fault("timeout")
    with pytest.raises(requests.ReadTimeout):
        api.delete_many(ids, timeout=0.1)
    assert api.delete_many(ids).status_code == 404
    assert sandbox.overlapping_deletes() == set()


def test_short_200_names_fewer_than_it_deleted(sandbox, api, ids):
    sandbox.fault("short_200", omit=ids[:2])
    assert api.delete_many(ids).json()["successfullyDeletedFileIds"] == ids[2:]
    assert sandbox.file_ids() == set()


def test_partial_207_keeps_the_files_it_names(sandbox, api, ids):
    sandbox.fault("partial_207", stay=2)
    answer = api.delete_many(ids)
    assert (answer.status_code, answer.json()["successfullyDeletedFileIds"]) == (207, ids[2:])
    assert [error["fileId"] for error in answer.json()["errors"]] == ids[:2]
    assert sandbox.file_ids() == set(ids[:2])


def test_partial_207_gone_names_files_that_are_gone_all_the_same(sandbox, api, ids):
    sandbox.fault("partial_207_gone", stay=[ids[3]])
    assert [error["fileId"] for error in api.delete_many(ids).json()["errors"]] == [ids[3]]
    assert {gone.file_id for gone in sandbox.deleted_by_calls()} == set(ids)


def test_429_says_how_long_to_wait_and_its_bare_form_does_not(sandbox, api, ids):
    sandbox.fault("429", reset_ms=250)
    sandbox.fault("429_bare")
    told, bare = api.delete_many(ids), api.delete_many(ids)
    assert told.headers["X-RateLimit-Reset"] == "250"
    assert "X-RateLimit-Reset" not in bare.headers


def test_a_storm_lasts_and_then_is_over(sandbox, api, ids):
    sandbox.fault("storm", seconds=0.15)
    answers = []
    while not answers or answers[-1].status_code == 429:
        answers.append(api.delete_many(ids))
    assert (len(answers) > 2, answers[-1].status_code) == (True, 200)


def test_faults_are_used_up_in_order(sandbox, api, ids):
    sandbox.fault("503", times=2)
    sandbox.fault("500_before")
    assert [api.delete_many(ids).status_code for _ in range(4)] == [503, 503, 500, 200]
    assert sandbox.faults_waiting() == 0


def test_a_fault_waits_for_the_call_it_fits(sandbox, api, ids):
    sandbox.fault("503", match=lambda call: ids[1] in call.file_ids)
    sandbox.fault("500_before", on="list")
    assert api.delete_many(ids[:1]).status_code == 200
    assert api.get("/v1/files").status_code == 500
    assert api.delete_many(ids[1:2]).status_code == 503


def test_a_refused_key_uses_no_fault_up(sandbox, ids):
    sandbox.fault("503")
    with Api(sandbox, "private_wrong") as stranger:
        assert stranger.delete_many(ids).status_code == 403
    assert sandbox.faults_waiting() == 1


def test_cleared_faults_do_nothing(sandbox, api, ids):
    sandbox.fault("503")
    sandbox.clear_faults()
    assert api.delete_many(ids).status_code == 200


@pytest.mark.parametrize(("name", "on"), [("nonsense", "delete"), ("503", "nowhere"), ("short_200", "list")])
def test_a_fault_that_cannot_be_is_refused(sandbox, name, on):
    with pytest.raises(ValueError):
        sandbox.fault(name, on=on)


@pytest.mark.parametrize("name", sorted(set(TROUBLES) - {"short_200", "partial_207", "partial_207_gone"}))
@pytest.mark.parametrize("on", ["list", "details", "purge"])
def test_reads_and_purges_can_fail_too(sandbox, api, ids, name, on):
    sandbox.fault(name, on=on, delay_s=0.001, seconds=0.001)
    call = {
        "list": lambda: api.get("/v1/files"),
        "details": lambda: api.get(f"/v1/files/{ids[0]}/details"),
        "purge": lambda: api.post("/v1/files/purge", json={"url": f"{sandbox.url_endpoint}/0.jpg"}),
    }[on]
    with contextlib.suppress(requests.RequestException):
        call()
    assert [call.fault for call in sandbox.calls(on)] == [name]


def test_held_deletes_wait_for_their_release(sandbox, api, ids):
    sandbox.hold()
    caller = threading.Thread(target=api.delete_many, args=(ids,))
    caller.start()
    assert sandbox.wait_until_held()
    assert sandbox.file_ids() == set(ids)
    sandbox.release()
    caller.join()
    assert sandbox.file_ids() == set()


def test_two_calls_in_flight_with_one_file_are_noticed(sandbox, ids):
    sandbox.hold()
    batches = (ids[:3], ids[2:])
    callers = [threading.Thread(target=_delete, args=(sandbox, batch)) for batch in batches]
    for caller in callers:
        caller.start()
    assert sandbox.wait_until_held(2)
    sandbox.release()
    for caller in callers:
        caller.join()
    assert sandbox.overlapping_deletes() == {ids[2]}


def _delete(sandbox, batch):
    with Api(sandbox) as api:
        api.delete_many(batch)


def test_calls_one_after_the_other_do_not_overlap(sandbox, api, ids):
    for _ in range(20):
        api.delete_many([*ids, "unknown"])
    assert sandbox.overlapping_deletes() == set()


def test_what_somebody_else_removes_is_not_counted_as_deleted(sandbox, api, ids):
    sandbox.remove(ids[0])
    assert api.delete_many(ids).json()["missingFileIds"] == [ids[0]]
    assert sandbox.deleted_by_calls() == []


def test_a_removal_names_its_call_and_its_caller(sandbox, api, ids):
    api.delete_many(ids[:1], headers={"User-Agent": "worker-7"})
    [call] = sandbox.calls("delete")
    assert sandbox.deleted_by_calls() == [(ids[0], call.number, "worker-7")]
    assert (call.file_ids, call.status, call.answered, call.fault) == ((ids[0],), 200, True, None)


def test_stopping_does_not_wait_for_held_or_late_calls(sandbox, api, ids):
    sandbox.hold()
    caller = threading.Thread(target=_try_to_delete, args=(api, ids))
    caller.start()
    sandbox.wait_until_held()
    sandbox.stop()
    caller.join(timeout=5)
    assert (caller.is_alive(), sandbox.file_ids()) == (False, set(ids))


def _try_to_delete(api, ids):
    with pytest.raises(requests.ConnectionError):
        api.delete_many(ids)
