"""ListImport: a list of files that somebody brought along; ListPart: some of its lines."""

from __future__ import annotations

import uuid
from typing import TYPE_CHECKING, Self

from django.conf import settings
from django.db import models
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from medialib.models.accounts import Account

if TYPE_CHECKING:
    from django.contrib.auth.base_user import AbstractBaseUser
    from django.contrib.auth.models import AnonymousUser


class Cause(models.TextChoices):
    """Why a line of a list names no file that is there."""

    NO_FILE_ID = "no_file_id", _("not a file id, path or address")
    SEVERAL = "several", _("fits several files, so none was taken")
    QUERY = "query", _("what follows the question mark is a query; write %3F where it is part of the name")
    INVISIBLE = "invisible", _("holds a character that cannot be seen")
    OTHER_HOST = "other_host", _("an address of another account or host")
    VERSION = "version", _("the id of a version, which nothing is deleted by; of the file")
    UNKNOWN = "unknown", _("not known to the index")
    GONE = "gone", _("gone from ImageKit")


class ListImportQuerySet(models.QuerySet["ListImport"]):
    def visible_to(self, user: AbstractBaseUser | AnonymousUser) -> Self:
        """The person's own, in accounts that the person may see."""
        return self.filter(owner_id=user.pk, account__in=Account.objects.visible_to(user))


class ListImport(models.Model):
    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    account = models.ForeignKey(Account, on_delete=models.CASCADE, related_name="+", db_index=False)
    owner = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="+", db_index=False)
    made_at = models.DateTimeField(auto_now_add=True)
    line_count = models.PositiveIntegerField(help_text="Lines that hold something, whether matched already or not.")
    matched = models.PositiveIntegerField(default=0)
    repeated = models.PositiveIntegerField(default=0)
    not_found = models.PositiveIntegerField(default=0)
    ambiguous = models.PositiveIntegerField(default=0)
    left_out = models.PositiveIntegerField(default=0, help_text="Lines that were not looked at: a person stopped it.")
    problems = models.JSONField(default=list, help_text="The first lines that did not match.")
    is_guessed = models.BooleanField(default=False, help_text="Whether it was read as Windows-1252 for want of UTF-8.")

    objects = ListImportQuerySet.as_manager()

    class Meta:
        verbose_name, verbose_name_plural = _("list import"), _("list imports")
        # Of one person in one account, the latest first: the older ones are removed.
        indexes = [models.Index(fields=["owner", "account", "-made_at"], name="list_import_latest")]

    def __str__(self) -> str:
        return gettext("list of %(count)s lines") % {"count": self.line_count}

    @property
    def done_count(self) -> int:
        """Lines that have been matched, or are known to name no file."""
        return self.matched + self.repeated + self.not_found + self.ambiguous

    @property
    def tenths(self) -> int:
        """How many tenths of the lines are done: a screen reader need not hear of more."""
        return self.done_count * 10 // max(self.line_count, 1)

    @property
    def is_done(self) -> bool:
        return self.done_count + self.left_out >= self.line_count


class ListPart(models.Model):
    """Some thousand lines that are matched in one transaction, so that a long list can stop anywhere and continue."""

    id: int
    whole = models.ForeignKey(ListImport, on_delete=models.CASCADE, related_name="parts", db_index=False)
    number = models.PositiveIntegerField()
    lines = models.BinaryField(null=True, help_text="As long as they are not matched: JSON, compressed by zlib.")
    report = models.BinaryField(null=True, help_text="Each line and what became of it, as CSV, compressed by gzip.")
    matched_rows = models.BinaryField(default=bytes, help_text="Rows of the files that it selected, 8 bytes each.")

    class Meta:
        verbose_name, verbose_name_plural = _("list part"), _("list parts")
        constraints = [models.UniqueConstraint(fields=["whole", "number"], name="list_part_once")]

    def __str__(self) -> str:
        return f"part {self.number}"
