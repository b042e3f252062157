"""What an HTTP answer of ImageKit means. Decides on the status and named members, never on the text of a message."""

from __future__ import annotations

import json
import math
import time
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import Any, Self

import requests

from medialib.imagekit.errors import AnswerLost, BadRequest, FilesMissing, ImageKitError, KeyRejected, RateLimited
from medialib.imagekit.types import DeleteAnswer, RateLimit
from medialib.imagekit.words import Words, gettext_noop

MAX_MESSAGE_CHARS = 200
A_DAY_MS = 86_400_000
LATEST_S = 100_000_000_000  # Since 1970, in the year 5138. A larger number counts milliseconds.


@dataclass(frozen=True)
class Answer:
    """A whole HTTP answer. `hide` takes the key out of texts that are shown."""

    status: int
    headers: Mapping[str, str] = field(repr=False)
    hide: Callable[[str], str] = field(repr=False)
    body: bytes = field(repr=False, default=b"")

    @classmethod
    def of(cls, response: requests.Response, *, hide: Callable[[str], str]) -> Self:
        return cls(status=response.status_code, headers=response.headers, hide=hide)

    def with_body(self, body: bytes) -> Self:
        return replace(self, body=body)

    @property
    def facts(self) -> dict[str, Any]:
        """What each result and error keeps for the record."""
        return {"request_id": self.request_id, "rate_limit": self.rate_limit}

    @property
    def request_id(self) -> str:
        """The id to quote to ImageKit's support."""
        return self.words(self.headers.get("x-ik-requestId"))

    @property
    def rate_limit(self) -> RateLimit | None:
        limit, interval_ms = self._number("X-RateLimit-Limit"), self._number("X-RateLimit-Interval")
        if limit is None or interval_ms is None:
            return None
        return RateLimit(int(limit), interval_ms / 1000, self._reset_s)

    @property
    def retry_after_s(self) -> float | None:
        """The wait of a 429: ImageKit states it in milliseconds, a gateway before it by the standard header."""
        return self._stated_wait_s if self._reset_s is None else self._reset_s

    @property
    def _stated_wait_s(self) -> float | None:
        """The standard header alone: ImageKit states a reset with every answer, and a failure does not mean it."""
        seconds = self._number("Retry-After")
        return seconds if seconds is not None else _seconds_until(self.headers.get("Retry-After", ""))

    @property
    def _reset_s(self) -> float | None:
        """Seconds until calls are counted again. More than a day is a time: since 1970, in seconds or milliseconds."""
        reset_ms = self._number("X-RateLimit-Reset")
        if reset_ms is None or reset_ms <= A_DAY_MS:
            return None if reset_ms is None else reset_ms / 1000
        moment_s = reset_ms / 1000 if reset_ms > LATEST_S else reset_ms
        return max(0.0, moment_s - time.time())

    def json(self) -> Any:
        """The parsed body; None when it is no JSON."""
        try:
            return json.loads(self.body)
        except (ValueError, RecursionError):
            return None

    def json_object(self) -> Mapping[str, Any]:
        """The parsed body; empty when it is no JSON object."""
        read = self.json()
        return read if isinstance(read, dict) else {}

    def words(self, text: object) -> str:
        """A text from outside, safe to show: one line, not long, without the key."""
        if not isinstance(text, str):
            return ""
        # Half a surrogate pair, or a NUL, is no text that every database keeps.
        clean = self.hide(text).encode("utf-8", "replace").decode("utf-8").replace("\0", " ")
        return " ".join(clean.split())[:MAX_MESSAGE_CHARS]

    def said(self, sentence: str) -> Words:
        """Our sentence, and what ImageKit said about it, if anything."""
        message = self.words(self.json_object().get("message"))
        return self._with_message(sentence, message) if message else self._with_status(sentence)

    def _with_message(self, sentence: str, message: str) -> Words:
        template = gettext_noop("%(sentence)s (HTTP %(status)s): %(message)s")
        return Words(template, sentence=sentence, status=self.status, message=message)

    def _with_status(self, sentence: str) -> Words:
        return Words(gettext_noop("%(sentence)s (HTTP %(status)s)."), sentence=sentence, status=self.status)

    def lost(self, message: str) -> AnswerLost:
        return AnswerLost(message, http_status=self.status, retry_after_s=self._stated_wait_s, **self.facts)

    def unreadable(self) -> AnswerLost:
        template = gettext_noop("ImageKit answered (HTTP %(status)s), but not in the form it documents.")
        return self.lost(Words(template, status=self.status))

    def problem(self) -> ImageKitError:
        """What a status that no call hopes for means, the same for each of them."""
        if not isinstance(self.json(), Mapping) and (self.status == 403 or self.status >= 500):
            # A page of a firewall says nothing about the key, and does not prove that the call never arrived.
            template = gettext_noop(
                "Something in front of ImageKit (a firewall or proxy) answered in its place (HTTP %(status)s)"
            )
            sentence = _waiting(Words(template, status=self.status), self._stated_wait_s)
            return self.lost(Words(gettext_noop("%(sentence)s."), sentence=sentence))
        if self.status in (401, 403):
            refused = self.said(Words(gettext_noop("ImageKit refused the private key")))
            return KeyRejected(refused, http_status=self.status, **self.facts)
        if self.status == 429:
            sentence = self.said(_waiting(Words(gettext_noop("ImageKit asks to wait")), self.retry_after_s))
            return RateLimited(sentence, retry_after_s=self.retry_after_s, **self.facts)
        if 300 <= self.status < 400:
            redirect = Words(
                gettext_noop("The API address answers with a redirect, which is not followed; correct the address")
            )
            return BadRequest(self._with_status(redirect), http_status=self.status, **self.facts)
        # 408 comes from a gateway that lost patience with one side or the other, so it proves nothing.
        if 400 <= self.status < 500 and self.status != 408:
            refused = self.said(Words(gettext_noop("ImageKit refused the request")))
            return BadRequest(refused, http_status=self.status, **self.facts)
        if 200 <= self.status < 300:
            return self.unreadable()
        failed = _waiting(Words(gettext_noop("ImageKit failed to answer")), self._stated_wait_s)
        return self.lost(self.said(failed))

    def _number(self, header: str) -> float | None:
        try:
            number = float(self.headers.get(header, ""))
        except ValueError:
            return None
        return number if math.isfinite(number) and number >= 0 else None


def _waiting(sentence: Words, seconds: float | None) -> Words:
    """The sentence, and how long to wait, where that is stated."""
    if not seconds:
        return sentence
    if seconds < 1.5:
        return Words(gettext_noop("%(sentence)s, for a second"), sentence=sentence)
    template = gettext_noop("%(sentence)s, for %(seconds)s seconds")
    return Words(template, sentence=sentence, seconds=f"{seconds:,.0f}")


def read_deletion(answer: Answer, sent: Collection[str]) -> DeleteAnswer:
    """Sort the answer to a bulk delete. Only ids that were sent count, even if it names others."""
    if answer.status in (200, 207):
        return _read_deleted(answer, sent)
    if answer.status == 404:
        unknown = _strings(answer.json_object().get("missingFileIds")) & set(sent)
        if unknown:
            message = answer.said(f"ImageKit knows nothing of {len(unknown)} of the files and deleted none")
            raise FilesMissing(message, file_ids=frozenset(unknown), **answer.facts)
    # A 404 that names none of our files comes from a wrong address, and proves nothing about them.
    raise answer.problem()


def _read_deleted(answer: Answer, sent: Collection[str]) -> DeleteAnswer:
    body = answer.json_object()
    listed, errors = body.get("successfullyDeletedFileIds"), body.get("errors")
    has_needed = isinstance(listed, list) or (answer.status == 207 and isinstance(errors, list))
    if not has_needed:
        raise answer.unreadable()
    refused = {file_id: text for file_id, text in _error_texts(answer, errors).items() if file_id in sent}
    # An id in both does not count as gone: the error asks for a look.
    deleted = frozenset(_strings(listed) & set(sent)) - refused.keys()
    return DeleteAnswer(deleted=deleted, errors=refused, http_status=answer.status, **answer.facts)


def _error_texts(answer: Answer, errors: object) -> dict[str, str]:
    rows = [row for row in errors if isinstance(row, dict)] if isinstance(errors, list) else []
    texts = ((row.get("fileId"), answer.words(row.get("error"))) for row in rows)
    return {file_id: text or "no reason given" for file_id, text in texts if isinstance(file_id, str)}


def _strings(values: object) -> set[str]:
    return {value for value in values if isinstance(value, str)} if isinstance(values, list) else set()


def _seconds_until(http_date: str) -> float | None:
    try:
        moment = parsedate_to_datetime(http_date)
    except ValueError:
        return None
    moment = moment if moment.tzinfo else moment.replace(tzinfo=UTC)
    return max(0.0, (moment - datetime.now(UTC)).total_seconds())
