"""Rows of a listing, as documented and as they must not be relied on."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from medialib.imagekit.types import RemoteFile

DOCUMENTED = {
    "type": "file", "fileId": "64f0c1a2b3d4e5f601234567", "name": "hero.jpg", "filePath": "/site/hero.jpg",
    "tags": ["home"], "AITags": None, "versionInfo": {"id": "64f0c1a2b3d4e5f601234567", "name": "Version 1"},
    "isPrivateFile": False, "isPublished": True, "customCoordinates": None,
    "url": "https://ik.imagekit.io/acme/site/hero.jpg?updatedAt=1693499810123",
    "thumbnail": "https://ik.imagekit.io/acme/site/hero.jpg?updatedAt=1693499810123&tr=n-ik_ml_thumbnail",
    "fileType": "image", "mime": "image/jpeg", "width": 1600, "height": 900, "size": 248113, "hasAlpha": False,
    "customMetadata": {"brand": "acme"}, "embeddedMetadata": None, "somethingNew": 1,
    "createdAt": "2023-08-31T16:36:50.123Z", "updatedAt": "2023-09-01T16:36:50.123Z",
}  # fmt: skip


def parsed(**members: Any) -> RemoteFile:
    file = RemoteFile.from_json({"fileId": "a", **members})
    assert file is not None
    return file


def test_a_documented_row_is_read_whole() -> None:
    file = RemoteFile.from_json(DOCUMENTED)
    assert file == RemoteFile(
        file_id="64f0c1a2b3d4e5f601234567",
        name="hero.jpg",
        path="/site/hero.jpg",
        size_bytes=248113,
        file_type="image",
        mime="image/jpeg",
        width=1600,
        height=900,
        tags=("home",),
        ai_tags=(),
        version_id="64f0c1a2b3d4e5f601234567",
        is_private=False,
        is_published=True,
        version_name="Version 1",
        url="https://ik.imagekit.io/acme/site/hero.jpg",
        thumbnail_url="https://ik.imagekit.io/acme/site/hero.jpg?updatedAt=1693499810123&tr=n-ik_ml_thumbnail",
        custom_metadata={"brand": "acme"},
        created_at=datetime(2023, 8, 31, 16, 36, 50, 123000, tzinfo=UTC),
        updated_at=datetime(2023, 9, 1, 16, 36, 50, 123000, tzinfo=UTC),
        raw=DOCUMENTED,
    )


def test_an_id_alone_is_enough() -> None:
    file = parsed()
    assert (file.file_id, file.size_bytes, file.width, file.tags) == ("a", 0, None, ())
    assert (file.is_private, file.is_published, file.custom_metadata) == (False, True, {})
    assert (file.created_at, file.updated_at) == (None, None)


@pytest.mark.parametrize(
    "row",
    [None, 7, "a", [], {}, {"fileId": None}, {"fileId": ""}, {"fileId": " "}, {"fileId": 5},
     {"type": "folder", "folderId": "f"}, {"type": "folder", "fileId": "a"}, {"type": "file-version", "fileId": "a"}],
)  # fmt: skip
def test_what_is_no_file_is_none(row: Any) -> None:
    assert RemoteFile.from_json(row) is None


def test_null_stands_for_nothing() -> None:
    file = parsed(tags=None, versionInfo=None, customMetadata=None, width=None, size=None, url=None, name=None)
    assert (file.tags, file.version_name, file.custom_metadata, file.url, file.name) == ((), "", {}, "", "")


def test_name_and_path_stand_in_for_each_other() -> None:
    assert parsed(filePath="/a/b.jpg").name == "b.jpg"
    assert parsed(name="b.jpg").path == "/b.jpg"


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("2023-08-31T16:36:50.123Z", datetime(2023, 8, 31, 16, 36, 50, 123000, tzinfo=UTC)),
        ("2023-08-31T16:36:50Z", datetime(2023, 8, 31, 16, 36, 50, tzinfo=UTC)),
        ("2023-08-31T18:36:50+02:00", datetime(2023, 8, 31, 16, 36, 50, tzinfo=UTC)),
        ("2023-08-31T16:36:50", datetime(2023, 8, 31, 16, 36, 50, tzinfo=UTC)),
        ("0001-01-01T00:00:00+02:00", None),
        ("yesterday", None),
        (1693499810123, None),
        ("Fri, 27 Nov 2026 09:00:00 GMT", None),
        ("1970-01-01T00:00:00.000Z", None),
    ],
)
def test_times_are_read_as_utc_and_no_other_is_taken_for_one(text: Any, expected: datetime | None) -> None:
    created_at = parsed(createdAt=text, updatedAt="2024-01-01T00:00:00Z").created_at
    assert created_at == expected
    assert created_at is None or created_at.tzinfo is UTC


@pytest.mark.parametrize(
    ("size", "expected"),
    [(5, 5), (5.0, 5), (True, 0), ("5", 0), (-1, 0), (float("nan"), 0), (float("inf"), 0)],
)
def test_only_a_number_of_bytes_is_a_size(size: Any, expected: int) -> None:
    assert parsed(size=size).size_bytes == expected


SCALARS = st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5)
JSON = SCALARS | st.lists(SCALARS, max_size=2) | st.dictionaries(st.just("name"), SCALARS, max_size=1)


@settings(max_examples=50, deadline=None, suppress_health_check=[HealthCheck.too_slow])  # A busy machine is no fault.
@given(st.fixed_dictionaries({}, optional=dict.fromkeys(DOCUMENTED, JSON)))
def test_no_row_of_json_breaks_the_reading(row: dict[str, Any]) -> None:
    file = RemoteFile.from_json(row)
    assert file is None or (file.raw is row and file.file_id == row["fileId"])
