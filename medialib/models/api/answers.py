"""KeptAnswer: what a request with an Idempotency-Key was answered, so that sending it again does nothing anew."""

from __future__ import annotations

from datetime import datetime
from typing import Self

from django.db import models
from django.utils.translation import gettext_lazy as _

from medialib.models.api.tokens import ApiToken


class KeptAnswerQuerySet(models.QuerySet["KeptAnswer"]):
    def older_than(self, moment: datetime) -> Self:
        return self.filter(created_at__lt=moment)


class KeptAnswer(models.Model):
    """Written in the transaction that does the thing, so there is none for what was not done."""

    token = models.ForeignKey(ApiToken, on_delete=models.CASCADE, related_name="answers", db_index=False)
    key = models.CharField(max_length=200)
    fingerprint = models.CharField(max_length=64, help_text="SHA-256 of method, address and body.")
    status = models.PositiveSmallIntegerField(default=0)
    body = models.TextField(blank=True)
    created_at = models.DateTimeField(db_index=True)

    objects = KeptAnswerQuerySet.as_manager()

    class Meta:
        verbose_name, verbose_name_plural = _("kept answer"), _("kept answers")
        constraints = [models.UniqueConstraint(fields=["token", "key"], name="kept_answer_once_per_key")]

    def __str__(self) -> str:
        return f"{self.status} ({self.key})"
