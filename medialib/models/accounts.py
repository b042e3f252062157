"""Account: one ImageKit account; ApiKey: its private keys, encrypted, shown only as their last four characters."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING, Self

from django.conf import settings
from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models
from django.utils.timezone import now
from django.utils.translation import gettext_lazy as _
from django.utils.translation import gettext_noop, pgettext_lazy

from medialib.errors import UnknownAccount
from medialib.models.memberships import EVERYTHING, NOTHING, DeleteScope, Membership

if TYPE_CHECKING:
    from django.contrib.auth.base_user import AbstractBaseUser
    from django.contrib.auth.models import AnonymousUser

DEFAULT_API_URL = "https://api.imagekit.io"
DEFAULT_UPLOAD_URL = "https://upload.imagekit.io"

LONGEST_KEEP_DAYS = 3650


class AccountColour(models.TextChoices):
    """A colour that marks every page of an account; each name is a class in the style sheet."""

    TEAL = "teal", pgettext_lazy("colour", "Teal")
    BLUE = "blue", pgettext_lazy("colour", "Blue")
    VIOLET = "violet", pgettext_lazy("colour", "Violet")
    PINK = "pink", pgettext_lazy("colour", "Pink")
    ORANGE = "orange", pgettext_lazy("colour", "Orange")
    AMBER = "amber", pgettext_lazy("colour", "Amber")
    GREEN = "green", pgettext_lazy("colour", "Green")
    SLATE = "slate", pgettext_lazy("colour", "Slate")


class AccountQuerySet(models.QuerySet["Account"]):
    def named(self, name: str) -> Account:
        """The account with this name. Raises UnknownAccount."""
        try:
            return self.get(name=name)
        except Account.DoesNotExist:
            raise UnknownAccount(_("There is no account named “%(name)s”."), name=name) from None

    def visible_to(self, user: AbstractBaseUser | AnonymousUser) -> Self:
        """Accounts that this person may know of; for all others they do not exist."""
        if not user.is_active:
            return self.none()
        if getattr(user, "is_superuser", False):
            return self.all()
        return self.filter(models.Exists(Membership.objects.of(user).for_account(models.OuterRef("pk"))))


class Account(models.Model):
    name = models.SlugField(_("name"), max_length=60, unique=True)
    colour = models.CharField(_("colour"), max_length=10, choices=AccountColour.choices, default=AccountColour.TEAL)
    url_endpoint = models.URLField(
        _("URL endpoint"), max_length=300, help_text=_("Where files are delivered, e.g. https://ik.imagekit.io/acme")
    )
    api_url = models.URLField(_("API address"), max_length=300, default=DEFAULT_API_URL)
    upload_url = models.URLField(_("upload address"), max_length=300, default=DEFAULT_UPLOAD_URL)
    other_endpoints = models.TextField(
        _("other endpoints"),
        blank=True,
        help_text=_("Other addresses that deliver its files, one a line: own domains, further endpoints."),
    )
    headroom_percent = models.PositiveSmallIntegerField(
        _("headroom (%)"),
        null=True,
        blank=True,
        help_text=_("Share of ImageKit's limit left to your own production; empty: the default."),
    )
    undo_window_s = models.PositiveIntegerField(
        _("undo window (seconds)"),
        null=True,
        blank=True,
        help_text=_("How long a confirmed job waits; empty: the longer the more is at stake."),
    )
    protected_folders = models.TextField(
        _("protected folders"),
        blank=True,
        help_text=_("One folder a line. Files in or below them are skipped by every deletion."),
    )
    limit_files = models.PositiveIntegerField(
        _("number to be typed above (files)"),
        default=1000,
        help_text=_("More asks for the number of files, typed by hand."),
    )
    limit_percent = models.PositiveSmallIntegerField(
        _("number to be typed above (% of the library)"), default=5, help_text=_("The same, as a share of the library.")
    )
    approval_files = models.PositiveIntegerField(
        _("approval from (files)"),
        null=True,
        blank=True,
        help_text=_("So many files or more need the approval of another person; empty: none do."),
    )
    looks_before_delete = models.BooleanField(
        _("looks before each call"),
        default=True,
        help_text=_("Read the files at ImageKit right before they are deleted, and skip what changed."),
    )
    keep_copies_days = models.PositiveSmallIntegerField(
        _("keeps copies for (days)"),
        null=True,
        blank=True,
        validators=[MinValueValidator(1), MaxValueValidator(LONGEST_KEEP_DAYS)],
        help_text=_("Copy each file before it is deleted, and keep the copy so long; empty: there is no way back."),
    )
    created_at = models.DateTimeField(_("created"), auto_now_add=True)

    objects = AccountQuerySet.as_manager()

    class Meta:
        ordering = ["name"]
        verbose_name, verbose_name_plural = _("account"), _("accounts")
        permissions = [
            ("view_library", gettext_noop("Can browse the library")),
            ("delete_files", gettext_noop("Can delete files at ImageKit")),
            ("delete_whole_library", gettext_noop("Can delete a whole library")),
            ("approve_deletions", gettext_noop("Can approve what others want to delete")),
            ("restore_files", gettext_noop("Can restore deleted files from their copies")),
            ("destroy_copies", gettext_noop("Can destroy copies of deleted files")),
            ("view_audit", gettext_noop("Can read the audit log")),
            ("manage_keys", gettext_noop("Can add and change accounts and their keys")),
        ]
        constraints = [
            models.CheckConstraint(
                condition=models.Q(headroom_percent__isnull=True) | models.Q(headroom_percent__lte=95),
                name="account_headroom_leaves_something",
            )
        ]

    def __str__(self) -> str:
        return self.name

    @property
    def endpoints(self) -> list[str]:
        """Every address that delivers files of the account, the main one first."""
        return [self.url_endpoint, *self.other_endpoints.split()]

    @property
    def headroom(self) -> int:
        """Percentage of ImageKit's limit that medialib leaves alone."""
        return settings.IMAGEKIT_HEADROOM if self.headroom_percent is None else self.headroom_percent

    @property
    def undo_window(self) -> int | None:
        """Seconds between a confirmation and the first call; None where the risk of each deletion decides."""
        return settings.UNDO_WINDOW_S if self.undo_window_s is None else self.undo_window_s

    def delete_scope(self, user: AbstractBaseUser | AnonymousUser) -> DeleteScope:
        """Where in this account the person may delete, given the right to delete at all."""
        if not user.is_active:
            return NOTHING
        if getattr(user, "is_superuser", False):
            return EVERYTHING
        return Membership.objects.of(user).for_account(self.pk).scope()

    def protected_prefixes(self) -> list[str]:
        """Protected folders as path prefixes that end in a slash."""
        folders = (line.strip().strip("/") for line in self.protected_folders.splitlines())
        return [f"/{folder}/" for folder in folders if folder]


class KeyKind(models.TextChoices):
    READ_WRITE = "read_write", _("read and write")
    READ_ONLY = "read_only", _("read only")


class KeyPurpose(models.TextChoices):
    """What a client is for. Each gets the weakest key that can do it."""

    READ = "read"
    DELETE = "delete"


class ApiKeyQuerySet(models.QuerySet["ApiKey"]):
    def active(self) -> ApiKeyQuerySet:
        """Keys that are not retired, or not yet: a replaced key may keep working for a while."""
        return self.filter(models.Q(retired_at__isnull=True) | models.Q(retired_at__gt=now()))

    def usable(self) -> ApiKeyQuerySet:
        return self.active().filter(models.Q(expires_at__isnull=True) | models.Q(expires_at__gt=now()))

    def retired(self) -> ApiKeyQuerySet:
        return self.filter(retired_at__lte=now())

    def for_purpose(self, purpose: KeyPurpose) -> ApiKeyQuerySet:
        """The best one first: for reading one that can do no harm, and a replaced one last."""
        fitting = self.usable()
        if purpose == KeyPurpose.DELETE:
            fitting = fitting.of_kind(KeyKind.READ_WRITE)
        # “read_only” sorts before “read_write”.
        return fitting.order_by("kind", models.F("retired_at").desc(nulls_first=True), "-added_at", "-pk")

    def of_kind(self, kind: KeyKind | str) -> ApiKeyQuerySet:
        return self.filter(kind=kind)

    def strongest_first(self) -> ApiKeyQuerySet:
        """Active keys, those that may delete before those that may only read, then the newest."""
        is_read_only = models.Case(models.When(kind=KeyKind.READ_ONLY, then=1), default=0)
        return self.active().order_by(is_read_only, "-added_at", "-pk")

    def strongest(self) -> ApiKey | None:
        return self.strongest_first().first()

    def used_before(self, time: datetime) -> ApiKeyQuerySet:
        return self.filter(models.Q(last_used_at__isnull=True) | models.Q(last_used_at__lt=time))


class ApiKey(models.Model):
    account = models.ForeignKey(Account, on_delete=models.CASCADE, related_name="api_keys", verbose_name=_("account"))
    kind = models.CharField(_("kind"), max_length=10, choices=KeyKind.choices, default=KeyKind.READ_WRITE)
    label = models.CharField(_("label"), max_length=80, blank=True)
    ciphertext = models.TextField(editable=False)
    last_four = models.CharField(_("last four characters"), max_length=4, editable=False)
    added_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        on_delete=models.SET_NULL,
        null=True,
        blank=True,
        editable=False,
        related_name="+",
        verbose_name=_("added by"),
    )
    added_at = models.DateTimeField(_("added"), auto_now_add=True)
    last_used_at = models.DateTimeField(_("last used"), null=True, blank=True, editable=False)
    expires_at = models.DateTimeField(
        _("expires"), null=True, blank=True, help_text=_("When ImageKit stops accepting it, as you set it there.")
    )
    retired_at = models.DateTimeField(
        _("retired"),
        null=True,
        blank=True,
        editable=False,
        help_text=_("From then on it is not used, and its secret is erased."),
    )
    checked_at = models.DateTimeField(_("tested"), null=True, blank=True, editable=False)
    may_write = models.BooleanField(
        _("may delete"), null=True, editable=False, help_text=_("What the last test showed.")
    )

    objects = ApiKeyQuerySet.as_manager()

    class Meta:
        ordering = ["-added_at", "-pk"]
        verbose_name, verbose_name_plural = _("API key"), _("API keys")

    def __str__(self) -> str:
        return f"…{self.last_four}"

    @property
    def is_active(self) -> bool:
        return self.retired_at is None or self.retired_at > now()

    @property
    def is_expired(self) -> bool:
        return self.expires_at is not None and self.expires_at <= now()
