"""Errors as problem details (RFC 9457): one sentence, the same shape for each of them, never a traceback."""

from __future__ import annotations

import json
import logging
from collections.abc import Callable
from http import HTTPStatus
from typing import Any

from django.db import InterfaceError, OperationalError
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseBase
from django.urls import reverse
from ninja import NinjaAPI
from ninja.errors import AuthenticationError, HttpError, ValidationError

from medialib.errors import ManifestChanged, MedialibError, NotAllowed, Refused, UnknownAccount, WrongUse
from medialib.services.audit import trace
from medialib.services.jobs.unattended import NeedsPerson
from medialib.web.refusals import RETRY_AFTER_S

logger = logging.getLogger(__name__)

MEDIA_TYPE = "application/problem+json"
# What a program can tell apart: the end of each `type`, its status, and what it means whatever the detail says.
KINDS = {
    "malformed": (400, "The request cannot be read"),
    "no-token": (401, "No token that is accepted"),
    "scope-missing": (403, "The token may not be used for this"),
    "right-missing": (403, "The person of the token may not do this"),
    "needs-person": (403, "Only a person can do this, on a page"),
    "not-found": (404, "There is no such thing, or it is not yours to see"),
    "wrong-method": (405, "Not a method of this address"),
    "refused": (409, "This may not be done now"),
    "list-changed": (409, "The list is not the one that was named"),
    "too-large": (413, "The request is too large"),
    "invalid": (422, "The request is understood and cannot be right"),
    "key-reused": (422, "The Idempotency-Key belongs to another request"),
    "too-many-requests": (429, "Too many requests with this token"),
    "broken": (500, "Something went wrong here"),
    "unavailable": (503, "Not available at the moment"),
}
# For answers that were made outside of the API: by the web server's limits, or Django itself.
BY_STATUS = {
    400: ("malformed", "The request cannot be read."),
    404: ("not-found", "There is nothing at this address."),
    405: ("wrong-method", "This address does not take the method; the header Allow says which it takes."),
    413: ("too-large", "The body is larger than this address takes."),
    503: ("unavailable", "The database is away for the moment. Try again."),
}
OF_ERRORS: tuple[tuple[type[MedialibError], str], ...] = (
    (NeedsPerson, "needs-person"),
    (NotAllowed, "right-missing"),
    (ManifestChanged, "list-changed"),
    (UnknownAccount, "not-found"),
    (WrongUse, "invalid"),
    (Refused, "refused"),
    (MedialibError, "unavailable"),
)


class ProblemFound(Exception):
    """Ends a request with this problem. `more` are further members, such as a link."""

    def __init__(self, kind: str, detail: str, *, headers: dict[str, str] | None = None, **more: Any) -> None:
        super().__init__(detail)
        self.kind, self.detail, self.headers, self.more = kind, detail, headers or {}, more


def problem(kind: str, detail: str, *, headers: dict[str, str] | None = None, **more: Any) -> HttpResponse:
    status, title = KINDS[kind]
    body = {"type": f"urn:medialib:problem:{kind}", "title": title, "status": status, "detail": detail, **more}
    if traced := trace.current():
        body["request_id"] = traced.id
    return HttpResponse(json.dumps(body), status=status, content_type=MEDIA_TYPE, headers=headers or {})


def not_found(detail: str = "There is no such thing, or it is not yours to see.") -> ProblemFound:
    return ProblemFound("not-found", detail)


def in_place_of(response: HttpResponseBase) -> HttpResponse:
    """A problem that says what an answer that is none says by its status, with the same headers."""
    fallback = ("malformed" if response.status_code < 500 else "broken", HTTPStatus(response.status_code).phrase + ".")
    kind, detail = BY_STATUS.get(response.status_code, fallback)
    known = {"request_id": response["X-Request-Id"]} if "X-Request-Id" in response else {}
    answer = problem(kind, detail, headers=None, **known)
    for name, value in response.items():
        if name not in ("Content-Type", "Content-Length", "Content-Encoding"):
            answer[name] = value
    return answer


def handle_all(api: NinjaAPI) -> None:
    """Let the API answer each exception with a problem."""
    handlers: tuple[tuple[type[Exception], Callable[[HttpRequest, Any], HttpResponse]], ...] = (
        (ProblemFound, _found),
        (MedialibError, _ours),
        (ValidationError, _invalid),
        (AuthenticationError, _no_token),
        (HttpError, _unreadable),
        (Http404, _missing),
        (OperationalError, _away),
        (InterfaceError, _away),
        (Exception, _broken),
    )
    for of, handler in handlers:
        api.add_exception_handler(of, handler)


def _found(request: HttpRequest, error: ProblemFound) -> HttpResponse:
    return problem(error.kind, error.detail, headers=error.headers, **error.more)


def _ours(request: HttpRequest, error: MedialibError) -> HttpResponse:
    kind = next(kind for of, kind in OF_ERRORS if isinstance(error, of))
    if isinstance(error, NeedsPerson):
        return problem(
            kind, str(error), link=request.build_absolute_uri(reverse(f"medialib:{error.page}", args=error.about))
        )
    return problem(kind, str(error))


def _invalid(request: HttpRequest, error: ValidationError) -> HttpResponse:
    errors = [
        {"in": str(each["loc"][0]), "name": ".".join(map(str, each["loc"][1:])), "message": str(each["msg"])}
        for each in error.errors
    ]
    first = errors[0]
    return problem("invalid", f"{first['in']} {first['name']}: {first['message']}.".replace(" :", ":"), errors=errors)


def _no_token(request: HttpRequest, error: AuthenticationError) -> HttpResponse:
    detail = "Send “Authorization: Bearer TOKEN” with a token that is neither revoked nor past its end."
    return problem("no-token", detail, headers={"WWW-Authenticate": "Bearer"})


def _unreadable(request: HttpRequest, error: HttpError) -> HttpResponse:
    return problem("malformed", "The body is no JSON that this address takes.")


def _missing(request: HttpRequest, error: Http404) -> HttpResponse:
    return problem("not-found", "There is no such thing, or it is not yours to see.")


def _away(request: HttpRequest, error: Exception) -> HttpResponse:
    return problem("unavailable", BY_STATUS[503][1], headers={"Retry-After": str(RETRY_AFTER_S)})


def _broken(request: HttpRequest, error: Exception) -> HttpResponse:
    logger.error("api request failed method=%s path=%s", request.method, request.path, exc_info=error)
    return problem("broken", "Something went wrong here, and nothing was done. The log knows it by the request id.")
