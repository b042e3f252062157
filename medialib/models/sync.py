"""SyncRun: one attempt to bring the cached index of an account in step with ImageKit."""

from __future__ import annotations

from django.db import models

from medialib.models.accounts import Account


class SyncState(models.TextChoices):
    RUNNING = "running"
    COMPLETE = "complete"
    FAILED = "failed"


class SyncRun(models.Model):
    account = models.ForeignKey(Account, on_delete=models.CASCADE, related_name="sync_runs")
    state = models.CharField(max_length=10, choices=SyncState.choices, default=SyncState.RUNNING)
    started_at = models.DateTimeField()
    finished_at = models.DateTimeField(null=True)
    heartbeat_at = models.DateTimeField(null=True)
    seen = models.PositiveIntegerField(default=0)
    added = models.PositiveIntegerField(default=0)
    changed = models.PositiveIntegerField(default=0)
    removed = models.PositiveIntegerField(default=0)
    error = models.TextField(blank=True)

    class Meta:
        ordering = ["-pk"]
        indexes = [models.Index(fields=["account", "state", "-id"], name="sync_run_latest")]

    def __str__(self) -> str:
        return f"sync {self.pk} of {self.account}"
