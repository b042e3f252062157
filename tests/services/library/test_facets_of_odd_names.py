"""Facets of names that nobody would choose: the number of each is that of its list, and a click shows its files."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import pytest
from django.http import QueryDict
from hypothesis import given

from medialib.forms.filters import as_typed, tidied
from medialib.models import Account, Asset
from medialib.models.query.fields import FACETS
from medialib.models.query.filters import AssetFilter
from medialib.services.library import facets, folders, summary
from tests.models.plain_meaning import is_meant
from tests.models.random_libraries import examples, filters, libraries, library_of

pytestmark = pytest.mark.django_db


def clicked(asset_filter: AssetFilter) -> AssetFilter:
    """The filter as it comes back from the address of a link."""
    return AssetFilter.from_query(QueryDict(asset_filter.to_query()))


def listed(account: Account, asset_filter: AssetFilter) -> set[int]:
    return set(Asset.objects.live(account).matching(asset_filter).rows.values_list("pk", flat=True))


def meant(assets: Iterable[Asset], asset_filter: AssetFilter) -> set[int]:
    return {asset.pk for asset in assets if is_meant(asset, asset_filter)}


@given(fields=libraries)
@examples
def test_the_number_of_each_facet_is_that_of_its_list(account: Account, fields: list[dict[str, Any]]) -> None:
    with library_of(account, fields) as assets:
        summary.rebuild(account)
        for of_library in (True, False):
            base = AssetFilter() if of_library else AssetFilter(folder="/", subfolders=True)
            for facet in facets.facets(account, base).facets:
                for value in facet.values:
                    asked = clicked(value.filter)
                    assert listed(account, asked) == meant(assets, asked)
                    assert value.count == len(listed(account, asked)), (facet.key, value.value)


@given(fields=libraries)
@examples
def test_a_click_on_any_facet_of_a_file_shows_the_file(account: Account, fields: list[dict[str, Any]]) -> None:
    with library_of(account, fields) as assets:
        for asset in assets:
            if asset.removed_at is None:
                for tag in {*asset.tags, *asset.ai_tags}:
                    part = AssetFilter(**FACETS["tag"].values_for_facet({}, tag))
                    assert asset.pk in listed(account, clicked(part))
                assert asset.pk in listed(account, clicked(AssetFilter(folder=asset.folder)))
                assert asset.pk in listed(account, clicked(AssetFilter(folder=asset.folder, subfolders=True)))


@given(fields=libraries)
@examples
def test_the_number_of_each_folder_is_that_of_its_list(account: Account, fields: list[dict[str, Any]]) -> None:
    with library_of(account, fields) as assets:
        summary.rebuild(account)
        waiting = ["/"]
        while waiting:
            for node in folders.level(account, waiting.pop()).children:
                waiting.append(node.folder)
                assert node.file_count == len(meant(assets, clicked(node.filter))), node.folder


@given(wanted=filters)
@examples
def test_a_form_that_is_sent_as_it_stands_changes_nothing(wanted: AssetFilter) -> None:
    typed = QueryDict(mutable=True)
    for name, text in as_typed(wanted).items():
        typed[name] = text
    assert AssetFilter.from_query(tidied(typed)) == wanted
