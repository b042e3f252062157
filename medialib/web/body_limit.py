"""Bounds what a request may bring: a body that is too large is refused before any of it is read."""

from __future__ import annotations

from collections.abc import Callable

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render


class BodyLimitMiddleware:
    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        if _length(request) > settings.MAX_BODY_BYTES:
            return render(request, "413.html", status=413)
        return self.get_response(request)


def _length(request: HttpRequest) -> int:
    """What the server itself goes by when it reads the body; nothing is read beyond it."""
    stated = str(request.META.get("CONTENT_LENGTH") or "0")
    return int(stated) if stated.isdigit() else 0
