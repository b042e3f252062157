"""What somebody else does in the library, and what a caller reads of it afterwards."""

from __future__ import annotations

import pytest

from medialib.sandbox.http.answers import Refusal
from medialib.sandbox.server import Sandbox
from tests.sandbox.conftest import Api

LONG_AGO = "2024-05-01T10:00:00.000Z"


@pytest.fixture
def file_id(sandbox):
    return sandbox.add_file(
        path="/a/b/c.jpg", tags=["old"], custom_metadata={"brand": "x", "price": 1}, created_at=LONG_AGO
    )


def read(api: Api, file_id: str) -> dict:
    """The file as a search by id finds it, which must be what a read by id says."""
    found = api.list(searchQuery=f'type = "file" AND id IN ["{file_id}"]')
    assert found == [api.get(f"/v1/files/{file_id}/details").json()]
    return found[0]


def changed(before: dict, after: dict) -> set[str]:
    return {name for name in before if before[name] != after[name]} - {"url", "thumbnail"}


@pytest.mark.parametrize(
    ("change", "names"),
    [
        (lambda world, file_id: world.move(file_id, "/d"), {"filePath", "updatedAt"}),
        (lambda world, file_id: world.move(file_id, "/d", stamp=False), {"filePath"}),
        (lambda world, file_id: world.rename(file_id, "e.jpg"), {"filePath", "name", "updatedAt"}),
        (lambda world, file_id: world.rename(file_id, "e.jpg", stamp=False), {"filePath", "name"}),
        (lambda world, file_id: world.replace(file_id, size=9), {"size", "versionInfo", "updatedAt"}),
        (lambda world, file_id: world.retag(file_id, tags=["new"]), {"tags", "updatedAt"}),
        (lambda world, file_id: world.retag(file_id, ai_tags=["Shirt"]), {"AITags", "updatedAt"}),
        (lambda world, file_id: world.set_metadata(file_id, brand="y"), {"customMetadata", "updatedAt"}),
        (lambda world, file_id: world.rename_folder("/a", "z"), {"filePath"}),
        (lambda world, file_id: world.rename_folder("/a", "z", stamp=True), {"filePath", "updatedAt"}),
        (lambda world, file_id: world.move_folder("/a/b", "/"), {"filePath"}),
        (lambda world, file_id: world.move_folder("/a/b", "/", stamp=True), {"filePath", "updatedAt"}),
    ],
)
def test_a_change_changes_what_it_names_and_nothing_else(sandbox, api, file_id, change, names):
    before = read(api, file_id)
    change(sandbox, file_id)
    after = read(api, file_id)
    assert changed(before, after) == names
    assert (after["updatedAt"] > before["updatedAt"]) == ("updatedAt" in names)


def test_a_new_version_has_the_next_name_and_an_id_of_its_own(sandbox, api, file_id):
    sandbox.replace(file_id, size=9, mime="image/png")
    sandbox.replace(file_id, size=10)
    rows = api.get(f"/v1/files/{file_id}/versions").json()
    assert [row["versionInfo"]["name"] for row in rows] == ["Version 3", "Version 2", "Version 1"]
    assert [row["size"] for row in rows] == [10, 9, 1234]
    assert len({row["versionInfo"]["id"] for row in rows}) == 3
    assert (rows[0]["fileId"], rows[0]["mime"]) == (file_id, "image/png")


def test_tags_and_metadata_can_be_taken_away(sandbox, api, file_id):
    sandbox.retag(file_id, tags=[], ai_tags=[{"name": "Shirt", "confidence": 5, "source": "aws-auto-tagging"}])
    sandbox.set_metadata(file_id, brand=None)
    row = read(api, file_id)
    assert (row["tags"], row["customMetadata"], row["AITags"][0]["confidence"]) == (None, {"price": 1}, 5)
    sandbox.retag(file_id, ai_tags=[])
    assert read(api, file_id)["AITags"] is None


def test_only_the_named_ai_tags_are_removed_by_a_call(sandbox, api, file_id):
    sandbox.retag(file_id, ai_tags=["Shirt", "Sky"])
    api.patch(f"/v1/files/{file_id}/details", json={"removeAITags": ["Sky"]})
    assert [tag["name"] for tag in read(api, file_id)["AITags"]] == ["Shirt"]


def test_the_earlier_versions_move_with_their_file(sandbox, api, file_id):
    sandbox.replace(file_id, size=9)
    sandbox.rename_folder("/a", "z")
    sandbox.move(file_id, "/d")
    sandbox.rename(file_id, "e.jpg")
    assert {row["filePath"] for row in api.get(f"/v1/files/{file_id}/versions").json()} == {"/d/e.jpg"}


def test_a_renamed_folder_keeps_its_id_and_a_moved_one_gets_a_new_one(sandbox, api, file_id):
    def folders() -> dict[str, str]:
        return {row["folderPath"]: row["folderId"] for row in api.list(type="folder")}

    before = folders()
    assert sandbox.rename_folder("/a", "z") == "/z"
    assert folders() == {"/z": before["/a"], "/z/b": before["/a/b"]}
    assert sandbox.move_folder("/z/b", "/y/x") == "/y/x/b"
    after = folders()
    assert (after.keys(), after["/z"]) == ({"/z", "/y", "/y/x", "/y/x/b"}, before["/a"])
    assert after["/y/x/b"] != before["/a/b"]


def test_a_folder_with_a_name_that_begins_alike_is_left_alone(sandbox, file_id):
    other = sandbox.add_file(path="/a/bc/d.jpg")
    sandbox.rename_folder("/a/b", "z")
    sandbox.move_folder("/a/z", "/")
    with Api(sandbox) as api:
        assert read(api, other)["filePath"] == "/a/bc/d.jpg"
        assert read(api, file_id)["filePath"] == "/z/c.jpg"


def test_a_folder_moves_up_through_one_of_its_own_name(sandbox, api):
    ids = sandbox.add_files([{"path": "/a/a/f.jpg"}, {"path": "/a/a/a/f.jpg"}, {"path": "/a/a/a/g.jpg"}])
    assert sandbox.move_folder("/a/a", "/") == "/a"
    assert [read(api, file_id)["filePath"] for file_id in ids] == ["/a/f.jpg", "/a/a/f.jpg", "/a/a/g.jpg"]
    assert {row["folderPath"] for row in api.list(type="folder")} == {"/a", "/a/a"}


def test_a_file_that_moves_onto_another_becomes_its_newest_version(sandbox, api, file_id):
    sandbox.replace(file_id, size=9)
    there = sandbox.add_file(path="/d/c.jpg", size=5)
    sandbox.move(file_id, "/d")
    rows = api.get(f"/v1/files/{there}/versions").json()
    assert [(row["size"], row["versionInfo"]["name"]) for row in rows] == [
        (9, "Version 3"),
        (1234, "Version 2"),
        (5, "Version 1"),
    ]
    assert sandbox.file_ids() == {there}
    assert len({row["versionInfo"]["id"] for row in rows}) == 3


def test_a_file_takes_no_more_than_a_hundred_versions(sandbox, file_id):
    for size in range(99):
        sandbox.replace(file_id, size=size)
    sandbox.add_file(path="/d/c.jpg")
    with pytest.raises(Refusal) as caught:
        sandbox.move(file_id, "/d")
    assert caught.value.answer.json()["reason"] == "VERSION_LIMIT_EXCEEDED"
    assert len(sandbox.file_ids()) == 2


def test_the_old_address_is_served_until_it_is_purged(sandbox, api, file_id):
    sandbox.rename_folder("/a", "z")
    old, new = f"{sandbox.url_endpoint}/a/b/c.jpg", f"{sandbox.url_endpoint}/z/b/c.jpg"
    assert (api.get(old).status_code, api.get(new).status_code) == (200, 200)
    api.post("/v1/files/purge", json={"url": old})
    assert (api.get(old).status_code, api.get(new).status_code) == (404, 200)


def test_what_the_world_did_is_kept_between_two_runs(tmp_path):
    with Sandbox(data_dir=tmp_path) as sandbox, Api(sandbox) as api:
        one, two = sandbox.add_files([{"path": "/a/b/1.jpg"}, {"path": "/a/2.jpg"}])
        sandbox.replace(one, size=7)
        sandbox.retag(one, tags=["x"], ai_tags=["y"])
        sandbox.rename_folder("/a", "z")
        sandbox.move_folder("/z/b", "/")
        sandbox.move(two, "/b")
        # A journal alone, and then a snapshot, both give the same library.
        files, folders = api.list(sort="ASC_NAME"), api.list(type="folder")
        with Sandbox(data_dir=tmp_path) as killed, Api(killed) as other:
            assert_same(other, files, folders)
    with Sandbox(data_dir=tmp_path) as again, Api(again) as other:
        assert_same(other, files, folders)


def assert_same(api: Api, files: list[dict], folders: list[dict]) -> None:
    def bare(rows: list[dict]) -> list[dict]:
        return [{name: value for name, value in row.items() if name not in ("url", "thumbnail")} for row in rows]

    assert bare(api.list(sort="ASC_NAME")) == bare(files)
    assert sorted(row["folderId"] for row in api.list(type="folder")) == sorted(row["folderId"] for row in folders)
