"""RestoreJob: one wish to put files back from their copies. RestoreItem: one of its files, and what became of it.

Tables of their own, and not deletion jobs of another kind: what looks for batches to send must never find these.
"""

from __future__ import annotations

import operator
from collections.abc import Iterable
from datetime import datetime
from functools import reduce
from typing import TYPE_CHECKING, Self

from django.conf import settings
from django.db import models
from django.db.models import F, Q
from django.utils.functional import Promise
from django.utils.translation import gettext, pgettext_lazy
from django.utils.translation import gettext_lazy as _

from medialib.models.accounts import Account
from medialib.models.copies.kept import KeptCopy

if TYPE_CHECKING:
    from django.contrib.auth.base_user import AbstractBaseUser
    from django.contrib.auth.models import AnonymousUser


class RestoreOutcome(models.TextChoices):
    """Where one file of a restore ends. Exactly one of these, from evidence."""

    RESTORED = "restored", pgettext_lazy("restore", "restored")
    ALREADY_THERE = "already_there", pgettext_lazy("restore", "already there")
    CONFLICT = "conflict", pgettext_lazy("restore", "conflict")
    FAILED = "failed", pgettext_lazy("restore", "failed")
    CANCELLED = "cancelled", pgettext_lazy("restore", "cancelled")
    UNVERIFIED = "unverified", pgettext_lazy("restore", "unverified")

    @property
    def css(self) -> str:
        return _CSS[self]

    @property
    def note(self) -> str | Promise:
        return _NOTES[self]

    @property
    def is_success(self) -> bool:
        return self in (RestoreOutcome.RESTORED, RestoreOutcome.ALREADY_THERE)


_CSS: dict[str, str] = {
    RestoreOutcome.RESTORED: "success",
    RestoreOutcome.ALREADY_THERE: "info",
    RestoreOutcome.CONFLICT: "warning",
    RestoreOutcome.FAILED: "danger",
    RestoreOutcome.CANCELLED: "quiet",
    RestoreOutcome.UNVERIFIED: "warning",
}
_NOTES: dict[str, str | Promise] = {
    RestoreOutcome.RESTORED: _("It is at its path again, with a new file id."),
    RestoreOutcome.ALREADY_THERE: _("The very same bytes are at its path, so nothing was uploaded."),
    RestoreOutcome.CONFLICT: _("Another file is at its path. It was not touched."),
    RestoreOutcome.FAILED: _("It was not put back."),
    RestoreOutcome.CANCELLED: _("It was never sent."),
    RestoreOutcome.UNVERIFIED: _("The answer was lost and the look-up failed: nobody knows yet."),
}


class RestoreState(models.TextChoices):
    REVIEW = "review", pgettext_lazy("restore", "not confirmed yet")
    RUNNING = "running", pgettext_lazy("restore", "running")
    PAUSED = "paused", pgettext_lazy("restore", "paused")
    CANCELLING = "cancelling", pgettext_lazy("restore", "cancelling")
    FINISHED = "finished", pgettext_lazy("restore", "finished")


def sum_of_restore_outcomes() -> models.expressions.CombinedExpression:
    return reduce(operator.add, (F(outcome.value) for outcome in RestoreOutcome))  # type: ignore[return-value]


class RestoreJobQuerySet(models.QuerySet["RestoreJob"]):
    def visible_to(self, user: AbstractBaseUser | AnonymousUser) -> Self:
        return self.filter(account__in=Account.objects.visible_to(user))

    def under_way(self) -> Self:
        return self.filter(state__in=[RestoreState.RUNNING, RestoreState.CANCELLING])

    def due(self, at: datetime) -> Self:
        """Restores under way that no living worker holds."""
        return self.under_way().filter(Q(lease_until__isnull=True) | Q(lease_until__lte=at))

    def move(self, job: RestoreJob, *, to: RestoreState, only_from: Iterable[RestoreState], **changes: object) -> bool:
        """Change the state if it still is in one of `only_from`; False when somebody else was first."""
        return bool(self.filter(pk=job.pk, state__in=list(only_from)).update(state=to, **changes))

    def held_by(self, job_id: int, worker: str, fence: int) -> Self:
        """The job if this worker still holds it: what it writes through here cannot touch a later owner's."""
        return self.filter(pk=job_id, lease_owner=worker, fence=fence)


class RestoreJob(models.Model):
    account = models.ForeignKey(Account, on_delete=models.PROTECT, related_name="restores")
    requested_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.SET_NULL, null=True, related_name="restores"
    )
    requested_by_name = models.CharField(max_length=150)
    reason = models.TextField(blank=True)
    source = models.JSONField(default=dict, help_text="Where the list came from: a job, a file, a list of ids.")
    sha256 = models.CharField(max_length=64, help_text="Of the frozen list.")
    file_count = models.PositiveIntegerField()
    total_bytes = models.BigIntegerField()
    keeps_both = models.BooleanField(
        default=False, help_text="Where another file is at the path, put this one beside it under a name of its own."
    )
    state = models.CharField(max_length=10, choices=RestoreState.choices, default=RestoreState.REVIEW)
    pause_cause = models.TextField(blank=True)
    created_at = models.DateTimeField()
    confirmed_at = models.DateTimeField(null=True)
    finished_at = models.DateTimeField(null=True)
    lease_owner = models.CharField(max_length=80, blank=True)
    lease_until = models.DateTimeField(null=True)
    fence = models.PositiveIntegerField(default=0)

    restored = models.PositiveIntegerField(default=0)
    already_there = models.PositiveIntegerField(default=0)
    conflict = models.PositiveIntegerField(default=0)
    failed = models.PositiveIntegerField(default=0)
    cancelled = models.PositiveIntegerField(default=0)
    unverified = models.PositiveIntegerField(default=0)

    objects = RestoreJobQuerySet.as_manager()

    class Meta:
        ordering = ["-pk"]
        verbose_name, verbose_name_plural = _("restore"), _("restores")
        constraints = [
            models.CheckConstraint(condition=Q(state="review") | ~Q(reason=""), name="restore_has_a_reason"),
            models.CheckConstraint(
                condition=~Q(state="finished") | Q(file_count=sum_of_restore_outcomes()),
                name="restore_outcomes_add_up",
            ),
        ]

    def __str__(self) -> str:
        return gettext("restore %(number)s") % {"number": self.pk}

    @property
    def counts(self) -> list[tuple[RestoreOutcome, int]]:
        return [(outcome, getattr(self, outcome.value)) for outcome in RestoreOutcome]

    @property
    def settled(self) -> int:
        return sum(count for _, count in self.counts)

    @property
    def left(self) -> int:
        return self.file_count - self.settled

    @property
    def is_finished(self) -> bool:
        return self.state == RestoreState.FINISHED

    @property
    def is_moving(self) -> bool:
        return self.state in (RestoreState.RUNNING, RestoreState.CANCELLING)


class RestoreItem(models.Model):
    """What was frozen of a file, then what became of it."""

    job = models.ForeignKey(RestoreJob, on_delete=models.CASCADE, related_name="items")
    position = models.PositiveIntegerField()
    copy = models.ForeignKey(KeptCopy, on_delete=models.SET_NULL, null=True, related_name="restores")
    file_id = models.CharField(max_length=64, help_text="Under which it was deleted.")
    path = models.TextField()
    size_bytes = models.BigIntegerField()
    sha256 = models.CharField(max_length=64)
    sent_at = models.DateTimeField(null=True, help_text="Intent: committed before the upload begins.")
    outcome = models.CharField(max_length=13, choices=RestoreOutcome.choices, blank=True, default="")
    evidence = models.TextField(blank=True, default="")
    new_file_id = models.CharField(max_length=64, blank=True, default="")
    new_path = models.TextField(blank=True, default="")
    settled_at = models.DateTimeField(null=True)

    class Meta:
        ordering = ["position"]
        verbose_name, verbose_name_plural = _("file of a restore"), _("files of a restore")
        constraints = [
            models.UniqueConstraint(fields=["job", "position"], name="restore_position_once"),
            models.UniqueConstraint(fields=["file_id", "job"], name="restore_file_once"),
            models.CheckConstraint(
                condition=Q(outcome="") | ~Q(evidence="") & Q(settled_at__isnull=False),
                name="restore_outcome_has_evidence",
            ),
        ]
        indexes = [
            models.Index(fields=["job", "position"], condition=Q(outcome=""), name="restore_open"),
            models.Index(fields=["new_file_id"], condition=~Q(new_file_id=""), name="restore_new_id"),
        ]

    def __str__(self) -> str:
        return self.path
