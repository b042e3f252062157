"""How sizes, numbers, times and addresses look."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from django.http import QueryDict
from django.template import Context
from django.test import RequestFactory

from medialib.models import Account, Asset
from medialib.templatetags import medialib as tags


@pytest.mark.parametrize(
    ("size_bytes", "shown"),
    [
        (None, "—"),
        (0, "0 B"),
        (999, "999 B"),
        (1000, "1.0 kB"),
        (99_950, "100 kB"),
        (999_600, "1.0 MB"),
        (91_400_000_000, "91.4 GB"),
    ],
)
def test_size_is_short_and_decimal(size_bytes: int | None, shown: str) -> None:
    assert tags.file_size(size_bytes) == shown


def test_number_has_separators() -> None:
    assert (tags.thousands(48213), tags.thousands(None)) == ("48,213", "—")


def test_bar_of_the_chart_is_a_number_or_a_size() -> None:
    assert (tags.measured(48213, "files"), tags.measured(48213, "size_bytes")) == ("48,213", "48.2 kB")


def test_time_is_as_short_as_it_can_be(time_machine_at: None) -> None:
    texts = [
        str(tags.moment(datetime(2026, 11, 24, 9, 5, tzinfo=UTC))),
        str(tags.moment(datetime(2026, 3, 1, tzinfo=UTC))),
        str(tags.moment(datetime(2024, 3, 1, tzinfo=UTC))),
    ]
    assert [text.partition(">")[2].removesuffix("</time>") for text in texts] == ["09:05", "1 Mar", "1 Mar 2024"]


@pytest.fixture
def time_machine_at(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tags, "now", lambda: datetime(2026, 11, 24, 14, tzinfo=UTC))


@pytest.mark.parametrize(
    ("address", "shown"),
    [
        ("https://ik.imagekit.io/acme/a.jpg", "https://ik.imagekit.io/acme/a.jpg?tr=w-80,h-80,fo-auto"),
        ("https://ik.imagekit.io/acme/a.jpg?v=1#x", "https://ik.imagekit.io/acme/a.jpg?v=1&tr=w-80,h-80,fo-auto"),
        ("data:image/png;base64,AAAA", ""),
        ("", ""),
    ],
)
def test_thumbnail_is_imagekits_own_transform(address: str, shown: str) -> None:
    assert tags.thumbnail(Asset(kind="image", url=address), 80) == shown


def test_query_with_replaces_and_removes() -> None:
    context = Context({"request": RequestFactory().get("/?sort=name&after=9&tag=a&tag=b")})
    changed = QueryDict(tags.query_with(context, sort="size", after=None).removeprefix("?"))
    assert dict(changed.lists()) == {"sort": ["size"], "tag": ["a", "b"]}


def test_account_carries_the_class_of_its_colour() -> None:
    assert tags.account_colour(Account(colour="pink")) == "account-colour-pink"
    assert tags.account_colour(None) == ""
