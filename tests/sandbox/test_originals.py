"""Originals as they were uploaded, signed addresses of private files, and uploads that put a file back."""

from __future__ import annotations

import time

import pytest
from imagekitio import ImageKit

from tests.sandbox.conftest import Api

UPLOAD = "/api/v1/files/upload"


@pytest.mark.parametrize(("name", "size"), [("a.jpg", 1234), ("b.png", 400_000), ("c.txt", 10), ("d.mp4", 3_000_000)])
def test_an_original_is_as_long_as_listings_say(sandbox, api, name, size):
    sandbox.add_file(path=f"/x/{name}", size=size)
    answer = api.get(f"/demo/x/{name}?tr=orig-true")
    assert (answer.status_code, len(answer.content)) == (200, size)
    assert answer.content == api.get(f"/demo/x/{name}?tr=orig-true").content


def test_the_original_of_an_upload_is_what_was_uploaded(sandbox, api):
    api.post(UPLOAD, data={"fileName": "a.txt", "useUniqueFileName": "false"}, files={"file": b"these bytes"})
    assert api.get("/demo/a.txt?tr=orig-true").content == b"these bytes"


@pytest.mark.parametrize("query", ["?tr=orig-true", "", "?tr=orig-true&ik-t=9999999999&ik-s=0", "?ik-s="])
def test_the_original_of_a_private_file_needs_a_signature(sandbox, api, query):
    sandbox.add_file(path="/a.jpg", is_private=True)
    assert api.get(f"/demo/a.jpg{query}").status_code == 401


@pytest.mark.parametrize("expires", [None, 60])
def test_an_address_that_the_official_library_signs_opens_a_private_file(sandbox, api, expires):
    sandbox.add_file(path="/x/ü 1.txt", is_private=True, size=20)
    library = ImageKit(private_key="private_sandbox", base_url=sandbox.api_url)
    url = library.helper.build_url(
        url_endpoint=sandbox.url_endpoint,
        src="/x/ü 1.txt",
        query_parameters={"tr": "orig-true"},
        signed=True,
        expires_in=expires,
    )
    assert (api.get(url).status_code, len(api.get(url).content)) == (200, 20)


def test_a_signature_ends_with_its_time(sandbox, api, monkeypatch):
    sandbox.add_file(path="/a.txt", is_private=True)
    library = ImageKit(private_key="private_sandbox", base_url=sandbox.api_url)
    url = library.helper.build_url(url_endpoint=sandbox.url_endpoint, src="/a.txt", signed=True, expires_in=60)
    now = time.time()
    monkeypatch.setattr(time, "time", lambda: now + 120)
    assert api.get(url).status_code == 401


def test_an_upload_takes_all_that_a_file_had(sandbox, api: Api):
    form = {
        "fileName": "a.txt",
        "folder": "/put/back",
        "useUniqueFileName": "false",
        "overwriteFile": "false",
        "tags": "one,two",
        "customMetadata": '{"brand": "Nike", "_internal_original_created_datetime": "2020-02-03T04:05:06.789+00:00"}',
        "customCoordinates": "1,2,3,4",
        "description": "words",
        "isPrivateFile": "true",
        "isPublished": "false",
    }
    answer = api.post(UPLOAD, data=form, files={"file": b"x"})
    assert answer.status_code == 200, answer.text
    row = api.get(f"/v1/files/{answer.json()['fileId']}/details").json()
    assert (row["filePath"], row["tags"], row["customMetadata"]) == (
        "/put/back/a.txt",
        ["one", "two"],
        {"brand": "Nike"},
    )
    assert (row["customCoordinates"], row["description"]) == ("1,2,3,4", "words")
    assert (row["isPrivateFile"], row["isPublished"]) == (True, False)
    assert row["createdAt"] == "2020-02-03T04:05:06.789Z"
    again = api.post(UPLOAD, data=form, files={"file": b"y"})
    assert (again.status_code, len(api.list())) == (400, 1)


def test_a_date_that_is_none_is_refused(api: Api):
    form = {"fileName": "a.txt", "customMetadata": '{"_internal_original_created_datetime": "soon"}'}
    assert api.post(UPLOAD, data=form, files={"file": b"x"}).status_code == 400
