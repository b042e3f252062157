"""Sends notices, with longer and longer waits where they are not taken.

Never twice for one thing: mail, Slack and Teams cannot tell a repeated message, so one whose answer did not come, or
whose worker was killed over it, counts as told. A webhook is sent again under the same id, as Standard Webhooks has it.
"""

from __future__ import annotations

import json
import logging
from collections.abc import Callable
from contextlib import suppress
from datetime import datetime, timedelta
from smtplib import SMTPException, SMTPRecipientsRefused, SMTPResponseException
from typing import Any

import requests
from django.core.mail import EmailMessage, get_connection
from django.core.mail.backends.base import BaseEmailBackend
from django.db.models import F
from django.utils.translation import gettext as _
from django.utils.translation import override
from django.views.decorators.debug import sensitive_variables

from medialib.errors import MedialibError
from medialib.imagekit.pool import new_session
from medialib.models import Notice, NoticeChannel, NoticeRoute, NoticeState
from medialib.services.accounts import addresses, vault
from medialib.services.audit import sending
from medialib.services.base.clock import shared_now
from medialib.services.notices import gathering, words
from medialib.services.notices.words import TRIAL, NoticeWords

logger = logging.getLogger(__name__)

AT_ONCE = 50
MOST_ATTEMPTS = 20  # An hour and a half, by sending.wait_after.
HELD_FOR = timedelta(minutes=2)  # Longer than one call can take.
JSON = "application/json"
UNSURE = "no answer came: it may not have arrived"
NO_ANSWER = {requests.ReadTimeout.__name__, "NoAnswer"}


def session() -> requests.Session:
    """One that is led to no private address: people write down where notices go."""
    return new_session(addresses.is_allowed_peer)


def deliver_due(*, session: requests.Session, is_over: Callable[[], bool] = lambda: False) -> int:
    """Send what is due. Returns how many were taken."""
    _take_up_lost(shared_now())
    count = 0
    due = Notice.objects.due(shared_now()).select_related("route__user", "account").order_by("pk")
    for notice in list(due[:AT_ONCE]):
        if is_over():
            break
        if _claim(notice):
            count += _deliver(notice, session)
    return count


def _take_up_lost(at: datetime) -> None:
    """What a worker was sending when it was killed."""
    lost = Notice.objects.filter(state=NoticeState.SENDING, not_before__lte=at)
    lost.filter(route__channel=NoticeChannel.WEBHOOK).update(state=NoticeState.WAITING)
    lost.exclude(route__channel=NoticeChannel.WEBHOOK).update(state=NoticeState.SENT, settled_at=at, error=UNSURE)


def _claim(notice: Notice) -> bool:
    waiting = Notice.objects.filter(pk=notice.pk, state=NoticeState.WAITING)
    held = {"state": NoticeState.SENDING, "not_before": shared_now() + HELD_FOR}
    return bool(waiting.update(attempts=F("attempts") + 1, **held))


def _deliver(notice: Notice, session: requests.Session) -> int:
    user = notice.route.user
    if not (gathering.may_know(user, notice.kind) and notice.account_id in gathering.visible_accounts(user)):
        _settle(notice, NoticeState.DROPPED)
        return 0
    trouble = send(notice, session)
    if not trouble or (trouble in NO_ANSWER and notice.route.channel != NoticeChannel.WEBHOOK):
        _settle(notice, NoticeState.SENT, error=UNSURE if trouble else "")
        return 1
    attempts = notice.attempts + 1
    if attempts >= MOST_ATTEMPTS:
        logger.warning("notice given up notice=%s: %s", notice.pk, trouble)
        _settle(notice, NoticeState.FAILED, error=trouble)
        return 0
    again = shared_now() + sending.wait_after(notice.attempts)
    Notice.objects.filter(pk=notice.pk).update(state=NoticeState.WAITING, not_before=again, error=trouble[:200])
    return 0


def _settle(notice: Notice, state: NoticeState, *, error: str = "") -> None:
    Notice.objects.filter(pk=notice.pk).update(state=state, settled_at=shared_now(), not_before=None, error=error[:200])


def try_out(route: NoticeRoute, session: requests.Session) -> str:
    """Send one that tells of nothing, at once. Why it was not taken, or an empty text."""
    at = shared_now()
    return send(Notice(route=route, key=f"trial:{at:%Y%m%d%H%M%S}", kind=TRIAL, noted_at=at), session)


@sensitive_variables("address", "secret")
def send(notice: Notice, session: requests.Session) -> str:
    """Why it was not taken, or an empty text. The address is never in it."""
    route, said = notice.route, words.of(notice)
    if route.channel == NoticeChannel.MAIL:
        return _mail(notice, said)
    try:
        address = vault.decrypt(route.ciphertext)
        secret = vault.decrypt(route.secret_ciphertext) if route.secret_ciphertext else ""
        addresses.refuse_private(address, what=addresses.RECEIVER)
    except MedialibError as error:
        return str(error)
    body = json.dumps(_BODIES[route.channel](notice, said), ensure_ascii=False).encode()
    name = f"notice-{route.pk}-{notice.key}"
    return sending.post(session, address, name=name, body=body, content_type=JSON, secret=secret)


def _mail(notice: Notice, said: NoticeWords) -> str:
    user = notice.route.user
    with override(notice.route.language):
        why = _("You chose to be told of this in medialib, under “Notices”.")
    mail = EmailMessage(
        f"[medialib] {said.subject}",
        "\n\n".join(filter(None, [said.subject + ".", said.link, why])),
        to=[user.email],
        headers={"Auto-Submitted": "auto-generated"},
    )
    connection = get_connection()
    try:
        connection.open()
    except (SMTPException, OSError) as error:
        return type(error).__name__
    try:
        connection.send_messages([mail])
    except (SMTPResponseException, SMTPRecipientsRefused, ValueError) as error:
        return type(error).__name__
    except (SMTPException, OSError):
        return "NoAnswer"
    finally:
        _close(connection)
    return ""


def _close(connection: BaseEmailBackend) -> None:
    with suppress(SMTPException, OSError):
        connection.close()


def _slack(notice: Notice, said: NoticeWords) -> dict[str, Any]:
    """Source: Slack, “Formatting text for app surfaces”: these three are escaped."""
    text = said.subject.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
    return {"text": f"{text}\n<{said.link}>" if said.link else text}


def _teams(notice: Notice, said: NoticeWords) -> dict[str, Any]:
    """An adaptive card, as workflows of Teams take it."""
    card: dict[str, Any] = {
        "$schema": "http://adaptivecards.io/schemas/adaptive-card.json",
        "type": "AdaptiveCard",
        "version": "1.4",
        "body": [{"type": "TextBlock", "text": said.subject, "wrap": True}],
    }
    if said.link:
        card["actions"] = [{"type": "Action.OpenUrl", "title": "medialib", "url": said.link}]
    return {
        "type": "message",
        "attachments": [{"contentType": "application/vnd.microsoft.card.adaptive", "content": card}],
    }


def _standard(notice: Notice, said: NoticeWords) -> dict[str, Any]:
    account = notice.account.name if notice.account_id else ""
    data = {"account": account, "job": notice.job_id, "subject": said.subject, "link": said.link}
    at = notice.noted_at.isoformat()
    return {"type": f"medialib.{notice.kind}", "timestamp": at, "data": data | {"facts": notice.facts}}


_BODIES: dict[str, Callable[[Notice, NoticeWords], dict[str, Any]]] = {
    NoticeChannel.SLACK: _slack,
    NoticeChannel.TEAMS: _teams,
    NoticeChannel.WEBHOOK: _standard,
}
