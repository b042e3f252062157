"""LibrarySummary and FolderTotal: counts and bytes of a whole library, kept so that no page adds up a million rows."""

from __future__ import annotations

from typing import Self

from django.db import models

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

    def __str__(self) -> str:
        return f"summary of {self.account_id}"


class FolderTotalQuerySet(models.QuerySet["FolderTotal"]):
    def children(self, account: Account, parent: str) -> Self:
        """The folders right below one, by name."""
        return self.filter(account=account, parent=parent).order_by("folder")

    def named(self, account: Account, folder: str) -> FolderTotal | None:
        return self.filter(account=account, folder=folder).first()


class FolderTotal(models.Model):
    """One folder with files in or below it."""

    # Without an index of its own: the constraint and the index below begin with it.
    account = models.ForeignKey(Account, on_delete=models.CASCADE, related_name="folder_totals", db_index=False)
    folder = models.TextField()
    parent = models.TextField(blank=True, help_text="Empty for the root.")
    file_count = models.PositiveIntegerField(help_text="In the folder itself.")
    total_bytes = models.BigIntegerField()
    deep_count = models.PositiveIntegerField(help_text="In it and below it.")
    deep_bytes = models.BigIntegerField()
    child_count = models.PositiveIntegerField()

    objects = FolderTotalQuerySet.as_manager()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["account", "folder"], name="folder_total_once")]
        indexes = [
            # children(): a folder of the tree, as it is opened.
            models.Index(fields=["account", "parent", "folder"], name="folder_total_children"),
            # The largest branches below one folder, for the pictures of insight.
            models.Index(fields=["account", "parent", "-deep_bytes"], name="folder_total_largest"),
        ]

    def __str__(self) -> str:
        return self.folder
