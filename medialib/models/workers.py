"""Worker: a process that says now and then that it is alive, so that pages can tell when none is."""

from __future__ import annotations

from django.db import models


class Worker(models.Model):
    id = models.CharField(primary_key=True, max_length=80)
    engine = models.CharField(max_length=80)
    started_at = models.DateTimeField()
    seen_at = models.DateTimeField()

    def __str__(self) -> str:
        return self.id
