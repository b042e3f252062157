"""Trouble on demand: what each fault does to a call, and the queue of faults that wait for one.

A fault is taken once the key and the rate limit have let a call pass, so `times=3` means three calls that would have
worked.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from medialib.sandbox.http.answers import Refusal, Response, dumps
from medialib.sandbox.http.calls import Call
from medialib.sandbox.http.rates import MESSAGE, rate_headers

Change = Callable[[Response, Mapping[str, Any]], Response]
ON = ("delete", "list", "details", "purge", "update", "file", "folder", "bulk_job", "upload", "any")
LOCKED = "A bulk job is running on given folder path, please try after sometime."
DELETE_ONLY = frozenset(["short_200", "partial_207", "partial_207_gone"])


@dataclass(frozen=True)
class Trouble:
    """How a fault treats a call. The defaults are those of a call without trouble."""

    summary: str
    works: bool = True  # The call does its work.
    delay_s: float = 0  # Waited after the work, before the answer.
    cut: str = ""  # "all": no answer. "body": half of it.
    change: Change | None = None
    keeps_some: bool = False  # Files that stay are chosen before the work.


@dataclass
class Fault:
    name: str
    times: int = 1
    match: Callable[[Call], bool] | None = None
    on: str = "delete"
    params: dict[str, Any] = field(default_factory=dict)

    @property
    def trouble(self) -> Trouble:
        trouble = TROUBLES[self.name]
        return replace(
            trouble, works=self.params.get("works", trouble.works), delay_s=self.params.get("delay_s", trouble.delay_s)
        )

    def fits(self, call: Call) -> bool:
        return self.on in ("any", call.kind) and (self.match is None or self.match(call))

    def change(self, answer: Response) -> Response:
        change = self.trouble.change
        return change(answer, self.params) if change else answer

    def staying(self, file_ids: list[str]) -> set[str]:
        return _chosen(self.params.get("stay", 1), file_ids) if self.trouble.keeps_some else set()


class Faults:
    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._queue: list[Fault] = []
        self._storms: list[tuple[float, Fault]] = []

    def add(self, fault: Fault) -> None:
        if fault.name not in TROUBLES:
            raise ValueError(f"Unknown fault {fault.name!r}. There are: {', '.join(TROUBLES)}.")
        if fault.on not in ON or (fault.name in DELETE_ONLY and fault.on != "delete"):
            raise ValueError(f"{fault.name} cannot be on {fault.on!r}. A fault is on one of: {', '.join(ON)}.")
        with self._lock:
            self._queue.append(fault)

    def clear(self) -> None:
        with self._lock:
            self._queue.clear()
            self._storms.clear()

    def waiting(self) -> int:
        with self._lock:
            return sum(fault.times for fault in self._queue)

    def take(self, call: Call) -> Fault | None:
        """The fault this call meets. Faults are used up in the order in which they were added."""
        with self._lock:
            if storm := self._storm_over(call):
                return storm
            for fault in self._queue:
                if fault.fits(call):
                    return self._used(fault, call)
            return None

    def _storm_over(self, call: Call) -> Fault | None:
        now = time.monotonic()
        self._storms = [(until, fault) for until, fault in self._storms if until > now]
        for until, fault in self._storms:
            if fault.fits(call):
                return replace(fault, params={**fault.params, "reset_ms": int((until - now) * 1000) + 1})
        return None

    def _used(self, fault: Fault, call: Call) -> Fault:
        fault.times -= 1
        if fault.times <= 0:
            self._queue.remove(fault)
        if fault.name != "storm":
            return fault
        self._storms.append((time.monotonic() + fault.params.get("seconds", 20), fault))
        return self._storm_over(call) or fault


def _chosen(choice: int | list[str], file_ids: list[str]) -> set[str]:
    return set(file_ids[:choice]) if isinstance(choice, int) else set(choice).intersection(file_ids)


def _error(status: int, message: str) -> Change:
    return lambda _, params: Refusal(params.get("status", status), params.get("message", message)).answer


def _html(status: int | None, text: str) -> Change:
    page = f"<html><head><title>{text}</title></head><body><h1>{text}</h1></body></html>".encode()
    return lambda answer, params: Response(status or answer.status, page, "text/html")


def _too_many(answer: Response, params: Mapping[str, Any]) -> Response:
    reset_ms = params.get("reset_ms", 1000)
    headers = rate_headers(params.get("limit", 5), params.get("interval_ms", 1000), reset_ms)
    return Refusal(429, MESSAGE, headers=headers if params.get("headers", True) else {}).answer


def _too_many_bare(answer: Response, params: Mapping[str, Any]) -> Response:
    return Refusal(429, MESSAGE).answer


def _half(answer: Response, params: Mapping[str, Any]) -> Response:
    return replace(answer, body=answer.body[: len(answer.body) // 2])


def _elsewhere(answer: Response, params: Mapping[str, Any]) -> Response:
    return Response(302, b"", headers={"Location": params.get("location", "/elsewhere")})


def _fewer(answer: Response, params: Mapping[str, Any]) -> Response:
    if answer.status != 200:
        return answer
    deleted = answer.json()["successfullyDeletedFileIds"]
    omitted = _chosen(params.get("omit", 1), deleted)
    return replace(answer, body=dumps({"successfullyDeletedFileIds": [i for i in deleted if i not in omitted]}))


def _listed_in_errors(answer: Response, params: Mapping[str, Any]) -> Response:
    if answer.status != 200:
        return answer
    deleted = answer.json()["successfullyDeletedFileIds"]
    return partial_answer(deleted, _chosen(params.get("stay", 1), deleted))


def partial_answer(file_ids: list[str], staying: set[str]) -> Response:
    """A 207 that names the ids of `staying` as errors."""
    errors = [{"fileId": file_id, "error": "Error in deleting the file"} for file_id in file_ids if file_id in staying]
    deleted = [file_id for file_id in file_ids if file_id not in staying]
    return Response(207, dumps({"successfullyDeletedFileIds": deleted, "errors": errors}))


TROUBLES: dict[str, Trouble] = {
    "lost_after": Trouble("works, then cuts the connection", cut="all"),
    "lost_before": Trouble("cuts the connection before the work", works=False, cut="all"),
    "cut_body": Trouble("works, then cuts the connection in the middle of the answer", cut="body"),
    "500_before": Trouble("500, nothing done", works=False, change=_error(500, "Internal server error.")),
    "500_after": Trouble("works, then answers 500", change=_error(500, "Internal server error.")),
    "502_html": Trouble("502 with a page of HTML, nothing done", works=False, change=_html(502, "502 Bad Gateway")),
    "503": Trouble("503, nothing done", works=False, change=_error(503, "Service unavailable.")),
    "timeout": Trouble("works at once, answers after delay_s", delay_s=90),
    "timeout_before": Trouble(
        "does nothing and says nothing for delay_s, then cuts", works=False, delay_s=90, cut="all"
    ),
    "truncated_200": Trouble("works, answers with half of the JSON and its right length", change=_half),
    "html_200": Trouble("works, answers with a page of HTML", change=_html(None, "Welcome")),
    "short_200": Trouble("works, names fewer ids than it deleted (omit = number or ids)", change=_fewer),
    "partial_207": Trouble("deletes all but some, which it names as errors (stay = number or ids)", keeps_some=True),
    "partial_207_gone": Trouble("deletes all, names some as errors (stay = number or ids)", change=_listed_in_errors),
    "429": Trouble("429 with headers (reset_ms, limit, interval_ms)", works=False, change=_too_many),
    "429_bare": Trouble("429 without headers", works=False, change=_too_many_bare),
    "storm": Trouble("429 for `seconds` (20) from the first call on", works=False, change=_too_many),
    "malformed_400": Trouble(
        "400, nothing done", works=False, change=_error(400, "Your request contains invalid fileId parameter.")
    ),
    "locked": Trouble(
        "423 as while a bulk job runs on the folder, nothing done", works=False, change=_error(423, LOCKED)
    ),
    "redirect": Trouble("302 to `location`, nothing done", works=False, change=_elsewhere),
    "slow": Trouble("works, answers delay_s later", delay_s=1),
}
