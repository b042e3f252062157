"""AuditEvent: a permanent row that people search, readable after everything it names is gone."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NoReturn, Self

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.db.models.functions import Coalesce
from django.utils.translation import gettext_lazy as _

from medialib.models.accounts import Account
from medialib.models.deletion.jobs import DeletionJob
from medialib.models.memberships import sees_everything
from medialib.models.outcomes import Outcome

if TYPE_CHECKING:
    from django.contrib.auth.base_user import AbstractBaseUser
    from django.contrib.auth.models import AnonymousUser


class EventKind(models.TextChoices):
    FILE_SETTLED = "file.settled", _("file settled")
    FILE_UNVERIFIED = "file.unverified", _("answer lost, file unverified")
    FILE_GONE = "file.gone", _("file deleted at ImageKit, not by medialib")
    BATCH_SENT = "batch.sent", _("call about to be sent")
    BATCH_HELD = "batch.held", _("call held back, not sent")
    MANIFEST_FROZEN = "manifest.frozen", _("files frozen")
    JOB_CONFIRMED = "job.confirmed", _("deletion confirmed")
    JOB_APPROVED = "job.approved", _("job approved by another person")
    JOB_REJECTED = "job.rejected", _("job rejected")
    JOB_STARTED = "job.started", _("job started")
    JOB_PAUSED = "job.paused", _("job paused")
    JOB_RESUMED = "job.resumed", _("job resumed")
    JOB_SPEED = "job.speed", _("job speed changed")
    JOB_UNDONE = "job.undone", _("job undone before it started")
    JOB_CANCELLED = "job.cancelled", _("job cancelled")
    JOB_VERIFY = "job.verify", _("unverified files looked up again")
    JOB_TAKEN_OVER = "job.taken_over", _("job taken over by another person")
    JOB_FINISHED = "job.finished", _("job finished")
    PURGE_REQUESTED = "purge.requested", _("CDN purge requested")
    RESTORE_CONFIRMED = "restore.confirmed", _("restore confirmed")
    RESTORE_PAUSED = "restore.paused", _("restore paused")
    RESTORE_RESUMED = "restore.resumed", _("restore resumed")
    RESTORE_CANCELLED = "restore.cancelled", _("restore cancelled")
    RESTORE_VERIFY = "restore.verify", _("unverified files of a restore looked up again")
    RESTORE_FINISHED = "restore.finished", _("restore finished")
    RESTORE_SETTLED = "restore.settled", _("file of a restore settled")
    COPIES_REMOVED = "copies.removed", _("copies removed, their time was over")
    COPIES_KEPT_LONGER = "copies.kept_longer", _("copies kept longer")
    COPIES_DESTROYED = "copies.destroyed", _("copies destroyed")
    PURGE_COMPLETED = "purge.completed", _("CDN purge completed")
    REMOVALS_ACCEPTED = "sync.removals_accepted", _("many files accepted as gone from ImageKit")
    ACCOUNT_ADDED = "account.added", _("account added")
    ACCOUNT_CHANGED = "account.changed", _("account changed")
    KEY_ADDED = "key.added", _("key added")
    KEY_CHECKED = "key.checked", _("key tested")
    KEY_RETIRED = "key.retired", _("key retired")
    KEYS_REENCRYPTED = "key.reencrypted", _("stored keys encrypted anew")
    KEY_FIRST_USED = "key.first_used", _("key used for the first time")
    TOKEN_ADDED = "token.added", _("API token made")
    TOKEN_REVOKED = "token.revoked", _("API token revoked")
    PROTECTION_ADDED = "protection.added", _("protection rule added")
    PROTECTION_LIFTED = "protection.lifted", _("protection rule lifted")
    AUDIT_EXPORTED = "audit.exported", _("audit log exported")
    AUDIT_PRUNED = "audit.pruned", _("old audit events archived and removed")
    AUDIT_KEY_CHANGED = "audit.key_changed", _("key that signs the audit log changed")
    AUDIT_RESTORED = "audit.restored", _("audit log went on after a restored backup")
    PERSON_ADDED = "person.added", _("person added")
    PERSON_CHANGED = "person.changed", _("person or their rights changed")
    PERSON_REMOVED = "person.removed", _("person removed")
    GROUP_CHANGED = "group.changed", _("group or its rights changed")
    SETTINGS_WEAK = "settings.weak", _("started with settings that weaken safety")
    SIGNED_IN = "person.signed_in", _("signed in")
    SIGN_IN_FAILED = "person.sign_in_failed", _("sign-in failed")
    SIGNED_OUT = "person.signed_out", _("signed out")


class AppendOnly(Exception):
    """Somebody tried to change or remove audit events."""


class AuditEventQuerySet(models.QuerySet["AuditEvent"]):
    """Reading only: what would change or remove events is refused here before the database refuses it."""

    def visible_to(self, user: AbstractBaseUser | AnonymousUser) -> Self:
        """Events of accounts that this person may see, and those of no account, such as sign-ins.

        What others exported from no one account is left out: the filter may name accounts, paths and people.
        """
        if sees_everything(user):
            return self.all()
        known = list(Account.objects.visible_to(user).values_list("pk", flat=True))
        # Not a bare OR on the column: both halves have an index, and merging those would sort the whole log.
        mine = self.alias(of_account=Coalesce("account_id", 0)).filter(of_account__in=[0, *known])
        of_many = Q(event=EventKind.AUDIT_EXPORTED, account_id__isnull=True)
        return mine.exclude(of_many & ~Q(actor_id=user.pk))

    def update(self, **kwargs: Any) -> NoReturn:
        raise AppendOnly("Audit events cannot be changed.")

    def delete(self) -> NoReturn:
        raise AppendOnly("Audit events cannot be removed.")


class AuditEvent(models.Model):
    """What happened, copied in full: its foreign keys may point nowhere later, its text stays."""

    time = models.DateTimeField(_("time"))
    event = models.CharField(_("event"), max_length=30, choices=EventKind.choices)
    actor = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        on_delete=models.DO_NOTHING,
        null=True,
        related_name="+",
        db_constraint=False,
        verbose_name=_("actor"),
    )
    actor_name = models.CharField(_("actor (name)"), max_length=150, blank=True)
    address = models.CharField(
        _("network address"), max_length=64, blank=True, help_text=_("Network address that the request came from.")
    )
    request_id = models.CharField(
        _("ImageKit's request id"),
        max_length=100,
        blank=True,
        help_text=_("ImageKit's id of the call, where there was one."),
    )
    # With defaults in the database too: code that does not know these two may go on writing events.
    session = models.CharField(
        _("session"),
        max_length=16,
        blank=True,
        default="",
        db_default="",
        help_text=_("Fingerprint of the person's session, or the number of the API token."),
    )
    web_request = models.CharField(
        _("page request"),
        max_length=36,
        blank=True,
        default="",
        db_default="",
        help_text=_("medialib's own id of the page request."),
    )
    account = models.ForeignKey(
        Account,
        on_delete=models.DO_NOTHING,
        null=True,
        related_name="+",
        db_constraint=False,
        verbose_name=_("account"),
    )
    account_name = models.CharField(_("account (name)"), max_length=60, blank=True)
    job = models.ForeignKey(
        DeletionJob,
        on_delete=models.DO_NOTHING,
        null=True,
        related_name="+",
        db_constraint=False,
        verbose_name=_("job"),
    )
    file_id = models.CharField(_("file id"), max_length=64, blank=True)
    file_path = models.TextField(_("path"), blank=True)
    size_bytes = models.BigIntegerField(_("size (bytes)"), null=True)
    outcome = models.CharField(_("outcome"), max_length=12, choices=Outcome.choices, blank=True)
    evidence = models.TextField(_("evidence"), blank=True)
    http_status = models.PositiveSmallIntegerField(_("HTTP status"), null=True)
    reason = models.TextField(_("reason"), blank=True)
    detail = models.JSONField(_("detail"), default=dict)

    objects = AuditEventQuerySet.as_manager()

    class Meta:
        ordering = ["-pk"]
        verbose_name, verbose_name_plural = _("audit event"), _("audit events")
        constraints = [
            # Each file of a job is settled once in the log too, even if two workers settle it.
            models.UniqueConstraint(
                fields=["job", "file_id"], condition=Q(event="file.settled"), name="audit_file_settled_once"
            ),
        ]
        indexes = [
            models.Index(fields=["file_id", "-id"], condition=~Q(file_id=""), name="audit_of_file"),
            models.Index(fields=["account", "-id"], name="audit_of_account"),
            models.Index(fields=["job", "-id"], name="audit_of_job"),
            models.Index(fields=["actor_name", "-id"], name="audit_of_actor"),
            models.Index(fields=["time"], name="audit_by_time"),
            # The rare ones only: the newest of the common ones are found by walking back, and a deletion pays nothing.
            models.Index(fields=["outcome", "-id"], condition=~Q(outcome__in=["", "deleted"]), name="audit_unusual"),
            models.Index(fields=["event", "-id"], condition=~Q(event="file.settled"), name="audit_of_kind"),
        ]

    def __str__(self) -> str:
        return f"{self.event} #{self.pk}"

    def save(self, *args: Any, **kwargs: Any) -> None:
        if not self._state.adding:
            raise AppendOnly("Audit events cannot be changed.")
        super().save(*args, **kwargs | {"force_insert": True})

    def delete(self, *args: Any, **kwargs: Any) -> NoReturn:
        raise AppendOnly("Audit events cannot be removed.")
