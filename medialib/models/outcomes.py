"""Outcome: where one file of a job ends. All that is said of an outcome, and how it looks, stands here.

Whatever counts, sums, lists or shows outcomes loops over this class: a new one is a member and its facts here, its
column on DeletionJob, and the rule that brings it about. Beside it, how a call ends and why a job pauses.
"""

from __future__ import annotations

from typing import NamedTuple

from django.db import models
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy


class Outcome(models.TextChoices):
    """Where one file of a job ends. Exactly one of these, from evidence."""

    DELETED = "deleted", pgettext_lazy("outcome", "deleted")
    ALREADY_GONE = "already_gone", pgettext_lazy("outcome", "already gone")
    SKIPPED = "skipped", pgettext_lazy("outcome", "skipped")
    FAILED = "failed", pgettext_lazy("outcome", "failed")
    CANCELLED = "cancelled", pgettext_lazy("outcome", "cancelled")
    UNVERIFIED = "unverified", pgettext_lazy("outcome", "unverified")

    @property
    def note(self) -> str | Promise:
        """What it means, in one sentence."""
        return FACTS[self].note

    @property
    def css(self) -> str:
        """The class of the style sheet that shows it, behind badge-, dot-, fill- or stat-."""
        return FACTS[self].css

    @property
    def is_success(self) -> bool:
        """Whether a job may hold it and still be called done."""
        return FACTS[self].is_success

    @property
    def is_final(self) -> bool:
        """Whether nothing can change it any more."""
        return FACTS[self].is_final


class OutcomeFacts(NamedTuple):
    note: str | Promise
    css: str
    is_success: bool = True
    is_final: bool = True


FACTS: dict[str, OutcomeFacts] = {
    Outcome.DELETED: OutcomeFacts(_("ImageKit deleted it, with all its versions."), "success"),
    Outcome.ALREADY_GONE: OutcomeFacts(_("It was not at ImageKit any more when its turn came."), "info"),
    Outcome.SKIPPED: OutcomeFacts(_("It is protected, changed or out of bounds, so it was not sent."), "quiet"),
    Outcome.FAILED: OutcomeFacts(_("ImageKit refused; it is still there."), "danger", is_success=False),
    Outcome.CANCELLED: OutcomeFacts(_("It was never sent; it is still there."), "quiet", is_success=False),
    Outcome.UNVERIFIED: OutcomeFacts(
        _("The answer was lost and the look-up failed: nobody knows yet."), "warning", is_success=False, is_final=False
    ),
}


class Ended(models.TextChoices):
    """How a call ended."""

    ANSWERED = "answered", "answered as documented"
    REFUSED = "refused", "refused: nothing was done"
    WAITED = "waited", "told to wait"
    LOST = "lost", "no usable answer"
    LOOK_UP_FAILED = "look_up_failed", "a look or look-up that found nothing out"


class JobState(models.TextChoices):
    SCHEDULED = "scheduled", pgettext_lazy("job", "waiting to start")
    RUNNING = "running", pgettext_lazy("job", "running")
    PAUSED = "paused", pgettext_lazy("job", "paused")
    CANCELLING = "cancelling", pgettext_lazy("job", "cancelling")
    FINISHED = "finished", pgettext_lazy("job", "finished")


class PauseCode(models.TextChoices):
    """Why a job is paused, for programs; `pause_cause` says it for a person."""

    PERSON = "person", "somebody paused it"
    KEY_REFUSED = "key_refused", "ImageKit refused the account's key"
    NO_KEY = "no_key", "the account has no usable key"
    REQUESTER = "requester", "the person who asked for it may no longer delete"
    APPROVER = "approver", "the person who approved it may no longer approve"
    MANIFEST_CHANGED = "manifest_changed", "the frozen list is not the one that was confirmed"
    STORAGE = "storage", "the storage for copies is full or fails"
    BREAKER = "breaker", "too much went wrong"


ABOUT_THE_KEY = frozenset({PauseCode.KEY_REFUSED, PauseCode.NO_KEY})
