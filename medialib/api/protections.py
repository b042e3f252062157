"""Rules and holds that keep files from every deletion."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated

from django.http import HttpRequest, HttpResponse
from django.utils.timezone import make_aware
from ninja import Field, Path, Router, Schema

from medialib.api.once import answer_once
from medialib.api.permits import Caller, Permit
from medialib.api.problems import not_found
from medialib.api.shapes import NO_NUL, AccountName, FileId, Reason, Wish
from medialib.models import ProtectionKind, ProtectionRule, TokenScope
from medialib.models.sql import MAX_INTEGER
from medialib.services.accounts import protections
from medialib.services.jobs.unattended import NeedsPerson

router = Router(tags=["protections"])
HOLD = "Lifting a hold asks a person for a fresh proof of who it is, on this page."


class RuleFacts(Schema):
    rule: int | None = Field(description="Its number; null for a folder of the account's own list.")
    kind: str
    value: str
    words: str
    reason: str
    files: int = Field(description="How many files of the index it protects now.")
    added_by: str
    until: datetime | None
    is_hold: bool


class RuleList(Schema):
    items: list[RuleFacts]


class RuleWish(Wish):
    kind: ProtectionKind
    value: Annotated[str, Field(pattern=NO_NUL, max_length=protections.MAX_VALUE)] = Field(
        "", description="Folder, path pattern, tag, age (30d), size (10 MB), NAME=VALUE, or the name of a saved view."
    )
    file_ids: list[FileId] = Field([], description="Of a hold on files.")
    reason: Reason
    until: datetime | None = Field(None, description="From then on it no longer counts.")


class LiftWish(Wish):
    reason: Reason


@router.get(
    "/accounts/{account}/protections",
    auth=Permit(TokenScope.READ, "delete_files", "manage_keys"),
    response=RuleList,
    operation_id="listProtections",
    summary="Rules that count now",
)
def list_protections(request: HttpRequest, account: AccountName) -> RuleList:
    owner = Caller.of(request).account(account)
    return RuleList(items=[_facts(each.rule) for each in protections.shown_rules(owner)])


@router.post(
    "/accounts/{account}/protections",
    auth=Permit(TokenScope.PROTECT, "delete_files"),
    response={201: RuleFacts},
    operation_id="addProtection",
    summary="Protect files from every deletion, at once",
)
def add_protection(request: HttpRequest, account: AccountName, body: RuleWish) -> HttpResponse:
    caller = Caller.of(request)
    owner, is_view = caller.account(account), body.kind == ProtectionKind.VIEW

    def make() -> RuleFacts:
        rule = protections.add_rule(
            owner,
            kind=ProtectionKind(body.kind),
            value="" if is_view else body.value,
            file_ids=body.file_ids if body.kind == ProtectionKind.FILES else (),
            view=protections.named_view(owner, body.value, caller.actor) if is_view else None,
            reason=body.reason,
            until=_aware(body.until),
            actor=caller.actor,
        )
        return _facts(rule)

    return answer_once(request, make)


@router.post(
    "/accounts/{account}/protections/{rule}/lift",
    auth=Permit(TokenScope.PROTECT, "manage_keys"),
    response={204: None},
    operation_id="liftProtection",
    summary="End a rule; a hold is lifted by a person",
)
def lift_protection(
    request: HttpRequest, account: AccountName, rule: Annotated[int, Path(ge=1, le=MAX_INTEGER)], body: LiftWish
) -> HttpResponse:
    caller = Caller.of(request)
    owner = caller.account(account)
    found = owner.protection_rules.filter(lifted_at__isnull=True, pk=rule).first()
    if found is None:
        raise not_found("The account has no such rule that still counts.")
    if found.is_hold:
        raise NeedsPerson(HOLD, page="protection-lift", about=[owner.name, found.pk])
    protections.lift_rule(found, reason=body.reason, actor=caller.actor)
    return HttpResponse(status=204)


def _aware(moment: datetime | None) -> datetime | None:
    return make_aware(moment) if moment and moment.tzinfo is None else moment


def _facts(rule: ProtectionRule) -> RuleFacts:
    return RuleFacts(
        rule=rule.pk,
        kind=rule.kind,
        value=rule.value,
        words=rule.in_words(),
        reason=rule.reason,
        files=protections.file_count(rule),
        added_by=rule.added_by_name,
        until=rule.until,
        is_hold=rule.is_hold,
    )
