"""The sandbox's own OpenAPI document, served at /openapi.json: what it promises to answer."""

from __future__ import annotations

from typing import Any

Schema = dict[str, Any]


def _object(required: str = "", **properties: Schema) -> Schema:
    schema: Schema = {"type": "object", "properties": properties}
    return schema | {"required": required.split()} if required else schema


def _array(items: Schema) -> Schema:
    return {"type": "array", "items": items}


def _ref(name: str) -> Schema:
    return {"$ref": f"#/components/schemas/{name}"}


TEXT: Schema = {"type": "string"}
NUMBER: Schema = {"type": "number"}
WHOLE: Schema = {"type": "integer", "minimum": 0}
BOOLEAN: Schema = {"type": "boolean"}
MOMENT: Schema = {"type": "string", "format": "date-time"}
ADDRESS: Schema = {"type": "string", "format": "uri"}
ANYTHING: Schema = {"type": "object"}
IDS = _array(TEXT)
FILE_PROPERTIES: dict[str, Schema] = {
    "fileId": TEXT,
    "type": {"enum": ["file", "file-version"]},
    "name": TEXT,
    "filePath": {"type": "string", "pattern": "^/"},
    "tags": {"type": ["array", "null"], "items": TEXT},
    "AITags": {"type": ["array", "null"], "items": ANYTHING},
    "versionInfo": _object("id name", id=TEXT, name=TEXT),
    "isPrivateFile": BOOLEAN,
    "isPublished": BOOLEAN,
    "customCoordinates": {"type": ["string", "null"]},
    "url": ADDRESS,
    "thumbnail": ADDRESS,
    "fileType": {"enum": ["image", "non-image"]},
    "mime": TEXT,
    "width": NUMBER,
    "height": NUMBER,
    "size": WHOLE,
    "hasAlpha": BOOLEAN,
    "bitRate": WHOLE,
    "duration": WHOLE,
    "audioCodec": TEXT,
    "videoCodec": TEXT,
    "customMetadata": ANYTHING,
    "embeddedMetadata": ANYTHING,
    "description": TEXT,
    "createdAt": MOMENT,
    "updatedAt": MOMENT,
    "extensionStatus": ANYTHING,
}
SCHEMAS: dict[str, Schema] = {
    "File": _object("fileId type name filePath size url fileType mime createdAt updatedAt", **FILE_PROPERTIES),
    "Folder": _object(
        "folderId type name folderPath createdAt updatedAt",
        folderId=TEXT,
        type={"const": "folder"},
        name=TEXT,
        folderPath=TEXT,
        customMetadata=ANYTHING,
        createdAt=MOMENT,
        updatedAt=MOMENT,
    ),
    "Error": _object("message", message=TEXT, help=TEXT, reason=TEXT, missingFileIds=IDS, errors=ANYTHING),
    "Deleted": _object("successfullyDeletedFileIds", successfullyDeletedFileIds=IDS),
    "DeletedInPart": _object(
        "successfullyDeletedFileIds errors",
        successfullyDeletedFileIds=IDS,
        errors=_array(_object("fileId error", fileId=TEXT, error=TEXT)),
    ),
    "Upload": _object(
        "fileId name size filePath url fileType thumbnailUrl", **{**FILE_PROPERTIES, "thumbnailUrl": ADDRESS}
    ),
    "Usage": _object(
        "mediaLibraryStorageBytes",
        bandwidthBytes=WHOLE,
        mediaLibraryStorageBytes=WHOLE,
        videoProcessingUnitsCount=WHOLE,
        extensionUnitsCount=WHOLE,
        originalCacheStorageBytes=WHOLE,
    ),
}
RATE_HEADERS = {
    name: {"schema": WHOLE, "description": text}
    for name, text in (
        ("X-RateLimit-Limit", "Calls allowed in one interval."),
        ("X-RateLimit-Interval", "Length of the interval in milliseconds."),
        ("X-RateLimit-Reset", "Milliseconds until the next call is allowed."),
    )
}
BATCH = _object("fileIds", fileIds={"type": "array", "items": TEXT, "minItems": 1, "maxItems": 100})
CHANGES = _object(
    tags={"type": ["array", "null"], "items": TEXT},
    customCoordinates={"type": ["string", "null"]},
    customMetadata=ANYTHING,
    description=TEXT,
    publish=_object("isPublished", isPublished=BOOLEAN),
)
UPLOAD_FORM = _object(
    "file fileName",
    file={"type": "string", "format": "binary"},
    fileName=TEXT,
    folder=TEXT,
    tags=TEXT,
    useUniqueFileName=BOOLEAN,
    overwriteFile=BOOLEAN,
    isPrivateFile=BOOLEAN,
)


def _content(schema: Schema, media_type: str = "application/json") -> Schema:
    return {"content": {media_type: {"schema": schema}}}


def _operation(summary: str, success: int, answer: Schema | None, *, errors: str = "", **more: Any) -> Schema:
    responses: dict[str, Schema] = {str(success): {"description": "Done."} | (_content(answer) if answer else {})}
    for status in f"{errors} 401 403".split():
        responses[status] = {"description": "Refused; nothing was changed."} | _content(_ref("Error"))
    responses["429"] = {"description": "Too many calls.", "headers": RATE_HEADERS} | _content(_ref("Error"))
    return {"summary": summary, "responses": responses, **more}


def _body(schema: Schema, media_type: str = "application/json") -> Schema:
    return {"required": True, **_content(schema, media_type)}


def _query(name: str, schema: Schema, *, required: bool = False) -> Schema:
    return {"name": name, "in": "query", "required": required, "schema": schema}


def _in_path(*names: str) -> list[Schema]:
    return [{"name": name, "in": "path", "required": True, "schema": TEXT} for name in names]


def _paths() -> dict[str, Schema]:
    file_id = _in_path("fileId")
    delete_many = _operation(
        "Delete up to 100 files for ever", 200, _ref("Deleted"), errors="400 404", requestBody=_body(BATCH)
    )
    delete_many["responses"]["207"] = {"description": "Deleted in part."} | _content(_ref("DeletedInPart"))
    upload = _operation(
        "Upload a file", 200, _ref("Upload"), errors="400 413", requestBody=_body(UPLOAD_FORM, "multipart/form-data")
    )
    return {
        "/v1/files": {
            "get": _operation(
                "List and search",
                200,
                _array({"anyOf": [_ref("File"), _ref("Folder")]}),
                errors="400",
                parameters=_list_parameters(),
            )
        },
        "/v1/files/{fileId}": {
            "parameters": file_id,
            "delete": _operation("Delete one file for ever", 204, None, errors="400 404"),
        },
        "/v1/files/{fileId}/details": {
            "parameters": file_id,
            "get": _operation("One file", 200, _ref("File"), errors="400 404"),
            "patch": _operation("Change a file", 200, _ref("File"), errors="400 404", requestBody=_body(CHANGES)),
        },
        "/v1/files/{fileId}/versions": {
            "parameters": file_id,
            "get": _operation("All versions", 200, _array(_ref("File")), errors="400 404"),
        },
        "/v1/files/{fileId}/versions/{versionId}": {
            "parameters": _in_path("fileId", "versionId"),
            "get": _operation("One version", 200, _ref("File"), errors="400 404"),
        },
        "/v1/files/batch/deleteByFileIds": {"post": delete_many},
        "/v1/files/purge": {
            "post": _operation(
                "Purge a URL from the cache",
                201,
                _object("requestId", requestId=TEXT),
                errors="400",
                requestBody=_body(_object("url", url=ADDRESS)),
            )
        },
        "/v1/files/purge/{requestId}": {
            "parameters": _in_path("requestId"),
            "get": _operation(
                "How far a purge is", 200, _object("status", status={"enum": ["Pending", "Completed"]}), errors="400"
            ),
        },
        "/v1/folder": {
            "post": _operation(
                "Make a folder",
                201,
                ANYTHING,
                errors="400",
                requestBody=_body(_object("folderName parentFolderPath", folderName=TEXT, parentFolderPath=TEXT)),
            ),
            "delete": _operation(
                "Delete a folder with all inside",
                204,
                None,
                errors="400 404",
                requestBody=_body(_object("folderPath", folderPath=TEXT)),
            ),
        },
        "/v1/accounts/usage": {
            "get": _operation(
                "Usage",
                200,
                _ref("Usage"),
                errors="400",
                parameters=[
                    _query(name, {"type": "string", "format": "date"}, required=True)
                    for name in ("startDate", "endDate")
                ],
            )
        },
        "/api/v1/files/upload": {"post": upload},
        "/api/v2/files/upload": {"post": upload},
    }


def _list_parameters() -> list[Schema]:
    return [
        _query("type", {"enum": ["file", "file-version", "folder", "all"]}),
        _query("sort", TEXT),
        _query("path", TEXT),
        _query("searchQuery", TEXT),
        _query("fileType", {"enum": ["all", "image", "non-image"]}),
        _query("limit", {"type": "integer", "minimum": 1, "maximum": 1000}),
        _query("skip", WHOLE),
        _query("tags", TEXT),
        _query("name", TEXT),
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
