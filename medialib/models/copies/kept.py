"""KeptContent: bytes in the storage. KeptCopy: a file of a job, and all that ImageKit knew of it."""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime
from typing import TYPE_CHECKING, Self

from django.apps import apps
from django.db import models
from django.db.models import Exists, OuterRef, Q
from django.utils.translation import gettext_lazy as _

from medialib.models.accounts import Account
from medialib.models.deletion.jobs import DeletionJob
from medialib.models.outcomes import JobState

if TYPE_CHECKING:
    from django.contrib.auth.base_user import AbstractBaseUser
    from django.contrib.auth.models import AnonymousUser


class KeptContentQuerySet(models.QuerySet["KeptContent"]):
    def staying(self) -> Self:
        return self.filter(is_leaving=False)

    def unneeded(self) -> Self:
        """Content that no copy names any more."""
        return self.filter(~Exists(KeptCopy.objects.filter(content=OuterRef("pk"))))


class KeptContent(models.Model):
    """Equal bytes are kept once in an account. Its name in the storage is made of its hash, never of a file's name."""

    account = models.ForeignKey(Account, on_delete=models.PROTECT, related_name="contents")
    sha256 = models.CharField(max_length=64)
    size_bytes = models.BigIntegerField()
    name = models.CharField(max_length=200, unique=True, help_text="In the storage; used once and never again.")
    kept_at = models.DateTimeField()
    is_leaving = models.BooleanField(default=False, help_text="No copy may name it any more: it is being removed.")

    objects = KeptContentQuerySet.as_manager()

    class Meta:
        verbose_name, verbose_name_plural = _("kept content"), _("kept contents")
        constraints = [
            models.UniqueConstraint(
                fields=["account", "sha256"], condition=Q(is_leaving=False), name="content_once_in_account"
            )
        ]

    def __str__(self) -> str:
        return self.sha256[:12]


def _is_being_restored() -> Exists:
    """Whether a confirmed restore still has to put the copy back."""
    waiting = apps.get_model("medialib", "RestoreItem").objects.filter(copy=OuterRef("pk"), outcome="")
    return Exists(waiting.exclude(job__state__in=["review", "finished"]))


class KeptCopyQuerySet(models.QuerySet["KeptCopy"]):
    def visible_to(self, user: AbstractBaseUser | AnonymousUser) -> Self:
        return self.filter(account__in=Account.objects.visible_to(user))

    def of_files(self, account_id: int, file_ids: Collection[str]) -> Self:
        """Copies of these files, the newest first."""
        return self.filter(account_id=account_id, file_id__in=file_ids).order_by("-pk")

    def due(self, at: datetime) -> Self:
        """Copies whose time is over. While its job is not finished, none is."""
        return self.filter(keep_until__lte=at, job__state=JobState.FINISHED).exclude(_is_being_restored())

    def undated(self) -> Self:
        """Copies of finished jobs for which nobody has said yet how long they stay."""
        return self.filter(keep_until__isnull=True, job__state=JobState.FINISHED)


class KeptCopy(models.Model):
    """One file as a job found it before its delete call."""

    account = models.ForeignKey(Account, on_delete=models.PROTECT, related_name="copies")
    content = models.ForeignKey(KeptContent, on_delete=models.PROTECT, related_name="copies")
    job = models.ForeignKey(DeletionJob, on_delete=models.PROTECT, related_name="copies")
    file_id = models.CharField(max_length=64)
    path = models.TextField()
    url = models.TextField(blank=True)
    size_bytes = models.BigIntegerField()
    version_name = models.CharField(max_length=40, blank=True, default="")
    file_created_at = models.DateTimeField(null=True)
    file_updated_at = models.DateTimeField(null=True)
    is_private = models.BooleanField()
    is_published = models.BooleanField()
    tags = models.JSONField(default=list)
    ai_tags = models.JSONField(default=list, help_text="As ImageKit lists them.")
    custom_metadata = models.JSONField(default=dict)
    custom_coordinates = models.TextField(blank=True)
    description = models.TextField(blank=True)
    known = models.JSONField(default=dict, help_text="All that ImageKit said of it, as it came.")
    copied_at = models.DateTimeField()
    keep_until = models.DateTimeField(null=True, help_text="Empty until its job is finished.")

    objects = KeptCopyQuerySet.as_manager()

    class Meta:
        verbose_name, verbose_name_plural = _("kept copy"), _("kept copies")
        constraints = [models.UniqueConstraint(fields=["job", "file_id"], name="copy_once_in_job")]
        indexes = [
            models.Index(fields=["account", "file_id"], name="copy_of_file"),
            models.Index(fields=["keep_until"], name="copy_due"),
        ]

    def __str__(self) -> str:
        return self.path
