"""DeletionJob: one confirmed wish to delete the files of one manifest."""

from __future__ import annotations

import operator
from collections.abc import Iterable
from datetime import datetime
from functools import reduce
from typing import TYPE_CHECKING, Self

from django.conf import settings
from django.db import models
from django.db.models import F, Q
from django.db.models.expressions import CombinedExpression
from django.utils.translation import gettext, pgettext_lazy
from django.utils.translation import gettext_lazy as _

from medialib.models.accounts import Account
from medialib.models.manifests import Manifest
from medialib.models.outcomes import ABOUT_THE_KEY, JobState, Outcome, PauseCode

if TYPE_CHECKING:
    from django.contrib.auth.base_user import AbstractBaseUser
    from django.contrib.auth.models import AnonymousUser


def sum_of_outcomes() -> CombinedExpression:
    """In SQL: files of a job that have their outcome."""
    return reduce(operator.add, (F(outcome.value) for outcome in Outcome))  # type: ignore[return-value]


class DeletionJobQuerySet(models.QuerySet["DeletionJob"]):
    def visible_to(self, user: AbstractBaseUser | AnonymousUser) -> Self:
        """Jobs of accounts that this person may see."""
        return self.filter(account__in=Account.objects.visible_to(user))

    def active(self) -> Self:
        """Jobs that are not finished; served by the index job_active."""
        return self.exclude(state=JobState.FINISHED)

    def due(self, at: datetime) -> Self:
        """Jobs that a worker should take up: their undo window is over, or they run, or they are being cancelled."""
        working = [JobState.RUNNING, JobState.CANCELLING]
        may_start = Q(needs_approval=False) | Q(approved_at__isnull=False)
        return self.active().filter(may_start & Q(state=JobState.SCHEDULED, starts_at__lte=at) | Q(state__in=working))

    def awaiting_approval(self) -> Self:
        """Jobs that somebody else has to approve before they start."""
        return self.filter(state=JobState.SCHEDULED, needs_approval=True, approved_at__isnull=True)

    def confirmed_lately(self, account_id: int, user_id: int | None, *, since: datetime) -> Self:
        """What a person confirmed in an account, without what was taken back as a whole."""
        taken_back = Q(state=JobState.FINISHED, cancelled=F("file_count"))
        taken_back |= Q(state=JobState.CANCELLING, started_at__isnull=True)
        mine = self.filter(account_id=account_id, requested_by_id=user_id, created_at__gte=since)
        return mine.exclude(taken_back) if user_id else self.none()

    def move(self, job: DeletionJob, *, to: JobState, only_from: Iterable[JobState], **changes: object) -> bool:
        """Change a job's state if it still is in one of `only_from`; False when somebody else was first."""
        return bool(self.filter(pk=job.pk, state__in=list(only_from)).update(state=to, **changes))

    def count_outcomes(self, job_id: int, counts: dict[str, int], *, deleted_bytes: int = 0) -> None:
        """Add to a job's counters, named like the outcomes."""
        changes = {outcome: F(outcome) + count for outcome, count in counts.items()}
        self.filter(pk=job_id).update(**changes, deleted_bytes=F("deleted_bytes") + deleted_bytes)


class DeletionJob(models.Model):
    manifest = models.OneToOneField(Manifest, on_delete=models.PROTECT, related_name="job", verbose_name=_("manifest"))
    account = models.ForeignKey(Account, on_delete=models.PROTECT, related_name="jobs", verbose_name=_("account"))
    requested_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        on_delete=models.SET_NULL,
        null=True,
        related_name="jobs",
        verbose_name=_("requested by"),
    )
    requested_by_name = models.CharField(_("requested by (name)"), max_length=150)
    is_by_person = models.BooleanField(
        _("by a person"), default=False, help_text=_("Asked for by a person, whose rights count to its end.")
    )
    reason = models.TextField(_("reason"))
    needs_approval = models.BooleanField(
        _("needs approval"), default=False, help_text=_("Nothing is sent before another person approved it.")
    )
    approved_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.SET_NULL, null=True, related_name="+", verbose_name=_("approved by")
    )
    approved_by_name = models.CharField(_("approved by (name)"), max_length=150, blank=True)
    approved_at = models.DateTimeField(_("approved"), null=True)
    retry_of = models.ForeignKey(
        "self",
        on_delete=models.SET_NULL,
        null=True,
        related_name="retries",
        verbose_name=_("retry of"),
    )
    purge_cache = models.BooleanField(_("purge the CDN"), default=False)
    keep_copies_days = models.PositiveSmallIntegerField(
        _("keeps copies for (days)"),
        null=True,
        help_text=_("As it was confirmed: no file is deleted without its copy; empty: none are made."),
    )

    state = models.CharField(_("state"), max_length=10, choices=JobState.choices, default=JobState.SCHEDULED)
    pause_code = models.CharField(_("kind of pause"), max_length=16, choices=PauseCode.choices, blank=True)
    pause_cause = models.TextField(
        _("cause of the pause"), blank=True, help_text=_("Why it is paused, in words for a person.")
    )
    speed_percent = models.PositiveSmallIntegerField(
        _("speed (%)"), default=100, help_text=_("Share of the account's allowance it may use.")
    )
    created_at = models.DateTimeField(_("created"))
    starts_at = models.DateTimeField(_("starts"), help_text=_("Until then nothing is sent and undo is complete."))
    started_at = models.DateTimeField(_("started"), null=True)
    finished_at = models.DateTimeField(_("finished"), null=True)

    # Kept by the transaction that settles a batch, so a page of many watchers costs one row.
    file_count = models.PositiveIntegerField(_("files"))
    deleted = models.PositiveIntegerField(pgettext_lazy("outcome", "deleted"), default=0)
    already_gone = models.PositiveIntegerField(pgettext_lazy("outcome", "already gone"), default=0)
    skipped = models.PositiveIntegerField(pgettext_lazy("outcome", "skipped"), default=0)
    failed = models.PositiveIntegerField(pgettext_lazy("outcome", "failed"), default=0)
    cancelled = models.PositiveIntegerField(pgettext_lazy("outcome", "cancelled"), default=0)
    unverified = models.PositiveIntegerField(pgettext_lazy("outcome", "unverified"), default=0)
    deleted_bytes = models.BigIntegerField(_("deleted (bytes)"), default=0)
    calls = models.PositiveIntegerField(_("calls sent"), default=0, help_text=_("Delete calls sent."))
    refused_calls = models.PositiveIntegerField(
        _("refused calls"), default=0, help_text=_("Calls that ImageKit answered with 429.")
    )
    wait_until = models.DateTimeField(_("waits until"), null=True)
    wait_cause = models.CharField(_("cause of the wait"), max_length=200, blank=True)
    last_error = models.CharField(_("last error"), max_length=200, blank=True)
    same_errors = models.PositiveSmallIntegerField(
        _("same errors in a row"), default=0, help_text=_("Identical unexpected errors in a row.")
    )
    breaker_from = models.PositiveIntegerField(
        _("settled at the last resume"), default=0, help_text=_("Files settled when somebody last resumed.")
    )
    breaker_failed = models.PositiveIntegerField(
        _("failed since then"), default=0, help_text=_("Failures among those.")
    )
    woken_at = models.DateTimeField(
        _("worker last asked"), null=True, help_text=_("When a worker was last asked to take it up.")
    )

    objects = DeletionJobQuerySet.as_manager()

    class Meta:
        ordering = ["-pk"]
        verbose_name, verbose_name_plural = _("deletion job"), _("deletion jobs")
        indexes = [
            models.Index(fields=["state", "starts_at"], condition=~Q(state="finished"), name="job_active"),
            models.Index(fields=["account", "-id"], name="job_newest_of_account"),
        ]
        constraints = [
            models.CheckConstraint(condition=~Q(reason=""), name="job_has_a_reason"),
            models.CheckConstraint(
                condition=Q(speed_percent__gte=1, speed_percent__lte=100), name="job_speed_is_a_share"
            ),
            models.CheckConstraint(
                condition=~Q(state="finished") | Q(file_count=sum_of_outcomes()),
                name="job_outcomes_add_up",
            ),
        ]

    def __str__(self) -> str:
        return gettext("job %(number)s") % {"number": self.pk}

    @property
    def counts(self) -> list[tuple[Outcome, int]]:
        """How many files ended in each outcome."""
        return [(outcome, getattr(self, outcome.value)) for outcome in Outcome]

    @property
    def settled(self) -> int:
        """Files that have their outcome."""
        return sum(count for _, count in self.counts)

    @property
    def left(self) -> int:
        """Files that still wait for their outcome."""
        return self.file_count - self.settled

    @property
    def is_finished(self) -> bool:
        return self.state == JobState.FINISHED

    @property
    def waits_for_approval(self) -> bool:
        """Whether nothing is sent until another person approved it."""
        return self.state == JobState.SCHEDULED and self.needs_approval and self.approved_at is None

    @property
    def is_stopped_by_its_key(self) -> bool:
        """Whether it continues once somebody stores a key that works and resumes it."""
        return self.state == JobState.PAUSED and self.pause_code in ABOUT_THE_KEY
