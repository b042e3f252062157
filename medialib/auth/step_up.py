"""Asks people to prove again who they are before large deletions and changes of keys and rights.

A stolen session or an unlocked screen then is not enough. The request that was interrupted is never kept: it may hold a
private key, and sessions lie in the database.
"""

from __future__ import annotations

import time
from datetime import UTC, datetime
from urllib.parse import urlencode

from allauth.account.adapter import get_adapter
from allauth.account.internal.flows.login import get_authentication_records
from django.conf import settings
from django.contrib import messages
from django.contrib.auth.models import User
from django.http import HttpRequest, HttpResponseRedirect
from django.urls import reverse
from django.utils.translation import gettext as _


def is_fresh(request: HttpRequest) -> bool:
    """Whether the person has proved who they are in this session, no longer ago than the setting allows."""
    return time.time() - _proved_at(request) < settings.ACCOUNT_REAUTHENTICATION_TIMEOUT


def proved_at(request: HttpRequest) -> datetime:
    """When the person last proved in this session who they are; long ago where the session does not say."""
    return datetime.fromtimestamp(_proved_at(request), tz=UTC)


def _proved_at(request: HttpRequest) -> float:
    assert isinstance(request.user, User)  # noqa: S101  # Only asked behind a guard that lets no stranger pass.
    return max((record.get("at", 0) for record in get_authentication_records(request, request.user)), default=0)


def ask_again(request: HttpRequest, *, then: str) -> HttpResponseRedirect:
    """To the page that asks for password, code or passkey, and from there to the address `then`."""
    messages.info(request, _("This needs a fresh sign-in. Confirm that it is you; nothing has been done yet."))
    return HttpResponseRedirect(address(request, then=then))


def address(request: HttpRequest, *, then: str) -> str:
    """Where the person can prove who they are: here, or by a new sign-in where only the provider can tell."""
    assert isinstance(request.user, User)  # noqa: S101
    ways = get_adapter().get_reauthentication_methods(request.user)
    query = urlencode({"next": then})
    if ways:
        return f"{ways[0]['url']}?{query}"
    return f"{reverse('medialib:sign-in-again')}?{query}"
