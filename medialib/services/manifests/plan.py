"""What a deletion will take: calls, time, and how much confirmation."""

from __future__ import annotations

import math
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db.models import Sum
from django.utils.timezone import now
from django.utils.translation import gettext_lazy as _
from django.utils.translation import gettext_noop

from medialib.errors import NotAllowed, Refused, grouped
from medialib.models import Account, DeletionJob, JobState, Manifest, PaceKind
from medialib.models.deletion.batches import BATCH_SIZE
from medialib.models.memberships import DailyLimits
from medialib.services.accounts import pacing, rights
from medialib.services.audit.log import Actor
from medialib.services.base.clock import shared_now
from medialib.services.base.words import counted

_TOO_MUCH = gettext_noop(
    "“%(name)s” may delete %(limit)s %(what)s in this account in 24 hours. %(lately)s were confirmed already, and this "
    "would be %(now)s more: nothing is deleted; ask somebody with a higher limit."
)

PLAIN_UP_TO = 10  # Files; they go with a reason and a tick, at once.
LATELY = timedelta(hours=24)
MAX_AGE = timedelta(hours=24)  # Of a frozen list that is confirmed.
UNDO_S, LONG_UNDO_S = 300, 1800
USUAL_LIMIT = 5.0  # Delete calls a second that ImageKit grants an account unless it says otherwise.
LONG_UNDO_FROM_PERCENT = 20  # Of the library.


@dataclass(frozen=True)
class Amount:
    """Files and their bytes."""

    files: int = 0
    bytes: int = 0


NOTHING, NO_LIMITS = Amount(), DailyLimits()


@dataclass(frozen=True, kw_only=True)
class DeletionPlan:
    """What a deletion takes and asks of a person: computed once, for page, command and service.

    `calls` delete calls, about `seconds` at the account's pace. What the same person confirmed in the account within
    the last 24 hours (`lately`), and before that since they last proved who they are (`unproved`, which holds both),
    counts with it, so that four jobs of 80 files are one of 320.
    """

    manifest: Manifest
    calls: int
    seconds: int
    lately: Amount = NOTHING
    unproved: Amount = NOTHING
    limits: DailyLimits = NO_LIMITS

    @property
    def files(self) -> int:
        """With those confirmed lately, and since the last proof."""
        return self.manifest.file_count + self.unproved.files

    @property
    def is_plain(self) -> bool:
        return self.files <= PLAIN_UP_TO and not self.manifest.empties_library

    @property
    def is_whole_library(self) -> bool:
        """Whether every file that the index knows is in it, or all that may go."""
        is_all = 0 < self.manifest.library_count <= self.manifest.file_count
        return self.manifest.empties_library or (is_all and not self.is_plain)

    @property
    def must_type_number(self) -> bool:
        """Whether a person has to type how many files go."""
        account = self.manifest.account
        share = self.files * 100 > self.manifest.library_count * account.limit_percent
        is_large = self.files > account.limit_files or share or self._is_beyond_limits or self.manifest.empties_library
        return not self.is_plain and is_large

    @property
    def needs_approval(self) -> bool:
        """Whether another person has to approve it."""
        least = self.manifest.account.approval_files
        return least is not None and self.files >= least

    @property
    def undo_window_s(self) -> int:
        """Seconds that a confirmed job waits: as the account says, else the longer the more is at stake."""
        account = self.manifest.account
        if self.manifest.empties_library:
            return max(LONG_UNDO_S, account.undo_window or 0)
        if account.undo_window is not None:
            return account.undo_window
        if self.is_plain:
            return 0
        share = self.files * 100 >= self.manifest.library_count * LONG_UNDO_FROM_PERCENT
        return LONG_UNDO_S if share or self.files > account.limit_files else UNDO_S

    @property
    def _is_beyond_limits(self) -> bool:
        """Whether that is more than the person's membership allows in a day."""
        files, share = self.limits.files, self.limits.percent
        return (
            (files is not None and self.files > files)
            or (self.limits.bytes is not None and self.manifest.total_bytes + self.unproved.bytes > self.limits.bytes)
            or (share is not None and self.files * 100 > self.manifest.library_count * share)
        )

    def refuse_short_wait(self, seconds: int) -> None:
        """Raises Refused for a shorter undo window than emptying a library takes."""
        if self.manifest.empties_library and seconds < self.undo_window_s:
            raise Refused(_("Emptying a library waits for at least %(count)s minutes."), count=self.undo_window_s // 60)

    def refuse_stale(self) -> None:
        """Raises Refused when the list was frozen so long ago that nobody should go by what it shows."""
        if self.manifest.frozen_at < now() - MAX_AGE:
            raise Refused(
                _("This list was frozen on %(day)s. Sync, select again and review what is there now."),
                day=f"{self.manifest.frozen_at:%Y-%m-%d}",
            )

    def refuse_beyond_rights(self, actor: Actor) -> None:
        """Raises NotAllowed when the actor may not delete so much: a whole library, or more than their daily limits."""
        if actor.user is None or actor.user.is_superuser:
            return
        if self.is_whole_library and not rights.may_empty(actor):
            raise NotAllowed(
                _(
                    "This is every file that the index knows of “%(account)s”. “%(name)s” lacks the right to delete a "
                    "whole library, so nothing is deleted."
                ),
                account=self.manifest.account.name,
                name=actor.name,
            )
        limits = rights.daily_limits(actor, self.manifest.account)
        for what, limit, lately, more in (
            (_("files"), limits.files, self.lately.files, self.manifest.file_count),
            (_("bytes"), limits.bytes, self.lately.bytes, self.manifest.total_bytes),
        ):
            if limit is not None and lately + more > limit:
                amounts = {"limit": grouped(limit), "lately": grouped(lately), "now": grouped(more)}
                raise NotAllowed(_(_TOO_MUCH), name=actor.name, what=what, **amounts)
        files = self.manifest.file_count + self.lately.files
        if limits.percent is not None and files * 100 > self.manifest.library_count * limits.percent:
            raise NotAllowed(
                _(
                    "“%(name)s” may delete %(percent)s %% of this library in 24 hours, and this would be more. Nothing "
                    "is deleted; ask somebody with a higher limit."
                ),
                name=actor.name,
                percent=limits.percent,
            )

    def lines(self) -> list[str]:
        """For the command line."""
        manifest = self.manifest
        files = counted(manifest.file_count, "file")
        return [
            f"{files}, {counted(manifest.total_bytes, 'byte')} on {manifest.account}, for ever, with all versions.",
            f"{counted(self.calls, 'call')}, about {counted(self.seconds, 'second')}.",
            *([f"Copies are kept for {counted(days, 'day')}."] if (days := manifest.account.keep_copies_days) else []),
            f"Manifest {manifest.sha256}",
        ]


def calls_needed(file_count: int) -> int:
    """Delete calls for so many files when none of them is gone already."""
    return math.ceil(file_count / BATCH_SIZE)


def calls_per_second(account: Account) -> float:
    """What medialib may send: the learned limit less the headroom; before it is known, what ImageKit usually allows.

    A job whose limit is not known begins slower than that, and learns it from the first answers.
    """
    pace = pacing.pace_of(account, PaceKind.DELETE)
    if pace.changed_at is None:  # Never saved: the row stays as the engine begins.
        pace.limit = max(pace.limit, USUAL_LIMIT)
    allowed = pacing.allowance(pace, headroom_percent=account.headroom)
    return allowed.calls / allowed.interval_s


def deletion_plan(manifest: Manifest, *, proved_at: datetime | None = None) -> DeletionPlan:
    """The plan for a manifest, in the name of the person who froze it.

    `proved_at` is when that person last proved who they are; None where nobody is asked, as on the command line.
    """
    calls, day_ago, owner = calls_needed(manifest.file_count), now() - LATELY, manifest.frozen_by
    lately = unproved = _confirmed(manifest, since=day_ago)
    if proved_at is not None and proved_at < day_ago:
        unproved = _confirmed(manifest, since=proved_at)
    return DeletionPlan(
        manifest=manifest,
        calls=calls,
        seconds=math.ceil(calls / calls_per_second(manifest.account)),
        lately=lately,
        unproved=unproved,
        limits=rights.daily_limits(Actor.person(owner), manifest.account) if owner else NO_LIMITS,
    )


def asks_for_number(job: DeletionJob, action: str, *, proved_at: datetime | None = None) -> int:
    """How many files the person has to type before `action`: 0 where nothing is asked.

    Start now, resume, take over and retry of a large job ask as its confirmation did. `action` is named as on its page.
    """
    waits = job.state == JobState.SCHEDULED and job.starts_at > shared_now()
    counts = {
        "start": job.file_count if waits else 0,
        "resume": job.left if job.state == JobState.PAUSED else 0,
        "take-over": job.left if job.state == JobState.PAUSED else 0,
        "retry": job.failed if job.is_finished else 0,
    }
    count = counts.get(action, 0)
    return count if count and deletion_plan(job.manifest, proved_at=proved_at).must_type_number else 0


def _confirmed(manifest: Manifest, *, since: datetime) -> Amount:
    """What the person confirmed in the account beside this list."""
    jobs = DeletionJob.objects.exclude(manifest=manifest.pk)
    mine = jobs.confirmed_lately(manifest.account_id, manifest.frozen_by_id, since=since)
    return Amount(**mine.aggregate(files=Sum("file_count", default=0), bytes=Sum("manifest__total_bytes", default=0)))
