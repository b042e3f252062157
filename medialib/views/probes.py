"""For programs that watch this one: whether it is ready for work, and its numbers for Prometheus."""

from __future__ import annotations

import ipaddress

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.http.request import split_domain_port
from django.utils.crypto import constant_time_compare
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe
from prometheus_client import CollectorRegistry, generate_latest
from prometheus_client.exposition import CONTENT_TYPE_LATEST

from medialib.services.jobs import vitals
from medialib.views.metrics import VitalsCollector

PLAIN = "text/plain; charset=utf-8"
# What a proxy adds. A request that carries one did not begin on this machine, wherever its connection comes from.
PASSED_ON = ("X-Forwarded-For", "X-Forwarded-Host", "X-Forwarded-Proto", "X-Real-IP", "Forwarded", "Via")


@never_cache
@require_safe
def readyz(request: HttpRequest) -> HttpResponse:
    """200 while work can be done, else 503 and why, in a sentence that tells strangers nothing."""
    try:
        vitals.require_ready()
    except vitals.NotReady as problem:
        return HttpResponse(f"Not ready: {problem}\n", status=503, content_type=PLAIN)
    return HttpResponse("Ready.\n", content_type=PLAIN)


@never_cache
@require_safe
def metrics(request: HttpRequest) -> HttpResponse:
    """The numbers, to whoever has the token; where none is set, to programs on this machine."""
    if not _may_read(request):
        answer = HttpResponse("Metrics need METRICS_TOKEN as a bearer token.\n", status=401, content_type=PLAIN)
        answer.headers["WWW-Authenticate"] = 'Bearer realm="medialib metrics"'
        return answer
    registry = CollectorRegistry(auto_describe=False)
    registry.register(VitalsCollector())
    return HttpResponse(generate_latest(registry), content_type=CONTENT_TYPE_LATEST)


def _may_read(request: HttpRequest) -> bool:
    if settings.METRICS_TOKEN:
        scheme, _, token = request.headers.get("Authorization", "").partition(" ")
        return scheme.lower() == "bearer" and constant_time_compare(token.strip(), settings.METRICS_TOKEN)
    return _is_from_this_machine(request)


def _is_from_this_machine(request: HttpRequest) -> bool:
    """By the connection itself, and by the name that was asked for: a proxy on this machine speaks for others."""
    if any(header in request.headers for header in PASSED_ON):
        return False
    host, _ = split_domain_port(request.get_host())
    is_local_name = host == "localhost" or _is_loopback(host.strip("[]"))
    return is_local_name and _is_loopback(request.META.get("REMOTE_ADDR", ""))


def _is_loopback(address: str) -> bool:
    try:
        return ipaddress.ip_address(address).is_loopback
    except ValueError:
        return False
