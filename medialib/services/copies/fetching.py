"""Downloads one file into the storage, in a thread of its own: no database here."""

from __future__ import annotations

import hashlib
import logging
import threading
from collections.abc import Callable
from dataclasses import dataclass

from medialib.imagekit.client import ImageKitClient
from medialib.imagekit.errors import BadOriginal, ImageKitError
from medialib.imagekit.originals import Original, Originals, Stopped
from medialib.imagekit.types import RemoteFile
from medialib.services.copies import storage
from medialib.services.copies.storage import StorageTrouble

logger = logging.getLogger(__name__)

TRIES = 3
FIRST_WAIT_S = 0.5


@dataclass(frozen=True)
class Fetched:
    """How the copy of one file ended. Exactly one of `name`, `error`, `trouble` and `was_stopped` says it."""

    file: RemoteFile
    name: str = ""  # In the storage.
    sha256: str = ""
    error: str = ""  # Why there is no copy, and will be none.
    trouble: StorageTrouble | None = None
    was_stopped: bool = False


def fetch(
    file: RemoteFile, *, account_id: int, client: ImageKitClient, originals: Originals, over: threading.Event
) -> Fetched:
    """Copy the file as ImageKit lists it. Never raises: the report says what went wrong."""
    original = Original(file.path, file.size_bytes, file.updated_at, file.is_private)
    try:
        storage.require_room(file.size_bytes)
        for attempt in range(TRIES):
            try:
                name, sha256 = _copied(original, account_id, client, originals, over.is_set)
                return Fetched(file, name=name, sha256=sha256)
            except ImageKitError as error:
                if isinstance(error, BadOriginal) or attempt + 1 == TRIES:
                    return Fetched(file, error=str(error))
            if over.wait(FIRST_WAIT_S * 2**attempt):
                raise Stopped
    except Stopped:
        return Fetched(file, was_stopped=True)
    except StorageTrouble as trouble:
        return Fetched(file, trouble=trouble)
    except Exception as error:
        logger.exception("copy failed unexpectedly")
        return Fetched(file, error=f"unexpected {type(error).__name__}")
    return Fetched(file, was_stopped=True)


def _copied(
    original: Original, account_id: int, client: ImageKitClient, originals: Originals, is_over: Callable[[], bool]
) -> tuple[str, str]:
    sha256 = hashlib.sha256()
    out, path = storage.begin()
    try:
        with out:

            def write(chunk: bytes) -> None:
                sha256.update(chunk)
                try:
                    out.write(chunk)
                except OSError as error:
                    raise StorageTrouble.of(error) from error

            originals.download(client, original, write, is_over=is_over)
            try:
                out.flush()
            except OSError as error:
                raise StorageTrouble.of(error) from error
        name = storage.new_name(account_id, sha256.hexdigest())
        storage.put(path, name)
    finally:
        path.unlink(missing_ok=True)
    return name, sha256.hexdigest()
