"""Idempotency-Key: a request that makes something and is sent again is answered as before, and makes nothing."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable

from django.db import IntegrityError, transaction
from django.http import HttpRequest, HttpResponse
from django.utils.timezone import now
from ninja.responses import NinjaJSONEncoder
from pydantic import BaseModel

from medialib.api.problems import ProblemFound
from medialib.models import ApiToken, KeptAnswer

HEADER = "Idempotency-Key"
MAX_KEY = 200


def answer_once(request: HttpRequest, make: Callable[[], BaseModel], *, status: int = 201) -> HttpResponse:
    """The answer of `make`, or the one that a request with the same key got.

    The answer is kept by the transaction that makes the thing: either both stand or neither. What was refused made
    nothing and is not kept.
    """
    key = request.headers.get(HEADER, "")
    if not key:
        return _answer(_body(make()), status)
    if len(key) > MAX_KEY or not key.isascii() or not key.isprintable():
        raise ProblemFound("malformed", f"An {HEADER} has up to {MAX_KEY} printable ASCII letters.")
    token: ApiToken = request.auth  # type: ignore[attr-defined]
    fingerprint = _fingerprint(request)
    if kept := _kept(token, key):
        return _again(kept, fingerprint)
    try:
        with transaction.atomic():
            kept = KeptAnswer.objects.create(token=token, key=key, fingerprint=fingerprint, created_at=now())
            kept.status, kept.body = status, _body(make())
            kept.save(update_fields=["status", "body"])
    except IntegrityError:  # The same request, sent at the same time, was a moment faster.
        if found := _kept(token, key):
            return _again(found, fingerprint)
        raise
    return _answer(kept.body, status)


def _kept(token: ApiToken, key: str) -> KeptAnswer | None:
    return KeptAnswer.objects.filter(token=token, key=key).first()


def _again(kept: KeptAnswer, fingerprint: str) -> HttpResponse:
    if kept.fingerprint != fingerprint:
        text = f"This {HEADER} was sent with another request. Choose a new one for each thing that is to be made."
        raise ProblemFound("key-reused", text)
    answer = _answer(kept.body, kept.status)
    answer["Idempotent-Replayed"] = "true"
    return answer


def _body(made: BaseModel) -> str:
    """As all other answers are written."""
    return json.dumps(made.model_dump(), cls=NinjaJSONEncoder)


def _answer(body: str, status: int) -> HttpResponse:
    return HttpResponse(body, status=status, content_type="application/json; charset=utf-8")


def _fingerprint(request: HttpRequest) -> str:
    parts = (str(request.method).encode(), request.get_full_path().encode(), request.body)
    return hashlib.sha256(b"\n".join(hashlib.sha256(part).digest() for part in parts)).hexdigest()
