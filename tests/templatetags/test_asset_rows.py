"""The rows of the table, which are written in Python: each value in its place, and nothing of a file taken for HTML."""

from __future__ import annotations

from urllib.parse import parse_qs

import pytest
from bs4 import BeautifulSoup

from medialib.models import Account, Asset
from medialib.templatetags import asset_rows
from medialib.templatetags.markup import Markup
from medialib.views.library import columns
from tests import factories
from tests.views import pages

EVIL = "\"><script>alert('x')</script>&{}{0}"


@pytest.fixture
def hostile(account: Account) -> Asset:
    """A file whose every text would like to be HTML."""
    return factories.asset(
        account,
        f"/{EVIL}/{EVIL}.jpg",
        file_id=EVIL[:64],
        format=EVIL[:16],
        tags=[EVIL, "b", "c", "d"],
        version_name=EVIL[:40],
        url=f"https://ik.imagekit.io/x/{EVIL}",
        is_published=False,
    )


def drawn(asset: Asset, ticked: set[int]) -> BeautifulSoup:
    html = asset_rows.asset_rows([asset], account=asset.account, columns=columns.KEYS, pixels=64, ticked=ticked)
    return BeautifulSoup(f"<table>{html}</table>", "html.parser")


@pytest.mark.django_db
def test_what_a_file_is_called_stays_text(hostile: Asset) -> None:
    row = drawn(hostile, {hostile.pk})
    assert row.find("script") is None
    assert row.select_one("th a").text == hostile.name
    assert row.select_one("td > a").text == hostile.folder
    assert parse_qs(row.select_one("td > a")["href"].removeprefix("?"))["folder"] == [hostile.folder]
    assert row.select_one("td[title]")["title"] == ", ".join(hostile.tags)
    assert pages.file_id(row.select_one("[data-panel-link]")) == hostile.file_id
    assert row.input["aria-labelledby"] == f"t n{hostile.pk}"
    assert row.select_one(f"#n{hostile.pk}").text == hostile.name
    assert row.input.has_attr("checked")
    assert not drawn(hostile, set()).input.has_attr("checked")


@pytest.mark.django_db
@pytest.mark.parametrize("key", columns.KEYS)
def test_each_place_of_a_cell_has_its_value(hostile: Asset, key: str) -> None:
    cell = asset_rows.CELLS[key]
    page = asset_rows.Page("/x/", 64, set(), "%(name)s", asset_rows.Calendar())
    assert len(cell.values(hostile, page)) == cell.html.count("{}")


def test_markup_escapes_all_but_markup() -> None:
    bold = Markup("<b>{}</b>")
    assert bold(bold("<i>")) == "<b><b>&lt;i&gt;</b></b>"
    assert Markup('<a href="{0}">{0}</a>')('"{1}"') == '<a href="&quot;{1}&quot;">&quot;{1}&quot;</a>'
    with pytest.raises(IndexError):
        Markup("{}{}")("one")
