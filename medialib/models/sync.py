"""SyncRun: one attempt to bring the cached index of an account in step with ImageKit."""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime, timedelta
from typing import Any

from django.db import IntegrityError, models, transaction
from django.db.models import F, Q
from django.utils.timezone import now
from django.utils.translation import gettext, pgettext_lazy
from django.utils.translation import gettext_lazy as _

from medialib.models.accounts import Account

RESUME_WITHIN = timedelta(hours=1)
SILENT_FOR = timedelta(minutes=2)  # A run that has not been heard of for so long is dead.
MAX_LEFT_OUT = 1_000


class SyncState(models.TextChoices):
    RUNNING = "running", pgettext_lazy("sync", "running")
    COMPLETE = "complete", pgettext_lazy("sync", "complete")
    FAILED = "failed", pgettext_lazy("sync", "failed")


class SyncKind(models.TextChoices):
    """A full run lists every file and so learns what is gone; an incremental one lists what changed since the last."""

    FULL = "full", pgettext_lazy("sync", "full")
    INCREMENTAL = "incremental", pgettext_lazy("sync", "incremental")


class SyncRunQuerySet(models.QuerySet["SyncRun"]):
    def latest_complete(self, account: Account) -> SyncRun | None:
        """The run that says how old the index of this account is."""
        return self.filter(account=account, state=SyncState.COMPLETE).order_by("-pk").first()

    def latest_and_complete(self, account: Account) -> tuple[SyncRun | None, SyncRun | None]:
        """The latest run, and the latest that went through. Two queries, one when they are the same."""
        latest = self.filter(account=account).first()
        is_complete = latest is not None and latest.state == SyncState.COMPLETE
        return latest, latest if is_complete else self.latest_complete(account)

    def latest_full(self, account: Account) -> SyncRun | None:
        return self.filter(account=account, state=SyncState.COMPLETE, kind=SyncKind.FULL).order_by("-pk").first()

    def running(self, account: Account) -> SyncRun | None:
        return self.filter(account=account, state=SyncState.RUNNING).first()

    def claim(
        self, account: Account, *, kind: SyncKind = SyncKind.FULL, since: datetime | None = None, **fields: Any
    ) -> SyncRun | None:
        """Begin a run; None while another one runs. The database lets an account have only one."""
        self.bury_the_dead(account)
        fields |= {"kind": kind, "since": since, "started_at": now(), "heartbeat_at": now()}
        try:
            with transaction.atomic():
                return self.create(account=account, **fields)
        except IntegrityError:
            return None

    def resume(self, account: Account) -> SyncRun | None:
        """Take up the account's latest run where it stopped; None when there is nothing to take up."""
        self.bury_the_dead(account)
        run = self.filter(account=account).order_by("-pk").first()
        if run is None or not run.can_be_resumed:
            return None
        try:
            with transaction.atomic():
                stopped = self.filter(pk=run.pk, state=SyncState.FAILED)
                took = stopped.update(state=SyncState.RUNNING, heartbeat_at=now(), finished_at=None, error="")
        except IntegrityError:
            return None
        return self.get(pk=run.pk) if took else None

    def bury_the_dead(self, account: Account) -> None:
        silent = Q(heartbeat_at__lt=now() - SILENT_FOR) | Q(heartbeat_at__isnull=True)
        self.filter(silent, account=account, state=SyncState.RUNNING).update(
            state=SyncState.FAILED, finished_at=now(), error="The program that ran it ended before the sync did."
        )


class SyncRun(models.Model):
    account = models.ForeignKey(Account, on_delete=models.CASCADE, related_name="sync_runs", verbose_name=_("account"))
    kind = models.CharField(_("kind"), max_length=11, choices=SyncKind.choices, default=SyncKind.FULL)
    since = models.DateTimeField(
        _("changes since"), null=True, help_text=_("An incremental run lists what changed at or after this time.")
    )
    place = models.JSONField(
        _("what is left to list"),
        default=dict,
        help_text=_("What is left to list, for whoever takes the run up again."),
    )
    state = models.CharField(_("state"), max_length=10, choices=SyncState.choices, default=SyncState.RUNNING)
    started_at = models.DateTimeField(_("started"))
    finished_at = models.DateTimeField(_("finished"), null=True)
    heartbeat_at = models.DateTimeField(_("last heard of"), null=True)
    seen = models.PositiveIntegerField(pgettext_lazy("files", "seen"), default=0)
    added = models.PositiveIntegerField(pgettext_lazy("files", "added"), default=0)
    changed = models.PositiveIntegerField(pgettext_lazy("files", "changed"), default=0)
    came_back = models.PositiveIntegerField(pgettext_lazy("files", "came back"), default=0)
    removed = models.PositiveIntegerField(pgettext_lazy("files", "removed"), default=0)
    withheld = models.PositiveIntegerField(
        pgettext_lazy("files", "withheld"),
        null=True,
        help_text=_("Files that the list no longer showed and that were too many to be marked as gone unasked."),
    )
    accepted_at = models.DateTimeField(
        _("removals accepted"), null=True, help_text=_("When a person said that these files are gone.")
    )
    left_out = models.JSONField(
        pgettext_lazy("files", "left out"),
        default=list,
        help_text=_("Ids of files whose paths are longer than this database can index."),
    )
    error = models.TextField(_("error"), blank=True)

    objects = SyncRunQuerySet.as_manager()

    class Meta:
        ordering = ["-pk"]
        verbose_name, verbose_name_plural = _("sync"), _("syncs")
        indexes = [models.Index(fields=["account", "state", "-id"], name="sync_run_latest")]
        constraints = [
            models.UniqueConstraint(fields=["account"], condition=Q(state="running"), name="sync_one_at_a_time"),
        ]

    def __str__(self) -> str:
        return gettext("sync %(number)s of %(account)s") % {"number": self.pk, "account": self.account}

    @property
    def can_be_resumed(self) -> bool:
        """Whether it stopped on the way, and not so long ago that what it saw is out of date."""
        is_fresh = self.heartbeat_at is not None and self.heartbeat_at >= now() - RESUME_WITHIN
        return self.state == SyncState.FAILED and bool(self.place) and is_fresh and self.withheld is None

    @property
    def asks_about(self) -> int:
        """How many files a person is asked about, whether they are really gone. 0 when nobody is asked."""
        return self.withheld or 0 if self.accepted_at is None else 0

    @property
    def duration_s(self) -> float:
        """Seconds from its start to its end, or until now."""
        end: datetime = self.finished_at or now()
        return (end - self.started_at).total_seconds()

    def beat(self, *, place: dict[str, Any] | None = None, **counts: int) -> bool:
        """Say that the run is alive and add to its counts; False when it counts as dead by now."""
        grown: dict[str, Any] = {name: F(name) + count for name, count in counts.items()}
        if place is not None:
            grown["place"] = place
        return self._change(heartbeat_at=now(), **grown)

    def leave_out(self, too_long: Collection[str], *, of: Collection[str]) -> int:
        """Note which files `of` those just listed the index has no room for, MAX_LEFT_OUT at most.

        Returns how many were not noted before.
        """
        known = set(self.left_out)
        left_out = sorted((known - set(of)) | set(too_long))[:MAX_LEFT_OUT]
        if left_out != self.left_out:
            self.left_out = left_out
            self._change(left_out=left_out)
        return len(set(left_out) - known)

    def complete(self) -> bool:
        return self._change(state=SyncState.COMPLETE, finished_at=now())

    def fail(self, sentence: str, *, withheld: int | None = None) -> bool:
        return self._change(state=SyncState.FAILED, finished_at=now(), error=sentence, withheld=withheld)

    def _change(self, **fields: Any) -> bool:
        """One conditional update: a run that is over is never written to again."""
        return SyncRun.objects.filter(pk=self.pk, state=SyncState.RUNNING).update(**fields) == 1
