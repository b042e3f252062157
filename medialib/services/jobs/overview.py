"""What a person should know first: jobs that need somebody, jobs under way, and the state of each account."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import TYPE_CHECKING

from django.db.models import Count, F, Q, Sum
from django.utils.timezone import now

from medialib.models import Account, ApiKey, DeletionJob, JobState, SyncRun, SyncState
from medialib.models.query.filters import AssetFilter
from medialib.services.accounts import rights
from medialib.services.jobs import watching
from medialib.services.jobs.progress import Progress
from medialib.services.library import totals
from medialib.services.library.totals import Total

if TYPE_CHECKING:
    from django.contrib.auth.models import User

INDEX_IS_OLD_AFTER = timedelta(days=7)
KEY_ENDS_WITHIN = timedelta(days=14)
FREED_WITHIN = timedelta(days=30)
UNRESOLVED_FOR = timedelta(days=7)  # So long a job with failed files stays in sight.
MOST_JOBS = 20


class ConcernKind(StrEnum):
    """What is wrong with an account. Those of its keys are told to people who may mend them."""

    NO_KEY = "no key"
    KEY_ENDED = "key ended"
    KEY_ENDS = "key ends"
    NEVER_SYNCED = "never synced"
    SYNC_FAILED = "sync failed"
    REMOVALS_ASKED = "removals asked"
    INDEX_OLD = "index old"


@dataclass(frozen=True)
class Concern:
    kind: ConcernKind
    account: Account
    at: datetime | None = None  # When the key ends or the index is from.
    run: SyncRun | None = None
    complete: SyncRun | None = None  # The last sync that went through to its end.


@dataclass(frozen=True, kw_only=True)
class AccountState:
    """`deleted` and `freed_bytes` are those of jobs that ended within FREED_WITHIN."""

    account: Account
    total: Total
    complete: SyncRun | None
    jobs: int
    deleted: int
    freed_bytes: int
    concerns: Sequence[Concern]


@dataclass(frozen=True)
class WorkOverview:
    needing: Sequence[Progress]
    under_way: Sequence[Progress]
    accounts: Sequence[AccountState]

    @property
    def concerns(self) -> list[Concern]:
        return [concern for state in self.accounts for concern in state.concerns]

    @property
    def is_quiet(self) -> bool:
        """Whether nothing waits for anybody and nothing moves."""
        return not (self.needing or self.under_way or self.concerns)

    @property
    def leads_to_library(self) -> bool:
        """Whether the one account's library is all there is to see. That one also leads through a first sync."""
        is_alone = len(self.accounts) == 1 and not (self.needing or self.under_way)
        return is_alone and all(concern.kind == ConcernKind.NEVER_SYNCED for concern in self.concerns)


def overview(accounts: Sequence[Account], *, viewer: User) -> WorkOverview:
    """Of these accounts, which the viewer may see."""
    at = now()
    looks = _looks(viewer, at)
    needing = [each for each in looks if _needs_somebody(each, viewer)]
    under_way = [each for each in looks if each not in needing and not each.job.is_finished]
    return WorkOverview(needing, under_way, _states(accounts, viewer, at))


def every_concern(accounts: Sequence[Account]) -> list[Concern]:
    """Of these accounts, those of their keys included, for whoever asks on behalf of many people."""
    at, keys, found = now(), _last_keys(accounts), list[Concern]()
    for account in accounts:
        latest, complete = SyncRun.objects.latest_and_complete(account)
        found += [*_key_concerns(account, keys, at), *_sync_concerns(account, latest, complete, at)]
    return found


def _looks(viewer: User, at: datetime) -> list[Progress]:
    """At jobs under way, and at ended ones with files that somebody should look at and nobody has retried."""
    unresolved = Q(finished_at__gte=at - UNRESOLVED_FOR, retries__isnull=True) & (Q(failed__gt=0) | Q(unverified__gt=0))
    jobs = DeletionJob.objects.visible_to(viewer).filter(~Q(state=JobState.FINISHED) | unresolved)
    return watching.looked_at(jobs.order_by("-pk")[:MOST_JOBS], viewer=viewer, at=at)


def _needs_somebody(look: Progress, viewer: User) -> bool:
    """An approval is asked only of those who may give it."""
    job = look.job
    if job.waits_for_approval:
        return not rights.why_may_not_approve(job, viewer, viewer.get_username())
    return job.state == JobState.PAUSED or job.is_finished or look.waits_for_worker


def _states(accounts: Sequence[Account], viewer: User, at: datetime) -> list[AccountState]:
    ended = DeletionJob.objects.filter(account__in=accounts, finished_at__gte=at - FREED_WITHIN).order_by()
    summed = ended.values_list("account").annotate(Count("pk"), Sum("deleted"), Sum("deleted_bytes"))
    freed = {account: sums for account, *sums in summed}
    keys = _last_keys(accounts) if viewer.has_perm("medialib.manage_keys") else None
    states = []
    for account in accounts:
        latest, complete = SyncRun.objects.latest_and_complete(account)
        concerns = [*_key_concerns(account, keys, at), *_sync_concerns(account, latest, complete, at)]
        jobs, deleted, freed_bytes = freed.get(account.pk, (0, 0, 0))
        states.append(
            AccountState(
                account=account,
                total=totals.estimate(account, AssetFilter()),
                complete=complete,
                jobs=jobs,
                deleted=deleted,
                freed_bytes=freed_bytes,
                concerns=concerns,
            )
        )
    return states


def _last_keys(accounts: Sequence[Account]) -> dict[int, ApiKey]:
    """By account the active key that is accepted longest; one without an end before all others."""
    active = ApiKey.objects.active().filter(account__in=accounts)
    return {key.account_id: key for key in active.order_by(F("expires_at").asc(nulls_last=True))}


def _key_concerns(account: Account, keys: dict[int, ApiKey] | None, at: datetime) -> list[Concern]:
    if keys is None:
        return []
    key = keys.get(account.pk)
    if key is None:
        return [Concern(ConcernKind.NO_KEY, account)]
    if key.expires_at is None or key.expires_at > at + KEY_ENDS_WITHIN:
        return []
    kind = ConcernKind.KEY_ENDED if key.expires_at <= at else ConcernKind.KEY_ENDS
    return [Concern(kind, account, at=key.expires_at)]


def _sync_concerns(account: Account, latest: SyncRun | None, complete: SyncRun | None, at: datetime) -> list[Concern]:
    if latest and latest.asks_about:
        return [Concern(ConcernKind.REMOVALS_ASKED, account, run=latest, complete=complete)]
    if latest and latest.state == SyncState.FAILED:
        return [Concern(ConcernKind.SYNC_FAILED, account, run=latest, complete=complete)]
    if complete is None:
        return [] if latest else [Concern(ConcernKind.NEVER_SYNCED, account)]
    if complete.started_at < at - INDEX_IS_OLD_AFTER:
        return [Concern(ConcernKind.INDEX_OLD, account, at=complete.started_at)]
    return []
