"""Sends sealed audit events to an address of the operator's, signed as Standard Webhooks says, without losing any.

The place in the log is stored and moves only when the receiver has answered 2xx. A message is up to 100 events of one
segment, so a repeated one has the same id and the same events, and a receiver can tell that it has seen it. Positions
have no gaps, so a receiver can also tell when somebody moved the place on to keep events from it.
"""

from __future__ import annotations

import json
import logging
from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

import requests
from django.conf import settings
from django.db.models import Q

from medialib.models import AuditCursor, AuditEvent, AuditSegment
from medialib.services.audit import export, sending
from medialib.services.base.clock import shared_now

logger = logging.getLogger(__name__)

CURSOR = "webhook"
EVENTS_A_MESSAGE = 100
LEASE = timedelta(seconds=90)  # Longer than one call can take.


@dataclass(frozen=True)
class AuditMessage:
    id: str
    last_event: int
    body: str


def deliver_due(owner: str, *, session: requests.Session, is_over: Callable[[], bool] = lambda: False) -> int:
    """Send what is due. Returns how many messages were taken. Does nothing while another worker does it."""
    if not settings.AUDIT_WEBHOOK_URL:
        return 0
    count = 0
    while not is_over() and (cursor := _claim(owner)) and (message := next_message(cursor.event_id)):
        trouble = _post(message, session)
        if not _settle(cursor, message, owner, trouble=trouble) or trouble:
            break
        count += 1
    _give_back(owner)
    return count


def next_message(after: int) -> AuditMessage | None:
    """The next events after this one, or None when all that is sealed was sent."""
    segment = AuditSegment.objects.in_order().filter(last_id__gt=after).first()
    if segment is None:
        return None
    events = AuditEvent.objects.filter(pk__gt=after, pk__lte=segment.last_id).order_by("pk")
    ids = list(events.values_list("pk", flat=True)[:EVENTS_A_MESSAGE])
    if not ids:
        return None
    rows = list(export.rows(events.filter(pk__lte=ids[-1])))
    before = AuditEvent.objects.filter(pk__gte=segment.first_id, pk__lt=ids[0]).count()
    places = {"first_position": segment.first_position + before}
    data = places | {"first_sequence": ids[0], "last_sequence": ids[-1], "segment": segment.number, "events": rows}
    return AuditMessage(f"audit-{ids[0]}-{ids[-1]}", ids[-1], _body(data))


def _body(data: dict[str, Any]) -> str:
    message = {"type": "medialib.audit", "timestamp": shared_now().isoformat(), "data": data}
    return json.dumps(message, ensure_ascii=False, separators=(",", ":"))


def _claim(owner: str) -> AuditCursor | None:
    """The place in the log, when no other worker holds it and no wait is due. It begins at what is sealed today."""
    at = shared_now()
    start = {"event_id": AuditSegment.objects.sealed_up_to()}
    AuditCursor.objects.get_or_create(name=CURSOR, defaults=start)
    free = Q(lease_until__isnull=True) | Q(lease_until__lte=at) | Q(lease_owner=owner)
    won = AuditCursor.objects.filter(free, name=CURSOR).update(lease_owner=owner, lease_until=at + LEASE)
    return AuditCursor.objects.get(name=CURSOR) if won else None


def _post(message: AuditMessage, session: requests.Session) -> str:
    kind = "application/json"
    address, secret = settings.AUDIT_WEBHOOK_URL, settings.AUDIT_WEBHOOK_SECRET
    return sending.post(session, address, name=message.id, body=message.body.encode(), content_type=kind, secret=secret)


def _settle(cursor: AuditCursor, message: AuditMessage, owner: str, *, trouble: str) -> bool:
    """Move on, or wait longer with each failure. False when another worker has taken over."""
    ours = AuditCursor.objects.filter(name=CURSOR, lease_owner=owner, event_id=cursor.event_id)
    if not trouble:
        return bool(ours.update(event_id=message.last_event, failures=0, error=""))
    wait = sending.wait_after(cursor.failures)
    if cursor.error != trouble:
        logger.warning("audit webhook not taken, trying again: %s", trouble)
    return bool(
        ours.update(failures=cursor.failures + 1, error=trouble, lease_owner="", lease_until=shared_now() + wait)
    )


def _give_back(owner: str) -> None:
    AuditCursor.objects.filter(name=CURSOR, lease_owner=owner).update(lease_owner="", lease_until=None)
