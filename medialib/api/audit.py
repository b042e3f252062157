"""The audit log, by the words of its query bar."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any

from django.http import HttpRequest
from ninja import Query, Router, Schema

from medialib.api.permits import Caller, Permit
from medialib.api.problems import ProblemFound
from medialib.api.shapes import Limit, RowCursor
from medialib.forms.audit import WORDS, AuditFilterForm, parse_query
from medialib.models import Account, AuditEvent, EventKind, TokenScope
from medialib.models.sql import MAX_INTEGER
from medialib.services.audit import log, search

router = Router(tags=["audit"])
OWN_KEYS = {"cursor", "limit", "q"}
DESCRIBED = {
    "actor": "Name of the person", "account": "Name of the account", "event": "Such as job.confirmed",
    "outcome": "Such as failed", "job": "Number of a job", "path": "A part of a path", "file": "A file id",
    "after": "From this day on, 2026-01-31", "before": "Until this day, which is included",
    "zone": "Time zone of the days",
}  # fmt: skip
FILTERS = {
    "parameters": [
        {"in": "query", "name": name, "required": False, "description": text, "schema": {"type": "string"}}
        for name, text in DESCRIBED.items()
    ]
}


class EventFacts(Schema):
    """One event, with the names that exports use."""

    sequence: int
    time: datetime
    actor: str
    account: str
    job: int | None
    event: str
    file_id: str
    file_path: str
    size_bytes: int | None
    outcome: str
    evidence: str
    http_status: int | None
    reason: str
    address: str
    request_id: str
    session: str
    detail: dict[str, Any]


class EventPage(Schema):
    items: list[EventFacts]
    next: str | None


@router.get(
    "/audit",
    auth=Permit(TokenScope.AUDIT, "view_audit"),
    response=EventPage,
    operation_id="listAuditEvents",
    summary="Events of the audit log, newest first",
    openapi_extra=FILTERS,
)
def list_audit_events(
    request: HttpRequest,
    q: Annotated[str, Query(description="A line of the query bar, such as `actor:kim outcome:failed`.")] = "",
    limit: Limit = 100,
    cursor: RowCursor = "",
) -> EventPage:
    """Taking the log away is itself recorded: the first page of a filter is an event of an export."""
    caller = Caller.of(request)
    fields = {name: text for name, text in request.GET.items() if name not in OWN_KEYS}
    if unknown := set(fields) - set(WORDS):
        raise ProblemFound("invalid", f"There is no field named “{min(unknown)[:60]}”.")
    form = AuditFilterForm(fields | parse_query(q), viewer=caller.user)
    if not form.is_valid():
        name, errors = next(iter(form.errors.items()))
        raise ProblemFound("invalid", f"{name}: {errors[0]}")
    wanted = form.audit_filter()
    before = min(int(cursor), MAX_INTEGER) if cursor else None
    page = search.page(wanted, viewer=caller.user, before=before, size=limit)
    if before is None:
        account = Account.objects.visible_to(caller.user).filter(name=wanted.account).first()
        detail = {"format": "api", "filter": wanted.as_detail()}
        log.record(EventKind.AUDIT_EXPORTED, actor=caller.actor, account=account, detail=detail)
    return EventPage(items=[_facts(event) for event in page.events], next=str(page.older) if page.older else None)


def _facts(event: AuditEvent) -> EventFacts:
    return EventFacts(
        sequence=event.pk,
        time=event.time,
        actor=event.actor_name,
        account=event.account_name,
        job=event.job_id,
        event=event.event,
        file_id=event.file_id,
        file_path=event.file_path,
        size_bytes=event.size_bytes,
        outcome=event.outcome,
        evidence=event.evidence,
        http_status=event.http_status,
        reason=event.reason,
        address=event.address,
        request_id=event.request_id,
        session=event.session,
        detail=event.detail,
    )
