"""Worker: a process that reports regularly that it is alive, so that pages can tell when none is."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Self

from django.db import models
from django.utils.translation import gettext_lazy as _

SILENT_AFTER = timedelta(seconds=30)  # A worker that said nothing for so long is not there; it speaks every two.


class WorkerQuerySet(models.QuerySet["Worker"]):
    def alive(self, at: datetime) -> Self:
        return self.filter(seen_at__gt=at - SILENT_AFTER)


class Worker(models.Model):
    id = models.CharField(primary_key=True, max_length=80)
    engine = models.CharField(max_length=80)
    started_at = models.DateTimeField()
    seen_at = models.DateTimeField()

    objects = WorkerQuerySet.as_manager()

    class Meta:
        verbose_name, verbose_name_plural = _("worker"), _("workers")

    def __str__(self) -> str:
        return self.id
