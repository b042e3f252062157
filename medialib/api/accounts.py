"""The token itself, and the accounts that its person sees."""

from __future__ import annotations

from datetime import datetime

from django.http import HttpRequest
from ninja import Field, Router, Schema

from medialib.api.permits import Caller, Permit
from medialib.api.shapes import AccountName
from medialib.models import Account, SyncRun, TokenScope
from medialib.models.query.filters import AssetFilter
from medialib.services.base.wake import wake
from medialib.services.library import totals

router = Router(tags=["accounts"])
MAY_READ = Permit(TokenScope.READ, "view_library")


class TokenFacts(Schema):
    name: str
    person: str
    scopes: list[str]
    created_at: datetime
    expires_at: datetime


class AccountFacts(Schema):
    name: str
    url_endpoint: str
    file_count: int = Field(description="Files of the index, about.")
    synced_at: datetime | None = Field(description="When the latest sync that went through began.")
    may_delete: bool = Field(description="Whether you may delete here, somewhere at least.")
    delete_only_in: list[str] = Field(description="Folders in which alone you may delete; empty for everywhere.")
    limit_files: int = Field(description="More files than this are confirmed by a person on a page.")
    limit_percent: int = Field(description="The same, as a share of the library.")
    approval_files: int | None = Field(description="So many files need the approval of another person.")


class AccountList(Schema):
    items: list[AccountFacts]


class SyncAsked(Schema):
    asked: bool
    latest_run: int | None = Field(description="The latest run before this request; a later one answers it.")


@router.get("/token", auth=MAY_READ, response=TokenFacts, operation_id="getToken", summary="The token that asks")
def get_token(request: HttpRequest) -> TokenFacts:
    token = Caller.of(request).token
    return TokenFacts(
        name=token.name,
        person=token.user.get_username(),
        scopes=token.scopes,
        created_at=token.created_at,
        expires_at=token.expires_at,
    )


@router.get("/accounts", auth=MAY_READ, response=AccountList, operation_id="listAccounts", summary="Accounts you see")
def list_accounts(request: HttpRequest) -> AccountList:
    caller = Caller.of(request)
    return AccountList(items=[_facts(each, caller) for each in Account.objects.visible_to(caller.user)])


@router.get(
    "/accounts/{account}", auth=MAY_READ, response=AccountFacts, operation_id="getAccount", summary="One account"
)
def get_account(request: HttpRequest, account: AccountName) -> AccountFacts:
    caller = Caller.of(request)
    return _facts(caller.account(account), caller)


@router.post(
    "/accounts/{account}/sync",
    auth=Permit(TokenScope.CONTROL, "view_library"),
    response={202: SyncAsked},
    operation_id="startSync",
    summary="Ask a worker to sync the index",
)
def start_sync(request: HttpRequest, account: AccountName) -> SyncAsked:
    owner = Caller.of(request).account(account)
    run, _complete = SyncRun.objects.latest_and_complete(owner)
    wake("sync_library", owner.pk)
    return SyncAsked(asked=True, latest_run=run.pk if run else None)


def _facts(account: Account, caller: Caller) -> AccountFacts:
    scope = account.delete_scope(caller.user)
    complete = SyncRun.objects.latest_complete(account)
    return AccountFacts(
        name=account.name,
        url_endpoint=account.url_endpoint,
        file_count=totals.estimate(account, AssetFilter()).file_count,
        synced_at=complete.started_at if complete else None,
        may_delete=caller.user.has_perm("medialib.delete_files") and not scope.is_nothing,
        delete_only_in=sorted(scope.prefixes or ()),
        limit_files=account.limit_files,
        limit_percent=account.limit_percent,
        approval_files=account.approval_files,
    )
