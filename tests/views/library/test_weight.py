"""What a page of a hundred files weighs before it is compressed, and what of it each row repeats."""

from __future__ import annotations

import re
from collections import Counter
from typing import Any

import pytest
from django.test import Client

from medialib.models import Account
from tests import factories
from tests.views.library.test_library import synced, url

MOST_BYTES = 110_000
FOLDERS = "/campaigns/2026/summer-in-the-city"
TAG = re.compile(r"<(\w+)((?:\s+[\w-]+(?:=\"[^\"]*\")?)*)\s*/?>")
ATTRIBUTE = re.compile(r"\s+([\w-]+)(?:=\"[^\"]*\")?")


@pytest.fixture
def hundred(db: None) -> Account:
    """Files with names of almost forty letters, in folders of thirty and more, every second one with two tags."""
    account = factories.account("acme")  # A name of its own, so that the weight is the same in each run.
    synced(account)
    for number in range(101):
        path = f"{FOLDERS}/{number % 7}/portrait-of-a-family-at-a-lake-{number:04}.jpeg"
        tags = ["summer", "family"] if number % 2 else []
        factories.asset(
            account, path, file_id=f"{number:024x}", tags=tags, size_bytes=110_000 + number, width=3008, height=2048
        )
    return account


def weights(html: str) -> Counter[str]:
    """Bytes by element and attribute, as "a href"."""
    found: Counter[str] = Counter()
    for tag in TAG.finditer(html):
        for attribute in ATTRIBUTE.finditer(tag[2]):
            found[f"{tag[1]} {attribute[1]}"] += len(attribute[0].encode())
    return found


@pytest.mark.parametrize("view", ["table", "grid"])
def test_a_page_of_a_hundred_files_is_light(staff_client: Client, hundred: Account, view: str) -> None:
    html = staff_client.get(url(hundred, f"view={view}")).content
    assert html.count(b"data-panel-link") == 100
    assert len(html) <= MOST_BYTES, weights(html.decode()).most_common(12)


def test_a_row_repeats_nothing_that_can_be_told_once(staff_client: Client, hundred: Account) -> None:
    html = staff_client.get(url(hundred)).content.decode()
    rows: Any = html[html.index("<tbody") : html.index("</tbody>")]
    assert sum(weight for name, weight in weights(rows).items() if re.search(" (class|hx-.*|title)$", name)) <= 7_000
