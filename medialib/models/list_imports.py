"""ListImport: a list of files that somebody brought along, and what became of each of its lines."""

from __future__ import annotations

import uuid
from typing import TYPE_CHECKING, Self

from django.conf import settings
from django.db import models

from medialib.models.accounts import Account

if TYPE_CHECKING:
    from django.contrib.auth.base_user import AbstractBaseUser
    from django.contrib.auth.models import AnonymousUser


class ListImportQuerySet(models.QuerySet["ListImport"]):
    def visible_to(self, user: AbstractBaseUser | AnonymousUser) -> Self:
        """One's own, in accounts that this person may see."""
        return self.filter(owner_id=user.pk, account__in=Account.objects.visible_to(user))


class ListImport(models.Model):
    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    account = models.ForeignKey(Account, on_delete=models.CASCADE, related_name="+", db_index=False)
    owner = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="+", db_index=False)
    made_at = models.DateTimeField(auto_now_add=True)
    line_count = models.PositiveIntegerField()
    matched = models.PositiveIntegerField()
    repeated = models.PositiveIntegerField()
    not_found = models.PositiveIntegerField()
    ambiguous = models.PositiveIntegerField()
    problems = models.JSONField(default=list, help_text="The first lines that did not match.")
    report = models.BinaryField(help_text="Every line and what became of it, as CSV, compressed by gzip.")

    objects = ListImportQuerySet.as_manager()

    class Meta:
        # Of one person in one account, the latest first: the older ones are removed.
        indexes = [models.Index(fields=["owner", "account", "-made_at"], name="list_import_latest")]

    def __str__(self) -> str:
        return f"list of {self.line_count} lines"
