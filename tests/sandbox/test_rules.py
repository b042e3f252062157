"""ImageKit's rules about deleting, keys, details, folders and usage, over the wire."""

from __future__ import annotations

import pytest

from tests.sandbox.conftest import DELETE, Api

UNKNOWN = "64f0c1a2b3d4e5f601234567"


def test_bulk_delete_removes_exactly_the_files_named(sandbox, api):
    a, b, c = (sandbox.add_file(path=f"/{name}.jpg") for name in "abc")
    answer = api.delete_many([a, b])
    assert (answer.status_code, set(answer.json()["successfullyDeletedFileIds"])) == (200, {a, b})
    assert sandbox.file_ids() == {c}
    assert [gone.file_id for gone in sandbox.deleted_by_calls()] == [a, b]


def test_one_unknown_id_keeps_every_file_and_is_named(sandbox, api):
    file_id = sandbox.add_file()
    folder_id = (
        api.list(type="folder")[0]["folderId"]
        if api.post("/v1/folder", json={"folderName": "x", "parentFolderPath": "/"})
        else ""
    )
    answer = api.delete_many([file_id, UNKNOWN, "no-id", folder_id, 7])
    assert answer.status_code == 404
    assert set(answer.json()["missingFileIds"]) == {UNKNOWN, "no-id", folder_id, "7"}
    assert sandbox.file_ids() == {file_id}


def test_an_id_sent_twice_counts_once(sandbox, api):
    file_id = sandbox.add_file()
    assert api.delete_many([file_id, file_id]).json() == {"successfullyDeletedFileIds": [file_id]}
    assert api.delete_many([UNKNOWN, UNKNOWN]).json()["missingFileIds"] == [UNKNOWN]


@pytest.mark.parametrize(
    ("body", "message"),
    [
        ({}, "fileIds parameter is missing."),
        ([], "fileIds parameter is missing."),
        ({"fileIds": "abc"}, "fileIds should be an Array."),
        ({"fileIds": []}, "fileIds is empty."),
        ({"fileIds": [UNKNOWN] * 101}, "fileIds cannot have more than 100 items."),
    ],
)
def test_a_wrong_batch_is_refused_in_imagekits_words(api, body, message):
    answer = api.post(DELETE, json=body)
    assert (answer.status_code, answer.json()["message"]) == (400, message)


def test_a_body_that_is_no_json_is_a_bad_request(api):
    assert api.post(DELETE, data=b"{fileIds").status_code == 400


def test_single_delete_takes_the_file_once(sandbox, api):
    file_id = sandbox.add_file()
    answers = [api.delete(f"/v1/files/{name}") for name in (file_id, file_id, UNKNOWN, "no-id")]
    assert [answer.status_code for answer in answers] == [204, 404, 404, 400]
    assert answers[0].content == b""


@pytest.mark.parametrize(("key", "status"), [("", 401), ("private_wrong", 403), ("private_sandbox_read_only", 403)])
def test_a_key_that_may_not_delete_deletes_nothing(sandbox, key, status):
    file_id = sandbox.add_file()
    with Api(sandbox, key) as stranger:
        assert stranger.delete_many([file_id]).status_code == status
    assert sandbox.file_ids() == {file_id}


def test_the_read_only_key_reads_and_the_password_is_ignored(sandbox):
    with Api(sandbox, "private_sandbox_read_only") as reader:
        reader.auth = ("private_sandbox_read_only", "do_not_set")
        assert reader.get("/v1/files").status_code == 200


def test_a_revoked_key_is_refused_until_it_is_restored(sandbox, api):
    sandbox.revoke_key()
    assert api.get("/v1/files").status_code == 403
    sandbox.restore_key()
    assert api.get("/v1/files").status_code == 200


def test_every_answer_carries_its_own_request_id(api):
    answers = [api.get("/v1/files"), api.get("/v1/files?limit=0"), api.get("/nowhere"), api.delete_many([UNKNOWN])]
    assert len({answer.headers["x-ik-requestId"] for answer in answers}) == 4


def test_a_slash_at_the_end_is_tolerated(sandbox, api):
    file_id = sandbox.add_file()
    assert [row["fileId"] for row in api.get("/v1/files/").json()] == [file_id]
    assert api.get(f"/v1/files/{file_id}/details/").status_code == 200


def test_a_wrong_method_is_told_the_right_ones(api):
    answer = api.put("/v1/files")
    assert (answer.status_code, answer.headers["Allow"]) == (405, "GET")


def test_details_tell_the_file_as_the_list_does(sandbox, api):
    file_id = sandbox.add_file(path="/söm/b.png", size=77, tags=["x"], created_at="2023-08-31T16:36:50.123+00:00")
    details = api.get(f"/v1/files/{file_id}/details").json()
    assert [details] == api.list()
    assert details["createdAt"] == "2023-08-31T16:36:50.123Z"
    assert (details["size"], details["tags"], details["filePath"]) == (77, ["x"], "/söm/b.png")
    assert details["url"].startswith(f"{sandbox.url_endpoint}/s%C3%B6m/b.png?updatedAt=")


def test_a_change_of_details_shows_in_the_list(sandbox, api):
    file_id = sandbox.add_file(tags=["old"], custom_metadata={"brand": "a", "size": 1})
    change = {"tags": ["new"], "customMetadata": {"brand": None}, "publish": {"isPublished": False}}
    assert api.patch(f"/v1/files/{file_id}/details", json=change).status_code == 200
    row = api.list()[0]
    assert (row["tags"], row["customMetadata"], row["isPublished"]) == (["new"], {"size": 1}, False)
    assert row["updatedAt"] > row["createdAt"]


def test_folders_are_made_with_their_parents_and_deleted_with_their_files(sandbox, api):
    inside, outside = sandbox.add_file(path="/a/b/c.jpg"), sandbox.add_file(path="/ab.jpg")
    assert api.post("/v1/folder", json={"folderName": "été 1", "parentFolderPath": "x/y"}).status_code == 201
    assert {row["folderPath"] for row in api.list(type="folder")} == {"/a", "/a/b", "/x", "/x/y", "/x/y/été_1"}
    assert api.delete("/v1/folder", json={"folderPath": "/a/"}).status_code == 204
    assert sandbox.file_ids() == {outside}
    assert {gone.file_id for gone in sandbox.deleted_by_calls()} == {inside}
    assert api.delete("/v1/folder", json={"folderPath": "/a/"}).json()["reason"] == "FOLDER_NOT_FOUND"


@pytest.mark.parametrize("name", ["..", ".", "", "/"])
def test_a_folder_name_that_climbs_is_refused(api, name):
    answer = api.post("/v1/folder", json={"folderName": name, "parentFolderPath": "/"})
    assert (answer.status_code, answer.json()["reason"]) == (400, "INVALID_FOLDER_PATH")


def test_usage_counts_what_is_stored(sandbox, api):
    file_id = sandbox.add_file(size=500)
    sandbox.add_file(size=20)
    api.delete_many([file_id])
    usage = api.get("/v1/accounts/usage", params={"startDate": "2026-01-01", "endDate": "2026-02-01"}).json()
    assert usage["mediaLibraryStorageBytes"] == 20


@pytest.mark.parametrize(
    "params",
    [{}, {"startDate": "x", "endDate": "y"}, {"startDate": "2026-02-01", "endDate": "2026-01-01"},
     {"startDate": "2026-01-01", "endDate": "2026-06-01"}],
)  # fmt: skip
def test_usage_refuses_wrong_dates(api, params):
    assert api.get("/v1/accounts/usage", params=params).status_code == 400
