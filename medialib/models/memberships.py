"""Membership: in which account a person sees files, and in which part of it that person may delete."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Self

from django.conf import settings
from django.db import models
from django.db.models import Q, Value
from django.db.models.functions import Left
from django.db.models.lookups import Exact
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

if TYPE_CHECKING:
    from django.contrib.auth.base_user import AbstractBaseUser
    from django.contrib.auth.models import AnonymousUser


@dataclass(frozen=True)
class DeleteScope:
    """Where in an account a person may delete: everywhere for None, else in or below these folders."""

    prefixes: frozenset[str] | None

    @property
    def is_everything(self) -> bool:
        return self.prefixes is None

    @property
    def is_nothing(self) -> bool:
        return self.prefixes is not None and not self.prefixes

    def allows(self, path: str) -> bool:
        """Whether a file at `path` may be deleted. What has no known path lies outside every folder."""
        return self.prefixes is None or any(path.startswith(prefix) for prefix in self.prefixes)

    def condition(self, field: str = "path") -> Q:
        """The same in SQL. Compared letter by letter, because LIKE ignores case on SQLite."""
        if self.prefixes is None:
            return Q()
        inside = Q(pk__in=[])
        for prefix in sorted(self.prefixes):
            inside |= Q(Exact(Left(field, len(prefix)), Value(prefix)))
        return inside

    def in_words(self) -> str:
        return "everywhere" if self.prefixes is None else ", ".join(f"{prefix}*" for prefix in sorted(self.prefixes))


@dataclass(frozen=True)
class DailyLimits:
    """How much a person may delete of an account in 24 hours; None for any amount."""

    files: int | None = None
    bytes: int | None = None
    percent: int | None = None


EVERYTHING = DeleteScope(None)
NOTHING = DeleteScope(frozenset())


def prefixes_of(text: str) -> Iterable[str]:
    """Folders, one on each line (/campaigns or /campaigns/*), as path prefixes that end in a slash."""
    lines = (line.strip().removesuffix("*").strip("/") for line in text.splitlines() if line.strip())
    return ["/" if not folder else f"/{folder}/" for folder in lines]


class MembershipQuerySet(models.QuerySet["Membership"]):
    def of(self, user: AbstractBaseUser | AnonymousUser) -> Self:
        return self.filter(user_id=user.pk)

    def for_account(self, account_id: int | models.OuterRef) -> Self:
        """Those of this account, and those of every account."""
        return self.filter(Q(account_id=account_id) | Q(account__isnull=True))

    def deleting(self) -> Self:
        return self.filter(may_delete=True)

    def daily_limits(self) -> DailyLimits:
        """The widest that these memberships allow: none where one of them has none."""
        columns = list(self.deleting().values_list("daily_files", "daily_bytes", "daily_percent"))
        widest = [None if None in each else max(each) for each in zip(*columns, strict=True)]
        return DailyLimits(*widest)

    def scope(self) -> DeleteScope:
        """All that these memberships allow together."""
        texts = list(self.deleting().values_list("delete_paths", flat=True))
        if any(not text.strip() for text in texts):
            return EVERYTHING
        prefixes = frozenset(prefix for text in texts for prefix in prefixes_of(text))
        return EVERYTHING if "/" in prefixes else DeleteScope(prefixes)


class Membership(models.Model):
    """Beside what groups allow in general: without a membership nobody but a superuser sees an account."""

    user = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="memberships", verbose_name=_("person")
    )
    account = models.ForeignKey(
        "medialib.Account",
        on_delete=models.CASCADE,
        null=True,
        blank=True,
        related_name="memberships",
        help_text=_("Empty: every account, also those that are added later."),
        verbose_name=_("account"),
    )
    may_delete = models.BooleanField(
        _("may delete"),
        default=False,
        help_text=_("Counts only together with the right to delete files (group Deleter)."),
    )
    delete_paths = models.TextField(
        _("only in folders"),
        blank=True,
        help_text=_("One folder a line, such as /campaigns/*. Empty: the whole account."),
    )
    daily_files = models.PositiveIntegerField(
        _("files in 24 hours"),
        null=True,
        blank=True,
        help_text=_("How many may be deleted at most; empty: any number."),
    )
    daily_bytes = models.PositiveBigIntegerField(
        _("bytes in 24 hours"), null=True, blank=True, help_text=_("The same, as the size of the current versions.")
    )
    daily_percent = models.PositiveSmallIntegerField(
        _("% of the library in 24 hours"), null=True, blank=True, help_text=_("The same, as a share of the library.")
    )
    added_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        on_delete=models.SET_NULL,
        null=True,
        editable=False,
        related_name="+",
        verbose_name=_("added by"),
    )
    added_at = models.DateTimeField(_("added"), auto_now_add=True)

    objects = MembershipQuerySet.as_manager()

    class Meta:
        ordering = ["account__name", "user__username"]
        verbose_name, verbose_name_plural = _("membership"), _("memberships")
        constraints = [
            models.UniqueConstraint(fields=["user", "account"], name="membership_once_per_account"),
            models.UniqueConstraint(
                fields=["user"], condition=Q(account__isnull=True), name="membership_of_all_accounts_once"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.user}: {self.account or gettext('every account')}"


def sees_everything(user: AbstractBaseUser | AnonymousUser) -> bool:
    """Superusers and members of every account: their lists need no condition."""
    if not user.is_active:
        return False
    return bool(getattr(user, "is_superuser", False)) or Membership.objects.of(user).filter(account=None).exists()
