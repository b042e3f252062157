"""Pace: how fast one account may be called, shared by all workers of all machines."""

from __future__ import annotations

from django.db import models
from django.utils.translation import gettext_lazy as _

from medialib.models.accounts import Account


class PaceKind(models.TextChoices):
    """ImageKit counts each endpoint separately; these are the ones that medialib calls often.

    READ is for syncs; LOOK, for the looks before delete calls, is an allowance of our own.
    """

    DELETE = "delete"
    READ = "read"
    LOOK = "look"
    PURGE = "purge"


class Pace(models.Model):
    account = models.ForeignKey(Account, on_delete=models.CASCADE, related_name="paces")
    kind = models.CharField(max_length=6, choices=PaceKind.choices)
    limit = models.FloatField(help_text="Calls that ImageKit allows in one interval.")
    interval_ms = models.PositiveIntegerField()
    is_learned = models.BooleanField(default=False, help_text="Told by ImageKit's headers, not our default.")
    ceiling = models.FloatField(null=True, help_text="Calls in one interval that were refused without a stated limit.")
    is_spread = models.BooleanField(default=False, help_text="Calls keep an even distance: bursts were refused.")
    blocked_until = models.DateTimeField(null=True)
    refusals = models.PositiveSmallIntegerField(default=0, help_text="Answers of 429 in a row.")
    recent = models.JSONField(default=list, help_text="Times of the latest calls, in seconds since 1970.")
    changed_at = models.DateTimeField(null=True)

    class Meta:
        verbose_name, verbose_name_plural = _("pace"), _("paces")
        constraints = [models.UniqueConstraint(fields=["account", "kind"], name="pace_once_per_kind")]

    def __str__(self) -> str:
        return f"{self.kind} pace of {self.account}"
