"""The CDN side: real pictures, transformations, uploads, and what a purge takes away."""

from __future__ import annotations

import io

import pytest
from PIL import Image

from medialib.sandbox.server import Sandbox
from tests.sandbox.conftest import Api

UPLOAD = "/api/v1/files/upload"


def opened(api: Api, url: str) -> Image.Image:
    answer = api.get(url)
    assert (answer.status_code, answer.headers["Content-Type"][:6]) == (200, "image/"), answer.text
    return Image.open(io.BytesIO(answer.content))


def png(width: int = 40, height: int = 20) -> bytes:
    out = io.BytesIO()
    Image.new("RGB", (width, height), "navy").save(out, "PNG")
    return out.getvalue()


def upload(api: Api, content: bytes = b"text", name: str = "a.png", **form: str):
    return api.post(UPLOAD, data={"fileName": name, **form}, files={"file": (name, content)})


@pytest.mark.parametrize("name", ["a.jpg", "b.png", "c.webp", "d.gif", "ü 春.jpg", "logo.avif"])
def test_url_and_thumbnail_of_a_listed_image_are_real_pictures(sandbox, api, name):
    sandbox.add_file(path=f"/x/{name}", width=400, height=300)
    [row] = api.list()
    assert opened(api, row["url"]).size == (400, 300)
    assert max(opened(api, row["thumbnail"]).size) <= 320


@pytest.mark.parametrize(
    ("url", "size"),
    [
        ("/demo/tr:w-100,h-50/a.jpg", (100, 50)),
        ("/demo/a.jpg?tr=h-60", (80, 60)),
        ("/demo/tr:w-200/a.jpg", (200, 150)),
        ("/demo/a.jpg?tr=w-100,h-100,c-at_max", (100, 75)),
        ("/demo/a.jpg?tr=w-900,h-900,c-at_max", (400, 300)),
    ],
)
def test_a_transformation_gives_the_size_asked_for(sandbox, api, url, size):
    sandbox.add_file(path="/a.jpg", width=400, height=300)
    assert opened(api, url).size == size


@pytest.mark.parametrize("name", ["f.mp4", "d.pdf", "t.txt", "font.woff2"])
def test_what_is_no_image_has_a_thumbnail_too(sandbox, api, name):
    sandbox.add_file(path=f"/{name}")
    opened(api, api.list()[0]["thumbnail"])


@pytest.mark.parametrize("name", ["f.mp4", "d.pdf", "moves.gif"])
def test_the_first_page_or_frame_is_a_picture(sandbox, api, name):
    sandbox.add_file(path=f"/{name}")
    assert max(opened(api, f"/demo/{name}/ik-thumbnail.jpg?tr=w-90,h-90,c-at_max").size) == 90
    opened(api, f"/demo/{name}/ik-thumbnail.jpg")


def test_what_has_no_pages_has_no_first_one(sandbox, api):
    sandbox.add_file(path="/a.zip")
    assert api.get("/demo/a.zip/ik-thumbnail.jpg").status_code == 404


@pytest.mark.parametrize("name", ["f.mp4", "f.webm", "f.mov"])
def test_a_film_is_one(sandbox, api, name):
    """That browsers play it is tried in tests/e2e/test_preview.py."""
    sandbox.add_file(path=f"/{name}")
    answer = api.get(f"/demo/{name}")
    assert answer.headers["Content-Type"].startswith("video/")
    assert answer.content.startswith(bytes.fromhex("1a45dfa3")), "no WebM"


def test_the_same_file_always_looks_the_same():
    pictures = []
    for _ in range(2):
        with Sandbox() as sandbox, Api(sandbox) as api:
            sandbox.add_file(path="/a.jpg")
            pictures.append(api.get("/demo/a.jpg").content)
    assert pictures[0] == pictures[1]


@pytest.mark.parametrize("path", ["/demo/none.jpg", "/demo/", "/demo/tr:w-1/none.jpg", "/demo/../../etc/passwd"])
def test_what_was_never_there_is_not_found(api, path):
    assert api.get(path).status_code == 404


def test_an_unpublished_file_is_not_delivered(sandbox, api):
    sandbox.add_file(path="/a.jpg", is_published=False)
    assert api.get("/demo/a.jpg").status_code == 404


def test_a_deleted_file_is_served_until_its_url_is_purged(sandbox, api):
    file_id = sandbox.add_file(path="/a.jpg")
    api.delete_many([file_id])
    assert api.get("/demo/a.jpg").status_code == 200
    api.post("/v1/files/purge", json={"url": f"{sandbox.url_endpoint}/a.jpg"})
    assert api.get("/demo/a.jpg").status_code == 404
    assert api.get("/demo/tr:w-100/a.jpg").status_code == 200  # Each transformed URL is its own entry.


def test_a_wildcard_purges_the_query_variants(sandbox, api):
    api.delete_many([sandbox.add_file(path="/a.jpg")])
    api.post("/v1/files/purge", json={"url": f"{sandbox.url_endpoint}/a.jpg*"})
    assert [api.get(url).status_code for url in ("/demo/a.jpg", "/demo/a.jpg?tr=w-9")] == [404, 404]
    assert sandbox.purges() == [f"{sandbox.url_endpoint}/a.jpg*"]


def test_a_purge_before_the_deletion_takes_nothing_from_the_time_after_it(sandbox, api):
    file_id = sandbox.add_file(path="/a.jpg")
    api.post("/v1/files/purge", json={"url": f"{sandbox.url_endpoint}/a.jpg"})
    api.delete_many([file_id])
    assert api.get("/demo/a.jpg").status_code == 200


@pytest.mark.parametrize("path", ["/media/catalog/*", "/s/*", "/a*b.jpg", "/x*", "/a b.jpg"])
def test_a_url_that_cannot_be_purged_is_refused(sandbox, api, path):
    answer = api.post("/v1/files/purge", json={"url": sandbox.url_endpoint + path})
    assert (answer.status_code, answer.json()["message"]) == (400, "The URL is not valid for cache purging.")


@pytest.mark.parametrize(
    "body", [{}, {"url": 5}, {"url": "https://elsewhere.example/demo/a.jpg"}, {"url": "http://[x"}]
)
def test_a_purge_needs_a_url_of_this_account(api, body):
    assert api.post("/v1/files/purge", json=body).status_code == 400


def test_the_purge_quota_ends():
    with Sandbox(purge_quota=1) as sandbox, Api(sandbox) as api:
        body = {"url": f"{sandbox.url_endpoint}/a.jpg"}
        assert [api.post("/v1/files/purge", json=body).status_code for _ in range(2)] == [201, 429]


def test_an_uploaded_picture_comes_back_byte_for_byte(sandbox, api):
    answer = upload(api, png(), "my pic!.png", folder="/new", tags="a,b", responseFields="tags")
    row = answer.json()
    assert (row["width"], row["height"], row["tags"], row["fileType"]) == (40, 20, ["a", "b"], "image")
    assert row["filePath"].startswith("/new/my_pic_")
    assert api.get(row["url"]).content == png()
    assert opened(api, row["thumbnailUrl"]).size == (40, 20)


def test_uploading_over_a_file_makes_a_version_and_deleting_takes_both(sandbox, api):
    first, second = (upload(api, png(side), useUniqueFileName="false").json() for side in (10, 20))
    assert first["fileId"] == second["fileId"]
    versions = api.get(f"/v1/files/{first['fileId']}/versions").json()
    assert [(row["type"], row["width"]) for row in versions] == [("file", 20), ("file-version", 10)]
    old_id = versions[1]["versionInfo"]["id"]
    assert api.get(f"/v1/files/{first['fileId']}/versions/{old_id}").json()["width"] == 10
    api.delete_many([first["fileId"]])
    assert api.get(f"/v1/files/{first['fileId']}/versions").status_code == 404


def test_a_file_that_may_not_be_overwritten_stays(api):
    form = {"useUniqueFileName": "false", "overwriteFile": "false"}
    assert [upload(api, **form).status_code for _ in range(2)] == [200, 400]


@pytest.mark.parametrize(
    "form",
    [
        {"fileName": "a.jpg"},
        {"fileName": "a.jpg", "file": "no base64!"},
        {"file": "YWJj"},
        {"fileName": "a.jpg", "file": "http://192.0.2.1/a.jpg"},
        {"fileName": "a", "file": "YWJj", "folder": "/.."},
    ],
)
def test_an_upload_that_lacks_something_is_refused(api, form):
    parts = {name: (None, value) for name, value in form.items()}
    assert api.post(UPLOAD, files=parts).status_code == 400


def test_a_streamed_upload_without_a_length_arrives_whole(sandbox, api):
    body = b'--x\r\nContent-Disposition: form-data; name="fileName"\r\n\r\na.txt\r\n'
    body += b'--x\r\nContent-Disposition: form-data; name="file"; filename="a"\r\n\r\nsome\r\nbytes\r\n--x--\r\n'
    headers = {"Content-Type": "multipart/form-data; boundary=x"}
    answer = api.post(UPLOAD, data=iter([body[:50], body[50:]]), headers=headers)
    assert (answer.status_code, answer.json()["size"]) == (200, len(b"some\r\nbytes"))
