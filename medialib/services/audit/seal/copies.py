"""The second place: each anchor once more, where whoever puts back this machine and its database does not reach.

AUDIT_ANCHOR_COPY names it, and gets the lines of the anchors' own file, in their order:
/mnt/elsewhere/anchors.jsonl   a file on another mount, appended to
/mnt/bucket/anchors/           a directory, a new file each time: for storage on which nothing is written twice
https://…                      an address that takes a POST of the lines

A thread beside the work passes them on. A place in trouble holds up no seal: it gets what it lacks when it is back.
How far it came stands in a file beside the anchors, since whoever writes the database would else skip some.
"""

from __future__ import annotations

import fcntl
import hashlib
import json
import logging
import os
import socket
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass, replace
from datetime import datetime, timedelta
from pathlib import Path

import requests
from django.conf import settings

from medialib.models import AuditCursor
from medialib.services.audit import sending
from medialib.services.audit.seal import anchors
from medialib.services.base.clock import shared_now

logger = logging.getLogger(__name__)

AT_ONCE_BYTES = 256 * 1024
LATE = timedelta(minutes=10)  # What was noted here and lacks there for so long is said.
CURSOR = "anchors "  # And the machine: each passes its own on.


@dataclass(frozen=True)
class PassedOn:
    """How far the anchors' file was passed on, and since when that fails."""

    place: str = ""  # Fingerprint: another place gets everything.
    offset: int = 0
    last: str = ""  # Fingerprint of the last line: another file is passed on from its beginning.
    failures: int = 0
    error: str = ""
    again_at: str = ""


def is_address(place: str) -> bool:
    return "://" in place


def pass_on(*, session: requests.Session, is_over: Callable[[], bool] = lambda: False) -> int:
    """Give the second place the anchors that it lacks. Returns how many lines it got; none while a wait runs.

    The place's trouble is logged when it changes, and never raised. Does nothing while another process of this machine
    does it.
    """
    if not settings.AUDIT_ANCHOR_COPY:
        return 0
    count = 0
    with _turn() as is_ours:
        progress = _read_progress()
        if not is_ours or (progress.again_at and shared_now() < datetime.fromisoformat(progress.again_at)):
            return 0
        while not is_over() and (lines := _waiting(progress)):
            trouble = _give(b"".join(lines), session)
            if trouble:
                _keep(_failed(progress, trouble))
                break
            passed = progress.offset + sum(map(len, lines))
            progress, recovered = _passed(progress, passed, lines[-1]), bool(progress.error)
            _keep(progress, has_changed=recovered)
            count += len(lines)
    return count


def trouble() -> str:
    """Why the second place lacks what was noted here for longer than it takes, or an empty text."""
    if not settings.AUDIT_ANCHOR_COPY:
        return ""
    progress = _read_progress()
    first = next(filter(None, (anchors.parse(line.decode("ascii", "replace")) for line in _waiting(progress))), None)
    if first is None or not first.noted_at or shared_now() - datetime.fromisoformat(first.noted_at) < LATE:
        return ""
    why = progress.error or "no worker passes them on"
    return f"The second place of the anchors lacks what was noted from {first.noted_at} on ({why})."


def troubled_machines() -> list[AuditCursor]:
    """Machines whose second place did not take their anchors at the last attempt, for the page."""
    if not settings.AUDIT_ANCHOR_COPY:
        return []
    recent = shared_now() - timedelta(seconds=sending.LONGEST_WAIT_S)
    return list(AuditCursor.objects.filter(name__startswith=CURSOR, failures__gt=1, lease_until__gt=recent))


# --- What waits.


def _waiting(progress: PassedOn) -> list[bytes]:
    """Whole lines after the place where it was left, some of them. What a crash cut short is nobody's line."""
    try:
        with open(anchors.anchor_file(), "rb") as file:
            file.seek(progress.offset)
            data = file.read(AT_ONCE_BYTES)
    except FileNotFoundError:
        return []
    return data[: data.rfind(b"\n") + 1].splitlines(keepends=True)


def _read_progress() -> PassedOn:
    """From the beginning where there is none yet, where the place is another, or the file of anchors."""
    nothing = PassedOn(place=_fingerprint(settings.AUDIT_ANCHOR_COPY.encode()))
    try:
        progress = PassedOn(**json.loads(_progress_file().read_text(encoding="ascii")))
        if progress.place == nothing.place and _fits(progress):
            return progress
    except (OSError, ValueError, TypeError):
        pass
    return nothing


def _fits(progress: PassedOn) -> bool:
    """Whether the last line that was passed on still stands where it stood."""
    if not progress.offset:
        return True
    with open(anchors.anchor_file(), "rb") as file:
        start = max(0, progress.offset - anchors.TAIL_BYTES)
        file.seek(start)
        lines = file.read(progress.offset - start).splitlines(keepends=True)
    return bool(lines) and _fingerprint(lines[-1]) == progress.last


def _fingerprint(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()


# --- How it goes there.


def _give(data: bytes, session: requests.Session) -> str:
    """Why the place did not take it, or an empty text. Never quotes the place, which may hold a password."""
    place = settings.AUDIT_ANCHOR_COPY
    try:
        if is_address(place):
            return _post(place, data, session)
        if place.endswith("/"):
            _add_file(Path(place), data)
        else:
            anchors.write(Path(place), data)
    except OSError as error:
        return error.strerror or type(error).__name__
    return ""


def _post(url: str, data: bytes, session: requests.Session) -> str:
    name, kind = f"anchors-{_fingerprint(data)[:32]}", "application/x-ndjson"
    secret = settings.AUDIT_WEBHOOK_SECRET
    return sending.post(session, url, name=name, body=data, content_type=kind, secret=secret)


def _add_file(folder: Path, data: bytes) -> None:
    """Named by its time, so that names are in their order; never one that is there."""
    name = f"{shared_now():%Y%m%dT%H%M%S.%f}-{_fingerprint(data)[:8]}.jsonl"
    with open(os.open(folder / name, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as file:
        file.write(data)
        file.flush()
        os.fsync(file.fileno())


# --- How far it came.


def _progress_file() -> Path:
    return anchors.anchor_file().with_name(f"{anchors.anchor_file().name}.copied")


@contextmanager
def _turn() -> Iterator[bool]:
    """Whether this process may pass on now. A killed one gives its turn up by itself."""
    path = _progress_file().with_name(f"{_progress_file().name}.lock")
    with open(os.open(path, os.O_RDWR | os.O_CREAT, 0o600), "rb") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            yield False
        else:
            yield True


def _passed(progress: PassedOn, offset: int, line: bytes) -> PassedOn:
    return PassedOn(place=progress.place, offset=offset, last=_fingerprint(line))


def _failed(progress: PassedOn, why: str) -> PassedOn:
    """Wait longer with each failure."""
    if progress.error != why:
        logger.error("anchors not taken by the second place, trying again: %s", why)
    again_at = (shared_now() + sending.wait_after(progress.failures)).isoformat()
    return replace(progress, failures=progress.failures + 1, error=why, again_at=again_at)


def _keep(progress: PassedOn, *, has_changed: bool = True) -> None:
    """Written beside and moved there, so that it is whole. Pages of other machines read of trouble in the database."""
    beside = _progress_file().with_name(f"{_progress_file().name}.new")
    with open(os.open(beside, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w", encoding="ascii") as file:
        json.dump(asdict(progress), file)
    os.replace(beside, _progress_file())
    if has_changed:
        again_at = datetime.fromisoformat(progress.again_at) if progress.again_at else None
        facts = {"failures": progress.failures, "error": progress.error[:200], "lease_until": again_at}
        AuditCursor.objects.update_or_create(name=f"{CURSOR}{socket.gethostname()}"[:40], defaults=facts)
