"""Which page request is being answered, so that every audit event can name it although no caller passes it on."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from django.http import HttpRequest

FINGERPRINT_LENGTH = 16


@dataclass(frozen=True)
class Trace:
    """`id` is medialib's own id of the request, also in the answer's X-Request-Id."""

    request: HttpRequest
    id: str

    @property
    def session(self) -> str:
        """A fingerprint of the session: enough to tell sessions apart, useless for taking one over.

        Of a request to the API the mark of its token, since that has no session.
        """
        if mark := getattr(self.request, "token_mark", ""):
            return str(mark)
        key = getattr(getattr(self.request, "session", None), "session_key", None)
        return hashlib.sha256(key.encode()).hexdigest()[:FINGERPRINT_LENGTH] if key else ""


_CURRENT: ContextVar[Trace | None] = ContextVar("medialib_trace", default=None)


def current() -> Trace | None:
    return _CURRENT.get()


@contextmanager
def tracing(trace: Trace) -> Iterator[None]:
    token = _CURRENT.set(trace)
    try:
        yield
    finally:
        _CURRENT.reset(token)
