"""Real answers, held against OpenAPI documents: the sandbox's own, and ImageKit's where IMAGEKIT_OPENAPI names it."""

from __future__ import annotations

import contextlib
import json
import os
import re
from functools import cache
from pathlib import Path
from typing import Any

import pytest
import requests
import yaml
from jsonschema import Draft202012Validator, FormatChecker

from medialib.sandbox import openapi
from medialib.sandbox.http.answers import Refusal
from medialib.sandbox.server import Sandbox
from tests.sandbox.conftest import DELETE, Api

UNKNOWN = "64f0c1a2b3d4e5f601234567"
OWN = "the sandbox's own document"
JSON = {"Content-Type": "application/json"}

# name -> (method, path, what goes with it, the fault it meets)
CALLS: dict[str, tuple[str, str, dict[str, Any], str]] = {
    "list": ("GET", "/v1/files", {}, ""),
    "list all": ("GET", "/v1/files", {"params": {"type": "all", "sort": "DESC_SIZE", "limit": "1000"}}, ""),
    "list versions": ("GET", "/v1/files", {"params": {"type": "file-version"}}, ""),
    "search": ("GET", "/v1/files", {"params": {"searchQuery": 'size > "1kb" AND createdAt < "1d"'}}, ""),
    "list wrongly": ("GET", "/v1/files", {"params": {"limit": "0"}}, ""),
    "search wrongly": ("GET", "/v1/files", {"params": {"searchQuery": "nonsense"}}, ""),
    "list too often": ("GET", "/v1/files", {}, "429"),
    "details": ("GET", "/v1/files/{id}/details", {}, ""),
    "details of none": ("GET", f"/v1/files/{UNKNOWN}/details", {}, ""),
    "details of nonsense": ("GET", "/v1/files/%20/details", {}, ""),
    "update": ("PATCH", "/v1/files/{id}/details", {"json": {"tags": ["a"], "description": "b"}}, ""),
    "update wrongly": ("PATCH", "/v1/files/{id}/details", {"json": {"tags": 5}}, ""),
    "update of none": ("PATCH", f"/v1/files/{UNKNOWN}/details", {"json": {"tags": ["a"]}}, ""),
    "versions": ("GET", "/v1/files/{id}/versions", {}, ""),
    "version": ("GET", "/v1/files/{id}/versions/{id}", {}, ""),
    "version of none": ("GET", "/v1/files/{id}/versions/unknown", {}, ""),
    "delete": ("DELETE", "/v1/files/{id}", {}, ""),
    "delete none": ("DELETE", f"/v1/files/{UNKNOWN}", {}, ""),
    "delete nonsense": ("DELETE", "/v1/files/no-id", {}, ""),
    "delete many": ("POST", DELETE, {"json": {"fileIds": ["{id}"]}}, ""),
    "delete in part": ("POST", DELETE, {"json": {"fileIds": ["{id}"]}}, "partial_207"),
    "delete many unknown": ("POST", DELETE, {"json": {"fileIds": [UNKNOWN]}}, ""),
    "delete many wrongly": ("POST", DELETE, {"json": {"fileIds": []}}, ""),
    "delete no JSON": ("POST", DELETE, {"data": "{", "headers": JSON}, ""),
    "delete too often": ("POST", DELETE, {"json": {"fileIds": ["{id}"]}}, "429"),
    "purge": ("POST", "/v1/files/purge", {"json": {"url": "{endpoint}/a.jpg"}}, ""),
    "purge wrongly": ("POST", "/v1/files/purge", {"json": {"url": "x"}}, ""),
    "purge status of none": ("GET", "/v1/files/purge/none", {}, ""),
    "make folder": ("POST", "/v1/folder", {"json": {"folderName": "a", "parentFolderPath": "/"}}, ""),
    "make folder wrongly": ("POST", "/v1/folder", {"json": {"folderName": "..", "parentFolderPath": "/"}}, ""),
    "delete folder": ("DELETE", "/v1/folder", {"json": {"folderPath": "/brand"}}, ""),
    "delete no folder": ("DELETE", "/v1/folder", {"json": {"folderPath": "/none"}}, ""),
    "copy file": ("POST", "/v1/files/copy", {"json": {"sourceFilePath": "{path}", "destinationPath": "/copies"}}, ""),
    "copy no file": ("POST", "/v1/files/copy", {"json": {"sourceFilePath": "/no.jpg", "destinationPath": "/"}}, ""),
    "copy wrongly": ("POST", "/v1/files/copy", {"json": {"sourceFilePath": "{path}"}}, ""),
    "move file": ("POST", "/v1/files/move", {"json": {"sourceFilePath": "{path}", "destinationPath": "/moved"}}, ""),
    "move no file": ("POST", "/v1/files/move", {"json": {"sourceFilePath": "/no.jpg", "destinationPath": "/"}}, ""),
    "move wrongly": ("POST", "/v1/files/move", {"json": {"sourceFilePath": "{path}", "destinationPath": "/.."}}, ""),
    "rename file": ("PUT", "/v1/files/rename", {"json": {"filePath": "{path}", "newFileName": "renamed.jpg"}}, ""),
    "rename and purge": (
        "PUT",
        "/v1/files/rename",
        {"json": {"filePath": "{path}", "newFileName": "purged.jpg", "purgeCache": True}},
        "",
    ),
    "rename no file": ("PUT", "/v1/files/rename", {"json": {"filePath": "/no.jpg", "newFileName": "a.jpg"}}, ""),
    "rename wrongly": ("PUT", "/v1/files/rename", {"json": {"filePath": "{path}"}}, ""),
    "rename to a taken name": (
        "PUT",
        "/v1/files/rename",
        {"json": {"filePath": "{path}", "newFileName": "{taken}"}},
        "",
    ),
    "copy folder": (
        "POST",
        "/v1/bulkJobs/copyFolder",
        {"json": {"sourceFolderPath": "/jobs/copied", "destinationPath": "/jobs/here"}},
        "",
    ),
    "copy no folder": (
        "POST",
        "/v1/bulkJobs/copyFolder",
        {"json": {"sourceFolderPath": "/none", "destinationPath": "/brand"}},
        "",
    ),
    "move folder": (
        "POST",
        "/v1/bulkJobs/moveFolder",
        {"json": {"sourceFolderPath": "/jobs/moved", "destinationPath": "/jobs/here"}},
        "",
    ),
    "move folder into itself": (
        "POST",
        "/v1/bulkJobs/moveFolder",
        {"json": {"sourceFolderPath": "/jobs", "destinationPath": "/jobs/here"}},
        "",
    ),
    "move locked folder": (
        "POST",
        "/v1/bulkJobs/moveFolder",
        {"json": {"sourceFolderPath": "/jobs", "destinationPath": "/a"}},
        "locked",
    ),
    "rename folder": (
        "POST",
        "/v1/bulkJobs/renameFolder",
        {"json": {"folderPath": "/jobs/renamed", "newFolderName": "other", "purgeCache": True}},
        "",
    ),
    "rename root": ("POST", "/v1/bulkJobs/renameFolder", {"json": {"folderPath": "/", "newFolderName": "a"}}, ""),
    "rename no folder": (
        "POST",
        "/v1/bulkJobs/renameFolder",
        {"json": {"folderPath": "/no", "newFolderName": "a"}},
        "",
    ),
    "rename folder to a taken name": (
        "POST",
        "/v1/bulkJobs/renameFolder",
        {"json": {"folderPath": "/jobs/copied", "newFolderName": "here"}},
        "",
    ),
    "status of no job": ("GET", f"/v1/bulkJobs/{UNKNOWN}", {}, ""),
    "usage": ("GET", "/v1/accounts/usage", {"params": {"startDate": "2026-01-01", "endDate": "2026-02-01"}}, ""),
    "usage wrongly": ("GET", "/v1/accounts/usage", {}, ""),
    "upload": ("POST", "/api/v1/files/upload", {"data": {"fileName": "a.txt"}, "files": {"file": b"x"}}, ""),
    "upload with all that is known": (
        "POST",
        "/api/v1/files/upload",
        {
            "data": {
                "fileName": "b.txt",
                "folder": "/put/back",
                "useUniqueFileName": "false",
                "overwriteFile": "false",
                "tags": "one,two",
                "customMetadata": '{"_internal_original_created_datetime": "2020-02-03T04:05:06.789+00:00"}',
                "customCoordinates": "1,2,3,4",
                "description": "words",
                "isPrivateFile": "true",
                "isPublished": "false",
                "responseFields": "tags,customCoordinates,isPrivateFile,isPublished,customMetadata",
            },
            "files": {"file": b"x"},
        },
        "",
    ),
    "upload v2": ("POST", "/api/v2/files/upload", {"data": {"fileName": "a.txt"}, "files": {"file": b"x"}}, ""),
    "upload nothing": ("POST", "/api/v1/files/upload", {"data": {"fileName": "a.txt"}}, ""),
}
# Not in the official document yet: they are checked with the official client, and against the sandbox's own document.
WEBHOOK = {"endpoint": "http://127.0.0.1:9/events", "events": ["file.deleted", "folder.updated"]}
NEWER: dict[str, tuple[str, str, dict[str, Any], str]] = {
    "webhooks": ("GET", "/v1/accounts/webhooks", {}, ""),
    "make webhook": ("POST", "/v1/accounts/webhooks", {"json": WEBHOOK}, ""),
    "make webhook again": ("POST", "/v1/accounts/webhooks", {"json": WEBHOOK}, ""),
    "make webhook wrongly": ("POST", "/v1/accounts/webhooks", {"json": {**WEBHOOK, "events": ["file.eaten"]}}, ""),
    "webhook": ("GET", "/v1/accounts/webhooks/{webhook}", {}, ""),
    "webhook of none": ("GET", "/v1/accounts/webhooks/none", {}, ""),
    "change webhook": ("PATCH", "/v1/accounts/webhooks/{webhook}", {"json": {"enabled": False}}, ""),
    "change webhook wrongly": ("PATCH", "/v1/accounts/webhooks/{webhook}", {"json": {"enabled": "no"}}, ""),
    "delete webhook": ("DELETE", "/v1/accounts/webhooks/{webhook}", {}, ""),
    "delete no webhook": ("DELETE", "/v1/accounts/webhooks/none", {}, ""),
}


def documents() -> list[str]:
    """The sandbox's own document always; the official one too where the variable names it."""
    return [OWN, *filter(None, [os.environ.get("IMAGEKIT_OPENAPI")])]


@cache
def load(name: str) -> dict[str, Any]:
    if name == OWN:
        return openapi.document("http://sandbox")
    path = Path(name)
    if not path.is_file():
        pytest.fail(f"IMAGEKIT_OPENAPI names {name}, which is not a file.")
    return _with_named_nulls(yaml.safe_load(path.read_text(encoding="utf-8")))


def _with_named_nulls(node: Any) -> Any:
    """The official document writes the type `null` without quotes, which YAML reads as no type at all."""
    if isinstance(node, dict):
        types = node.get("type")
        fixed = {"type": ["null" if kind is None else kind for kind in types]} if isinstance(types, list) else {}
        return {str(key): _with_named_nulls(value) for key, value in {**node, **fixed}.items()}
    return [_with_named_nulls(item) for item in node] if isinstance(node, list) else node


@pytest.fixture(scope="module")
def sandbox():
    with Sandbox(files=300) as running:
        yield running


def send(sandbox: Sandbox, api: Api, name: str) -> requests.Response:
    method, path, body, fault = {**CALLS, **NEWER}[name]
    sandbox.clear_faults()
    names = placeholders(sandbox)
    if fault:
        sandbox.fault(fault, on="any" if fault in ("429", "locked") else "delete")
    filled = {**body, "json": json.loads(filled_in(json.dumps(body["json"]), names))} if "json" in body else body
    return api.request(method, filled_in(path, names), **filled)


def placeholders(sandbox: Sandbox) -> dict[str, str]:
    """What the calls are about, as it was at first: each of them must work more than once."""
    for folder in ("/jobs", "/files", "/moved", "/copies"):
        with contextlib.suppress(Refusal):
            sandbox.remove_folder(folder)
    sandbox.add_files([{"path": f"/jobs/{name}/a.jpg"} for name in ("copied", "moved", "renamed", "here")])
    sandbox.add_files([{"path": "/files/a.jpg"}, {"path": "/files/taken.jpg"}])
    with Api(sandbox) as api:
        webhooks = [row["id"] for row in api.get("/v1/accounts/webhooks").json()]
    names = {"id": min(sandbox.file_ids()), "path": "/files/a.jpg", "taken": "taken.jpg"}
    return {**names, "endpoint": sandbox.url_endpoint, "webhook": webhooks[0] if webhooks else "none"}


def filled_in(text: str, names: dict[str, str]) -> str:
    return re.sub(r"\{(\w+)\}", lambda match: names[match[1]], text)


def assert_documented(document: dict[str, Any], answer: requests.Response) -> None:
    path = answer.request.path_url.partition("?")[0]
    described = responses_of(document, answer.request.method or "", path)
    assert str(answer.status_code) in described, f"{answer.status_code} is not documented: {answer.text}"
    response = resolved(document, described[str(answer.status_code)])
    media = answer.headers.get("Content-Type", "").partition(";")[0]
    if answer.content:
        assert media in response["content"]
        schema = {**response["content"][media].get("schema", {}), "components": document["components"]}
        problems = Draft202012Validator(schema, format_checker=FormatChecker()).iter_errors(answer.json())
        assert [f"{list(problem.path)}: {problem.message}" for problem in problems] == []
    for header in response.get("headers", {}):
        assert answer.headers[header].isdigit()


def responses_of(document: dict[str, Any], method: str, path: str) -> dict[str, Any]:
    """A path without a parameter is meant before one with it: `/v1/files/purge` is no file's id."""
    for template in sorted(document["paths"], key=lambda text: text.count("{")):
        operation = document["paths"][template].get(method.lower())
        if operation and re.fullmatch(re.sub(r"\{\w+\}", "[^/]+", template), path):
            return operation["responses"]
    raise AssertionError(f"{method} {path} is not documented")


def resolved(document: dict[str, Any], node: dict[str, Any]) -> dict[str, Any]:
    while "$ref" in node:
        target: Any = document
        for part in node["$ref"].removeprefix("#/").split("/"):
            target = target[part]
        node = target
    return node


@pytest.mark.parametrize("name", CALLS)
@pytest.mark.parametrize("document", documents())
def test_each_answer_is_one_the_document_promises(sandbox, api, document, name):
    answer = send(sandbox, api, name)
    assert answer.status_code < 500
    assert_documented(load(document), answer)


@pytest.mark.parametrize(
    ("status", "names"),
    [
        (200, ["rename file", "rename and purge", "copy folder", "move folder"]),
        (202, ["rename folder"]),
        (204, ["copy file", "move file"]),
        (400, ["copy wrongly", "move wrongly", "rename wrongly", "move folder into itself", "rename root"]),
        (404, ["copy no file", "move no file", "rename no file", "copy no folder", "rename no folder"]),
        (409, ["rename to a taken name", "rename folder to a taken name"]),
        (423, ["move locked folder"]),
    ],
)
@pytest.mark.parametrize("document", documents())
def test_what_moves_files_is_answered_as_promised_for_what_happened(sandbox, api, document, status, names):
    for name in names:
        answer = send(sandbox, api, name)
        assert (name, answer.status_code) == (name, status)
        assert_documented(load(document), answer)


@pytest.mark.parametrize("document", documents())
def test_a_renaming_that_may_not_purge_is_answered_as_promised(document):
    with Sandbox(purge_quota=0) as sandbox, Api(sandbox) as caller:
        answer = send(sandbox, caller, "rename and purge")
        assert (answer.status_code, answer.json()["reason"]) == (207, "PURGE_FAILED")
        assert_documented(load(document), answer)
        assert sandbox.purges() == []


def test_each_answer_about_webhooks_is_one_the_document_promises(sandbox, api):
    statuses = []
    for name in NEWER:
        answer = send(sandbox, api, name)
        assert_documented(load(OWN), answer)
        statuses.append(answer.status_code)
    assert statuses == [200, 201, 400, 400, 200, 404, 200, 400, 204, 404]


@pytest.mark.parametrize("document", documents())
@pytest.mark.parametrize(("name", "quota_left"), [("rename folder", True), ("rename folder", False)])
def test_a_bulk_jobs_status_is_as_promised(document, name, quota_left):
    with Sandbox(purge_quota=int(quota_left)) as sandbox, Api(sandbox) as caller:
        job_id = send(sandbox, caller, name).json()["jobId"]
        answers = [caller.get(f"/v1/bulkJobs/{job_id}") for _ in range(2)]
    for answer in answers:
        assert_documented(load(document), answer)
    assert [answer.json()["status"] for answer in answers] == [
        "Pending",
        "Completed" if quota_left else "Partial success",
    ]


@pytest.mark.parametrize("key", ["", "private_wrong", "private_sandbox_read_only"])
@pytest.mark.parametrize("document", documents())
def test_each_refusal_of_a_key_is_one_the_document_promises(sandbox, document, key):
    with Api(sandbox, key) as stranger:
        for name in ("delete many", "purge", "upload", "make folder", "update"):
            answer = send(sandbox, stranger, name)
            assert answer.status_code == (403 if key else 401)
            assert_documented(load(document), answer)


@pytest.mark.parametrize("document", documents())
def test_a_purges_status_is_as_promised(sandbox, api, document):
    request_id = send(sandbox, api, "purge").json()["requestId"]
    assert_documented(load(document), api.get(f"/v1/files/purge/{request_id}"))


def test_every_promised_operation_is_called_here(sandbox, api):
    promised = {(method, path) for path, item in openapi.document("")["paths"].items() for method in item}
    called = {
        (method.lower(), re.sub("/$", "", path.partition("?")[0]))
        for method, path, _, _ in [*CALLS.values(), *NEWER.values()]
    }
    for method, path in promised - {("parameters", path) for _, path in promised}:
        pattern = re.sub(r"\{\w+\}", "[^/]+", path)
        assert any(kind == method and re.fullmatch(pattern, target) for kind, target in called), (method, path)


def test_the_sandbox_serves_its_own_document(sandbox, api):
    served = api.get("/openapi.json").json()
    assert served == openapi.document(sandbox.api_url)
    assert served["openapi"].startswith("3.1")
