"""Where a request came from, as the limits on sign-ins count it and the audit log notes it."""

from __future__ import annotations

from allauth.core.internal.httpkit import get_client_ip
from django.core.exceptions import ImproperlyConfigured
from django.http import HttpRequest

MAX_ADDRESS = 64


def address_of(request: HttpRequest | None) -> str:
    """The client's address; behind a trusted proxy the one that the proxy names. Empty where there is none."""
    if request is None:
        return ""
    try:
        address = get_client_ip(request)
    except ImproperlyConfigured:  # Fewer hops than proxies: the request did not come through them.
        address = request.META.get("REMOTE_ADDR")
    return str(address or "")[:MAX_ADDRESS]
