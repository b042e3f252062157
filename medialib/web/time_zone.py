"""Lets each request run in its reader's time zone: days that are shown and days that are asked for are the same days.

The browser names its zone in a cookie (static/js/localtime.js); without one the server's zone stands.
"""

from __future__ import annotations

from collections.abc import Callable

from django.http import HttpRequest, HttpResponseBase
from django.utils import timezone

from medialib.models.query.units import zone_named

COOKIE = "timezone"


def use_readers_zone(get_response: Callable[[HttpRequest], HttpResponseBase]) -> Callable[..., HttpResponseBase]:
    """The middleware. A zone that this machine does not know counts as none."""

    def answer(request: HttpRequest) -> HttpResponseBase:
        zone = zone_named(request.COOKIES.get(COOKIE, ""))
        if zone is None:
            return get_response(request)
        with timezone.override(zone):
            return get_response(request)

    return answer
