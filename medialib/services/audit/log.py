"""Writes audit events, in the transaction that does the thing; those of files come in bulk from deletion/events.py."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any

from django.utils.timezone import now

from medialib.models import Account, Asset, AuditEvent, DeletionJob, EventKind
from medialib.services.audit import trace

if TYPE_CHECKING:
    from django.contrib.auth.models import User

MAX_REASON = 2_000  # Characters of what a person may write about why, of a job and of a rule.


@dataclass(frozen=True)
class Actor:
    """Who acts, copied so that history outlives the person's account.

    `proved_at` is when the person last proved in this session who they are; None where nobody is asked.
    """

    user: User | None = None
    name: str = "system"
    address: str = ""
    proved_at: datetime | None = None

    @classmethod
    def person(cls, user: User, *, address: str = "", proved_at: datetime | None = None) -> Actor:
        return cls(user=user, name=user.get_username(), address=address, proved_at=proved_at)


SYSTEM = Actor()


def record(
    event: EventKind,
    *,
    actor: Actor = SYSTEM,
    account: Account | None = None,
    job: DeletionJob | None = None,
    reason: str = "",
    detail: dict[str, Any] | None = None,
    file: Asset | None = None,
) -> AuditEvent:
    """Write one event. It stands when the surrounding transaction commits, and not before."""
    traced = trace.current()
    return AuditEvent.objects.create(
        time=now(),
        event=event,
        actor=actor.user,
        actor_name=actor.name,
        address=actor.address,
        session=traced.session if traced else "",
        web_request=traced.id if traced else "",
        account=account,
        account_name=account.name if account else "",
        job=job,
        reason=reason,
        detail=detail or {},
        file_id=file.file_id if file else "",
        file_path=file.path if file else "",
        size_bytes=file.size_bytes if file else None,
    )
