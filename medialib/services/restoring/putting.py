"""Puts one file back, in a thread of its own: no database here. Every end comes from evidence.

What is at the path is never replaced: each upload says `overwriteFile=false` and `useUniqueFileName=false`, so that one
that is sent twice makes one file. A lost answer is looked up by path before anything is repeated.
"""

from __future__ import annotations

import hashlib
import logging
import threading
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any

from medialib.imagekit.client import ImageKitClient
from medialib.imagekit.errors import (
    AnswerLost,
    BadOriginal,
    BadRequest,
    ImageKitError,
    KeyRejected,
    NotSent,
    RateLimited,
)
from medialib.imagekit.originals import Original, Originals, Stopped
from medialib.imagekit.types import RemoteFile
from medialib.imagekit.uploads import Upload
from medialib.models import RestoreOutcome
from medialib.services.copies import storage
from medialib.services.copies.storage import StorageTrouble
from medialib.services.deletion.calls import ReadPace

logger = logging.getLogger(__name__)

TRIES = 4
FIRST_WAIT_S = 1.0
LOOK_AGAIN_S = 2.0  # A list may lag behind an upload, and an upload may still be at work after its answer was lost.
LOOKS_AFTER_LOSS = 3
MOST_PAGES = 50
CHUNK = 256 * 1024


@dataclass(frozen=True)
class PutWish:
    """One file of a restore, with all that its copy knows."""

    item_id: int
    file_id: str
    path: str
    beside: str  # Where it goes when another file is at its path and both are to be kept; "" when they are not.
    size_bytes: int
    sha256: str
    name: str  # In the storage; "" when the copy is gone.
    was_sent: bool  # An earlier worker may have uploaded it.
    may_send: bool = True  # False in a restore that is being cancelled: it is only looked up.
    is_private: bool = False
    is_published: bool = True
    tags: tuple[str, ...] = ()
    custom_metadata: dict[str, Any] = field(default_factory=dict)
    custom_coordinates: str = ""
    description: str = ""
    created_at: datetime | None = None


@dataclass(frozen=True)
class Put:
    """How it ended: with an outcome and its evidence, or with why the job cannot go on now."""

    wish: PutWish
    outcome: RestoreOutcome | None = None
    evidence: str = ""
    file: RemoteFile | None = None
    http_status: int | None = None
    stop_cause: str = ""


class Hands:
    """What the threads of one run share."""

    def __init__(
        self,
        client: ImageKitClient,
        originals: Originals,
        *,
        upload_url: str,
        read_pace: ReadPace,
        over: threading.Event,
    ) -> None:
        self.client, self.originals, self.upload_url = client, originals, upload_url
        self.read_pace, self.over = read_pace, over
        self.takes_dates = True  # Until ImageKit refuses one: only some accounts allow the reserved field.

    def put_back(self, wish: PutWish) -> Put:
        """Never raises: the report says what went wrong."""
        try:
            return self._put_back(wish)
        except Stopped:
            return Put(wish)
        except StorageTrouble as trouble:
            return Put(wish, stop_cause=f"The storage of the copies fails ({trouble}).")
        except KeyRejected as error:
            return Put(wish, stop_cause=f"ImageKit refused the account's key: {error}")
        except RateLimited as error:
            return Put(wish, stop_cause=f"ImageKit asks to wait for too long: {error}")
        except NotSent as error:
            return Put(wish, stop_cause=f"ImageKit cannot be reached: {error}")
        except ImageKitError as error:
            return self._end(wish, RestoreOutcome.UNVERIFIED, f"The look-up was impossible: {error}")
        except Exception as error:
            logger.exception("restore failed unexpectedly item=%s", wish.item_id)
            return self._end(wish, RestoreOutcome.UNVERIFIED, f"Unexpected {type(error).__name__}.")

    def _put_back(self, wish: PutWish) -> Put:
        if there := self._at(wish.path):
            return self._beside(wish, there) if wish.beside else self._of_what_is_there(wish, there)
        return self._upload(wish, wish.path)

    def _beside(self, wish: PutWish, there: RemoteFile) -> Put:
        end = self._of_what_is_there(wish, there)
        if end.outcome != RestoreOutcome.CONFLICT:
            return end
        if own := self._at(wish.beside):
            return self._of_what_is_there(wish, own)
        return self._upload(wish, wish.beside)

    def _upload(self, wish: PutWish, path: str) -> Put:
        if end := self._why_not_sent(wish):
            return end
        for attempt in range(TRIES):
            if self.over.is_set():
                raise Stopped
            is_dated = self.takes_dates and wish.created_at is not None
            try:
                return self._of_answer(wish, path, self._send(wish, path, is_dated=is_dated))
            except BadRequest as error:
                return self._of_refusal(wish, path, error, is_dated=is_dated)
            except (RateLimited, NotSent) as error:
                if attempt + 1 == TRIES:
                    raise
                self._sleep(getattr(error, "retry_after_s", None) or FIRST_WAIT_S * 2**attempt)
            except AnswerLost:
                if end := self._after_loss(wish, path):
                    return end
        return self._end(wish, RestoreOutcome.FAILED, f"{TRIES} uploads got no answer; look-ups found nothing there.")

    def _why_not_sent(self, wish: PutWish) -> Put | None:
        if not wish.may_send:
            said = "The restore was cancelled; a look-up found nothing at its path."
            return self._end(wish, RestoreOutcome.CANCELLED, said)
        if not wish.name:
            return self._end(wish, RestoreOutcome.FAILED, "There is no copy of it any more.")
        if (found := self._hash_of_copy(wish)) != (wish.size_bytes, wish.sha256):
            said = "The copy is not what was kept: its SHA-256 or size is another. Nothing was uploaded."
            logger.error("copy changed item=%s size=%s", wish.item_id, found[0])
            return self._end(wish, RestoreOutcome.FAILED, said)
        return None

    def _send(self, wish: PutWish, path: str, *, is_dated: bool) -> RemoteFile:
        upload = Upload(
            path=path,
            file=storage.read(wish.name),
            size_bytes=wish.size_bytes,
            tags=wish.tags,
            custom_metadata=wish.custom_metadata,
            custom_coordinates=wish.custom_coordinates,
            description=wish.description,
            is_private=wish.is_private,
            is_published=wish.is_published,
            created_at=wish.created_at if is_dated else None,
        )
        with upload.file:
            return self.client.upload_file(self.upload_url, upload)

    def _of_answer(self, wish: PutWish, path: str, answer: RemoteFile) -> Put:
        said = [f"ImageKit took it (HTTP 200), as {answer.file_id}."]
        if answer.path != path:
            said.append(f"It gave it another path: {answer.path}.")
        if answer.size_bytes != wish.size_bytes:
            text = f"ImageKit answered with {answer.size_bytes:,} bytes instead of {wish.size_bytes:,}; look at it."
            return replace(self._end(wish, RestoreOutcome.UNVERIFIED, text), file=answer)
        return self._restored(wish, answer, " ".join(said))

    def _of_refusal(self, wish: PutWish, path: str, error: BadRequest, *, is_dated: bool) -> Put:
        """A 400 did nothing. Something may be at the path by now; else the original date may not be allowed here."""
        if there := self._at(path):
            return self._of_what_is_there(wish, there)
        if is_dated:
            self.takes_dates = False
            return self._upload(wish, path)
        return replace(
            self._end(wish, RestoreOutcome.FAILED, f"ImageKit refused it: {error}"), http_status=error.http_status
        )

    def _after_loss(self, wish: PutWish, path: str) -> Put | None:
        """What became of an upload whose answer was lost; None when it may be sent again."""
        for _ in range(LOOKS_AFTER_LOSS):
            if there := self._at(path):
                return self._of_what_is_there(replace(wish, was_sent=True), there)
            self._sleep(LOOK_AGAIN_S)
        return None

    def _of_what_is_there(self, wish: PutWish, there: RemoteFile) -> Put:
        """What the file at the path is, by its bytes: ours, the same, or another."""
        if there.size_bytes != wish.size_bytes:
            said = f"Another file is at {there.path} ({there.file_id}, {there.size_bytes:,} bytes). It was not touched."
            return replace(self._end(wish, RestoreOutcome.CONFLICT, said), file=there)
        try:
            same = self._hash_at(there) == wish.sha256
        except BadOriginal as error:
            said = f"A file of this size is at {there.path} ({there.file_id}); its bytes could not be compared: {error}"
            outcome = RestoreOutcome.UNVERIFIED if wish.was_sent else RestoreOutcome.CONFLICT
            return replace(self._end(wish, outcome, said), file=there)
        if not same:
            said = f"Another file is at {there.path} ({there.file_id}), with other bytes. It was not touched."
            return replace(self._end(wish, RestoreOutcome.CONFLICT, said), file=there)
        if wish.was_sent and there.file_id != wish.file_id:
            said = f"The answer was lost; a look-up found it there with the same bytes (SHA-256), as {there.file_id}."
            return self._restored(wish, there, said)
        said = f"The same bytes (SHA-256) are at {there.path} already, as {there.file_id}."
        return replace(self._end(wish, RestoreOutcome.ALREADY_THERE, said), file=there)

    def _restored(self, wish: PutWish, file: RemoteFile, evidence: str) -> Put:
        """With the file as its own address describes it, for the index; the answer to an upload knows less."""
        if wish.created_at and not self.takes_dates:
            evidence += " The account does not take the original date."
        try:
            self.read_pace.wait()
            file = self.client.file_details(file.file_id)
        except ImageKitError:
            logger.warning("restored file not read again item=%s", wish.item_id)
        return replace(self._end(wish, RestoreOutcome.RESTORED, evidence), file=file)

    def _hash_of_copy(self, wish: PutWish) -> tuple[int, str]:
        digest, size = hashlib.sha256(), 0
        with storage.read(wish.name) as file:
            while chunk := file.read(CHUNK):
                if self.over.is_set():
                    raise Stopped
                digest.update(chunk)
                size += len(chunk)
        return size, digest.hexdigest()

    def _hash_at(self, there: RemoteFile) -> str:
        digest = hashlib.sha256()
        original = Original(there.path, there.size_bytes, there.updated_at, there.is_private)
        self.originals.download(self.client, original, digest.update, is_over=self.over.is_set)
        return digest.hexdigest()

    def _at(self, path: str) -> RemoteFile | None:
        """The file that is at the path now; None when a whole answer has none."""
        folder, _, name = path.rpartition("/")
        # How a quote is escaped there is not documented, so such a name is looked for in the whole folder.
        is_plain = name.isprintable() and not set(name) & set('"\\')
        query = f'type = "file" AND name = "{name}"' if is_plain else None
        skip = 0
        for _page in range(MOST_PAGES):
            self.read_pace.wait()
            page = self.client.list_files(path=folder or "/", search_query=query, skip=skip)
            for file in page.files:
                if file.path == path:
                    return file
            if not page.row_count:
                return None
            skip += page.row_count
        raise AnswerLost("The folder holds too many files to look through.", http_status=200)

    def _sleep(self, seconds: float) -> None:
        if self.over.wait(min(seconds, 60.0)):
            raise Stopped

    @staticmethod
    def _end(wish: PutWish, outcome: RestoreOutcome, evidence: str) -> Put:
        return Put(wish, outcome, evidence)
