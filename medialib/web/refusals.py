"""Answers to requests that could not be taken: a token that is too old, a database that is away."""

from __future__ import annotations

from collections.abc import Callable
from urllib.parse import urlsplit

from django.db import InterfaceError, OperationalError
from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.middleware.csrf import get_token
from django.shortcuts import render
from django.template.loader import render_to_string
from django.utils.http import url_has_allowed_host_and_scheme

from medialib.web.htmx import wants_part

RETRY_AFTER_S = 5


def page_too_old(request: HttpRequest, reason: str = "") -> HttpResponse:
    """The answer to a token that does not fit the session. Nothing was done.

    A page whose person is still signed in gets a new token by a header, which no other site can read, and sends again
    what it sent (static/js/connection.js); so nothing that was ticked is lost.
    """
    if wants_part(request):
        response = HttpResponse(status=403)
        if request.user.is_authenticated and request.headers.get("X-Person") == str(request.user.pk):
            response.headers["X-New-Token"] = get_token(request)
        return response
    return render(request, "403_csrf.html", {"way_back": _way_back(request)}, status=403)


def _way_back(request: HttpRequest) -> str:
    """The page that the request came from, with its query; empty where that was another site or is not told."""
    address = request.headers.get("Referer", "")
    if not url_has_allowed_host_and_scheme(address, {request.get_host()}, require_https=request.is_secure()):
        return ""
    parts = urlsplit(address)
    return f"{parts.path}?{parts.query}" if parts.query else parts.path


class DatabaseAwayMiddleware:
    """Answers 503 with Retry-After where the database is locked, full, restarting or not reached."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponseBase]) -> None:
        self._get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        return self._get_response(request)

    def process_exception(self, request: HttpRequest, exception: Exception) -> HttpResponse | None:
        if not isinstance(exception, OperationalError | InterfaceError):
            return None
        # Rendered without a request: whatever stands around a page asks the database.
        return HttpResponse(render_to_string("503.html"), status=503, headers={"Retry-After": str(RETRY_AFTER_S)})
