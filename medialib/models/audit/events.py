"""AuditEvent: a permanent row that people search, readable after all it names is gone."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NoReturn, Self

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.db.models.functions import Coalesce
from django.utils.translation import gettext_noop

from medialib.models.accounts import Account
from medialib.models.jobs import DeletionJob
from medialib.models.memberships import sees_everything
from medialib.models.outcomes import Outcome

if TYPE_CHECKING:
    from django.contrib.auth.base_user import AbstractBaseUser
    from django.contrib.auth.models import AnonymousUser


class EventKind(models.TextChoices):
    FILE_SETTLED = "file.settled", gettext_noop("file settled")
    FILE_UNVERIFIED = "file.unverified", gettext_noop("answer lost, file unverified")
    FILE_GONE = "file.gone", gettext_noop("file deleted at ImageKit, not by medialib")
    BATCH_SENT = "batch.sent", gettext_noop("call about to be sent")
    BATCH_HELD = "batch.held", gettext_noop("call held back, not sent")
    MANIFEST_FROZEN = "manifest.frozen", gettext_noop("files frozen")
    JOB_CONFIRMED = "job.confirmed", gettext_noop("deletion confirmed")
    JOB_APPROVED = "job.approved", gettext_noop("job approved by another person")
    JOB_REJECTED = "job.rejected", gettext_noop("job rejected")
    JOB_STARTED = "job.started", gettext_noop("job started")
    JOB_PAUSED = "job.paused", gettext_noop("job paused")
    JOB_RESUMED = "job.resumed", gettext_noop("job resumed")
    JOB_SPEED = "job.speed", gettext_noop("job speed changed")
    JOB_UNDONE = "job.undone", gettext_noop("job undone before it started")
    JOB_CANCELLED = "job.cancelled", gettext_noop("job cancelled")
    JOB_VERIFY = "job.verify", gettext_noop("unverified files looked up again")
    JOB_TAKEN_OVER = "job.taken_over", gettext_noop("job taken over by another person")
    JOB_FINISHED = "job.finished", gettext_noop("job finished")
    PURGE_REQUESTED = "purge.requested", gettext_noop("CDN purge requested")
    REMOVALS_ACCEPTED = "sync.removals_accepted", gettext_noop("many files accepted as gone from ImageKit")
    ACCOUNT_ADDED = "account.added", gettext_noop("account added")
    ACCOUNT_CHANGED = "account.changed", gettext_noop("account changed")
    KEY_ADDED = "key.added", gettext_noop("key added")
    KEY_CHECKED = "key.checked", gettext_noop("key tested")
    KEY_RETIRED = "key.retired", gettext_noop("key retired")
    KEYS_REENCRYPTED = "key.reencrypted", gettext_noop("stored keys encrypted anew")
    KEY_FIRST_USED = "key.first_used", gettext_noop("key used for the first time")
    PROTECTION_ADDED = "protection.added", gettext_noop("protection rule added")
    PROTECTION_LIFTED = "protection.lifted", gettext_noop("protection rule lifted")
    AUDIT_EXPORTED = "audit.exported", gettext_noop("audit log exported")
    AUDIT_PRUNED = "audit.pruned", gettext_noop("old audit events archived and removed")
    AUDIT_KEY_CHANGED = "audit.key_changed", gettext_noop("key that signs the audit log changed")
    AUDIT_RESTORED = "audit.restored", gettext_noop("audit log went on after a restored backup")
    PERSON_ADDED = "person.added", gettext_noop("person added")
    PERSON_CHANGED = "person.changed", gettext_noop("person or their rights changed")
    PERSON_REMOVED = "person.removed", gettext_noop("person removed")
    GROUP_CHANGED = "group.changed", gettext_noop("group or its rights changed")
    SETTINGS_WEAK = "settings.weak", gettext_noop("started with settings that weaken safety")
    SIGNED_IN = "person.signed_in", gettext_noop("signed in")
    SIGN_IN_FAILED = "person.sign_in_failed", gettext_noop("sign-in failed")
    SIGNED_OUT = "person.signed_out", gettext_noop("signed out")


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

    time = models.DateTimeField()
    event = models.CharField(max_length=30, choices=EventKind.choices)
    actor = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.DO_NOTHING, null=True, related_name="+", db_constraint=False
    )
    actor_name = models.CharField(max_length=150, blank=True)
    address = models.CharField(max_length=64, blank=True, help_text="Network address that the request came from.")
    request_id = models.CharField(
        max_length=100, blank=True, help_text="ImageKit's id of the call, where there was one."
    )
    # With defaults in the database too: code that does not know these two may go on writing events.
    session = models.CharField(
        max_length=16, blank=True, default="", db_default="", help_text="Fingerprint of the person's session."
    )
    web_request = models.CharField(
        max_length=36, blank=True, default="", db_default="", help_text="medialib's own id of the page request."
    )
    account = models.ForeignKey(Account, on_delete=models.DO_NOTHING, null=True, related_name="+", db_constraint=False)
    account_name = models.CharField(max_length=60, blank=True)
    job = models.ForeignKey(DeletionJob, on_delete=models.DO_NOTHING, null=True, related_name="+", db_constraint=False)
    file_id = models.CharField(max_length=64, blank=True)
    file_path = models.TextField(blank=True)
    size_bytes = models.BigIntegerField(null=True)
    outcome = models.CharField(max_length=12, choices=Outcome.choices, blank=True)
    evidence = models.TextField(blank=True)
    http_status = models.PositiveSmallIntegerField(null=True)
    reason = models.TextField(blank=True)
    detail = models.JSONField(default=dict)

    objects = AuditEventQuerySet.as_manager()

    class Meta:
        ordering = ["-pk"]
        constraints = [
            # Each file of a job is settled once in the log too, whatever a worker believes.
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
