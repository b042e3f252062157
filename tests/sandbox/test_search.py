"""The grammar of `searchQuery`, field by field, and what it refuses."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from medialib.sandbox.server import Sandbox
from tests.sandbox.conftest import Api

RECENT = datetime.now(UTC) - timedelta(days=2)
FILES = [
    {"file_id": "hero", "path": "/site/summer-hero.jpg", "size": 2_000_000, "tags": ["red", "web"], "width": 1600,
     "created_at": "2023-05-01T10:00:00Z", "custom_metadata": {"brand": "Nike", "price": 20, "cut": ["wide", "long"]}},
    {"file_id": "logo", "path": "/site/brand/Logo_New.svg", "size": 900, "is_private": True, "width": 512,
     "created_at": "2024-01-31T00:00:00Z", "updated_at": "2024-06-01T00:00:00Z"},
    {"file_id": "film", "path": "/video/film.mp4", "size": 90_000_000, "tags": ["web"], "is_published": False,
     "created_at": RECENT, "duration": 95},
    {"file_id": "root", "path": "/root.jpeg", "size": 1024, "created_at": "2023-05-01T10:00:00.500Z",
     "ai_tags": [{"name": "Shirt", "confidence": 90, "source": "aws-auto-tagging"}]},
]  # fmt: skip


@pytest.fixture(scope="module")
def library():
    with Sandbox() as sandbox, Api(sandbox) as api:
        sandbox.add_files(FILES)
        yield api


@pytest.mark.parametrize(
    ("query", "ids"),
    [
        ('name = "film.mp4"', "film"),
        ('name = "Film.mp4"', ""),
        ('name : "summer"', "hero"),
        ('name IN ["film.mp4", "root.jpeg"]', "film root"),
        ('name NOT = "film.mp4" AND type = "file"', "hero logo root"),
        ('name NOT IN ["film.mp4","root.jpeg"] AND type="file"', "hero logo"),
        ('name HAS "hero summ"', "hero"),
        ('name HAS "new logo"', "logo"),
        ('name HAS "umm"', ""),
        ('tags IN ["red", "Shirt"]', "hero root"),
        ('tags NOT IN ["web"] AND type = "file"', "logo root"),
        ('tags HAS "we"', "hero film"),
        ("tags EXISTS", "hero film root"),
        ('tags NOT EXISTS AND type = "file"', "logo"),
        ('id IN ["hero", "film", "gone"]', "hero film"),
        ('id = "logo"', "logo"),
        ('createdAt > "1w"', "film"),
        ('createdAt >= "2024-01-31" AND createdAt < "2024-02-01"', "logo"),
        ('createdAt = "2023-05-01"', "hero root"),
        ('createdAt = "2023-05-01T10:00:00"', "hero root"),
        ('createdAt > "2023-05-01T10:00:00" AND createdAt <= "2024-01-31"', "root logo"),
        ('updatedAt IN ["2024-06-01"]', "logo"),
        ('size > "1mb"', "hero film"),
        ("size <= 1024", "logo root"),
        ('size = "1kb"', "root"),
        ("width < 1000", "logo"),
        ('videoDuration > "1.5min"', "film"),
        ("videoDuration <= 95", "film"),
        ('videoDuration > "2hr"', ""),
        ('videoDuration = "95sec"', "film"),
        ('height NOT = 900 AND type = "file"', "film"),
        ('format = "jpg"', "hero root"),
        ('format IN ["svg","mp4"]', "logo film"),
        ("private = true", "logo"),
        ("published = false", "film"),
        ('path = "/site/"', "hero"),
        ('path : "site" AND type = "file"', "hero logo"),
        ('path = "/" AND type = "file"', "root"),
        ('type = "file"', "hero logo film root"),
        ('type NOT = "file"', ""),
        ('"customMetadata.brand" = "Nike"', "hero"),
        ('"customMetadata.price" >= 20', "hero"),
        ('"customMetadata.cut" IN ["long"]', "hero"),
        ('private = true OR published = false AND size > "1gb"', "logo"),
        ('(private = true OR published = false) AND size > "1mb"', "film"),
        ('((name="film.mp4"))OR(name="root.jpeg")', "film root"),
    ],
)
def test_a_query_finds_exactly_the_files_it_means(library, query, ids):
    assert library.ids(query) == set(ids.split())


@pytest.mark.parametrize(
    "query",
    [
        "name",
        "name =",
        'name "a"',
        'name = "a',
        'name = "a" AND',
        '= "a"',
        'name = "a" name = "b"',
        "(" * 80,
        "name IN []",
        'name IN ["a"',
        'colour = "red"',
        "name = a",
        'name > "a"',
        'tags = "a"',
        "size = big",
        'videoDuration > "2 minutes"',
        'fileId = "hero"',
        'size > "1 cow"',
        'private = "true"',
        "private = 1",
        'format = "exe"',
        'type = "image"',
        'name NOT : "a"',
        "customMetadata.brand = 1",
        'name = "a" and size > 1',
        'createdAt > "2024-13-01"',
        'createdAt > "2024-01-01T00:00:00.000Z"',
        'name = "a" )',
        "!",
    ],
)
def test_a_query_outside_the_grammar_is_refused(library, query):
    answer = library.get("/v1/files", params={"searchQuery": query})
    assert (answer.status_code, answer.json()["message"].startswith("Invalid search query")) == (400, True)


def test_an_unquoted_date_is_refused_in_imagekits_words(library):
    answer = library.get("/v1/files", params={"searchQuery": "createdAt < 2020-01-01"})
    assert answer.json()["message"] == (
        "Invalid search query - createdAt field must have a valid date value. "
        "Make sure the value is enclosed within quotes. Please refer to the documentation for syntax specification."
    )


def test_a_range_of_dates_and_a_scan_of_all_rows_agree(library):
    by_range = library.list(searchQuery='type = "file" AND createdAt >= "2023-05-01T10:00:00"', sort="ASC_CREATED")
    by_scan = library.list(searchQuery='type = "file" AND (createdAt >= "2023-05-01T10:00:00" OR size < 0)')
    assert [row["fileId"] for row in by_range] == [row["fileId"] for row in by_scan] == ["hero", "root", "logo", "film"]


def test_path_and_skip_work_beside_a_query(library):
    assert [row["name"] for row in library.list(searchQuery='type = "file"', path="/video")] == ["film.mp4"]
    assert len(library.list(searchQuery='type = "file" AND size > 1', skip=1, limit=2)) == 2


HEX = [f"64f0c1a2b3d4e5f6{number:08x}" for number in range(100)]


@pytest.fixture
def hundred(sandbox):
    sandbox.add_files([{"file_id": file_id, "path": f"/look/{file_id}.jpg", "tags": ["x"]} for file_id in HEX])
    sandbox.add_file(path="/look/other.jpg")
    return sandbox


def look(api: Api, ids: list[str]) -> dict[str, dict]:
    listed = ",".join(f'"{file_id}"' for file_id in ids)
    query = f'type = "file" AND id IN [{listed}]'
    return {row["fileId"]: row for row in api.list(searchQuery=query, limit=1000)}


def test_one_call_reads_a_hundred_files_by_id_as_their_details_are(hundred, api):
    hundred.replace(HEX[0], size=5)
    hundred.retag(HEX[1], ai_tags=["Shirt"])
    hundred.set_metadata(HEX[2], brand="x")
    found = look(api, HEX)
    assert set(found) == set(HEX)
    for file_id in HEX[:4]:
        assert found[file_id] == api.get(f"/v1/files/{file_id}/details").json()


def test_an_id_of_nothing_or_of_a_folder_or_of_a_version_finds_no_file(hundred, api):
    hundred.replace(HEX[0], size=5)
    (folder,) = api.list(type="folder")
    version_id = api.get(f"/v1/files/{HEX[0]}/versions").json()[0]["versionInfo"]["id"]
    assert look(api, [folder["folderId"], version_id, "nonsense", "f" * 24]) == {}


def test_without_a_type_an_id_may_be_a_folders(hundred, api):
    (folder,) = api.list(type="folder")
    rows = api.list(searchQuery=f'id IN ["{folder["folderId"]}", "{HEX[5]}"]')
    assert {row["type"] for row in rows} == {"folder", "file"}
    assert api.list(searchQuery=f'id = "{folder["folderId"]}"') == [folder]


def test_the_current_version_is_the_only_row_of_a_file(hundred, api):
    for size in (5, 6):
        hundred.replace(HEX[0], size=size)
    rows = api.list(searchQuery=f'type = "file" AND id IN ["{HEX[0]}"]')
    assert [(row["size"], row["versionInfo"]["name"]) for row in rows] == [(6, "Version 3")]


def test_a_search_can_lag_behind_while_a_read_by_id_does_not(hundred, api):
    hundred.freeze_index()
    hundred.move(HEX[0], "/elsewhere")
    hundred.remove(HEX[1])
    found = look(api, HEX[:2])
    assert found[HEX[0]]["filePath"] == f"/look/{HEX[0]}.jpg"
    assert found.keys() == set(HEX[:2])
    assert api.get(f"/v1/files/{HEX[0]}/details").json()["filePath"].startswith("/elsewhere/")
    assert api.get(f"/v1/files/{HEX[1]}/details").status_code == 404
    hundred.thaw_index()
    assert {row["filePath"] for row in look(api, HEX[:2]).values()} == {f"/elsewhere/{HEX[0]}.jpg"}
