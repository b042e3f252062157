"""`/v1/accounts/webhooks`: the addresses that hear of events."""

from __future__ import annotations

import base64
import secrets
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from typing import Any
from urllib.parse import urlsplit
from uuid import uuid4

from medialib.sandbox.http.answers import Refusal
from medialib.sandbox.library.files import iso
from medialib.sandbox.library.library import now_ms
from medialib.sandbox.library.store import Entry

MAX_WEBHOOKS = 3
LIBRARY_EVENTS = (
    "file.created",
    "file.updated",
    "file.deleted",
    "file-version.created",
    "file-version.deleted",
    "folder.created",
    "folder.updated",
    "folder.deleted",
)
EVENT_TYPES = (
    "video.transformation.accepted",
    "video.transformation.ready",
    "video.transformation.error",
    "upload.pre-transform.success",
    "upload.pre-transform.error",
    "upload.post-transform.success",
    "upload.post-transform.error",
    *LIBRARY_EVENTS,
)


@dataclass(frozen=True)
class Webhook:
    id: str
    endpoint: str
    events: tuple[str, ...]
    enabled: bool
    secret: str
    created_ms: int
    updated_ms: int

    def as_json(self) -> dict[str, Any]:
        return {
            "id": self.id,
            "endpoint": self.endpoint,
            "events": list(self.events),
            "enabled": self.enabled,
            "secret": self.secret,
            "createdAt": iso(self.created_ms),
            "updatedAt": iso(self.updated_ms),
        }

    def stored(self) -> list[Any]:
        return [self.id, self.endpoint, self.events, self.enabled, self.secret, self.created_ms, self.updated_ms]


class Registrations:
    def __init__(self, journal: Callable[[Entry], None]) -> None:
        self._journal = journal
        self._lock = threading.RLock()
        self._webhooks: dict[str, Webhook] = {}

    def all(self) -> list[Webhook]:
        with self._lock:
            return list(self._webhooks.values())

    def subscribed(self, event_type: str) -> list[Webhook]:
        return [hook for hook in self.all() if hook.enabled and event_type in hook.events]

    def get(self, webhook_id: str) -> Webhook:
        """Raises Refusal (404) for an unknown one."""
        with self._lock:
            if webhook := self._webhooks.get(webhook_id):
                return webhook
        raise Refusal(404, "The requested webhook does not exist.")

    def create(self, body: dict[str, Any]) -> Webhook:
        """Raises Refusal (400) for a wrong value, an endpoint that is there already, and a fourth webhook."""
        with self._lock:
            if len(self._webhooks) >= MAX_WEBHOOKS:
                raise Refusal(400, f"You can create up to {MAX_WEBHOOKS} webhooks per account.")
            now, secret = now_ms(), "whsec_" + base64.b64encode(secrets.token_bytes(24)).decode()
            fields = self._checked({"enabled": True, "endpoint": None, "events": None, **body}, besides="")
            return self._keep(Webhook(uuid4().hex[:24], secret=secret, created_ms=now, updated_ms=now, **fields))

    def change(self, webhook_id: str, body: dict[str, Any]) -> Webhook:
        with self._lock:
            webhook = self.get(webhook_id)
            fields = self._checked(body, besides=webhook_id)
            return self._keep(replace(webhook, **fields, updated_ms=max(now_ms(), webhook.updated_ms + 1)))

    def delete(self, webhook_id: str) -> None:
        with self._lock:
            webhook = self.get(webhook_id)
            self._journal({"gone_webhook": webhook.id})
            del self._webhooks[webhook.id]

    def _keep(self, webhook: Webhook) -> Webhook:
        self._journal({"webhook": webhook.stored()})
        self._webhooks[webhook.id] = webhook
        return webhook

    def _checked(self, body: dict[str, Any], *, besides: str) -> dict[str, Any]:
        """The members that were sent, as they are kept."""
        fields: dict[str, Any] = {}
        if "endpoint" in body:
            fields["endpoint"] = self._endpoint(body["endpoint"], besides)
        if "events" in body:
            fields["events"] = _events(body["events"])
        if "enabled" in body:
            fields["enabled"] = _enabled(body["enabled"])
        return fields

    def _endpoint(self, value: Any, besides: str) -> str:
        if not isinstance(value, str) or not _is_address(value):
            raise Refusal(400, "endpoint must be a valid http or https URL.")
        if any(hook.endpoint == value and hook.id != besides for hook in self._webhooks.values()):
            raise Refusal(400, "A webhook with this endpoint already exists.")
        return value

    def restore(self, entry: Entry) -> None:
        if "webhook" in entry:
            webhook_id, endpoint, events, *rest = entry["webhook"]
            self._webhooks[webhook_id] = Webhook(webhook_id, endpoint, tuple(events), *rest)
        elif "gone_webhook" in entry:
            self._webhooks.pop(entry["gone_webhook"], None)

    def snapshot(self) -> Iterator[Entry]:
        for webhook in self.all():
            yield {"webhook": webhook.stored()}


def _events(value: Any) -> tuple[str, ...]:
    if not isinstance(value, list) or not value or any(event not in EVENT_TYPES for event in value):
        raise Refusal(400, f"events must be an array of: {', '.join(EVENT_TYPES)}.")
    return tuple(dict.fromkeys(value))


def _enabled(value: Any) -> bool:
    if not isinstance(value, bool):
        raise Refusal(400, "enabled must be a boolean.")
    return value


def _is_address(text: str) -> bool:
    try:
        parts = urlsplit(text)
        port = parts.port
    except ValueError:
        return False
    is_plain = text.isascii() and text.isprintable() and " " not in text
    return is_plain and parts.scheme in ("http", "https") and bool(parts.hostname) and port != 0
