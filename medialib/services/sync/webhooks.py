"""Events that ImageKit sends when a file comes, changes or goes. They keep the index fresh between two syncs.

They are hints: they may come late, twice, out of order or not at all, so the next full sync has the last word.
"""

from __future__ import annotations

import json
import logging
from collections.abc import Mapping
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any

from django.db import transaction
from django.utils.timezone import now
from django.views.decorators.debug import sensitive_variables

from medialib.errors import Refused, WrongUse
from medialib.imagekit.types import RemoteFile
from medialib.models import Account, Asset, EventKind, WebhookReceipt, WebhookSecret
from medialib.services.accounts import vault
from medialib.services.audit import log
from medialib.services.audit.log import SYSTEM, Actor
from medialib.services.base.wake import wake
from medialib.services.library import summary
from medialib.services.sync import subtrees
from medialib.services.sync.indexing import index_file
from medialib.services.sync.webhook_signatures import TOLERANCE_S, is_signed

logger = logging.getLogger(__name__)

# imagekitio 5.11, WebhookEventType.
FILE_EVENTS = ("file.created", "file.updated", "file.deleted")
VERSION_EVENTS = ("file-version.created", "file-version.deleted")
FOLDER_EVENTS = ("folder.created", "folder.updated", "folder.deleted")
MOST_TEXT = 15_000  # Of a path: 50 levels of 255 letters, and more.
LONGEST_SECRET = 300
MOST_BYTES = 1024 * 1024
# An older event is refused by its time stamp, so its id need not be remembered for longer; twice that, for clocks.
REMEMBERED = timedelta(seconds=4 * TOLERANCE_S)


class EventFate(StrEnum):
    """What became of an event."""

    DONE = "done"
    REPEATED = "repeated"
    IGNORED = "ignored"  # Of a kind, or about a file, that the index has no use for.


class NotSigned(Refused):
    """The event does not come from ImageKit, as far as can be told."""


@sensitive_variables("secret")
def set_secret(account: Account, *, secret: str, actor: Actor = SYSTEM) -> None:
    """Store what ImageKit signs the account's events with, encrypted. Raises WrongUse for what can be none."""
    secret = secret.strip()
    if not secret or len(secret) > LONGEST_SECRET or not secret.isascii() or not secret.isprintable() or " " in secret:
        raise WrongUse("The webhook secret is one word of printable letters, such as whsec_…; copy it from ImageKit.")
    with transaction.atomic():
        WebhookSecret.objects.update_or_create(account=account, defaults={"ciphertext": vault.encrypt(secret)})
        _record(account, "set", actor=actor)


def forget_secret(account: Account, *, actor: Actor = SYSTEM) -> bool:
    """Stop listening to ImageKit's events for this account. Returns whether anything was to forget."""
    with transaction.atomic():
        count, _ = WebhookSecret.objects.filter(account=account).delete()
        if count:
            _record(account, "removed", actor=actor)
    return count > 0


def _record(account: Account, what: str, *, actor: Actor) -> None:
    log.record(EventKind.ACCOUNT_CHANGED, actor=actor, account=account, detail={"webhook_secret": what})


def receive(account_name: str, headers: Mapping[str, str], body: bytes) -> EventFate:
    """Take an event in. Raises NotSigned for one that is not from ImageKit, WrongUse for one that makes no sense.

    If this fails in any other way nothing of it is kept, so that ImageKit may send it again.
    """
    at = now()
    account = _sender(account_name, headers, body, at=at)
    event = _event(body)
    with transaction.atomic():
        if not WebhookReceipt.objects.take(account, event["id"], at=at):
            return EventFate.REPEATED
        answer = _apply(account, event, at=at)
    logger.info("webhook account=%s type=%s answer=%s", account.name, event["type"], answer)
    return answer


def _sender(account_name: str, headers: Mapping[str, str], body: bytes, *, at: datetime) -> Account:
    stored = WebhookSecret.objects.select_related("account").filter(account__name=account_name).first()
    # One answer for an unknown account, one without a secret and a wrong signature: nobody learns which it was.
    if stored is None or not is_signed(vault.decrypt(stored.ciphertext), headers, body, at=at):
        raise NotSigned("The signature does not fit.")
    return stored.account


def _event(body: bytes) -> dict[str, Any]:
    try:
        event = json.loads(body)
    except (ValueError, RecursionError):
        raise WrongUse("The event is not JSON.") from None
    if not isinstance(event, dict) or not isinstance(event.get("data"), dict):
        raise WrongUse("The event has no data.")
    kind, event_id = event.get("type"), event.get("id")
    if not isinstance(kind, str) or not isinstance(event_id, str) or not 0 < len(event_id) <= 200 or "\0" in event_id:
        raise WrongUse("The event has no type or no id.")
    return {"type": kind, "id": event_id, "data": event["data"]}


def _apply(account: Account, event: Mapping[str, Any], *, at: datetime) -> EventFate:
    if event["type"] in ("file.created", "file.updated"):
        file = RemoteFile.from_json(event["data"])
        is_news = file is not None and index_file(account, file)
    elif event["type"] == "file.deleted":
        is_news = _mark_gone(account, event["data"].get("fileId"))
    elif event["type"] in FOLDER_EVENTS and (path := _text(event["data"].get("folderPath"))):
        wake("reread_folder", account.pk, path)  # It tells of no file in it: a rename sends nothing else.
        return EventFate.DONE
    elif event["type"] in VERSION_EVENTS and (file_id := _text(event["data"].get("fileId"))):
        wake("reread_file", account.pk, file_id)
        return EventFate.DONE
    else:
        return EventFate.IGNORED
    if is_news:
        summary.mark_stale(account.pk)
    return EventFate.DONE if is_news else EventFate.IGNORED


def _mark_gone(account: Account, file_id: object) -> bool:
    asset = Asset.objects.live(account).filter(file_id=_text(file_id)).first()
    return asset is not None and subtrees.mark_gone(asset)


def _text(value: object) -> str:
    return value.replace("\0", "") if isinstance(value, str) and len(value) <= MOST_TEXT else ""


def forget_receipts() -> None:
    """Remove the ids of events that are too old to be sent again."""
    WebhookReceipt.objects.filter(received_at__lt=now() - REMEMBERED).delete()
