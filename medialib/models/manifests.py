"""Manifest and Item: the frozen list with its SHA-256, and what became of each of its files."""

from __future__ import annotations

import uuid
from collections.abc import Iterable
from datetime import datetime
from typing import TYPE_CHECKING, NamedTuple, Protocol, Self

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext, gettext_noop
from django.utils.translation import gettext_lazy as _

from medialib.models.accounts import Account
from medialib.models.outcomes import Outcome

if TYPE_CHECKING:
    from django.contrib.auth.base_user import AbstractBaseUser
    from django.contrib.auth.models import AnonymousUser


class ManifestQuerySet(models.QuerySet["Manifest"]):
    def frozen_by(self, user: AbstractBaseUser | AnonymousUser) -> Self:
        """Manifests that this person froze."""
        return self.filter(frozen_by_id=user.pk)

    def visible_to(self, user: AbstractBaseUser | AnonymousUser) -> Self:
        """Manifests of accounts that this person may see."""
        return self.filter(account__in=Account.objects.visible_to(user))


class Manifest(models.Model):
    """The frozen files of one confirmed or proposed deletion. Once it has its hash, the database refuses changes."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    account = models.ForeignKey(Account, on_delete=models.PROTECT, related_name="manifests")
    frozen_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.SET_NULL, null=True, related_name="manifests"
    )
    frozen_by_name = models.CharField(max_length=150)
    frozen_at = models.DateTimeField()
    sha256 = models.CharField(max_length=64)
    file_count = models.PositiveIntegerField()
    total_bytes = models.BigIntegerField()
    library_count = models.PositiveIntegerField(help_text="Files in the account's index when it was frozen.")
    source = models.JSONField(
        default=dict, help_text="Where the files came from: ticks, a filter, a list of ids, a job."
    )

    objects = ManifestQuerySet.as_manager()

    class Meta:
        verbose_name, verbose_name_plural = _("manifest"), _("manifests")

    def __str__(self) -> str:
        return gettext("list %(hash)s") % {"hash": self.sha256[:8]}


class SkipCause(models.TextChoices):
    """Why a file was not sent though it is there."""

    PROTECTED = "protected", gettext_noop("protected by a rule")
    OUTSIDE = "outside", gettext_noop("outside the folders of the person who asked")
    CHANGED = "changed", gettext_noop("changed since it was frozen")


class FrozenFile(NamedTuple):
    """What is frozen of a file, to be compared with what a look finds."""

    file_id: str
    path: str
    size_bytes: int
    file_updated_at: datetime | None
    version_name: str


class ItemRange(Protocol):
    """Neighbouring items, such as a batch or a claim on one."""

    @property
    def first_position(self) -> int: ...
    @property
    def last_position(self) -> int: ...


class ItemQuerySet(models.QuerySet["Item"]):
    def within(self, manifest_id: uuid.UUID, spans: Iterable[ItemRange]) -> Self:
        """The items of these spans of a manifest; none without a span."""
        positions = Q(pk__in=[])
        for span in spans:
            positions |= Q(position__range=(span.first_position, span.last_position))
        return self.filter(positions, manifest_id=manifest_id)

    def deleted_by_job(self, account_id: int, file_ids: Iterable[str]) -> dict[str, int]:
        """The job that is on record for having deleted each of these files, for those where there is one."""
        rows = self.filter(file_id__in=file_ids, outcome=Outcome.DELETED, manifest__account_id=account_id)
        return dict(rows.values_list("file_id", "manifest__job"))


class Item(models.Model):
    """One file of a manifest: what was shown, then what became of it."""

    manifest = models.ForeignKey(Manifest, on_delete=models.CASCADE, related_name="items")
    position = models.PositiveIntegerField(help_text="From 0, in the order of file ids. Batch n holds 100n to 100n+99.")
    file_id = models.CharField(max_length=64)
    path = models.TextField(blank=True)
    size_bytes = models.BigIntegerField()
    file_updated_at = models.DateTimeField(null=True)
    version_name = models.CharField(max_length=40, blank=True, default="")

    outcome = models.CharField(max_length=12, choices=Outcome.choices, blank=True, default="")
    evidence = models.TextField(blank=True, default="")
    skip_cause = models.CharField(max_length=9, choices=SkipCause.choices, blank=True, default="")
    http_status = models.PositiveSmallIntegerField(null=True)
    exchange = models.ForeignKey(
        "medialib.Exchange", on_delete=models.SET_NULL, null=True, related_name="items", db_index=False
    )
    settled_at = models.DateTimeField(null=True)

    objects = ItemQuerySet.as_manager()

    class Meta:
        verbose_name, verbose_name_plural = _("item"), _("items")
        constraints = [
            models.UniqueConstraint(fields=["manifest", "position"], name="item_position_once"),
            # In this order it also answers "which manifests hold this file?".
            models.UniqueConstraint(fields=["file_id", "manifest"], name="item_file_once"),
            models.CheckConstraint(
                condition=Q(outcome="") | ~Q(evidence="") & Q(settled_at__isnull=False),
                name="item_outcome_has_evidence",
            ),
        ]
        indexes = [
            models.Index(
                fields=["manifest", "outcome", "position"],
                condition=~Q(outcome__in=["", "deleted"]),
                name="item_unusual_outcomes",
            )
        ]

    def __str__(self) -> str:
        return self.path or self.file_id
