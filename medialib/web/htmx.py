"""Answers that are a part of a page for htmx, and something whole for a browser without scripts."""

from __future__ import annotations

from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.cache import patch_vary_headers


def wants_part(request: HttpRequest) -> bool:
    """Whether htmx asks, which puts the answer into the page that is open."""
    return bool(getattr(request, "htmx", False))


def part_or_page(request: HttpRequest, context: dict[str, Any], *, part: str, page: str) -> HttpResponse:
    """The template `part` for htmx, else `page`. The headers tell caches that one address has both."""
    response = render(request, part if wants_part(request) else page, context)
    patch_vary_headers(response, ["HX-Request"])
    return response
