"""Stands around the API: no session gets in, no page gets out, and nothing of it stays in a cache."""

from __future__ import annotations

from collections.abc import Callable

from django.conf import settings
from django.http import HttpRequest, HttpResponseBase

from medialib.api.problems import MEDIA_TYPE, in_place_of, problem

PREFIX = "/api/v1/"


class ApiBoundary:
    """A middleware. A cookie means nothing here, so no other site can have a browser ask; texts are in English."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponseBase]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        if not request.path_info.startswith(PREFIX):
            return self.get_response(request)
        request.META.pop("HTTP_COOKIE", None)
        request.META.pop("HTTP_ACCEPT_LANGUAGE", None)
        request.COOKIES = {}
        response = self._answer(request)
        response.headers["Cache-Control"] = "private, no-store"
        return response

    def _answer(self, request: HttpRequest) -> HttpResponseBase:
        stated, most = str(request.META.get("CONTENT_LENGTH") or "0"), settings.DATA_UPLOAD_MAX_MEMORY_SIZE
        if stated.isdigit() and int(stated) > most:
            return problem("too-large", f"A body has at most {most:,} bytes. Send long lists in parts.")
        response = self.get_response(request)
        is_problem = response.headers.get("Content-Type", "").startswith(MEDIA_TYPE)
        return in_place_of(response) if response.status_code >= 400 and not is_problem else response
