"""The sandbox's own OpenAPI document, served at /openapi.json: what it promises to answer."""

from __future__ import annotations

from typing import Any

from medialib.sandbox.schemas import (
    ADDRESS,
    ANYTHING,
    BATCH,
    BOOLEAN,
    CHANGES,
    EVENTS,
    SCHEMAS,
    TEXT,
    UPLOAD_FORM,
    WHOLE,
    Schema,
    array,
    body,
    content,
    in_path,
    operation,
    query,
    ref,
    shape,
)


def _paths() -> dict[str, Schema]:
    file_id = in_path("fileId")
    delete_many = operation(
        "Delete up to 100 files for ever", 200, ref("Deleted"), errors="400 404", requestBody=body(BATCH)
    )
    delete_many["responses"]["207"] = {"description": "Deleted in part."} | content(ref("DeletedInPart"))
    upload = operation(
        "Upload a file", 200, ref("Upload"), errors="400 413", requestBody=body(UPLOAD_FORM, "multipart/form-data")
    )
    return {
        "/v1/files": {
            "get": operation(
                "List and search",
                200,
                array({"anyOf": [ref("File"), ref("Folder")]}),
                errors="400",
                parameters=_list_parameters(),
            )
        },
        "/v1/files/{fileId}": {
            "parameters": file_id,
            "delete": operation("Delete one file for ever", 204, None, errors="400 404"),
        },
        "/v1/files/{fileId}/details": {
            "parameters": file_id,
            "get": operation("One file", 200, ref("File"), errors="400 404"),
            "patch": operation("Change a file", 200, ref("File"), errors="400 404", requestBody=body(CHANGES)),
        },
        "/v1/files/{fileId}/versions": {
            "parameters": file_id,
            "get": operation("All versions", 200, array(ref("File")), errors="400 404"),
        },
        "/v1/files/{fileId}/versions/{versionId}": {
            "parameters": in_path("fileId", "versionId"),
            "get": operation("One version", 200, ref("File"), errors="400 404"),
        },
        "/v1/files/batch/deleteByFileIds": {"post": delete_many},
        "/v1/files/copy": {"post": _to_folder("Copy a file", "sourceFilePath", 204, None, includeFileVersions=BOOLEAN)},
        "/v1/files/move": {"post": _to_folder("Move a file", "sourceFilePath", 204, None)},
        "/v1/files/rename": {"put": _rename_file()},
        "/v1/files/purge": {
            "post": operation(
                "Purge a URL from the cache",
                201,
                shape("requestId", requestId=TEXT),
                errors="400",
                requestBody=body(shape("url", url=ADDRESS)),
            )
        },
        "/v1/files/purge/{requestId}": {
            "parameters": in_path("requestId"),
            "get": operation(
                "How far a purge is", 200, shape("status", status={"enum": ["Pending", "Completed"]}), errors="400"
            ),
        },
        "/v1/folder": {
            "post": operation(
                "Make a folder",
                201,
                ANYTHING,
                errors="400",
                requestBody=body(shape("folderName parentFolderPath", folderName=TEXT, parentFolderPath=TEXT)),
            ),
            "delete": operation(
                "Delete a folder with all inside",
                204,
                None,
                errors="400 404",
                requestBody=body(shape("folderPath", folderPath=TEXT)),
            ),
        },
        **_bulk_jobs(),
        **_webhooks(),
        "/v1/accounts/usage": {
            "get": operation(
                "Usage",
                200,
                ref("Usage"),
                errors="400",
                parameters=[
                    query(name, {"type": "string", "format": "date"}, required=True)
                    for name in ("startDate", "endDate")
                ],
            )
        },
        "/api/v1/files/upload": {"post": upload},
        "/api/v2/files/upload": {"post": upload},
    }


def _to_folder(
    summary: str, source: str, success: int, answer: Schema | None, *, errors: str = "", **more: Schema
) -> Schema:
    members = shape(f"{source} destinationPath", **{source: TEXT, "destinationPath": TEXT}, **more)
    return operation(summary, success, answer, errors=f"400 404 {errors}", requestBody=body(members))


def _rename_file() -> Schema:
    members = shape("filePath newFileName", filePath=TEXT, newFileName=TEXT, purgeCache=BOOLEAN)
    answer = shape(purgeRequestId=TEXT)
    rename = operation("Rename a file", 200, answer, errors="400 404 409", requestBody=body(members))
    rename["responses"]["207"] = {"description": "Renamed, but not purged."} | content(ref("Error"))
    return rename


def _bulk_jobs() -> dict[str, Schema]:
    name = "sourceFolderPath"
    status = operation("How far a bulk job is", 200, ref("JobStatus"), errors="404")
    status["responses"]["207"] = {"description": "Renamed, but not purged."} | content(ref("JobStatus"))
    members = shape("folderPath newFolderName", folderPath=TEXT, newFolderName=TEXT, purgeCache=BOOLEAN)
    rename = operation("Rename a folder", 202, ref("Job"), errors="400 404 409 423", requestBody=body(members))
    copy = _to_folder("Copy a folder", name, 200, ref("Job"), errors="423", includeVersions=BOOLEAN)
    return {
        "/v1/bulkJobs/copyFolder": {"post": copy},
        "/v1/bulkJobs/moveFolder": {"post": _to_folder("Move a folder", name, 200, ref("Job"), errors="423")},
        "/v1/bulkJobs/renameFolder": {"post": rename},
        "/v1/bulkJobs/{jobId}": {"parameters": in_path("jobId"), "get": status},
    }


def _webhooks() -> dict[str, Schema]:
    create, change = (
        body(shape(required, endpoint=ADDRESS, events=EVENTS, enabled=BOOLEAN)) for required in ("endpoint events", "")
    )
    return {
        "/v1/accounts/webhooks": {
            "get": operation("All webhooks", 200, array(ref("Webhook"))),
            "post": operation("Make a webhook", 201, ref("Webhook"), errors="400", requestBody=create),
        },
        "/v1/accounts/webhooks/{id}": {
            "parameters": in_path("id"),
            "get": operation("One webhook", 200, ref("Webhook"), errors="404"),
            "patch": operation("Change a webhook", 200, ref("Webhook"), errors="400 404", requestBody=change),
            "delete": operation("Delete a webhook", 204, None, errors="404"),
        },
    }


def _list_parameters() -> list[Schema]:
    return [
        query("type", {"enum": ["file", "file-version", "folder", "all"]}),
        query("sort", TEXT),
        query("path", TEXT),
        query("searchQuery", TEXT),
        query("fileType", {"enum": ["all", "image", "non-image"]}),
        query("limit", {"type": "integer", "minimum": 1, "maximum": 1000}),
        query("skip", WHOLE),
        query("tags", TEXT),
        query("name", TEXT),
    ]


def document(server_url: str) -> dict[str, Any]:
    return {
        "openapi": "3.1.0",
        "info": {"title": "medialib sandbox", "version": "1", "description": "A local ImageKit to rehearse with."},
        "servers": [{"url": server_url}],
        "security": [{"key": []}],
        "paths": _paths(),
        "components": {
            "schemas": SCHEMAS,
            "securitySchemes": {"key": {"type": "http", "scheme": "basic", "description": "User name: the key."}},
        },
    }
