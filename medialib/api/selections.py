"""Selections of a token: begun from a filter or from ids, changed, frozen."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated
from uuid import UUID

from django.db import transaction
from django.http import HttpRequest, HttpResponse
from ninja import Field, Router, Schema, Status

from medialib.api.files import understood
from medialib.api.once import answer_once
from medialib.api.permits import Caller, Permit
from medialib.api.problems import not_found
from medialib.api.shapes import NO_NUL, AccountName, FileId, ManifestFacts, Wish, manifest_facts
from medialib.errors import Refused, WrongUse
from medialib.models import Selection, TokenScope
from medialib.models.sql import MAX_INTEGER
from medialib.services.manifests import freezing
from medialib.services.selections import by_token, ticks
from medialib.services.selections.protected import protected_count

router = Router(tags=["selections"])
MAY_SELECT = Permit(TokenScope.SELECT, "view_library")
MAY_DELETE = Permit(TokenScope.DELETE, "delete_files")

FilterText = Annotated[str, Field(pattern=NO_NUL)]


class SelectionWish(Wish):
    """One of the two."""

    filter: dict[str, FilterText | list[FilterText]] | None = Field(
        None, description="Names and values as listFiles takes them, such as folder: /old and subfolders: 1."
    )
    file_ids: list[FileId] | None = Field(None, min_length=1, description="Ids of files.")


class TickWish(Wish):
    file_ids: list[FileId] = Field(min_length=1)


class FreezeWish(Wish):
    file_count: int = Field(ge=0, le=MAX_INTEGER, description="How many files you saw selected.")


class SelectionFacts(Schema):
    id: str
    account: str
    file_count: int
    total_bytes: int
    excluded: int = Field(description="Unticked after they came with a filter.")
    protected: int = Field(description="Selected files that a rule keeps from every deletion; 1,000 stands for more.")
    not_found: list[str] = Field(description="Ids of this request that name no file of the index.")
    touched_at: datetime


@router.post(
    "/accounts/{account}/selections",
    auth=MAY_SELECT,
    response={201: SelectionFacts},
    operation_id="createSelection",
    summary="Select what matches a filter, or files by their ids",
)
def create_selection(request: HttpRequest, account: AccountName, body: SelectionWish) -> HttpResponse:
    caller = Caller.of(request)
    owner = caller.account(account)
    if (body.filter is None) == (body.file_ids is None):
        raise WrongUse("Say either a filter or file_ids.")

    def make() -> SelectionFacts:
        with transaction.atomic():
            selection, missing = by_token.begin(owner, caller.token), []
            if body.filter is not None:
                texts = {name: [text] if isinstance(text, str) else text for name, text in body.filter.items()}
                ticks.take_all_matching(selection, understood(texts))
            else:
                missing = _tick(selection, body.file_ids or [])
            return _facts(selection, missing)

    return answer_once(request, make)


@router.get(
    "/selections/{selection}",
    auth=MAY_SELECT,
    response=SelectionFacts,
    operation_id="getSelection",
    summary="What is selected",
)
def get_selection(request: HttpRequest, selection: UUID) -> SelectionFacts:
    return _facts(_mine(request, selection))


@router.post(
    "/selections/{selection}/tick",
    auth=MAY_SELECT,
    response=SelectionFacts,
    operation_id="tickFiles",
    summary="Add files to a selection",
)
def tick_files(request: HttpRequest, selection: UUID, body: TickWish) -> SelectionFacts:
    mine = _mine(request, selection)
    return _facts(mine, _tick(mine, body.file_ids))


@router.post(
    "/selections/{selection}/untick",
    auth=MAY_SELECT,
    response=SelectionFacts,
    operation_id="untickFiles",
    summary="Take files out of a selection",
)
def untick_files(request: HttpRequest, selection: UUID, body: TickWish) -> SelectionFacts:
    mine = _mine(request, selection)
    rows, missing = by_token.rows_named(mine.account, body.file_ids)
    ticks.untick(mine, rows)
    return _facts(mine, missing)


@router.delete(
    "/selections/{selection}",
    auth=MAY_SELECT,
    response={204: None},
    operation_id="removeSelection",
    summary="Forget a selection; no file is touched",
)
def remove_selection(request: HttpRequest, selection: UUID) -> Status[None]:
    _mine(request, selection).delete()
    return Status(204, None)


@router.post(
    "/selections/{selection}/freeze",
    auth=MAY_DELETE,
    response={201: ManifestFacts},
    operation_id="freezeSelection",
    summary="Freeze a selection into a list with a hash",
)
def freeze_selection(request: HttpRequest, selection: UUID, body: FreezeWish) -> HttpResponse:
    caller, mine = Caller.of(request), _mine(request, selection)

    def make() -> ManifestFacts:
        return manifest_facts(freezing.freeze(mine, actor=caller.actor, shown=body.file_count))

    return answer_once(request, make)


def _mine(request: HttpRequest, selection_id: UUID) -> Selection:
    caller = Caller.of(request)
    try:
        return ticks.owned(selection_id, caller.user, token=caller.token)
    except Refused as refused:
        raise not_found("This token has no such selection, or it has expired.") from refused


def _tick(selection: Selection, file_ids: list[str]) -> list[str]:
    """Returns the ids that name no file."""
    rows, missing = by_token.rows_named(selection.account, file_ids)
    ticks.tick(selection, rows)
    return missing


def _facts(selection: Selection, missing: list[str] | None = None) -> SelectionFacts:
    summary = ticks.summary(selection)
    return SelectionFacts(
        id=str(selection.pk),
        account=selection.account.name,
        file_count=summary.file_count,
        total_bytes=summary.total_bytes,
        excluded=summary.excluded_count,
        protected=protected_count(selection, summary).files,
        not_found=missing or [],
        touched_at=selection.touched_at,
    )
