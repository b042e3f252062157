"""What an answer proves about the files of a batch. Pure functions: no database, no network, no clock.

Every outcome comes from evidence (the body of a 200 or 207, the `missingFileIds` of a 404, a look-up by id after a
lost answer), and the evidence is the sentence that is stored with it.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from medialib.imagekit.errors import (
    AnswerLost,
    BadRequest,
    FilesMissing,
    ImageKitError,
    KeyRejected,
    NotSent,
    RateLimited,
)
from medialib.imagekit.types import DeleteAnswer
from medialib.models import BatchState, Outcome, PauseCode
from medialib.models.deletion import causes

MAX_LOST_ANSWERS = 5  # After so many calls without an answer a file that is still there counts as failed.
LOOK_AGAIN_S = 2.0  # A call that is still being carried out shows as files that go one after the other.
MAX_LOOK_UPS = 6  # After so many look-ups without an answer its files are unverified.


@dataclass(frozen=True)
class Sent:
    """What was sent: the ids of one batch, and how often before without an answer.

    `never_seen` are ids that ImageKit did not know when the list was frozen.
    """

    file_ids: frozenset[str]
    lost_answers: int = 0
    look_ups: int = 0
    is_verify: bool = False
    is_cancelling: bool = False
    never_seen: frozenset[str] = frozenset()

    @property
    def is_last_look(self) -> bool:
        """Whether files that are found there now are settled instead of sent again."""
        return self.is_verify or self.is_cancelling or self.lost_answers >= MAX_LOST_ANSWERS


@dataclass(frozen=True)
class Ruling:
    """One outcome with its evidence for some files."""

    outcome: Outcome
    evidence: str
    file_ids: frozenset[str]
    http_status: int | None = None
    skip_cause: str = ""


@dataclass(frozen=True)
class Verdict:
    """What is settled, what the batch does next, and what the operator must know."""

    rulings: tuple[Ruling, ...]
    next_state: BatchState
    result: str
    errors: Mapping[str, str] = field(default_factory=dict)
    wait_s: float = 0.0
    is_lost: bool = False
    was_refused: bool = False  # The call whose answer was lost is known to have deleted nothing.
    error: str = ""  # Identical errors in a row open the breaker; "" when the call was answered as documented.
    pause_cause: str = ""
    pause_code: str = ""


@dataclass(frozen=True)
class LastCall:
    """The delete call that a look-up is about, and how many files an earlier look-up after it found gone.

    `was_first` is False when an earlier answer or look-up proves that its files were there before it.
    `patience_s` is how long a call may still be at work after it was given up.
    """

    http_status: int | None = None
    errors: Mapping[str, str] = field(default_factory=dict)
    gone_count: int | None = None
    was_first: bool = True
    patience_s: float = 30.0


def of_answer(sent: Sent, answer: DeleteAnswer) -> Verdict:
    """A 200 or 207 settles the ids that it lists as deleted; any other id is unknown until it is looked up."""
    deleted = (sent.file_ids & answer.deleted) - set(answer.errors)
    unknown = sent.file_ids - deleted
    evidence = f"ImageKit listed it as deleted (HTTP {answer.http_status})."
    rulings = _rulings((Outcome.DELETED, evidence, deleted, answer.http_status))
    if not unknown:
        return Verdict(rulings, BatchState.SETTLED, f"{len(deleted)} deleted")
    # A file that no answer ever mentions counts as without an answer, or it would be sent for ever.
    errors = {file_id: text for file_id, text in answer.errors.items() if file_id in unknown}
    result = f"{len(deleted)} deleted, {len(errors)} with an error, {len(unknown) - len(errors)} not mentioned"
    return Verdict(rulings, BatchState.LOOK_UP, result, errors=errors, is_lost=len(errors) < len(unknown))


def of_error(sent: Sent, error: ImageKitError, *, gone_by_other: Mapping[str, int] | None = None) -> Verdict:
    """Any other end of a delete call. `gone_by_other` is as for of_look_up."""
    match error:
        case FilesMissing():
            return _of_missing(sent, error, gone_by_other or {})
        case RateLimited():
            return Verdict((), BatchState.WAITING, "429: too many calls, nothing deleted")
        case KeyRejected():
            cause = causes.KEY_REFUSED % {"error": error}
            return key_refused(BatchState.WAITING, f"key refused: {error}"[:200], cause)
        case BadRequest():
            evidence = f"ImageKit refused the call: {error}"
            return Verdict(
                _rulings((Outcome.FAILED, evidence, sent.file_ids, error.http_status)),
                BatchState.SETTLED,
                f"refused: {error}"[:200],
            )
        case NotSent():
            text = f"not sent: {error}"[:200]
            return Verdict((), BatchState.WAITING, text, wait_s=2.0, error=text)
        case AnswerLost():
            text = f"answer lost: {error}"[:200]
            return Verdict((), BatchState.LOOK_UP, text, is_lost=True, error=text)
    text = f"unexpected: {error}"[:200]
    cause = causes.UNEXPECTED % {"error": error}
    return Verdict(
        (), BatchState.LOOK_UP, text, is_lost=True, error=text, pause_cause=cause, pause_code=PauseCode.BREAKER
    )


def key_refused(state: BatchState, result: str, cause: str) -> Verdict:
    """The job pauses until somebody stores a key that works."""
    return Verdict((), state, result, pause_cause=cause, pause_code=PauseCode.KEY_REFUSED)


def _of_missing(sent: Sent, error: FilesMissing, gone_by_other: Mapping[str, int]) -> Verdict:
    """A 404: nothing was deleted by this call, and the ids it names are unknown to ImageKit."""
    missing = sent.file_ids & error.file_ids
    evidence = "ImageKit does not know the file (HTTP 404, missingFileIds)."
    return Verdict(
        _unknown_now(sent, missing, gone_by_other, evidence),
        BatchState.WAITING if sent.file_ids - missing else BatchState.SETTLED,
        f"{len(missing)} unknown to ImageKit, nothing deleted",
    )


def of_look_before(sent: Sent, *, gone: frozenset[str], gone_by_other: Mapping[str, int]) -> tuple[Ruling, ...]:
    """Files that a look before the call found gone, each by its own 404."""
    return _unknown_now(sent, gone, gone_by_other, "A look before the call found that it is gone (HTTP 404).")


def _unknown_now(
    sent: Sent, missing: frozenset[str], gone_by_other: Mapping[str, int], evidence: str
) -> tuple[Ruling, ...]:
    rulings = _gone_before(sent, missing, gone_by_other, http_status=404)
    rest = missing - _named(rulings)
    outcome = Outcome.ALREADY_GONE
    if sent.lost_answers:
        # The look-up after the lost call still found them, so that call was carried out late.
        outcome = Outcome.DELETED
        evidence = (
            "The answer to an earlier call was lost, a look-up still found the file, then it was gone (HTTP 404)."
        )
    return (*rulings, *_rulings((outcome, evidence, rest, 404)))


def _gone_before(
    sent: Sent, gone: frozenset[str], gone_by_other: Mapping[str, int], *, http_status: int | None
) -> tuple[Ruling, ...]:
    """Rulings for files that are on record as gone before this job came: by another job, or never there at all."""
    rows = []
    for job_id in sorted({gone_by_other[file_id] for file_id in gone if file_id in gone_by_other}):
        by_it = frozenset(file_id for file_id in gone if gone_by_other.get(file_id) == job_id)
        rows.append((Outcome.ALREADY_GONE, f"Job {job_id} had deleted it before.", by_it, http_status))
    unknown = (gone & sent.never_seen) - set(gone_by_other)
    rows.append((Outcome.ALREADY_GONE, "ImageKit did not know it when the list was frozen.", unknown, http_status))
    return _rulings(*rows)


def _named(rulings: Iterable[Ruling]) -> frozenset[str]:
    return frozenset().union(*(ruling.file_ids for ruling in rulings))


def of_look_up(sent: Sent, *, gone: frozenset[str], last: LastCall, gone_by_other: Mapping[str, int]) -> Verdict:
    """A complete look-up by id: `gone` answered 404, the rest of the batch is there.

    `gone_by_other` names the job that is on record for having deleted a file.
    """
    present = sent.file_ids - gone
    result = f"looked up: {len(gone)} gone, {len(present)} still there"
    if wait_s := _look_again_after(sent, gone, present, last):
        state = BatchState.VERIFY if sent.is_verify else BatchState.LOOK_UP
        return Verdict((), state, result, wait_s=wait_s)
    failed, left = _present(sent, present, last)
    return Verdict(
        (*_gone(sent, gone, present, last, gone_by_other), *failed),
        BatchState.WAITING if left else BatchState.SETTLED,
        result,
        was_refused=bool(gone) and _was_refused_as_a_whole(sent, gone, present, last),
    )


def _look_again_after(sent: Sent, gone: frozenset[str], present: frozenset[str], last: LastCall) -> float:
    """Seconds until another look-up, or 0.0 when this one is evidence: two that agree are, one may not be."""
    if not present or len(gone) == last.gone_count:
        return 0.0
    if sent.is_last_look and not last.errors:
        return max(last.patience_s, LOOK_AGAIN_S)  # What is said now is final, and a call may still be at work.
    # Half of a call: it may be at work just now.
    return LOOK_AGAIN_S if gone and not last.errors else 0.0


def _gone(
    sent: Sent, gone: frozenset[str], present: frozenset[str], last: LastCall, gone_by_other: Mapping[str, int]
) -> tuple[Ruling, ...]:
    before = _gone_before(sent, gone, gone_by_other, http_status=last.http_status)
    ours = gone - _named(before)
    with_error = ours & set(last.errors)
    rest = ours - with_error
    if _was_refused_as_a_whole(sent, gone, present, last):
        outcome = Outcome.ALREADY_GONE
        evidence = (
            "The answer was lost. A look-up found it gone while most files of the same call are still there; ImageKit "
            "deletes nothing in a call that names an unknown file, so it was gone before."
        )
    else:
        outcome = Outcome.DELETED
        evidence = "The answer to the call was lost or did not mention it; a look-up found it gone."
    after_error = "ImageKit answered with an error for it, but a look-up found it gone."
    return (
        *before,
        *_rulings(
            (Outcome.DELETED, after_error, with_error, last.http_status), (outcome, evidence, rest, last.http_status)
        ),
    )


def _was_refused_as_a_whole(sent: Sent, gone: frozenset[str], present: frozenset[str], last: LastCall) -> bool:
    """Whether a first call was a 404 whose answer got lost: some files are gone, most are not.

    ImageKit deletes all files of a call or, when one is unknown, none (imagekit-api, "Delete many"). Only a 207 leaves
    some; it is told by its status or, when that was lost too, by few files that stayed. Files that an earlier answer
    or look-up had found were not unknown.
    """
    is_minority = len(gone - sent.never_seen) < len(present)
    return last.was_first and bool(present) and is_minority and not last.errors and last.http_status not in (200, 207)


def _present(sent: Sent, present: frozenset[str], last: LastCall) -> tuple[tuple[Ruling, ...], frozenset[str]]:
    """Rulings for files that are still there, and the files that are to be sent again."""
    with_error = present & set(last.errors)
    rows = []
    for text in sorted({last.errors[file_id] for file_id in with_error}):
        same = frozenset(file_id for file_id in with_error if last.errors[file_id] == text)
        evidence = f"ImageKit could not delete it: “{text}”. A look-up found it still there."
        rows.append((Outcome.FAILED, evidence, same, last.http_status))
    left = present - with_error
    if sent.is_last_look:
        rows.append((*_last_word(sent), left, last.http_status))
        left = frozenset()
    return _rulings(*rows), left


def _last_word(sent: Sent) -> tuple[Outcome, str]:
    """What a file is that look-ups found still there and that is not sent again."""
    if sent.is_cancelling:
        return Outcome.CANCELLED, "A call for it got no answer, look-ups found it there, and the job was cancelled."
    if sent.is_verify:
        return Outcome.FAILED, "Look-ups found it still there."
    return Outcome.FAILED, f"{sent.lost_answers} calls for it got no usable answer; look-ups found it still there."


def of_failed_look_up(sent: Sent, error: ImageKitError) -> Verdict:
    """A look-up that found nothing out: try again later, and give up as `unverified` in the end."""
    state = BatchState.VERIFY if sent.is_verify else BatchState.LOOK_UP
    text = f"look-up failed: {error}"[:200]
    if isinstance(error, KeyRejected) and not sent.is_cancelling:
        cause = causes.KEY_REFUSED_LATER % {"error": error}
        return key_refused(state, text, cause)
    if isinstance(error, RateLimited):
        return Verdict((), state, text, wait_s=min(60.0, error.retry_after_s or 2.0))
    if sent.look_ups + 1 < MAX_LOOK_UPS and not isinstance(error, KeyRejected | BadRequest):
        return Verdict((), state, text, wait_s=min(60.0, 2.0**sent.look_ups), error=text)
    evidence = f"The answer to the call was lost, and the look-up was impossible: {error}"
    return Verdict(_rulings((Outcome.UNVERIFIED, evidence, sent.file_ids, None)), BatchState.SETTLED, text, error=text)


def _rulings(*rows: tuple[Outcome, str, frozenset[str], int | None]) -> tuple[Ruling, ...]:
    """Rulings of the rows that name any file."""
    return tuple(Ruling(outcome, evidence, ids, status) for outcome, evidence, ids, status in rows if ids)
