"""Two to four files beside each other: facts in rows, differences marked, and their ticks."""

from __future__ import annotations

from typing import Any

import pytest
from django.contrib.auth.models import User
from django.test import Client
from django.utils.timezone import now

from medialib.models import Account, Asset
from medialib.services.selections import ticks
from tests import factories
from tests.views.pages import page, words


def compared(client: Client, *assets: Asset) -> Any:
    query = "&".join(f"file={asset.file_id}" for asset in assets)
    return client.get(f"/{assets[0].account.name}/compare/?{query}")


def facts(response: Any) -> dict[str, list[str]]:
    rows = page(response).select(".compare-table tbody tr")
    return {words(row.th): [words(cell) for cell in row.select("td")] for row in rows}


def test_facts_stand_in_rows_and_what_differs_says_so(staff_client: Client, account: Account) -> None:
    one = factories.asset(account, "/a/one.jpg", size_bytes=1000, custom_metadata={"campaign": "SS24"}, tags=["sale"])
    two = factories.asset(account, "/b/two.jpg", size_bytes=1001, tags=["sale"], is_private=True)
    response = compared(staff_client, one, two)
    told = facts(response)
    assert told["Folder differs"] == ["/a", "/b"]
    assert told["Size differs"] == ["1.0 kB (1,000 bytes)", "1.0 kB (1,001 bytes)"]
    assert told["Access differs"] == ["Public", "Private"]
    assert told["campaign differs"] == ["SS24", "—"]
    assert told["Tags"] == ["sale", "sale"]
    assert f"4 of {len(told)} facts differ." in words(page(response))


def test_pictures_and_names_stand_in_the_order_of_the_address(staff_client: Client, account: Account) -> None:
    assets = [factories.asset(account, f"/a/{name}.jpg") for name in "bca"]
    heads = page(compared(staff_client, *assets)).select(".compare-table thead th")
    assert [words(head.bdi) for head in heads] == ["b.jpg", "c.jpg", "a.jpg"]
    assert all("c-at_max" in head.img["src"] for head in heads)
    assert "3 files side by side" in words(page(compared(staff_client, *assets)).h1)


def test_same_facts_do_not_claim_the_same_picture(staff_client: Client, account: Account) -> None:
    assets = [factories.asset(account) for _ in range(2)]
    response = compared(staff_client, *assets)
    assert "what the pictures show may still differ" in words(page(response))
    assert not page(response).select(".is-different, #only-different")


def test_each_can_be_unticked_there(staff_client: Client, staff: User, account: Account) -> None:
    one, two, three = (factories.asset(account) for _ in range(3))
    ticks.tick(ticks.selection_of(staff, account), [one.pk, two.pk])
    shown = page(compared(staff_client, one, two, three))
    boxes = {int(box["value"]): box.has_attr("checked") for box in shown.select("[data-range-item]")}
    assert boxes == {one.pk: True, two.pk: True, three.pk: False}
    form = shown.select_one("form[data-selection]")
    fields = {field["name"]: field["value"] for field in form.select("input[type=hidden]")}
    staff_client.post(form["action"], fields | {"action": "page", "asset": [one.pk]})
    assert ticks.summary(ticks.selection_of(staff, account)).file_count == 1


@pytest.mark.parametrize(("count", "is_offered"), [(1, False), (2, True), (4, True), (5, False)])
def test_the_bar_offers_it_for_two_to_four(
    staff_client: Client, staff: User, account: Account, count: int, is_offered: bool
) -> None:
    assets = [factories.asset(account) for _ in range(count)]
    ticks.tick(ticks.selection_of(staff, account), [asset.pk for asset in assets])
    link = page(staff_client.get(f"/{account.name}/library/")).select_one("#selection-bar [data-key-compare]")
    assert (link is not None) == is_offered
    if link:
        heads = page(staff_client.get(link["href"])).select(".compare-table thead th")
        assert {words(head.bdi) for head in heads} == {asset.name for asset in assets}


def test_fewer_than_two_lead_back_with_a_sentence(staff_client: Client, account: Account) -> None:
    one, foreign = factories.asset(account), factories.asset(factories.account())
    for assets in ([one], [one, one], [one, foreign]):
        answer = compared(staff_client, *assets)
        assert answer.url == f"/{account.name}/library/"
        assert "two to four files" in words(page(staff_client.get(answer.url)))


def test_a_file_that_went_meanwhile_says_so_and_cannot_be_ticked(staff_client: Client, account: Account) -> None:
    there, gone = factories.asset(account), factories.asset(account, removed_at=now(), removal="deleted")
    heads = page(compared(staff_client, there, gone)).select(".compare-table thead th")
    assert [bool(head.select_one("[data-range-item]")) for head in heads] == [True, False]
    assert "gone" in words(heads[1])


def test_hostile_names_are_text_and_nothing_else(staff_client: Client, account: Account) -> None:
    hostile = {"<b>": "<script>alert(1)</script>"}
    assets = [factories.asset(account, name="<i>x</i>.jpg", custom_metadata=hostile, tags=["<u>"]) for _ in range(2)]
    content = compared(staff_client, *assets).content
    assert not any(tag in content for tag in (b"<script>alert", b"<i>x", b"<u>", b"<b>"))
