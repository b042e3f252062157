"""LibrarySummary and FolderTotal: counts and bytes of a whole library, kept so that no page adds up a million rows."""

from __future__ import annotations

import hashlib
from typing import Self

from django.db import models
from django.utils.translation import gettext_lazy as _

from medialib.models.accounts import Account


class LibrarySummaryQuerySet(models.QuerySet["LibrarySummary"]):
    def stale(self) -> Self:
        return self.filter(is_stale=True)

    def mark_stale(self, account_id: int) -> None:
        """Say that files came, changed or went. Costs nothing when it was said before."""
        self.filter(account=account_id, is_stale=False).update(is_stale=True)


class LibrarySummary(models.Model):
    """What a library holds, as of `built_at`. `facts` is how services/library/summary.py writes and reads it."""

    account = models.OneToOneField(Account, on_delete=models.CASCADE, primary_key=True, related_name="summary")
    built_at = models.DateTimeField()
    is_stale = models.BooleanField(default=False, help_text="Files came, changed or went since.")
    file_count = models.PositiveIntegerField()
    total_bytes = models.BigIntegerField()
    facts = models.JSONField(default=dict)

    objects = LibrarySummaryQuerySet.as_manager()

    class Meta:
        verbose_name, verbose_name_plural = _("library summary"), _("library summaries")

    def __str__(self) -> str:
        return f"summary of {self.account_id}"


def parent_key_of(parent: str) -> str:
    """What stands for a folder in the rows of those right below it: the first half of its SHA-256."""
    return hashlib.sha256(parent.encode()).hexdigest()[:32]


class FolderTotalQuerySet(models.QuerySet["FolderTotal"]):
    def below(self, account: Account, parent: str) -> Self:
        """The folders right below one."""
        return self.filter(account=account, parent_key=parent_key_of(parent))

    def named(self, account: Account, folder: str) -> FolderTotal | None:
        return self.filter(account=account, folder=folder).first()


class FolderTotal(models.Model):
    """One folder with files in or below it."""

    # Without an index of its own: the constraint and the index below begin with it.
    account = models.ForeignKey(Account, on_delete=models.CASCADE, related_name="folder_totals", db_index=False)
    folder = models.TextField()
    # In place of its name, which beside the folder's own would be too long for an index.
    parent_key = models.CharField(max_length=32, help_text="Of the folder above; see parent_key_of.")
    file_count = models.PositiveIntegerField(help_text="In the folder itself.")
    total_bytes = models.BigIntegerField()
    deep_count = models.PositiveIntegerField(help_text="In it and below it.")
    deep_bytes = models.BigIntegerField()
    child_count = models.PositiveIntegerField()

    objects = FolderTotalQuerySet.as_manager()

    class Meta:
        verbose_name, verbose_name_plural = _("folder total"), _("folder totals")
        constraints = [models.UniqueConstraint(fields=["account", "folder"], name="folder_total_once")]
        indexes = [
            # below(), by name: a folder of the tree, as it is opened.
            models.Index(fields=["account", "parent_key", "folder"], name="folder_total_children"),
            # The largest branches below one folder, for the pictures of insight.
            models.Index(fields=["account", "parent_key", "-deep_bytes"], name="folder_total_largest"),
        ]

    def __str__(self) -> str:
        return self.folder
