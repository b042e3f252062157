"""AuditSegment: the seal over a run of audit events. AuditCursor: how far a reader of the log has come."""

from __future__ import annotations

from typing import Any, NoReturn, Self

from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from medialib.models.audit.events import AppendOnly


class AuditSegmentQuerySet(models.QuerySet["AuditSegment"]):
    """Reading only, like the events it seals."""

    def update(self, **kwargs: Any) -> NoReturn:
        raise AppendOnly("Audit segments cannot be changed.")

    def delete(self) -> NoReturn:
        raise AppendOnly("Audit segments cannot be removed.")

    def in_order(self) -> Self:
        return self.order_by("number")

    def head(self) -> AuditSegment | None:
        """The newest segment."""
        return self.order_by("-number").first()

    def holding_event(self, event_id: int) -> AuditSegment | None:
        """The segment whose range of event ids holds this one."""
        segment = self.filter(first_id__lte=event_id).order_by("-first_id").first()
        return segment if segment and segment.last_id >= event_id else None

    def sealed_up_to(self) -> int:
        """The newest sealed event's id: no event up to there will ever be added."""
        return self.order_by("-number").values_list("last_id", flat=True).first() or 0


class AuditSegment(models.Model):
    """All events with ids from first_id to last_id, under one Merkle root, linked to the segment before and signed.

    `header` is the text that is signed; the columns repeat what queries need and verifyaudit compares them with it.
    """

    number = models.BigIntegerField(primary_key=True)
    first_position = models.BigIntegerField(help_text="Place of its first event in the chain, from 1, without gaps.")
    event_count = models.PositiveIntegerField()
    first_id = models.BigIntegerField(unique=True)
    last_id = models.BigIntegerField(unique=True)
    first_time = models.DateTimeField(help_text="The earliest time of its events.")
    last_time = models.DateTimeField(help_text="The latest time of its events.")
    previous = models.CharField(max_length=64, unique=True, help_text="Hash of the segment before.")
    hash = models.CharField(max_length=64)
    header = models.TextField()
    signature = models.CharField(max_length=128)
    leaves = models.BinaryField(help_text="The events' leaf hashes, 32 bytes each: they tell which event was changed.")

    objects = AuditSegmentQuerySet.as_manager()

    class Meta:
        verbose_name, verbose_name_plural = _("audit segment"), _("audit segments")
        ordering = ["number"]
        constraints = [
            models.CheckConstraint(
                condition=Q(event_count__gte=1, last_id__gte=F("first_id")), name="audit_segment_holds_events"
            )
        ]
        indexes = [
            # From a range of times to a range of ids, which the list of events walks along.
            models.Index(fields=["first_time", "last_id"], name="audit_segment_begins"),
            models.Index(fields=["last_time", "first_id"], name="audit_segment_ends"),
        ]

    def __str__(self) -> str:
        return f"segment {self.number}"

    def save(self, *args: Any, **kwargs: Any) -> None:
        if not self._state.adding:
            raise AppendOnly("Audit segments cannot be changed.")
        super().save(*args, **kwargs | {"force_insert": True})

    def delete(self, *args: Any, **kwargs: Any) -> NoReturn:
        raise AppendOnly("Audit segments cannot be removed.")


class AuditCursor(models.Model):
    """How far one reader of the log has come; held by one worker at a time while its lease runs."""

    name = models.CharField(max_length=40, primary_key=True)
    event_id = models.BigIntegerField(default=0, help_text="The last event that it is done with.")
    lease_owner = models.CharField(max_length=80, blank=True)
    lease_until = models.DateTimeField(null=True)
    failures = models.PositiveIntegerField(default=0, help_text="Attempts in a row that failed.")
    error = models.CharField(max_length=200, blank=True)

    class Meta:
        verbose_name, verbose_name_plural = _("audit cursor"), _("audit cursors")

    def __str__(self) -> str:
        return f"{self.name} at {self.event_id}"
