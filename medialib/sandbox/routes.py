"""Which endpoint answers which request."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass

from medialib.sandbox import api_moves, api_webhooks
from medialib.sandbox.api import Api, Work
from medialib.sandbox.http.answers import Refusal, Response


@dataclass(frozen=True)
class Route:
    method: str
    pattern: re.Pattern[str]
    kind: str  # What the call log, the faults and the hooks call it.
    rate_class: str  # "" = not limited.
    is_write: bool
    answer: Callable[[Api, Work], Response]


def _route(method: str, path: str, kind: str, rate_class: str, answer: Callable[[Api, Work], Response]) -> Route:
    pattern = re.compile(re.sub(r"\{\w+\}", "([^/]+)", path))
    return Route(method, pattern, kind, rate_class, rate_class != "read", answer)


ROUTES = (
    _route("GET", "/v1/files", "list", "read", Api.list_files),
    _route("POST", "/v1/files/batch/deleteByFileIds", "delete", "delete", Api.delete_many),
    _route("POST", "/v1/files/purge", "purge", "purge", Api.purge),
    _route("GET", "/v1/files/purge/{requestId}", "purge_status", "read", Api.purge_status),
    _route("GET", "/v1/files/{fileId}/details", "details", "read", Api.details),
    _route("PATCH", "/v1/files/{fileId}/details", "update", "write", Api.update_details),
    _route("GET", "/v1/files/{fileId}/versions", "versions", "read", Api.versions),
    _route("GET", "/v1/files/{fileId}/versions/{versionId}", "versions", "read", Api.version),
    _route("DELETE", "/v1/files/{fileId}", "delete", "delete", Api.delete_file),
    _route("POST", "/v1/files/copy", "file", "write", api_moves.copy_file),
    _route("POST", "/v1/files/move", "file", "write", api_moves.move_file),
    _route("PUT", "/v1/files/rename", "file", "write", api_moves.rename_file),
    _route("POST", "/v1/folder", "folder", "write", Api.create_folder),
    _route("DELETE", "/v1/folder", "folder", "write", Api.delete_folder),
    _route("POST", "/v1/bulkJobs/copyFolder", "bulk_job", "write", api_moves.copy_folder),
    _route("POST", "/v1/bulkJobs/moveFolder", "bulk_job", "write", api_moves.move_folder),
    _route("POST", "/v1/bulkJobs/renameFolder", "bulk_job", "write", api_moves.rename_folder),
    _route("GET", "/v1/bulkJobs/{jobId}", "job_status", "read", api_moves.job_status),
    _route("GET", "/v1/accounts/webhooks", "webhook", "read", api_webhooks.all_webhooks),
    _route("POST", "/v1/accounts/webhooks", "webhook", "write", api_webhooks.create),
    _route("GET", "/v1/accounts/webhooks/{id}", "webhook", "read", api_webhooks.webhook),
    _route("PATCH", "/v1/accounts/webhooks/{id}", "webhook", "write", api_webhooks.change),
    _route("DELETE", "/v1/accounts/webhooks/{id}", "webhook", "write", api_webhooks.delete),
    _route("GET", "/v1/accounts/usage", "usage", "read", Api.usage),
    _route("POST", "/api/v1/files/upload", "upload", "", Api.upload),
    _route("POST", "/api/v2/files/upload", "upload", "", Api.upload),
)
KINDS = frozenset(route.kind for route in ROUTES)


def find_route(method: str, path: str) -> tuple[Route, tuple[str, ...]]:
    """The route and the ids in its path. Raises Refusal: 404 for an unknown path, 405 for an unknown method on it."""
    fitting = [(route, match.groups()) for route in ROUTES if (match := route.pattern.fullmatch(path))]
    for route, ids in fitting:
        if route.method == method:
            return route, ids
    if fitting:
        allowed = ", ".join(sorted({route.method for route, _ in fitting}))
        raise Refusal(405, "This method is not allowed here.", headers={"Allow": allowed})
    raise Refusal(404, "The sandbox has no such endpoint.")
