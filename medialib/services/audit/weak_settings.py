"""Settings that weaken safety are an event of the log when a process starts with them, so nobody finds out later."""

from __future__ import annotations

import logging
import threading
from datetime import timedelta

from django.conf import settings
from django.db import DatabaseError, connection
from django.utils.timezone import now

from medialib.models import AuditEvent, EventKind
from medialib.services.audit import log

logger = logging.getLogger(__name__)
NOT_AGAIN_WITHIN = timedelta(minutes=10)  # A web server starts several processes at once.


def weak_settings() -> list[str]:
    """What is on that should not be, each in a few words."""
    found = {
        "DEBUG is on": settings.DEBUG,
        "IMAGEKIT_ALLOW_PRIVATE_API is on": settings.IMAGEKIT_ALLOW_PRIVATE_API,
        "UNDO_WINDOW_S is 0": settings.UNDO_WINDOW_S == 0,
        "BREAKER_PERCENT is 100": settings.BREAKER_PERCENT >= 100,
        "IMAGEKIT_HEADROOM is 0": settings.IMAGEKIT_HEADROOM == 0,
        "SECURE_SSL_REDIRECT is off": not settings.SECURE_SSL_REDIRECT,
    }
    return [text for text, is_weak in found.items() if is_weak]


def record_weak_settings(process: str) -> None:
    """Called when `process` (“web” or “worker”) starts. It says nothing of a database that is not ready."""
    if found := weak_settings():
        try:
            _record(process, found)
        except DatabaseError as error:
            logger.warning("weak settings not recorded: %s", error)


def record_at_web_start() -> None:
    """In a thread of its own: a web server that loads us inside an event loop may not wait for a database."""
    threading.Thread(target=_record_and_close, name="weak settings").start()


def _record_and_close() -> None:
    try:
        record_weak_settings("web")
    finally:
        connection.close()


def _record(process: str, found: list[str]) -> None:
    detail = {"process": process, "settings": found}
    recent = AuditEvent.objects.filter(event=EventKind.SETTINGS_WEAK, time__gte=now() - NOT_AGAIN_WITHIN)
    if detail not in list(recent.values_list("detail", flat=True)):
        log.record(EventKind.SETTINGS_WEAK, detail=detail)
