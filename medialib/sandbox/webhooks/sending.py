"""Events on their way to the webhooks: one after the other, each sent once, in the order in which things happened."""

from __future__ import annotations

import base64
import hmac
import threading
import time
from collections import deque
from collections.abc import Mapping
from dataclasses import dataclass
from hashlib import sha256
from http.client import HTTPConnection, HTTPException, HTTPSConnection
from typing import Any
from urllib.parse import urlsplit
from uuid import uuid4

from medialib.sandbox.http.answers import dumps
from medialib.sandbox.library.files import Row, StoredFolder, iso
from medialib.sandbox.library.library import Library, now_ms
from medialib.sandbox.webhooks.registrations import Registrations, Webhook

TIMEOUT_S = 10
MAX_KEPT = 10_000


@dataclass
class Message:
    """One event for one webhook. `status` is None when nobody answered."""

    event: dict[str, Any]
    webhook: Webhook
    status: int | None = None

    @property
    def type(self) -> str:
        return str(self.event["type"])


class Sender:
    def __init__(self, library: Library, registrations: Registrations) -> None:
        self._library = library
        self._registrations = registrations
        self._changed = threading.Condition()
        self._waiting: deque[Message] = deque()
        self._sent: deque[Message] = deque(maxlen=MAX_KEPT)
        self._thread: threading.Thread | None = None
        self._is_busy = self._is_stopping = False

    def tell(self, event_type: str, row: Row) -> None:
        """Take an event in, as things are now; the caller does not wait for its sending."""
        webhooks = self._registrations.subscribed(event_type)
        if not webhooks:
            return
        data = _data(event_type, row, self._library.endpoint)
        event = {"id": f"evt_{uuid4().hex}", "type": event_type, "created_at": iso(now_ms()), "data": data}
        with self._changed:
            self._waiting.extend(Message(event, webhook) for webhook in webhooks)
            if self._thread is None:
                self._thread = threading.Thread(target=self._run, daemon=True)
                self._thread.start()
            self._changed.notify_all()

    def _run(self) -> None:
        while message := self._next():
            message.status = _send(message)
            with self._changed:
                self._is_busy = False
                self._sent.append(message)
                self._changed.notify_all()

    def _next(self) -> Message | None:
        with self._changed:
            self._changed.wait_for(lambda: self._waiting or self._is_stopping)
            if self._is_stopping:
                return None
            self._is_busy = True
            return self._waiting.popleft()

    def wait(self, timeout_s: float) -> bool:
        """Wait until every event so far has been sent."""
        with self._changed:
            return self._changed.wait_for(lambda: not self._waiting and not self._is_busy, timeout_s)

    def sent(self) -> list[Message]:
        with self._changed:
            return list(self._sent)

    def stop(self) -> None:
        """End after the event that is being sent; the others are dropped."""
        with self._changed:
            self._is_stopping = True
            self._changed.notify_all()
        if self._thread:
            self._thread.join(TIMEOUT_S)


def _data(event_type: str, row: Row, endpoint: str) -> dict[str, Any]:
    """The whole object; of what is deleted only its ids."""
    if not event_type.endswith(".deleted"):
        return row.as_json(endpoint)
    if isinstance(row, StoredFolder):
        return {"folderId": row.folder_id}
    version = {"versionId": row.version_id} if event_type == "file-version.deleted" else {}
    return {"fileId": row.file_id, **version}


def _send(message: Message) -> int | None:
    parts, body = urlsplit(message.webhook.endpoint), dumps(message.event)
    kind = HTTPSConnection if parts.scheme == "https" else HTTPConnection
    connection = kind(parts.hostname or "", parts.port, timeout=TIMEOUT_S)
    target = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
    try:
        connection.request("POST", target, body, signed_headers(message.webhook.secret, message.event["id"], body))
        return connection.getresponse().status
    except (OSError, HTTPException):
        return None
    finally:
        connection.close()


def signed_headers(secret: str, event_id: str, body: bytes) -> Mapping[str, str]:
    """Both of ImageKit's signatures. The key is the whole secret, `whsec_` included, as its SDKs take it."""
    at_ms = time.time_ns() // 1_000_000
    current = _digest(secret, f"{event_id}.{at_ms // 1000}.".encode() + body)
    older = _digest(secret, f"{at_ms}.".encode() + body)
    return {
        "Content-Type": "application/json",
        "User-Agent": "ImageKit-sandbox",
        "webhook-id": event_id,
        "webhook-timestamp": str(at_ms // 1000),
        "webhook-signature": "v1," + base64.b64encode(current).decode(),
        "x-ik-signature": f"t={at_ms},v1={older.hex()}",
    }


def _digest(secret: str, signed: bytes) -> bytes:
    return hmac.new(secret.encode(), signed, sha256).digest()
