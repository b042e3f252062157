"""A filter that cannot match says why; one that can says nothing."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given

from medialib.models import Account
from medialib.models.query.contradictions import contradiction
from medialib.models.query.filters import AssetFilter
from medialib.models.query.language import parse
from tests.models.plain_meaning import is_meant
from tests.models.random_libraries import examples, filters, libraries, library_of


@pytest.mark.parametrize(
    "query",
    [
        "size>=10mb size<=1mb",
        "width>5 width<5",
        "width>5 width=5",
        "age>2y age<1y",
        "created>=2024-05-01 created<2024-05-01",
        "created<2020-01-01 age<1y",
        "type:image type:video",
        "format:jpg format:png",
        "folder=/a folder=/b",
    ],
)
def test_what_cannot_be_is_said(query: str) -> None:
    assert "leave nothing over" in contradiction(parse(query))


@pytest.mark.parametrize(
    "query",
    [
        "size>=1mb size<=10mb",
        "width>=5 width<=5",
        "age>1y age<2y",
        "type:image OR type:video",
        "folder:/a folder:/a/b",
        "tag:a tag:b",
        "created:2024 updated:2025",
        "size>1 width<1",
        "meta.a>5 meta.b<1",
        "NOT type:image type:video",
    ],
)
def test_what_may_be_is_not(query: str) -> None:
    assert contradiction(parse(query)) == ""


@pytest.mark.django_db
@given(wanted=filters, fields=libraries)
@examples
def test_no_file_matches_what_is_called_impossible(
    account: Account, wanted: AssetFilter, fields: list[dict[str, Any]]
) -> None:
    if contradiction(wanted.node()):
        with library_of(account, fields) as assets:
            assert not [asset for asset in assets if is_meant(asset, wanted)]
