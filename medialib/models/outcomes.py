"""Outcome: where one file of a job ends."""

from __future__ import annotations

from django.db import models


class Outcome(models.TextChoices):
    """Where one file of a job ends. Exactly one of these, from evidence."""

    DELETED = "deleted"
    ALREADY_GONE = "already_gone"
    SKIPPED = "skipped"
    FAILED = "failed"
    CANCELLED = "cancelled"
    UNVERIFIED = "unverified"
