"""ApiToken: what a program shows instead of a person's session, kept as a hash; it can do less than its person."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Self

from django.conf import settings
from django.db import models
from django.db.models import F, Q
from django.db.models.functions import Greatest
from django.utils.timezone import now
from django.utils.translation import gettext_lazy as _

if TYPE_CHECKING:
    from django.contrib.auth.base_user import AbstractBaseUser
    from django.contrib.auth.models import AnonymousUser


class TokenScope(models.TextChoices):
    """What a token may be used for, where its person has the right."""

    READ = "read", _("read accounts, files, jobs and protections")
    SELECT = "select", _("select files")
    DELETE = "delete", _("freeze lists and confirm their deletion")
    CONTROL = "control", _("start, pause, cancel and undo jobs, start syncs")
    PROTECT = "protect", _("add and lift protections")
    AUDIT = "audit", _("read the audit log and receipts")


class ApiTokenQuerySet(models.QuerySet["ApiToken"]):
    def of(self, user: AbstractBaseUser | AnonymousUser) -> Self:
        return self.filter(user_id=user.pk)

    def usable(self, at: datetime) -> Self:
        return self.filter(revoked_at__isnull=True, expires_at__gt=at)

    def take_turn(self, token: ApiToken, at: datetime, *, each: timedelta, ahead: timedelta) -> bool:
        """Count one request, if the token may make one now: one statement, exact however many processes answer.

        Each request moves `busy_until` on by `each`; it may be up to `ahead` in the future.
        """
        free = self.filter(pk=token.pk, busy_until__lte=at + ahead)
        busy = Greatest(F("busy_until"), models.Value(at, output_field=models.DateTimeField()))
        return bool(free.update(busy_until=busy + each, last_used_at=at))


class ApiToken(models.Model):
    user = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="api_tokens")
    name = models.CharField(_("name"), max_length=80)
    digest = models.CharField(max_length=64, unique=True, help_text="SHA-256 of the token, which is kept nowhere.")
    last_four = models.CharField(max_length=4)
    scopes = models.JSONField(default=list)
    created_at = models.DateTimeField()
    expires_at = models.DateTimeField()
    revoked_at = models.DateTimeField(null=True)
    last_used_at = models.DateTimeField(null=True)
    busy_until = models.DateTimeField(help_text="How far the requests so far use up what it may ask.")
    is_by_provider = models.BooleanField(
        default=False, help_text="Made in a session of the company's provider, which asks for its own factors."
    )

    objects = ApiTokenQuerySet.as_manager()

    class Meta:
        ordering = ["-pk"]
        verbose_name, verbose_name_plural = _("API token"), _("API tokens")
        constraints = [models.CheckConstraint(condition=~Q(name=""), name="api_token_has_a_name")]

    def __str__(self) -> str:
        return f"{self.name} …{self.last_four}"

    @property
    def mark(self) -> str:
        """How events of the audit log name it, where those of a person name the session."""
        return f"token-{self.pk}"

    @property
    def is_usable(self) -> bool:
        return self.revoked_at is None and self.expires_at > now()

    @property
    def scope_labels(self) -> list[str]:
        return [str(scope.label) for scope in TokenScope if scope in self.scopes]
