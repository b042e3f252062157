"""Signing in and out, recorded in the audit log."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django.contrib.auth.signals import user_logged_in, user_logged_out, user_login_failed
from django.dispatch import receiver

from medialib.auth.clients import address_of
from medialib.models import EventKind
from medialib.services.audit import log
from medialib.services.audit.log import Actor

if TYPE_CHECKING:
    from django.contrib.auth.models import User
    from django.http import HttpRequest

MAX_NAME = 150


@receiver(user_logged_in, dispatch_uid="medialib.signed_in")
def record_signed_in(request: HttpRequest | None, user: User, **kwargs: Any) -> None:
    log.record(EventKind.SIGNED_IN, actor=Actor.person(user, address=address_of(request)))


@receiver(user_logged_out, dispatch_uid="medialib.signed_out")
def record_signed_out(request: HttpRequest | None, user: User | None, **kwargs: Any) -> None:
    if user is not None:  # Nobody was signed in.
        log.record(EventKind.SIGNED_OUT, actor=Actor.person(user, address=address_of(request)))


@receiver(user_login_failed, dispatch_uid="medialib.sign_in_failed")
def record_sign_in_failed(credentials: dict[str, Any], request: HttpRequest | None = None, **kwargs: Any) -> None:
    """Keeps the name that was tried, and never another part of the credentials."""
    tried = "".join(letter for letter in str(credentials.get("username", "")) if letter.isprintable())
    log.record(EventKind.SIGN_IN_FAILED, actor=Actor(name=tried[:MAX_NAME], address=address_of(request)))
