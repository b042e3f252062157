"""Gives each page request an id, which its audit events and its answer carry."""

from __future__ import annotations

import uuid
from collections.abc import Callable

from django.http import HttpRequest, HttpResponseBase

from medialib.services.audit.trace import Trace, tracing


def trace_requests(get_response: Callable[[HttpRequest], HttpResponseBase]) -> Callable[..., HttpResponseBase]:
    """The middleware. The id is made here and never taken from the request: it stands in the audit log."""

    def answer(request: HttpRequest) -> HttpResponseBase:
        trace = Trace(request, str(uuid.uuid4()))
        with tracing(trace):
            response = get_response(request)
        response.headers["X-Request-Id"] = trace.id
        return response

    return answer
