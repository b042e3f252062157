"""One call to ImageKit in a thread of its own: no database here, so that a slow answer holds no connection."""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Collection, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from datetime import datetime

from django.utils.timezone import now

from medialib.imagekit.client import ImageKitClient
from medialib.imagekit.errors import AnswerLost, BadRequest, FileMissing, ImageKitError, KeyRejected, RateLimited
from medialib.imagekit.types import DeleteAnswer, RemoteFile
from medialib.services.accounts.key_checks import knows_any
from medialib.services.accounts.pacing import MAX_BLOCK_S
from medialib.services.deletion.claim import Claim
from medialib.services.deletion.looks import Look

logger = logging.getLogger(__name__)

LOOK_UP_THREADS = 8
PATIENT_TRIES = 8  # A look-up that is told to wait does so: what it would find out is worth more than the time.
LONGEST_READ_WAIT_S = 30.0
STRANGER = (
    "it knows none of these files, nor others of the account's index, so it may open another ImageKit account. "
    "If the files were all removed at ImageKit, sync the account first."
)


class Gate:
    """Closed for all threads of this process the moment one of them is told to wait."""

    def __init__(self) -> None:
        self._closed_until = 0.0

    def close_for(self, seconds: float) -> None:
        self._closed_until = max(self._closed_until, time.monotonic() + min(seconds, MAX_BLOCK_S))

    def is_open(self) -> bool:
        return time.monotonic() >= self._closed_until


class ReadPace:
    """Keeps the look-ups of this process to so many reads a second, well below ImageKit's limit for reads."""

    def __init__(self, per_second: float) -> None:
        self._gap_s, self._lock, self._next_at = 1 / per_second, threading.Lock(), 0.0

    def wait(self) -> None:
        """Sleep until it is this caller's turn."""
        with self._lock:
            turn = max(self._next_at, time.monotonic())
            self._next_at = turn + self._gap_s
        time.sleep(max(0.0, turn - time.monotonic()))


@dataclass(frozen=True)
class CallReport:
    """How one call ended. Exactly one of `answer`, `gone`, `error` and `was_held` says what came of it."""

    claim: Claim
    sent_at: datetime
    answered_at: datetime
    latency_s: float
    answer: DeleteAnswer | None = None
    gone: frozenset[str] | None = None
    error: ImageKitError | None = None
    was_held: bool = False

    @property
    def http_status(self) -> int | None:
        return self.answer.http_status if self.answer else self.error.http_status if self.error else None

    @property
    def request_id(self) -> str:
        return self.answer.request_id if self.answer else self.error.request_id if self.error else ""


def perform(client: ImageKitClient, claim: Claim, gate: Gate, read_pace: ReadPace) -> CallReport:
    """Send the delete call when it is due, or look the files up. Never raises: the report says what went wrong."""
    time.sleep(max(0.0, claim.send_at - time.monotonic()))
    sent_at, started = now(), time.monotonic()

    def report(
        *,
        answer: DeleteAnswer | None = None,
        gone: frozenset[str] | None = None,
        error: ImageKitError | None = None,
        was_held: bool = False,
    ) -> CallReport:
        return CallReport(claim, sent_at, now(), time.monotonic() - started, answer, gone, error, was_held)

    try:
        if claim.is_look_up or not claim.file_ids:
            return report(gone=_missing_of(client, claim.file_ids, read_pace))
        if not gate.is_open() or not claim.is_still_ours() or not claim.is_look_fresh():
            return report(was_held=True)
        return report(answer=client.delete_files(claim.file_ids))
    except ImageKitError as error:
        if isinstance(error, RateLimited) and not claim.is_look_up:
            gate.close_for(error.retry_after_s or 1.0)
        return report(error=error)
    except Exception as error:
        logger.exception("call failed unexpectedly batch=%s", claim.batch_id)
        return report(error=AnswerLost(f"unexpected {type(error).__name__}"))


@dataclass(frozen=True)
class LookReport:
    """How a look before a call ended: with a look, or with an error."""

    claim: Claim
    look: Look | None = None
    error: ImageKitError | None = None
    latency_s: float = 0.0
    is_doubt_over: bool = False  # It found nothing, and the key knows other files of the account.


def perform_look(client: ImageKitClient, claim: Claim, gate: Gate, read_pace: ReadPace) -> LookReport:
    """Read the files of a batch when it is due: one search, and for what it does not find each file's own address.

    Never raises: the report says what went wrong.
    """
    time.sleep(max(0.0, claim.send_at - time.monotonic()))
    asked_s = time.monotonic()
    try:
        found = client.find_files(claim.file_ids)
        files, gone = dict(found.files), set[str]()
        missed = [file_id for file_id in claim.file_ids if file_id not in files]
        for file_id, file in _details_of(client, missed, read_pace, never_seen=claim.never_seen):
            if file is None:
                gone.add(file_id)
            else:  # A search may lag behind an upload.
                files[file_id] = file
        look = Look(
            files=files,
            gone=frozenset(gone),
            asked_s=asked_s,
            answered_s=time.monotonic(),
            request_id=found.request_id,
        )
        return LookReport(claim, look=look, latency_s=look.answered_s - asked_s)
    except ImageKitError as error:
        if isinstance(error, RateLimited):
            gate.close_for(error.retry_after_s or 1.0)
        return LookReport(claim, error=error, latency_s=time.monotonic() - asked_s)
    except Exception as error:
        logger.exception("look failed unexpectedly batch=%s", claim.batch_id)
        return LookReport(claim, error=AnswerLost(f"unexpected {type(error).__name__}"))


def perform_doubt(client: ImageKitClient, report: LookReport, witnesses: Sequence[str]) -> LookReport:
    """Check a look that found nothing against files that the account's own key knows. Never raises."""
    try:
        if not witnesses or knows_any(client, witnesses):
            return replace(report, is_doubt_over=True)
        return replace(report, look=None, error=KeyRejected(STRANGER))
    except ImageKitError as error:
        return replace(report, look=None, error=error)
    except Exception as error:
        logger.exception("doubt failed unexpectedly batch=%s", report.claim.batch_id)
        return replace(report, look=None, error=AnswerLost(f"unexpected {type(error).__name__}"))


def _missing_of(client: ImageKitClient, file_ids: Sequence[str], read_pace: ReadPace) -> frozenset[str]:
    """Which of the files are gone, asked one by one by id.

    A search for all of them would be one call, but nothing says that ImageKit's search sees a deletion at once
    (imagekit-api, "List and search"); and emptiness is no evidence.
    """

    return frozenset(file_id for file_id, file in _details_of(client, file_ids, read_pace) if file is None)


def _details_of(
    client: ImageKitClient, file_ids: Sequence[str], read_pace: ReadPace, *, never_seen: Collection[str] = ()
) -> list[tuple[str, RemoteFile | None]]:
    """Each file as its own address describes it; None for one that is gone.

    ImageKit answers 400 for what does not look like an id; for an id that nobody ever saw, that is as good as a 404.
    """

    def details(file_id: str, tries_left: int = PATIENT_TRIES) -> RemoteFile | None:
        read_pace.wait()
        try:
            return client.file_details(file_id)
        except FileMissing:
            return None
        except BadRequest:
            if file_id not in never_seen:
                raise
            return None
        except RateLimited as error:
            if not tries_left:
                raise
            time.sleep(min(error.retry_after_s or 1.0, LONGEST_READ_WAIT_S))
            return details(file_id, tries_left - 1)

    if not file_ids:
        return []
    with ThreadPoolExecutor(LOOK_UP_THREADS, thread_name_prefix="look-up") as threads:
        return list(zip(file_ids, threads.map(details, file_ids), strict=True))
