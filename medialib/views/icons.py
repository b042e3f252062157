"""The style sheet that draws the icons of all pages."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse
from django.views.decorators.cache import cache_control
from django.views.decorators.http import require_safe

from medialib.templatetags.icons import icon_sheet

YEAR_S = 365 * 24 * 3600


@require_safe
@cache_control(public=True, max_age=YEAR_S, immutable=True)
def icons(request: HttpRequest, digest: str) -> HttpResponse:
    """The icons of this release, whatever release the address names."""
    return HttpResponse(icon_sheet().css, content_type="text/css; charset=utf-8")
