"""The schemas of the sandbox's own OpenAPI document, and how its operations are written."""

from __future__ import annotations

from typing import Any

from medialib.sandbox.webhooks.registrations import EVENT_TYPES

Schema = dict[str, Any]


def shape(required: str = "", **properties: Schema) -> Schema:
    schema: Schema = {"type": "object", "properties": properties}
    return schema | {"required": required.split()} if required else schema


def array(items: Schema) -> Schema:
    return {"type": "array", "items": items}


def ref(name: str) -> Schema:
    return {"$ref": f"#/components/schemas/{name}"}


TEXT: Schema = {"type": "string"}
NUMBER: Schema = {"type": "number"}
WHOLE: Schema = {"type": "integer", "minimum": 0}
BOOLEAN: Schema = {"type": "boolean"}
MOMENT: Schema = {"type": "string", "format": "date-time"}
ADDRESS: Schema = {"type": "string", "format": "uri"}
ANYTHING: Schema = {"type": "object"}
IDS = array(TEXT)
EVENTS = array({"enum": list(EVENT_TYPES)})
FILE_PROPERTIES: dict[str, Schema] = {
    "fileId": TEXT,
    "type": {"enum": ["file", "file-version"]},
    "name": TEXT,
    "filePath": {"type": "string", "pattern": "^/"},
    "tags": {"type": ["array", "null"], "items": TEXT},
    "AITags": {"type": ["array", "null"], "items": ANYTHING},
    "versionInfo": shape("id name", id=TEXT, name=TEXT),
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
    "File": shape("fileId type name filePath size url fileType mime createdAt updatedAt", **FILE_PROPERTIES),
    "Folder": shape(
        "folderId type name folderPath createdAt updatedAt",
        folderId=TEXT,
        type={"const": "folder"},
        name=TEXT,
        folderPath=TEXT,
        customMetadata=ANYTHING,
        createdAt=MOMENT,
        updatedAt=MOMENT,
    ),
    "Error": shape("message", message=TEXT, help=TEXT, reason=TEXT, missingFileIds=IDS, errors=ANYTHING),
    "Deleted": shape("successfullyDeletedFileIds", successfullyDeletedFileIds=IDS),
    "DeletedInPart": shape(
        "successfullyDeletedFileIds errors",
        successfullyDeletedFileIds=IDS,
        errors=array(shape("fileId error", fileId=TEXT, error=TEXT)),
    ),
    "Upload": shape(
        "fileId name size filePath url fileType thumbnailUrl", **{**FILE_PROPERTIES, "thumbnailUrl": ADDRESS}
    ),
    "Job": shape("jobId", jobId=TEXT),
    "JobStatus": shape(
        "jobId type status",
        jobId=TEXT,
        type={"enum": ["COPY_FOLDER", "MOVE_FOLDER", "RENAME_FOLDER"]},
        status={"enum": ["Pending", "Completed", "Partial success"]},
        purgeRequestId=TEXT,
        message=TEXT,
        help=TEXT,
    ),
    "Webhook": shape(
        "id endpoint events enabled secret createdAt updatedAt",
        id=TEXT,
        endpoint=ADDRESS,
        events=EVENTS,
        enabled=BOOLEAN,
        secret={"type": "string", "pattern": "^whsec_"},
        createdAt=MOMENT,
        updatedAt=MOMENT,
    ),
    "Usage": shape(
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
BATCH = shape("fileIds", fileIds={"type": "array", "items": TEXT, "minItems": 1, "maxItems": 100})
CHANGES = shape(
    tags={"type": ["array", "null"], "items": TEXT},
    customCoordinates={"type": ["string", "null"]},
    customMetadata=ANYTHING,
    description=TEXT,
    publish=shape("isPublished", isPublished=BOOLEAN),
)
UPLOAD_FORM = shape(
    "file fileName",
    file={"type": "string", "format": "binary"},
    fileName=TEXT,
    folder=TEXT,
    tags=TEXT,
    useUniqueFileName=BOOLEAN,
    overwriteFile=BOOLEAN,
    isPrivateFile=BOOLEAN,
    isPublished=BOOLEAN,
    customMetadata=TEXT,
    customCoordinates=TEXT,
    description=TEXT,
    responseFields=TEXT,
)


def content(schema: Schema, media_type: str = "application/json") -> Schema:
    return {"content": {media_type: {"schema": schema}}}


def operation(summary: str, success: int, answer: Schema | None, *, errors: str = "", **more: Any) -> Schema:
    responses: dict[str, Schema] = {str(success): {"description": "Done."} | (content(answer) if answer else {})}
    for status in f"{errors} 401 403".split():
        responses[status] = {"description": "Refused; nothing was changed."} | content(ref("Error"))
    responses["429"] = {"description": "Too many calls.", "headers": RATE_HEADERS} | content(ref("Error"))
    return {"summary": summary, "responses": responses, **more}


def body(schema: Schema, media_type: str = "application/json") -> Schema:
    return {"required": True, **content(schema, media_type)}


def query(name: str, schema: Schema, *, required: bool = False) -> Schema:
    return {"name": name, "in": "query", "required": required, "schema": schema}


def in_path(*names: str) -> list[Schema]:
    return [{"name": name, "in": "path", "required": True, "schema": TEXT} for name in names]
