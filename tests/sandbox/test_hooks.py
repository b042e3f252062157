"""The moments at which a test can step in: right before a call's work, and right after it."""

from __future__ import annotations

import threading

import pytest

from medialib.sandbox.server import Sandbox
from tests.sandbox.conftest import Api


@pytest.fixture
def ids(sandbox):
    return sandbox.add_files([{"path": f"/{number}.jpg"} for number in range(4)])


def test_a_file_changes_between_the_look_and_the_call(sandbox, api, ids):
    sandbox.after("list", lambda: sandbox.move(ids[0], "/elsewhere"))
    seen = {row["fileId"]: row["filePath"] for row in api.list()}
    assert seen[ids[0]] == "/0.jpg"
    assert api.get(f"/v1/files/{ids[0]}/details").json()["filePath"] == "/elsewhere/0.jpg"


def test_a_file_goes_right_before_its_deletion(sandbox, api, ids):
    sandbox.before("delete", lambda: sandbox.remove(ids[1]))
    answer = api.delete_many(ids)
    assert (answer.status_code, answer.json()["missingFileIds"]) == (404, [ids[1]])
    assert sandbox.file_ids() == {ids[0], ids[2], ids[3]}


def test_a_hook_runs_as_often_as_it_was_told_in_the_order_of_adding(sandbox, api, ids):
    happened = []
    sandbox.before("details", lambda: happened.append("first"), times=2)
    sandbox.before("details", lambda call: happened.append(call.file_ids))
    for _ in range(3):
        api.get(f"/v1/files/{ids[0]}/details")
    assert happened == ["first", (ids[0],), "first"]
    assert sandbox.hooks_waiting() == 0


def test_a_hook_waits_for_the_call_it_fits(sandbox, api, ids):
    happened = []
    sandbox.before("delete", happened.append, match=lambda call: ids[2] in call.file_ids)
    api.delete(f"/v1/files/{ids[1]}")
    assert (happened, sandbox.hooks_waiting()) == ([], 1)
    api.delete(f"/v1/files/{ids[2]}")
    assert [call.file_ids for call in happened] == [(ids[2],)]


@pytest.mark.parametrize("name", ["500_before", "429", "lost_before"])
def test_a_call_that_does_no_work_leaves_the_hook_to_the_next_one(sandbox, api, ids, name):
    happened = []
    sandbox.before("details", lambda: happened.append("before"))
    sandbox.after("details", lambda: happened.append("after"))
    sandbox.fault(name, on="details")
    try:
        api.get(f"/v1/files/{ids[0]}/details")
    except OSError:
        assert name == "lost_before"
    assert (happened, sandbox.hooks_waiting()) == ([], 2)
    api.get(f"/v1/files/{ids[0]}/details")
    assert happened == ["before", "after"]


def test_a_hook_comes_before_the_deletion_and_after_it(sandbox, api, ids):
    there = []
    sandbox.before("delete", lambda: there.append(sandbox.file_count()))
    sandbox.after("delete", lambda: there.append(sandbox.file_count()))
    sandbox.fault("lost_after")
    with pytest.raises(OSError):
        api.delete_many(ids)
    assert there == [4, 0]


def test_a_hook_may_call_the_sandbox_and_wait_for_another_thread(sandbox, api, ids):
    def delete_one() -> None:
        with Api(sandbox) as other:
            assert other.delete(f"/v1/files/{ids[3]}").status_code == 204

    def in_a_thread() -> None:
        thread = threading.Thread(target=delete_one)
        thread.start()
        thread.join(10)

    sandbox.before("delete", in_a_thread)
    assert api.delete_many(ids).json()["missingFileIds"] == [ids[3]]


def test_many_calls_at_once_use_a_hook_up_exactly_as_often_as_it_was_told(sandbox, ids):
    happened = []
    sandbox.before("list", lambda: happened.append(1), times=10)

    def ask() -> None:
        with Api(sandbox) as other:
            for _ in range(5):
                other.list()

    threads = [threading.Thread(target=ask) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(20)
    assert len(happened) == 10


def test_an_unknown_kind_is_refused(sandbox):
    with pytest.raises(ValueError, match="bulk_delete"):
        sandbox.before("bulk_delete", list)


def test_an_error_in_a_hook_is_a_500_and_comes_out_when_the_sandbox_stops(capsys):
    def fail() -> None:
        raise AssertionError("the look came too late")

    def run() -> None:
        with Sandbox() as sandbox, Api(sandbox) as api:
            sandbox.before("list", fail)
            assert api.get("/v1/files").status_code == 500

    with pytest.raises(AssertionError, match="too late"):
        run()
    assert "the look came too late" in capsys.readouterr().err


def test_a_hook_with_a_value_of_its_own_is_not_given_the_call(sandbox, api, ids):
    for file_id in ids[:2]:
        sandbox.before("list", lambda file_id=file_id: sandbox.remove(file_id))
    assert {row["fileId"] for row in api.list()} == set(ids[2:])
