"""One signed message to an address, and how long to wait after one that was not taken."""

from __future__ import annotations

from datetime import UTC, timedelta

import requests
from standardwebhooks import Webhook

from medialib.services.base.clock import shared_now

TIMEOUTS_S = (5, 30)
FIRST_WAIT_S, LONGEST_WAIT_S = 5, 300


def post(session: requests.Session, url: str, *, name: str, body: bytes, content_type: str, secret: str) -> str:
    """Why the receiver did not take it, or an empty text. Never quotes the address, which may hold a password.

    Signed where there is a secret. `name` is the same for a message that is sent again. Source: Standard
    Webhooks.
    """
    at = shared_now().astimezone(UTC)
    headers = {"content-type": content_type, "webhook-id": name, "webhook-timestamp": str(int(at.timestamp()))}
    if secret:
        headers["webhook-signature"] = Webhook(secret).sign(name, at, body.decode(errors="replace"))
    try:
        answer = session.post(url, data=body, headers=headers, timeout=TIMEOUTS_S, allow_redirects=False)
    except requests.RequestException as error:
        return type(error).__name__
    return "" if 200 <= answer.status_code < 300 else f"HTTP {answer.status_code}"


def wait_after(failures: int) -> timedelta:
    """Longer with each failure before this one, up to LONGEST_WAIT_S."""
    return timedelta(seconds=min(LONGEST_WAIT_S, FIRST_WAIT_S * 2 ** min(failures, 10)))
