"""Icons are named in pages and drawn by one style sheet, which browsers keep."""

from __future__ import annotations

import re

import pytest
from django.test import Client

from medialib.models import Account, AssetKind
from medialib.templatetags.icons import BY_VALUE, icon_sheet
from tests import factories
from tests.views.pages import page


@pytest.mark.parametrize(
    "address", ["/", "/jobs/", "/audit/", "/accounts/", "/styleguide/", "/{}/library/", "/you/second-factor/"]
)
def test_each_icon_of_a_page_is_in_the_sheet(
    staff_client: Client, account: Account, settings: object, address: str
) -> None:
    settings.DEBUG = True  # type: ignore[attr-defined]  # The style guide.
    for kind in AssetKind.values:
        factories.asset(account, f"/{kind}", kind=kind, url="")
    shown = page(staff_client.get(address.format(account.name)))
    named = {css for icon in shown.select("svg.icon") for css in icon["class"]} - {"icon"}
    assert named
    assert {css for css in named if f".{css} {{" not in icon_sheet().css} == set()


def test_sheet_is_drawn_by_nothing_that_the_policy_forbids_and_kept_for_long(client: Client) -> None:
    answer = client.get(f"/icons/{icon_sheet().digest}.css")
    assert answer["Content-Type"].startswith("text/css")
    assert "immutable" in answer["Cache-Control"]
    sources = set(re.findall(r"url\(\"(.{18})", answer.content.decode()))
    assert sources == {"data:image/svg+xml"}
    assert all(f".{name}-micro {{" in answer.content.decode() for name in BY_VALUE)
