"""ImageKit's endpoints that move, copy and rename files and folders."""

from __future__ import annotations

from typing import Any
from urllib.parse import quote

from medialib.sandbox.api import Api, Work
from medialib.sandbox.http.answers import HELP, Refusal, Response, json_answer
from medialib.sandbox.library import folders, moves
from medialib.sandbox.library.jobs import Job
from medialib.sandbox.library.library import clean_folder

NOT_PURGED = (
    "File renamed successfully but we could not purge the CDN cache for old URL because of rate limits on purge API."
)


def copy_file(api: Api, work: Work) -> Response:
    body = work.request.json_object()
    path, folder = _texts(body, "sourceFilePath", "destinationPath")
    with api.library.lock:
        file = moves.source(api.library, path)
        with_versions = body.get("includeFileVersions") is True
        api.uploads.copy(moves.copy(api.library, file, folder, with_versions=with_versions))
    return Response(204)


def move_file(api: Api, work: Work) -> Response:
    path, folder = _texts(work.request.json_object(), "sourceFilePath", "destinationPath")
    with api.library.lock:
        moves.move(api.library, moves.source(api.library, path), folder)
    return Response(204)


def rename_file(api: Api, work: Work) -> Response:
    body = work.request.json_object()
    path, name = _texts(body, "filePath", "newFileName")
    with api.library.lock:
        file = api.library.live_at(path)
        if file is None:
            raise Refusal(404, f"No file found in media library at filePath {path}", reason="FILE_MISSING")
        moves.rename(api.library, file, name)
        if body.get("purgeCache") is not True:
            return json_answer(200, {})
        request_id = _purge(api, file.path)
    if not request_id:
        return json_answer(207, {"message": NOT_PURGED, "help": HELP, "reason": "PURGE_FAILED"})
    return json_answer(200, {"purgeRequestId": request_id})


def copy_folder(api: Api, work: Work) -> Response:
    body = work.request.json_object()
    path, to = _texts(body, "sourceFolderPath", "destinationPath")
    with_versions = body.get("includeVersions") is True
    api.uploads.copy(folders.copy_folder(api.library, path, to, with_versions=with_versions))
    return json_answer(200, api.jobs.add(Job("COPY_FOLDER")))


def move_folder(api: Api, work: Work) -> Response:
    path, to = _texts(work.request.json_object(), "sourceFolderPath", "destinationPath")
    folders.move_folder(api.library, path, to)
    return json_answer(200, api.jobs.add(Job("MOVE_FOLDER")))


def rename_folder(api: Api, work: Work) -> Response:
    body = work.request.json_object()
    for name in ("folderPath", "newFolderName"):
        if not isinstance(body.get(name), str):
            raise Refusal(400, f"{name} parameter is missing.")
    with api.library.lock:
        folders.rename_folder(api.library, body["folderPath"], body["newFolderName"])
        is_purging = body.get("purgeCache") is True
        request_id = _purge(api, clean_folder(body["folderPath"])) if is_purging else ""
    job = Job("RENAME_FOLDER", request_id, has_purge_failed=is_purging and not request_id)
    return json_answer(202, api.jobs.add(job))


def job_status(api: Api, work: Work) -> Response:
    return api.jobs.status(work.ids[0])


def _texts(body: dict[str, Any], *names: str) -> list[str]:
    """The parameters of these names. Raises Refusal (400) when one is missing."""
    values = [body.get(name) for name in names]
    texts = [value for value in values if isinstance(value, str) and value]
    if len(texts) < len(names):
        message = "Your request is missing parameters / contains invalid parameters."
        raise Refusal(400, message, reason="MISSING_PARAMETER")
    return texts


def _purge(api: Api, path: str) -> str:
    """Purge what was at this path; answers with the request's id, or nothing where the CDN refuses."""
    try:
        return api.cdn.purge(f"{api.library.endpoint}{quote(path)}*", deletions=api.library.deletions)
    except Refusal:
        return ""
