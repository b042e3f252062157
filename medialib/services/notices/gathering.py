"""Finds what there is to tell: from sealed events of the log, each once, and from the state of accounts.

A notice is made for each route whose person may see the account, and in the same transaction the place in the log moves
on: a worker that is killed neither forgets one nor makes it twice.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from django.db import transaction

from medialib.models import (
    Account,
    AuditCursor,
    AuditEvent,
    AuditSegment,
    DeletionJob,
    EventKind,
    Notice,
    NoticeKind,
    NoticeRoute,
    Outcome,
)
from medialib.services.accounts import rights
from medialib.services.audit import places
from medialib.services.base.clock import shared_now
from medialib.services.deletion import purge
from medialib.services.jobs import overview
from medialib.services.jobs.overview import Concern, ConcernKind

if TYPE_CHECKING:
    from django.contrib.auth.models import User

CURSOR = "notices"
EVENTS_AT_ONCE = 500
QUOTA_IS_NEAR = 0.9
OF_JOBS = [EventKind.JOB_CONFIRMED, EventKind.JOB_PAUSED, EventKind.JOB_FINISHED]
OF_KEYS = (ConcernKind.KEY_ENDS, ConcernKind.KEY_ENDED)
OF_SYNCS = (ConcernKind.SYNC_FAILED, ConcernKind.REMOVALS_ASKED)


@dataclass(frozen=True, kw_only=True)
class Occasion:
    """Something to tell of an account, under a key that is the same however often it is found."""

    kind: NoticeKind
    key: str
    account: Account
    job: DeletionJob | None = None
    by: int | None = None  # Whose doing it was: nobody is told of what they did.
    facts: dict[str, Any] = field(default_factory=dict)


def gather_from_log() -> int:
    """Go through what was sealed since the last time. Returns how many notices were made."""
    count, sealed = 0, AuditSegment.objects.sealed_up_to()
    cursor, _ = AuditCursor.objects.get_or_create(name=CURSOR, defaults={"event_id": sealed})
    routes = _routes() if cursor.event_id < sealed else []
    while cursor.event_id < sealed:
        events = AuditEvent.objects.filter(places.OF_KIND, event__in=OF_JOBS, pk__gt=cursor.event_id, pk__lte=sealed)
        some = list(events.order_by("pk")[:EVENTS_AT_ONCE])
        up_to = some[-1].pk if len(some) == EVENTS_AT_ONCE else sealed
        with transaction.atomic():
            if not AuditCursor.objects.filter(name=CURSOR, event_id=cursor.event_id).update(event_id=up_to):
                break  # Another worker did it.
            count += _note(_of_events(some), routes)
        cursor.event_id = up_to
    return count


def gather_from_state() -> int:
    """Look at each account. Returns how many notices were made; what was told before is not told again."""
    if not (routes := _routes()):
        return 0
    return _note(_of_accounts(list(Account.objects.all())), routes)


def _routes() -> list[NoticeRoute]:
    return list(NoticeRoute.objects.filter(user__is_active=True, user__is_staff=True).select_related("user"))


def _of_events(events: list[AuditEvent]) -> Iterator[Occasion]:
    jobs = DeletionJob.objects.select_related("account", "manifest").in_bulk({event.job_id for event in events})
    for event in events:
        if not isinstance(event.detail, dict):  # Written by hand.
            continue
        job, kind = jobs.get(event.job_id or 0), _kind(event)
        if job and kind:
            key = f"event:{event.pk}"
            yield Occasion(kind=kind, key=key, account=job.account, job=job, by=event.actor_id, facts=_facts(event))


def _kind(event: AuditEvent) -> NoticeKind | None:
    if event.event == EventKind.JOB_CONFIRMED:
        return NoticeKind.JOB_TO_APPROVE if event.detail.get("needs_approval") else None
    if event.event == EventKind.JOB_PAUSED:
        return NoticeKind.JOB_PAUSED
    needs_somebody = any(event.detail.get(outcome) for outcome in (Outcome.FAILED, Outcome.UNVERIFIED))
    return NoticeKind.JOB_UNRESOLVED if needs_somebody else NoticeKind.JOB_FINISHED


def _facts(event: AuditEvent) -> dict[str, Any]:
    if event.event == EventKind.JOB_FINISHED:
        return {name: count for name, count in event.detail.items() if name in Outcome and _is_count(count)}
    if event.event == EventKind.JOB_CONFIRMED:
        count = event.detail.get("file_count")
        return {"files": count if _is_count(count) else 0, "by": event.actor_name}
    return {}


def _is_count(value: Any) -> bool:
    """Of something: a detail that was written by hand may hold anything."""
    return type(value) is int and value > 0


def _of_accounts(accounts: list[Account]) -> Iterator[Occasion]:
    for concern in overview.every_concern(accounts):
        if concern.kind in OF_KEYS and concern.at:
            key = f"key:{concern.account.pk}:{concern.at:%Y-%m-%d}:{concern.kind}"
            ends = {"ends_at": concern.at.isoformat()}
            yield Occasion(kind=NoticeKind.KEY_ENDS, key=key, account=concern.account, facts=ends)
        elif concern.kind in OF_SYNCS:
            asks = {"asks": concern.kind == ConcernKind.REMOVALS_ASKED}
            yield Occasion(kind=NoticeKind.SYNC_TROUBLE, key=_sync_key(concern), account=concern.account, facts=asks)
    month = shared_now().strftime("%Y-%m")
    for account in accounts:
        quota = purge.quota(account)
        if quota.used >= quota.limit * QUOTA_IS_NEAR:
            used = {"used": quota.used, "limit": quota.limit}
            yield Occasion(kind=NoticeKind.QUOTA_NEAR, key=f"quota:{account.pk}:{month}", account=account, facts=used)


def _sync_key(concern: Concern) -> str:
    """Once for a row of failures, however long it gets: until a sync succeeds."""
    since = concern.complete.pk if concern.complete else 0
    return f"sync:{concern.account.pk}:{since}:{concern.kind}"


def _note(occasions: Iterable[Occasion], routes: list[NoticeRoute]) -> int:
    at, newest = shared_now(), Notice.objects.order_by("-pk").values_list("pk", flat=True).first() or 0
    reach = {route.user_id: visible_accounts(route.user) for route in routes}
    made = (
        Notice(
            route=route,
            key=occasion.key,
            kind=occasion.kind,
            account=occasion.account,
            job=occasion.job,
            facts=occasion.facts,
            noted_at=at,
        )
        for occasion in occasions
        for route in routes
        if occasion.account.pk in reach[route.user_id] and _wants(route, occasion)
    )
    Notice.objects.bulk_create(made, ignore_conflicts=True, batch_size=500)
    return Notice.objects.filter(pk__gt=newest).count()


def _wants(route: NoticeRoute, occasion: Occasion) -> bool:
    """Whether the person chose to be told of it, has the right to it, and did not do it."""
    user, job = route.user, occasion.job
    if occasion.kind not in route.kinds or not may_know(user, occasion.kind):
        return False
    if occasion.kind == NoticeKind.JOB_TO_APPROVE:
        return job is not None and not rights.why_may_not_approve(job, user, user.get_username())
    if job is None:
        return True
    is_mine = job.requested_by_id == user.pk
    return occasion.by != user.pk and (is_mine or not route.only_mine)


def visible_accounts(user: User) -> set[int]:
    return set(Account.objects.visible_to(user).values_list("pk", flat=True))


def may_know(user: User, kind: str) -> bool:
    """Asked when a notice is made and again when it is sent: rights may have been taken meanwhile."""
    if not (user.is_active and user.is_staff and user.has_perm("medialib.view_library")):
        return False
    return kind != NoticeKind.KEY_ENDS or user.has_perm("medialib.manage_keys")
