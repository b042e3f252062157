"""Headers of every answer: the content security policy with where the accounts' files are, and what pages may use."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from csp.middleware import CSPMiddleware, PolicyParts
from django.conf import settings
from django.db import DatabaseError
from django.templatetags.static import static

from medialib.web.context_processors import visible_accounts

if TYPE_CHECKING:
    from django.http import HttpRequest, HttpResponseBase

# What the pages never need, switched off in case a script gets into them.
PERMISSIONS_POLICY = ", ".join(
    f"{feature}=()"
    for feature in ("camera", "display-capture", "geolocation", "hid", "microphone", "midi", "payment", "serial", "usb")
)
PAGE_STATUS = {200, 422}  # 422: a form that comes back with its mistakes marked, pictures and all.
ORIGIN = re.compile(r"https?://[A-Za-z0-9.\-]+(:\d+)?|https?://\[[0-9A-Fa-f:]+\](:\d+)?")


class PageHeadersMiddleware(CSPMiddleware):
    """Adds where account pages show pictures and videos from; the rest of the policy stands in the settings."""

    def process_response(self, request: HttpRequest, response: HttpResponseBase) -> HttpResponseBase:
        response.headers.setdefault("Permissions-Policy", PERMISSIONS_POLICY)
        if settings.SESSION_COOKIE_NAME in request.COOKIES:  # Paths and names of files stay in no cache on the way.
            response.headers.setdefault("Cache-Control", "private, no-store")
        if is_page(request, response):
            response.headers.setdefault("Speculation-Rules", f'"{static("js/prefetch.speculationrules")}"')
        return super().process_response(request, response)

    def get_policy_parts(
        self, request: HttpRequest, response: HttpResponseBase, report_only: bool = False
    ) -> PolicyParts:
        parts = super().get_policy_parts(request, response, report_only)
        if parts.update is None and not report_only and is_page(request, response):
            origins = media_origins(request)
            parts.update = {"img-src": origins, **({"media-src": origins} if origins else {})}
        return parts


def is_page(request: HttpRequest, response: HttpResponseBase) -> bool:
    """Only whole pages of signed-in people. A swapped part keeps the policy of its page, so it costs no query."""
    is_html = response.headers.get("Content-Type", "").startswith("text/html") and response.status_code in PAGE_STATUS
    user = getattr(request, "user", None)
    return is_html and "HX-Request" not in request.headers and user is not None and user.is_authenticated


def media_origins(request: HttpRequest) -> list[str]:
    """Where the person's accounts deliver from. An address that could break out of the header is left out."""
    try:
        endpoints = [endpoint for account in visible_accounts(request) for endpoint in account.endpoints]
    except DatabaseError:  # The page is ready; it may be shown without pictures.
        return []
    return sorted({origin for endpoint in endpoints if (origin := origin_of(endpoint))})


def origin_of(endpoint: str) -> str:
    parts = urlsplit(endpoint)
    origin = f"{parts.scheme}://{parts.netloc}"
    return origin if ORIGIN.fullmatch(origin) else ""
