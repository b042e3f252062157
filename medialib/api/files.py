"""Files of an account: the lists of the library page, by the same filters, orders and places."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any

from django.http import HttpRequest, QueryDict
from ninja import Field, Query, Router, Schema

from medialib.api.accounts import MAY_READ
from medialib.api.permits import Caller
from medialib.api.problems import not_found
from medialib.api.shapes import AccountName, FileIdInPath, Limit
from medialib.errors import WrongUse
from medialib.models import Asset
from medialib.models.query.fields import KEYS
from medialib.models.query.filters import PAGE_KEYS, QUERY_KEY, AssetFilter
from medialib.models.query.orders import AssetCursor, AssetSort
from medialib.models.query.paging import page_of
from medialib.models.query.units import UNKNOWN_TIME
from medialib.services.library import totals

router = Router(tags=["files"])
OWN_KEYS = ("cursor", "limit", "sort")  # Of this address; all others are filters.


class FileFacts(Schema):
    file_id: str
    path: str
    name: str
    folder: str
    kind: str
    format: str
    mime: str
    size_bytes: int
    width: int | None
    height: int | None
    tags: list[str]
    custom_metadata: dict[str, Any]
    is_private: bool
    is_published: bool
    version: str
    url: str
    created_at: datetime | None
    updated_at: datetime | None
    removed_at: datetime | None = Field(description="When medialib learned that it is gone from ImageKit.")


class FilePage(Schema):
    items: list[FileFacts]
    next: str | None = Field(description="`cursor` of the next page; null at the end.")


class FileCount(Schema):
    file_count: int
    total_bytes: int


def filter_parameters() -> list[dict[str, Any]]:
    """Each filter of the library page, as the schema describes a parameter."""
    described = [(name, str(key.prompt) % key.field.title, key.is_list) for name, key in KEYS.items()]
    described.append((QUERY_KEY, "More conditions, in the query language of the library page", False))
    return [
        {
            "in": "query",
            "name": name,
            "required": False,
            "description": text,
            "schema": {"type": "array", "items": {"type": "string"}} if is_list else {"type": "string"},
        }
        for name, text, is_list in described
    ]


FILTERS = {"parameters": filter_parameters()}


@router.get(
    "/accounts/{account}/files",
    auth=MAY_READ,
    response=FilePage,
    operation_id="listFiles",
    summary="Files that match a filter",
    openapi_extra=FILTERS,
)
def list_files(
    request: HttpRequest,
    account: AccountName,
    limit: Limit = 100,
    cursor: Annotated[str, Query(description="`next` of the page before; empty for the first.")] = "",
    sort: Annotated[str, Query(description=f"One of {', '.join(AssetSort.values)}.")] = AssetSort.NEWEST.value,
) -> FilePage:
    owner = Caller.of(request).account(account)
    order = AssetSort.from_query({"sort": sort})
    after = AssetCursor.from_text(cursor, order) if cursor else None
    page = page_of(Asset.objects.live(owner).matching(_asked(request)), order, after=after, size=limit)
    following = page.next_cursor.as_text() if page.next_cursor else None
    return FilePage(items=[_facts(each) for each in page.assets], next=following)


@router.get(
    "/accounts/{account}/files-count",
    auth=MAY_READ,
    response=FileCount,
    operation_id="countFiles",
    summary="How many files match, to the last one",
    openapi_extra=FILTERS,
)
def count_files(request: HttpRequest, account: AccountName) -> FileCount:
    total = totals.exact(Caller.of(request).account(account), _asked(request))
    return FileCount(file_count=total.file_count, total_bytes=total.total_bytes or 0)


@router.get(
    "/accounts/{account}/files/{file_id}",
    auth=MAY_READ,
    response=FileFacts,
    operation_id="getFile",
    summary="One file of the index",
)
def get_file(request: HttpRequest, account: AccountName, file_id: FileIdInPath) -> FileFacts:
    asset = Asset.objects.filter(account=Caller.of(request).account(account), file_id=file_id).first()
    if asset is None:
        raise not_found("The index holds no file with this id.")
    return _facts(asset)


def understood(data: QueryDict | dict[str, list[str]]) -> AssetFilter:
    """The filter of these texts. Raises WrongUse for a name that is none, also for those that only pages know."""
    for name in data:
        if name in PAGE_KEYS:
            raise WrongUse(f"There is no filter named “{name}”; it is a place on a page.")
    return AssetFilter.from_query(data)


def _asked(request: HttpRequest) -> AssetFilter:
    data = request.GET.copy()
    for name in OWN_KEYS:
        data.pop(name, None)
    return understood(data)


def _facts(asset: Asset) -> FileFacts:
    return FileFacts(
        file_id=asset.file_id,
        path=asset.path,
        name=asset.name,
        folder=asset.folder,
        kind=asset.kind,
        format=asset.format,
        mime=asset.mime,
        size_bytes=asset.size_bytes,
        width=asset.width,
        height=asset.height,
        tags=asset.tags,
        custom_metadata=asset.custom_metadata,
        is_private=asset.is_private,
        is_published=asset.is_published,
        version=asset.version_name,
        url=asset.url,
        created_at=_known(asset.created_at),
        updated_at=_known(asset.updated_at),
        removed_at=asset.removed_at,
    )


def _known(moment: datetime) -> datetime | None:
    return None if moment == UNKNOWN_TIME else moment
