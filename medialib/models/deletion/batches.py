"""Batch: the files of one API call. Exchange: one call and its answer."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import Self

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from medialib.models.deletion.jobs import DeletionJob
from medialib.models.manifests import Item
from medialib.models.outcomes import Ended

BATCH_SIZE = 100  # ImageKit's limit of ids in one bulk delete (API reference, "Delete multiple files").
MAX_POSTPONEMENT = timedelta(minutes=2)


def lease_length() -> timedelta:
    """How long a batch stays with a worker that has stopped reporting that it is alive."""
    return timedelta(seconds=settings.LEASE_S)


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
    needs_copies = models.BooleanField(default=False, help_text="Its files are to be copied before it may be sent.")

    objects = BatchQuerySet.as_manager()

    class Meta:
        verbose_name, verbose_name_plural = _("batch"), _("batches")
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
        verbose_name, verbose_name_plural = _("exchange"), _("exchanges")
        ordering = ["pk"]

    def __str__(self) -> str:
        return f"{self.kind} {self.attempt} of {self.batch}"
