"""PurgeRequest: one deleted file's address that the CDN is asked to forget."""

from __future__ import annotations

from django.db import models
from django.utils.translation import gettext_lazy as _

from medialib.models.accounts import Account
from medialib.models.deletion.jobs import DeletionJob


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
        verbose_name, verbose_name_plural = _("purge request"), _("purge requests")
        ordering = ["pk"]
        indexes = [
            models.Index(fields=["job", "state"], name="purge_of_job"),
            models.Index(fields=["account", "requested_at"], name="purge_this_month"),
        ]

    def __str__(self) -> str:
        return self.url
