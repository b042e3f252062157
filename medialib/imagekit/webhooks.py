"""The webhooks of an ImageKit account: `accounts.webhooks` of imagekitio 5.11."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Self

from medialib.imagekit.answers import Answer

PATH = "/v1/accounts/webhooks"


@dataclass(frozen=True)
class RegisteredWebhook:
    """An address that ImageKit sends events to. `secret` signs them; empty where an answer keeps it back."""

    id: str
    endpoint: str
    events: frozenset[str]
    is_enabled: bool
    secret: str = field(default="", repr=False)

    @classmethod
    def from_json(cls, row: object) -> Self | None:
        """None for a row that makes no sense."""
        if not isinstance(row, Mapping):
            return None
        key, endpoint, events, secret = (row.get(name) for name in ("id", "endpoint", "events", "secret"))
        if not isinstance(key, str) or not key or not isinstance(endpoint, str) or not isinstance(events, Sequence):
            return None
        kinds = frozenset(event for event in events if isinstance(event, str))
        return cls(key, endpoint, kinds, row.get("enabled") is True, secret if isinstance(secret, str) else "")


def listed(answer: Answer) -> list[RegisteredWebhook]:
    if answer.status != 200:
        raise answer.problem()
    rows: Any = answer.json()
    if not isinstance(rows, list):
        raise answer.unreadable()
    return [webhook for webhook in map(RegisteredWebhook.from_json, rows) if webhook is not None]


def made(answer: Answer) -> RegisteredWebhook:
    """A webhook that was made or changed."""
    if answer.status not in (200, 201):
        raise answer.problem()
    webhook = RegisteredWebhook.from_json(answer.json_object())
    if webhook is None:
        raise answer.unreadable()
    return webhook
