"""What every request passes: the key, the rate limit, then a fault, the work, and the answer. In this order."""

from __future__ import annotations

import socket
import threading
import time
import traceback
from collections.abc import Mapping
from contextlib import nullcontext
from dataclasses import dataclass, replace
from urllib.parse import unquote

from medialib.sandbox import openapi
from medialib.sandbox.api import Api, Work
from medialib.sandbox.cdn.delivery import Delivery
from medialib.sandbox.http.answers import Refusal, Response, json_answer
from medialib.sandbox.http.calls import Call, CallLog
from medialib.sandbox.http.faults import Fault, Faults
from medialib.sandbox.http.hooks import Hooks
from medialib.sandbox.http.rates import Rates
from medialib.sandbox.http.requests import Request
from medialib.sandbox.http.wire import Cut, wait_for_hang_up
from medialib.sandbox.routes import Route, find_route

WRONG_KEY = "Your account cannot be authenticated."
EXPIRED_KEY = "Your request contains expired private API key."
READ_ONLY = "Your private API key is restricted and does not have permission for this operation."


@dataclass
class Keys:
    private_key: str
    read_only_key: str
    is_revoked: bool = False

    def check(self, key: str, *, is_write: bool) -> None:
        """Raises Refusal (403) for a key that is wrong, expired or may not write."""
        if key not in (self.private_key, self.read_only_key):
            raise Refusal(403, WRONG_KEY)
        if self.is_revoked:
            raise Refusal(403, EXPIRED_KEY)
        if is_write and key == self.read_only_key != self.private_key:
            raise Refusal(403, READ_ONLY)


class Front:
    def __init__(
        self,
        *,
        api: Api,
        delivery: Delivery,
        keys: Keys,
        rates: Rates,
        faults: Faults,
        hooks: Hooks,
        log: CallLog,
        imagekit_id: str,
        latency_s: float,
    ) -> None:
        self.api = api
        self.delivery = delivery
        self.keys = keys
        self.rates = rates
        self.faults = faults
        self.hooks = hooks
        self.log = log
        self.imagekit_id = imagekit_id
        self.latency_s = latency_s
        self.api_url = ""
        self.gate = threading.Event()
        self.gate.set()
        self._is_stopping = False

    def stop(self) -> None:
        self._is_stopping = True
        self.gate.set()

    def respond(self, request: Request, connection: socket.socket) -> Response:
        """The answer to one request. Raises Cut when the connection is to break instead."""
        try:
            return self._answer(request, connection)
        except Refusal as refusal:
            return refusal.answer
        except Cut:
            raise
        except Exception:  # noqa: BLE001  A stranger's client always gets an answer.
            traceback.print_exc()
            return Refusal(500, "The sandbox made a mistake; its own output says which.").answer

    def _answer(self, request: Request, connection: socket.socket) -> Response:
        start = f"/{self.imagekit_id}/"
        if request.path.startswith(start) and request.method in ("GET", "HEAD"):
            return self.delivery.answer(request, request.path[len(start) - 1 :])
        if request.path == "/openapi.json" and request.method == "GET":
            return json_answer(200, openapi.document(self.api_url))
        route, ids = find_route(request.method, request.path)
        return self._call(request, route, tuple(unquote(file_id) for file_id in ids), connection)

    def _call(self, request: Request, route: Route, ids: tuple[str, ...], connection: socket.socket) -> Response:
        call = self.log.open(
            route.kind,
            file_ids=ids or _batch_ids(request, route),
            method=request.method,
            target=request.target,
            user_agent=request.user_agent,
            connection=connection,
        )
        try:
            answer = self._checked(request, route, ids, call, connection)
            call.status, call.answered = answer.status, True
            return answer
        except Refusal as refusal:
            call.status, call.answered = refusal.answer.status, True
            raise
        finally:
            self.log.close(call)

    def _checked(
        self, request: Request, route: Route, ids: tuple[str, ...], call: Call, connection: socket.socket
    ) -> Response:
        self.keys.check(request.key(), is_write=route.is_write)
        headers = self.rates.take(route.rate_class)
        fault = self.faults.take(call)
        call.fault = fault.name if fault else None
        time.sleep(self.latency_s / 2)
        self._pass_gate(call)
        answer = self._worked(Work(request, ids, fault, []), route, call)
        time.sleep(self.latency_s / 2)
        answer = replace(answer, headers={**headers, **answer.headers})
        return self._troubled(answer, fault, call, connection) if fault else answer

    def _pass_gate(self, call: Call) -> None:
        if call.kind == "delete" and not self.gate.is_set():
            self.log.held(call, True)
            self.gate.wait()
            self.log.held(call, False)
        if self._is_stopping:
            raise Cut

    def _worked(self, work: Work, route: Route, call: Call) -> Response:
        if work.fault and not work.fault.trouble.works:
            return json_answer(200, {})
        self.hooks.run("before", call)
        answer = self._done(work, route, call)
        self.hooks.run("after", call)
        return answer

    def _done(self, work: Work, route: Route, call: Call) -> Response:
        # Under the lock, the log tells removals in the order in which they happened.
        lock = self.api.library.lock if route.kind in ("delete", "folder") else nullcontext()
        try:
            with lock:
                answer = route.answer(self.api, work)
                self.log.removed(call, work.removed)
                return answer
        except Refusal as refusal:
            return refusal.answer

    def _troubled(self, answer: Response, fault: Fault, call: Call, connection: socket.socket) -> Response:
        trouble, answer = fault.trouble, fault.change(answer)
        call.status = answer.status
        if trouble.delay_s and wait_for_hang_up(connection, trouble.delay_s):
            raise Cut
        if trouble.cut:
            raise Cut(answer if trouble.cut == "body" else None)
        return answer


def _batch_ids(request: Request, route: Route) -> tuple[str, ...]:
    """The ids in a delete's body, as far as they can be read, for the log."""
    if route.kind != "delete":
        return ()
    try:
        body: Mapping[str, object] = request.json_object()
    except Refusal:
        return ()
    file_ids = body.get("fileIds")
    return tuple(map(str, file_ids)) if isinstance(file_ids, list) else ()
