"""The endpoints that move, copy and rename, beyond what the contract holds: what really happened, and each refusal."""

from __future__ import annotations

import pytest

COPY, MOVE, RENAME = ("POST", "/v1/files/copy"), ("POST", "/v1/files/move"), ("PUT", "/v1/files/rename")
COPY_FOLDER, MOVE_FOLDER = ("POST", "/v1/bulkJobs/copyFolder"), ("POST", "/v1/bulkJobs/moveFolder")
RENAME_FOLDER = ("POST", "/v1/bulkJobs/renameFolder")


@pytest.fixture
def ids(sandbox):
    ids = sandbox.add_files([{"path": "/a/1.jpg", "tags": ["x"]}, {"path": "/a/b/2.jpg"}, {"path": "/c/1.jpg"}])
    sandbox.replace(ids[0], size=7)
    return ids


def paths(api) -> dict[str, str]:
    return {row["fileId"]: row["filePath"] for row in api.list()}


@pytest.mark.parametrize(
    ("call", "body", "status", "reason"),
    [
        (COPY, {"sourceFilePath": "/a/1.jpg"}, 400, "MISSING_PARAMETER"),
        (COPY, {"sourceFilePath": "/a/1.jpg", "destinationPath": "/a/"}, 400, "SAME_SOURCE_AND_DESTINATION"),
        (COPY, {"sourceFilePath": "/a/9.jpg", "destinationPath": "/c"}, 404, "SOURCE_FILE_MISSING"),
        (MOVE, {"sourceFilePath": "/a/1.jpg", "destinationPath": "/x/../y"}, 400, "INVALID_FOLDER_PATH"),
        (MOVE, {"sourceFilePath": "/a/1.jpg", "destinationPath": "/a"}, 400, "SAME_SOURCE_AND_DESTINATION"),
        (MOVE, {"sourceFilePath": "/a/9.jpg", "destinationPath": "/c"}, 404, "SOURCE_FILE_MISSING"),
        (RENAME, {"filePath": "/a/1.jpg"}, 400, "MISSING_PARAMETER"),
        (RENAME, {"filePath": "/a/1.jpg", "newFileName": ".."}, 400, "INVALID_PARAMETER"),
        (RENAME, {"filePath": "/a/1.jpg", "newFileName": "1.jpg"}, 400, "SAME_OLD_AND_NEW_NAME"),
        (RENAME, {"filePath": "/a/9.jpg", "newFileName": "2.jpg"}, 404, "FILE_MISSING"),
        (COPY_FOLDER, {"sourceFolderPath": "/"}, 400, "MISSING_PARAMETER"),
        (COPY_FOLDER, {"sourceFolderPath": "/", "destinationPath": "/c"}, 400, "SOURCE_IS_ROOT"),
        (COPY_FOLDER, {"sourceFolderPath": "/a", "destinationPath": "/"}, 400, "SAME_SOURCE_AND_DESTINATION"),
        (COPY_FOLDER, {"sourceFolderPath": "/none", "destinationPath": "/c"}, 404, "NO_FILES_FOLDER"),
        (MOVE_FOLDER, {"sourceFolderPath": "/a", "destinationPath": "/a"}, 400, "SAME_SOURCE_AND_DESTINATION"),
        (MOVE_FOLDER, {"sourceFolderPath": "/a", "destinationPath": "/a/b"}, 400, "INVALID_DESTINATION_PATH"),
        (MOVE_FOLDER, {"sourceFolderPath": "/none", "destinationPath": "/c"}, 404, "NO_FILES_FOLDER"),
        (RENAME_FOLDER, {"folderPath": "/a"}, 400, None),
        (RENAME_FOLDER, {"folderPath": "/", "newFolderName": "x"}, 400, None),
        (RENAME_FOLDER, {"folderPath": "/none", "newFolderName": "x"}, 404, None),
        (RENAME_FOLDER, {"folderPath": "/a", "newFolderName": "c"}, 409, None),
    ],
)
def test_what_cannot_be_done_is_refused_by_name_and_changes_nothing(api, ids, call, body, status, reason):
    before = paths(api)
    answer = api.request(*call, json=body)
    assert (answer.status_code, answer.json().get("reason")) == (status, reason)
    assert paths(api) == before


def test_a_name_that_is_taken_is_refused(sandbox, api, ids):
    sandbox.add_file(path="/a/3.jpg")
    answer = api.request(*RENAME, json={"filePath": "/a/3.jpg", "newFileName": "1.jpg"})
    assert (answer.status_code, answer.json()["reason"]) == (409, "FILE_ALREADY_EXISTS")


def test_a_moved_file_keeps_its_id_and_its_versions(api, ids):
    assert api.request(*MOVE, json={"sourceFilePath": "/a/1.jpg", "destinationPath": "/new/x/"}).status_code == 204
    assert paths(api)[ids[0]] == "/new/x/1.jpg"
    assert len(api.get(f"/v1/files/{ids[0]}/versions").json()) == 2


def test_an_odd_letter_in_a_new_name_becomes_an_underscore(api, ids):
    answer = api.request(*RENAME, json={"filePath": "/a/1.jpg", "newFileName": "é 1?.jpg"})
    assert (answer.status_code, answer.json()) == (200, {})
    assert paths(api)[ids[0]] == "/a/é_1_.jpg"


def test_a_renamed_file_can_be_purged_at_its_old_address(sandbox, api, ids):
    old = f"{sandbox.url_endpoint}/a/1.jpg"
    answer = api.request(*RENAME, json={"filePath": "/a/1.jpg", "newFileName": "5.jpg", "purgeCache": True}).json()
    assert sandbox.purges() == [old + "*"]
    assert api.get(f"/v1/files/purge/{answer['purgeRequestId']}").json() == {"status": "Pending"}
    assert api.get(old).status_code == 404


@pytest.mark.parametrize(("with_versions", "count"), [(False, 1), (True, 2)])
def test_a_copy_is_a_file_of_its_own(api, ids, with_versions, count):
    body = {"sourceFilePath": "/a/1.jpg", "destinationPath": "/d", "includeFileVersions": with_versions}
    assert api.request(*COPY, json=body).status_code == 204
    (copy_id,) = set(paths(api)) - set(ids)
    rows = api.get(f"/v1/files/{copy_id}/versions").json()
    assert [(row["filePath"], row["tags"]) for row in rows] == [("/d/1.jpg", ["x"])] * count
    assert (rows[0]["size"], rows[0]["versionInfo"]["name"]) == (7, f"Version {count}")
    originals = {row["versionInfo"]["id"] for row in api.get(f"/v1/files/{ids[0]}/versions").json()}
    assert originals.isdisjoint(row["versionInfo"]["id"] for row in rows)


def test_a_copy_onto_another_file_becomes_its_newest_version(api, ids):
    assert api.request(*COPY, json={"sourceFilePath": "/a/1.jpg", "destinationPath": "/c"}).status_code == 204
    assert set(paths(api)) == set(ids)
    assert [row["size"] for row in api.get(f"/v1/files/{ids[2]}/versions").json()] == [7, 1234]


def test_a_copy_of_an_upload_has_its_bytes(sandbox, api):
    form = {"fileName": "a.txt", "useUniqueFileName": "false"}
    api.post("/api/v1/files/upload", data=form, files={"file": ("a.txt", b"hello")})
    api.request(*COPY, json={"sourceFilePath": "/a.txt", "destinationPath": "/d"})
    assert api.get(f"{sandbox.url_endpoint}/d/a.txt").content == b"hello"


def test_a_folder_is_copied_with_all_that_is_in_it(api, ids):
    answer = api.request(
        *COPY_FOLDER, json={"sourceFolderPath": "/a", "destinationPath": "/c", "includeVersions": True}
    )
    assert answer.status_code == 200
    assert sorted(paths(api).values()) == ["/a/1.jpg", "/a/b/2.jpg", "/c/1.jpg", "/c/a/1.jpg", "/c/a/b/2.jpg"]


def test_a_folder_is_moved_and_the_job_says_so(api, ids):
    answer = api.request(*MOVE_FOLDER, json={"sourceFolderPath": "/a", "destinationPath": "/c"})
    job = {"jobId": answer.json()["jobId"], "type": "MOVE_FOLDER"}
    looks = [api.get(f"/v1/bulkJobs/{job['jobId']}").json() for _ in range(3)]
    assert looks == [{**job, "status": status} for status in ("Pending", "Completed", "Completed")]
    assert paths(api) == {ids[0]: "/c/a/1.jpg", ids[1]: "/c/a/b/2.jpg", ids[2]: "/c/1.jpg"}


def test_a_folder_that_moves_onto_another_joins_its_files(api, sandbox, ids):
    sandbox.add_file(path="/d/c/1.jpg", size=9)
    assert api.request(*MOVE_FOLDER, json={"sourceFolderPath": "/d/c", "destinationPath": "/"}).status_code == 200
    assert paths(api) == {ids[0]: "/a/1.jpg", ids[1]: "/a/b/2.jpg", ids[2]: "/c/1.jpg"}
    assert [row["size"] for row in api.get(f"/v1/files/{ids[2]}/versions").json()] == [9, 1234]


def test_a_renamed_folder_purges_all_below_with_one_request(sandbox, api, ids):
    body = {"folderPath": "/a/b", "newFolderName": "b & c", "purgeCache": True}
    answer = api.request(*RENAME_FOLDER, json=body)
    assert answer.status_code == 202
    job = [api.get(f"/v1/bulkJobs/{answer.json()['jobId']}").json() for _ in range(2)][1]
    assert (job["status"], api.get(f"/v1/files/purge/{job['purgeRequestId']}").status_code) == ("Completed", 200)
    assert sandbox.purges() == [f"{sandbox.url_endpoint}/a/b*"]
    assert paths(api)[ids[1]] == "/a/b___c/2.jpg"


def test_a_lock_can_be_played(sandbox, api, ids):
    sandbox.fault("locked", on="folder")
    answer = api.delete("/v1/folder", json={"folderPath": "/a"})
    assert (answer.status_code, sandbox.file_ids()) == (423, set(ids))
