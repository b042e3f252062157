"""ProtectionRule: which files of an account no deletion may take, why, and until when."""

from __future__ import annotations

import re
from datetime import datetime
from typing import Self

from django.conf import settings
from django.db import models
from django.db.models import Exists, OuterRef, Q
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from medialib.models.accounts import Account
from medialib.models.memberships import DeleteScope, prefixes_of
from medialib.models.query.filters import AssetFilter
from medialib.models.query.units import UNKNOWN_TIME, age_in_words, file_size, read_age
from medialib.models.query.visible import visible
from medialib.models.query.where import condition_of


class ProtectionKind(models.TextChoices):
    """What a rule goes by. FILES and VIEW are holds: lifting one asks for a fresh proof."""

    FOLDER = "folder", _("folder")
    PATTERN = "pattern", _("path pattern")
    TAG = "tag", _("tag")
    YOUNGER_THAN = "younger", _("younger than")
    LARGER_THAN = "larger", _("larger than")
    METADATA = "metadata", _("custom metadata")
    FILES = "files", _("hold on a list of files")
    VIEW = "view", _("hold on a saved view")


HOLDS = frozenset({ProtectionKind.FILES, ProtectionKind.VIEW})


class ProtectionRuleQuerySet(models.QuerySet["ProtectionRule"]):
    def active(self, at: datetime) -> Self:
        """Rules that count at this time: not lifted, and not past their end."""
        return self.filter(Q(until__isnull=True) | Q(until__gt=at), lifted_at__isnull=True)


class ProtectionRule(models.Model):
    """A rule stays as a row when it is lifted, so that a skipped file's evidence can always name it."""

    account = models.ForeignKey(Account, on_delete=models.CASCADE, related_name="protection_rules")
    kind = models.CharField(max_length=8, choices=ProtectionKind.choices)
    value = models.TextField(
        blank=True, help_text="Folder, pattern, tag, age (30d), bytes, NAME=VALUE or a view's name."
    )
    filter = models.JSONField(default=dict, blank=True, help_text="Of a hold on a view: what it meant when it was set.")
    reason = models.TextField()
    added_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.SET_NULL, null=True, related_name="+")
    added_by_name = models.CharField(max_length=150)
    added_at = models.DateTimeField()
    until = models.DateTimeField(null=True, blank=True, help_text="From then on it no longer counts; empty: no end.")
    lifted_at = models.DateTimeField(null=True)
    lifted_by_name = models.CharField(max_length=150, blank=True)
    lift_reason = models.TextField(blank=True)

    objects = ProtectionRuleQuerySet.as_manager()

    class Meta:
        verbose_name, verbose_name_plural = _("protection rule"), _("protection rules")
        ordering = ["pk"]
        indexes = [
            # rules_of(account), asked by each claim.
            models.Index(fields=["account", "id"], condition=Q(lifted_at__isnull=True), name="protection_active"),
        ]
        constraints = [models.CheckConstraint(condition=~Q(reason=""), name="protection_has_a_reason")]

    def __str__(self) -> str:
        """Of one from the account's own list of folders without a number: it has no row."""
        return f"rule {self.pk} ({self.in_words()})" if self.pk else self.in_words()

    @property
    def is_hold(self) -> bool:
        return self.kind in HOLDS

    def in_words(self) -> str:
        """What it protects, in a few words of the reader's language."""
        match self.kind:
            case ProtectionKind.YOUNGER_THAN:
                return gettext("younger than %(age)s") % {"age": age_in_words(self.value)}
            case ProtectionKind.LARGER_THAN:
                return gettext("larger than %(size)s") % {"size": file_size(int(self.value))}
            case ProtectionKind.FILES:
                return gettext("hold on a list of files")
        return f"{self.get_kind_display()} {visible(self.value)}"

    def condition(self, at: datetime) -> Q:
        """Which assets it protects at this time. The one place that knows; lists, reviews and claims all use it."""
        match self.kind:
            case ProtectionKind.FOLDER:
                return DeleteScope(frozenset(prefixes_of(self.value))).condition()
            case ProtectionKind.PATTERN:
                return Q(path__regex=regex_of(self.value))
            case ProtectionKind.TAG:
                return Q(tags__has_tag=self.value) | Q(ai_tags__has_tag=self.value)
            case ProtectionKind.YOUNGER_THAN:
                # A file of unknown age may be as young.
                return Q(created_at__gt=read_age(self.value).before(at)) | Q(created_at=UNKNOWN_TIME)
            case ProtectionKind.LARGER_THAN:
                return Q(size_bytes__gt=int(self.value))
            case ProtectionKind.METADATA:
                name, _equals, value = self.value.partition("=")
                return Q(custom_metadata__field_is=(name, value))
            case ProtectionKind.FILES:
                return Q(Exists(ProtectedFile.objects.filter(rule_id=self.pk, file_id=OuterRef("file_id"))))
            case ProtectionKind.VIEW:
                return condition_of(AssetFilter.from_json(self.filter).node(), transform="")
        raise ValueError(f"Not a kind of rule: {self.kind}")


class ProtectedFile(models.Model):
    """A file that a hold names by its id."""

    # Without an index of its own: the constraint below begins with it.
    rule = models.ForeignKey(ProtectionRule, on_delete=models.CASCADE, related_name="files", db_index=False)
    file_id = models.CharField(max_length=64)

    class Meta:
        verbose_name, verbose_name_plural = _("protected file"), _("protected files")
        constraints = [models.UniqueConstraint(fields=["rule", "file_id"], name="protected_file_once")]

    def __str__(self) -> str:
        return self.file_id


def regex_of(pattern: str) -> str:
    """A path pattern as a regular expression that SQLite (Python's) and PostgreSQL read alike.

    `*` is any run of letters within a folder, `**` across folders, `?` one letter. Without a leading slash the pattern
    may begin at any folder.
    """
    parts = {"**": ".*", "*": "[^/]*", "?": "[^/]"}
    body = "".join(parts.get(piece) or re.escape(piece) for piece in re.split(r"(\*\*|\*|\?)", pattern) if piece)
    return rf"\A{'' if pattern.startswith('/') else '(.*/)?'}{body}\Z"
