"""`GET /v1/files`: order, pages, filters and the refusal of wrong parameters."""

from __future__ import annotations

import pytest

from medialib.sandbox.library.listing import BAD_TYPE
from medialib.sandbox.server import Sandbox
from tests.sandbox.conftest import Api


@pytest.mark.parametrize(
    ("params", "message"),
    [
        ({"skip": "-1"}, "The value of skip parameter should be greater than or equal to 0. Value sent is -1."),
        ({"limit": "0"}, "Minimum value of limit parameter is 1. Value sent is 0."),
        ({"limit": "2000"}, "Maximum value of limit parameter is 1000. Value sent is 2000."),
        ({"sort": "ASC_COLOUR"}, "Your request contains invalid value for sort parameters."),
        (
            {"type": "image"},
            BAD_TYPE,
        ),
    ],
)
def test_a_wrong_parameter_is_refused_in_imagekits_words(api, params, message):
    answer = api.get("/v1/files", params=params)
    assert (answer.status_code, answer.json()["message"]) == (400, message)


def test_pages_give_each_file_once_even_with_equal_times(sandbox, api):
    ids = sandbox.add_files([{"created_at": "2024-01-01T00:00:00Z"} for _ in range(25)])
    pages = [api.list(limit=10, skip=skip) for skip in (0, 10, 20, 30)]
    assert [len(page) for page in pages] == [10, 10, 5, 0]
    assert sorted(row["fileId"] for page in pages for row in page) == sorted(ids)


@pytest.mark.parametrize(
    ("sort", "names"),
    [
        ("ASC_NAME", ["a.jpg", "b.jpg", "c.jpg"]),
        ("DESC_NAME", ["c.jpg", "b.jpg", "a.jpg"]),
        ("ASC_CREATED", ["b.jpg", "c.jpg", "a.jpg"]),
        ("DESC_UPDATED", ["a.jpg", "b.jpg", "c.jpg"]),
        ("DESC_SIZE", ["c.jpg", "a.jpg", "b.jpg"]),
    ],
)
def test_files_come_in_the_order_asked_for(sandbox, api, sort, names):
    sandbox.add_file(path="/a.jpg", size=2, created_at="2024-03-01T00:00:00Z")
    sandbox.add_file(path="/b.jpg", size=1, created_at="2024-01-01T00:00:00Z", updated_at="2024-02-20T00:00:00Z")
    sandbox.add_file(path="/c.jpg", size=3, created_at="2024-02-01T00:00:00Z")
    assert [row["name"] for row in api.list(sort=sort)] == names


def test_an_order_once_asked_for_follows_later_changes(sandbox, api):
    first, second = sandbox.add_file(path="/a.jpg"), sandbox.add_file(path="/c.jpg")
    api.list(sort="ASC_NAME")
    api.delete_many([first])
    third = sandbox.add_file(path="/b.jpg")
    assert [row["fileId"] for row in api.list(sort="ASC_NAME")] == [third, second]


def test_path_means_that_folder_only(sandbox, api):
    sandbox.add_file(path="/a/deep/one.jpg")
    here = sandbox.add_file(path="/a/two.jpg")
    assert [row["fileId"] for row in api.list(path="/a/")] == [here]


def test_type_file_type_tags_and_name_narrow_the_list(sandbox, api):
    picture = sandbox.add_file(path="/x/p.jpg", tags=["red", "web"])
    film = sandbox.add_file(path="/x/f.mp4", tags=["blue"])
    assert [row["fileId"] for row in api.list(fileType="non-image")] == [film]
    assert [row["fileId"] for row in api.list(tags="red,green")] == [picture]
    assert [row["fileId"] for row in api.list(name="f.mp4")] == [film]
    assert [row["type"] for row in api.list(type="folder")] == ["folder"]
    assert {row["type"] for row in api.list(type="all")} == {"file", "folder"}


def test_a_query_switches_type_tags_and_name_off(sandbox, api):
    sandbox.add_file(path="/x/p.jpg", tags=["red"])
    rows = api.list(searchQuery='createdAt > "1d"', type="file", tags="blue", name="other")
    assert {row["type"] for row in rows} == {"file", "folder"}


def test_a_folder_row_has_no_file_id_size_or_url(sandbox, api):
    sandbox.add_file(path="/x/p.jpg")
    assert not {"fileId", "filePath", "size", "url"} & set(api.list(type="folder")[0])


def test_a_sample_library_is_believable_and_the_same_each_time():
    with Sandbox(files=600) as one, Sandbox(files=600) as other, Api(one) as api:
        assert len(one.file_ids()) == 600
        rows = api.list(type="file")
        assert len({row["filePath"] for row in rows}) == 600
        assert {row["fileType"] for row in rows} == {"image", "non-image"}
        assert {"application/pdf", "image/svg+xml", "video/mp4"} <= {row["mime"] for row in rows}
        assert any(not row["name"].isascii() for row in rows)
        assert {row.path for row in one._library.files.values()} == {row.path for row in other._library.files.values()}
