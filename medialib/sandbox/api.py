"""ImageKit's endpoints: each takes a request and answers it, or raises Refusal."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import date
from typing import Any

from medialib.sandbox.cdn.cache import Cdn
from medialib.sandbox.http.answers import Refusal, Response, json_answer
from medialib.sandbox.http.faults import Fault, partial_answer
from medialib.sandbox.http.requests import Request
from medialib.sandbox.library import listing
from medialib.sandbox.library.changes import update
from medialib.sandbox.library.jobs import Jobs
from medialib.sandbox.library.library import MAX_DELETE_BATCH, Library, now_ms
from medialib.sandbox.library.uploads import Uploads
from medialib.sandbox.webhooks.registrations import Registrations

DAYS_TOO_MANY = "startDate and endDate should be within 90 days."
DAYS_MISSING = "startDate and endDate are required in query parameters."
DAYS_FORMAT = "startDate and endDate should be in format YYYY-MM-DD."
DAYS_ORDER = "startDate should be before endDate."


@dataclass
class Work:
    """One request on its way through an endpoint; `removed` collects the ids it deleted."""

    request: Request
    ids: tuple[str, ...]
    fault: Fault | None
    removed: list[str]


class Api:
    def __init__(self, library: Library, cdn: Cdn, uploads: Uploads, webhooks: Registrations) -> None:
        self.library = library
        self.cdn = cdn
        self.uploads = uploads
        self.webhooks = webhooks
        self.jobs = Jobs()
        self.index: Library | None = None  # What listings show, while they lag behind.

    def list_files(self, work: Work) -> Response:
        asked = listing.wanted(work.request.params, now_ms=now_ms())
        return json_answer(200, listing.page(self.index or self.library, asked))

    def details(self, work: Work) -> Response:
        return json_answer(200, self.library.file(work.ids[0]).as_json(self.library.endpoint))

    def update_details(self, work: Work) -> Response:
        return json_answer(200, update(self.library, work.ids[0], work.request.json_object()))

    def versions(self, work: Work) -> Response:
        return json_answer(200, self.library.versions(work.ids[0]))

    def version(self, work: Work) -> Response:
        return json_answer(200, self.library.version(*work.ids))

    def delete_file(self, work: Work) -> Response:
        self.library.delete(work.ids[0])
        work.removed.extend(work.ids)
        return Response(204)

    def delete_many(self, work: Work) -> Response:
        asked = checked_batch(work.request.json_object())
        file_ids, stay = self.library.delete_batch(asked, work.fault.staying if work.fault else _none_stays)
        work.removed.extend(file_id for file_id in file_ids if file_id not in stay)
        return partial_answer(file_ids, stay) if stay else json_answer(200, {"successfullyDeletedFileIds": file_ids})

    def purge(self, work: Work) -> Response:
        url = work.request.json_object().get("url")
        return json_answer(201, {"requestId": self.cdn.purge(url, deletions=self.library.deletions)})

    def purge_status(self, work: Work) -> Response:
        return json_answer(200, {"status": self.cdn.status(work.ids[0])})

    def create_folder(self, work: Work) -> Response:
        body = work.request.json_object()
        name, parent = body.get("folderName"), body.get("parentFolderPath")
        if not isinstance(name, str) or not isinstance(parent, str):
            raise Refusal(400, "folderName and parentFolderPath are required.", reason="INVALID_FOLDER_PATH")
        self.library.create_folder(parent, name)
        return json_answer(201, {})

    def delete_folder(self, work: Work) -> Response:
        path = work.request.json_object().get("folderPath")
        if not isinstance(path, str):
            raise Refusal(400, "folderPath parameter is missing.", reason="MISSING_PARAMETER")
        work.removed.extend(self.library.delete_folder(path))
        return Response(204)

    def usage(self, work: Work) -> Response:
        _check_dates(work.request.params)
        members = ("bandwidthBytes", "videoProcessingUnitsCount", "extensionUnitsCount", "originalCacheStorageBytes")
        usage = dict.fromkeys(members, 0) | {"mediaLibraryStorageBytes": self.library.stored_bytes}
        return json_answer(200, usage)

    def upload(self, work: Work) -> Response:
        return json_answer(200, self.uploads.take(work.request.form()))


def checked_batch(body: dict[str, Any]) -> list[str]:
    """The ids to delete, as text. Raises Refusal (400) with ImageKit's words."""
    if body.get("fileIds") is None:
        raise Refusal(400, "fileIds parameter is missing.")
    file_ids = body["fileIds"]
    if not isinstance(file_ids, list):
        raise Refusal(400, "fileIds should be an Array.")
    if not file_ids:
        raise Refusal(400, "fileIds is empty.")
    if len(file_ids) > MAX_DELETE_BATCH:
        raise Refusal(400, f"fileIds cannot have more than {MAX_DELETE_BATCH} items.")
    return [str(file_id) for file_id in file_ids]


def _none_stays(file_ids: list[str]) -> set[str]:
    return set()


def _check_dates(params: dict[str, str]) -> None:
    start, end = params.get("startDate"), params.get("endDate")
    if not start or not end:
        raise Refusal(400, DAYS_MISSING)
    if not all(re.fullmatch(r"\d{4}-\d\d-\d\d", text) for text in (start, end)):
        raise Refusal(400, DAYS_FORMAT)
    try:
        days = (date.fromisoformat(end) - date.fromisoformat(start)).days
    except ValueError:
        raise Refusal(400, DAYS_FORMAT) from None
    if days <= 0:
        raise Refusal(400, DAYS_ORDER)
    if days >= 90:
        raise Refusal(400, DAYS_TOO_MANY)
