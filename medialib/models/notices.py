"""NoticeRoute: where a person wants to be told, and of what. Notice: one thing to tell along one route."""

from __future__ import annotations

import secrets
from base64 import b64encode
from datetime import datetime
from typing import TYPE_CHECKING, Self

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from medialib.models.accounts import Account
from medialib.models.deletion.jobs import DeletionJob

if TYPE_CHECKING:
    from django.contrib.auth.base_user import AbstractBaseUser


class NoticeKind(models.TextChoices):
    JOB_TO_APPROVE = "job.to_approve", _("A job waits for my approval")
    JOB_PAUSED = "job.paused", _("A job has paused")
    JOB_UNRESOLVED = "job.unresolved", _("A job ended with files that need somebody")
    JOB_FINISHED = "job.finished", _("A job has ended")
    SYNC_TROUBLE = "sync.trouble", _("A sync fails, or asks about removals")
    KEY_ENDS = "key.ends", _("A key ends soon")
    QUOTA_NEAR = "quota.near", _("The month’s CDN purges are nearly used up")


class NoticeChannel(models.TextChoices):
    MAIL = "mail", _("E-mail")
    SLACK = "slack", "Slack"
    TEAMS = "teams", "Microsoft Teams"
    WEBHOOK = "webhook", _("Webhook")


class NoticeRouteQuerySet(models.QuerySet["NoticeRoute"]):
    def of(self, user: AbstractBaseUser) -> Self:
        """Their own, oldest first."""
        return self.filter(user_id=user.pk).select_related("user").order_by("pk")


class NoticeRoute(models.Model):
    """The address is a secret for all but mail, which goes to the person's own."""

    user = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="+")
    channel = models.CharField(_("goes to"), max_length=8, choices=NoticeChannel.choices)
    ciphertext = models.TextField(blank=True, editable=False, help_text="The address, encrypted; empty for mail.")
    host = models.CharField(max_length=255, blank=True, help_text="What pages show of the address.")
    secret_ciphertext = models.TextField(blank=True, editable=False, help_text="What a webhook is signed with.")
    kinds = models.JSONField(default=list)
    only_mine = models.BooleanField(_("of jobs, only mine"), default=True)
    language = models.CharField(max_length=10)
    added_at = models.DateTimeField()

    objects = NoticeRouteQuerySet.as_manager()

    class Meta:
        ordering = ["pk"]
        verbose_name, verbose_name_plural = _("notice route"), _("notice routes")

    def __str__(self) -> str:
        return f"{self.channel} {self.host}".strip()

    @staticmethod
    def new_secret() -> str:
        """As Standard Webhooks writes it."""
        return f"whsec_{b64encode(secrets.token_bytes(32)).decode()}"


class NoticeState(models.TextChoices):
    WAITING = "waiting"
    SENDING = "sending"
    SENT = "sent"
    FAILED = "failed"
    DROPPED = "dropped", "dropped, since the person may not see it any more"


class NoticeQuerySet(models.QuerySet["Notice"]):
    def due(self, at: datetime) -> Self:
        return self.filter(Q(not_before__isnull=True) | Q(not_before__lte=at), state=NoticeState.WAITING)


class Notice(models.Model):
    route = models.ForeignKey(NoticeRoute, on_delete=models.CASCADE, related_name="notices")
    key = models.CharField(max_length=120, help_text="What it is about: told once along each route.")
    kind = models.CharField(max_length=20, choices=NoticeKind.choices)
    account = models.ForeignKey(Account, on_delete=models.CASCADE, related_name="+")
    job = models.ForeignKey(DeletionJob, on_delete=models.CASCADE, null=True, related_name="+")
    facts = models.JSONField(default=dict)
    noted_at = models.DateTimeField()
    state = models.CharField(max_length=8, choices=NoticeState.choices, default=NoticeState.WAITING)
    attempts = models.PositiveSmallIntegerField(default=0)
    not_before = models.DateTimeField(null=True)
    settled_at = models.DateTimeField(null=True)
    error = models.CharField(max_length=200, blank=True)

    objects = NoticeQuerySet.as_manager()

    class Meta:
        ordering = ["pk"]
        verbose_name, verbose_name_plural = _("notice"), _("notices")
        constraints = [models.UniqueConstraint(fields=["route", "key"], name="notice_once")]
        indexes = [
            models.Index(
                fields=["state", "not_before"], condition=Q(state__in=["waiting", "sending"]), name="notice_due"
            )
        ]

    def __str__(self) -> str:
        return self.key
