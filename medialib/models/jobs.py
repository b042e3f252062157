"""DeletionJob: one confirmed wish. Batch: the files of one API call. Exchange: one call and its answer."""

from __future__ import annotations

import operator
from collections.abc import Iterable
from datetime import datetime, timedelta
from functools import reduce
from typing import TYPE_CHECKING, Self

from django.conf import settings
from django.db import models
from django.db.models import F, Q
from django.db.models.expressions import CombinedExpression

from medialib.models.accounts import Account
from medialib.models.manifests import Item, Manifest
from medialib.models.outcomes import ABOUT_THE_KEY, Ended, JobState, Outcome, PauseCode

if TYPE_CHECKING:
    from django.contrib.auth.base_user import AbstractBaseUser
    from django.contrib.auth.models import AnonymousUser

BATCH_SIZE = 100  # ImageKit's limit of ids in one bulk delete (API reference, "Delete multiple files").
MAX_POSTPONEMENT = timedelta(minutes=2)


def lease_length() -> timedelta:
    """How long a batch stays with a worker that no longer says that it lives."""
    return timedelta(seconds=settings.LEASE_S)


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
        mine = self.filter(account_id=account_id, requested_by_id=user_id, created_at__gte=since)
        return mine.exclude(taken_back) if user_id else self.none()

    def move(self, job: DeletionJob, *, to: JobState, only_from: Iterable[JobState], **changes: object) -> bool:
        """Change a job's state if it still is in one of `only_from`; False when somebody was first."""
        return bool(self.filter(pk=job.pk, state__in=list(only_from)).update(state=to, **changes))

    def count_outcomes(self, job_id: int, counts: dict[str, int], *, deleted_bytes: int = 0) -> None:
        """Add to a job's counters, named like the outcomes."""
        changes = {outcome: F(outcome) + count for outcome, count in counts.items()}
        self.filter(pk=job_id).update(**changes, deleted_bytes=F("deleted_bytes") + deleted_bytes)


class DeletionJob(models.Model):
    manifest = models.OneToOneField(Manifest, on_delete=models.PROTECT, related_name="job")
    account = models.ForeignKey(Account, on_delete=models.PROTECT, related_name="jobs")
    requested_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.SET_NULL, null=True, related_name="jobs"
    )
    requested_by_name = models.CharField(max_length=150)
    is_by_person = models.BooleanField(default=False, help_text="Asked for by a person, whose rights count to its end.")
    reason = models.TextField()
    needs_approval = models.BooleanField(default=False, help_text="Nothing is sent before another person approved it.")
    approved_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.SET_NULL, null=True, related_name="+")
    approved_by_name = models.CharField(max_length=150, blank=True)
    approved_at = models.DateTimeField(null=True)
    retry_of = models.ForeignKey("self", on_delete=models.SET_NULL, null=True, related_name="retries")
    purge_cache = models.BooleanField(default=False)

    state = models.CharField(max_length=10, choices=JobState.choices, default=JobState.SCHEDULED)
    pause_code = models.CharField(max_length=16, choices=PauseCode.choices, blank=True)
    pause_cause = models.TextField(blank=True, help_text="Why it is paused, in words for a person.")
    speed_percent = models.PositiveSmallIntegerField(
        default=100, help_text="Share of the account's allowance it may use."
    )
    created_at = models.DateTimeField()
    starts_at = models.DateTimeField(help_text="Until then nothing is sent and undo is complete.")
    started_at = models.DateTimeField(null=True)
    finished_at = models.DateTimeField(null=True)

    # Kept by the transaction that settles a batch, so a page of many watchers costs one row.
    file_count = models.PositiveIntegerField()
    deleted = models.PositiveIntegerField(default=0)
    already_gone = models.PositiveIntegerField(default=0)
    skipped = models.PositiveIntegerField(default=0)
    failed = models.PositiveIntegerField(default=0)
    cancelled = models.PositiveIntegerField(default=0)
    unverified = models.PositiveIntegerField(default=0)
    deleted_bytes = models.BigIntegerField(default=0)
    calls = models.PositiveIntegerField(default=0, help_text="Delete calls sent.")
    refused_calls = models.PositiveIntegerField(default=0, help_text="Calls that ImageKit answered with 429.")
    wait_until = models.DateTimeField(null=True)
    wait_cause = models.CharField(max_length=200, blank=True)
    last_error = models.CharField(max_length=200, blank=True)
    same_errors = models.PositiveSmallIntegerField(default=0, help_text="Identical unexpected errors in a row.")
    breaker_from = models.PositiveIntegerField(default=0, help_text="Files settled when somebody last resumed.")
    breaker_failed = models.PositiveIntegerField(default=0, help_text="Failures among those.")
    woken_at = models.DateTimeField(null=True, help_text="When a worker was last asked to take it up.")

    objects = DeletionJobQuerySet.as_manager()

    class Meta:
        ordering = ["-pk"]
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
        return f"job {self.pk}"

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
        """Whether it goes on once somebody stores a key that works, and resumes it."""
        return self.state == JobState.PAUSED and self.pause_code in ABOUT_THE_KEY


class BatchState(models.TextChoices):
    WAITING = "waiting"
    SENT = "sent", "sent, answer not recorded"
    LOOK_UP = "look_up", "answer lost, to be looked up"
    VERIFY = "verify", "to be looked up, never sent again"
    SETTLED = "settled"


class BatchQuerySet(models.QuerySet["Batch"]):
    def open(self) -> Self:
        """Batches with files that still wait for their outcome; served by the index batch_open."""
        return self.exclude(state=BatchState.SETTLED)

    def leased(self, at: datetime) -> Self:
        """Batches that a living worker holds.

        A lease that ends later than any lease can was written by a clock that has been set back since: it is over.
        """
        return self.open().filter(lease_until__gt=at, lease_until__lte=at + 2 * lease_length())

    def free(self, at: datetime) -> Self:
        """Open batches that nobody holds and that are due."""
        held = Q(lease_until__isnull=False, lease_until__gt=at, lease_until__lte=at + 2 * lease_length())
        early = Q(not_before__isnull=False, not_before__gt=at, not_before__lte=at + MAX_POSTPONEMENT)
        return self.open().exclude(held).exclude(early)

    def held_by(self, owner: str, fence: int) -> Self:
        """The batch if this owner still holds it: what it writes through here cannot touch a later owner's."""
        return self.open().filter(lease_owner=owner, fence=fence)

    def renew(self, owner: str, batch_ids: Iterable[int], *, at: datetime) -> set[int]:
        """Prolong the leases of `owner` that have not run out. Returns the batches it still holds.

        A lease that ran out is not revived: somebody else may be taking the batch just now.
        """
        mine = self.filter(pk__in=list(batch_ids)).leased(at).filter(lease_owner=owner)
        mine.update(lease_until=at + lease_length())
        return set(mine.values_list("pk", flat=True))


class Batch(models.Model):
    """Up to 100 neighbouring items of a job. Belongs to one worker while its lease runs."""

    job = models.ForeignKey(DeletionJob, on_delete=models.CASCADE, related_name="batches")
    number = models.PositiveIntegerField()
    first_position = models.PositiveIntegerField()
    last_position = models.PositiveIntegerField()
    state = models.CharField(max_length=8, choices=BatchState.choices, default=BatchState.WAITING)
    lease_owner = models.CharField(max_length=80, blank=True)
    lease_until = models.DateTimeField(null=True)
    fence = models.PositiveIntegerField(
        default=0, help_text="Grows with each claim; a write with an older one is refused."
    )
    attempts = models.PositiveSmallIntegerField(default=0, help_text="Delete calls sent for it.")
    lost_answers = models.PositiveSmallIntegerField(default=0, help_text="Delete calls whose answer was lost.")
    look_ups = models.PositiveSmallIntegerField(default=0, help_text="Look-ups that failed in a row.")
    not_before = models.DateTimeField(null=True)

    objects = BatchQuerySet.as_manager()

    class Meta:
        ordering = ["number"]
        constraints = [models.UniqueConstraint(fields=["job", "number"], name="batch_number_once")]
        indexes = [
            models.Index(fields=["job", "number"], condition=~Q(state="settled"), name="batch_open"),
        ]

    def __str__(self) -> str:
        return f"batch {self.number} of job {self.job_id}"

    def open_items(self) -> models.QuerySet[Item]:
        """Its files that have no outcome yet, in their order. Asks for the job where it is not loaded."""
        positions = (self.first_position, self.last_position)
        return Item.objects.filter(manifest_id=self.job.manifest_id, position__range=positions, outcome="").order_by(
            "position"
        )


class Exchange(models.Model):
    """One call to ImageKit for a batch and what came of it."""

    batch = models.ForeignKey(Batch, on_delete=models.CASCADE, related_name="exchanges")
    kind = models.CharField(max_length=8, choices=[("delete", "delete"), ("look_up", "look-up"), ("look", "look")])
    attempt = models.PositiveSmallIntegerField()
    worker = models.CharField(max_length=80)
    file_count = models.PositiveSmallIntegerField()
    sent_at = models.DateTimeField()
    answered_at = models.DateTimeField(null=True)
    http_status = models.PositiveSmallIntegerField(null=True)
    request_id = models.CharField(max_length=100, blank=True)
    ended = models.CharField(max_length=16, choices=Ended.choices)
    result = models.CharField(max_length=200, help_text="What it meant, in a few words.")
    errors = models.JSONField(default=dict, help_text="ImageKit's error text by file id, from a 207.")
    gone_count = models.PositiveSmallIntegerField(null=True, help_text="Files that a look-up found gone.")

    class Meta:
        ordering = ["pk"]

    def __str__(self) -> str:
        return f"{self.kind} {self.attempt} of {self.batch}"


class PurgeState(models.TextChoices):
    WAITING = "waiting"
    REQUESTED = "requested"
    COMPLETED = "completed"
    FAILED = "failed"


class PurgeRequest(models.Model):
    """One address that the CDN is asked to forget after its file was deleted."""

    job = models.ForeignKey(DeletionJob, on_delete=models.CASCADE, related_name="purges")
    account = models.ForeignKey(Account, on_delete=models.CASCADE, related_name="purges")
    url = models.TextField()
    state = models.CharField(max_length=10, choices=PurgeState.choices, default=PurgeState.WAITING)
    request_id = models.CharField(max_length=100, blank=True)
    requested_at = models.DateTimeField(null=True)
    error = models.TextField(blank=True)

    class Meta:
        ordering = ["pk"]
        indexes = [
            models.Index(fields=["job", "state"], name="purge_of_job"),
            models.Index(fields=["account", "requested_at"], name="purge_this_month"),
        ]

    def __str__(self) -> str:
        return self.url
