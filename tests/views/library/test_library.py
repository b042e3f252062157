"""The library list: what it shows, in which order, page by page, and what it says when there is nothing."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils.timezone import now

from medialib.models import Account, Asset, SyncRun
from medialib.views.library import columns
from tests import factories
from tests.views.pages import link, names, page, words


def synced(account: Account, seen: int = 0) -> SyncRun:
    return SyncRun.objects.create(account=account, state="complete", started_at=now(), finished_at=now(), seen=seen)


def url(account: Account, query: str = "") -> str:
    return f"/{account.name}/library/?{query}"


def test_list_shows_the_live_files_of_this_account_only(staff_client: Client, account: Account) -> None:
    factories.asset(account, "/a/hero.jpg")
    factories.asset(account, "/a/gone.jpg", removed_at=now(), removal="missing")
    factories.asset(factories.account(), "/a/foreign.jpg")
    assert names(staff_client.get(url(account))) == ["hero.jpg"]


@pytest.mark.parametrize(
    ("query", "shown"),
    [
        ("folder=/a", {"hero.jpg"}),
        ("folder=/a&subfolders=1", {"hero.jpg", "film.mp4"}),
        ("kind=video", {"film.mp4"}),
        ("name=HERO", {"hero.jpg"}),
        ("q=/b/", {"film.mp4"}),
        ("tag=sale", {"hero.jpg"}),
    ],
)
def test_filters_in_the_address_narrow_the_list(
    staff_client: Client, account: Account, query: str, shown: set[str]
) -> None:
    factories.asset(account, "/a/hero.jpg", tags=["sale"])
    factories.asset(account, "/a/b/film.mp4", kind="video")
    factories.asset(account, "/c/other.jpg")
    assert set(names(staff_client.get(url(account, query)))) == shown


def test_each_filter_has_a_chip_whose_link_takes_only_it_away(staff_client: Client, account: Account) -> None:
    factories.asset(account, "/a/hero.jpg")
    chips = page(staff_client.get(url(account, "name=hero&kind=image&sort=-size"))).select(".chip")
    links = {words(chip).split(" Remove")[0]: chip.a["href"] for chip in chips}
    assert links == {"Type Image": "?name=hero&sort=-size", "Name contains “hero”": "?kind=image&sort=-size"}


def test_each_column_can_be_sorted_by(staff_client: Client, account: Account) -> None:
    for number in range(2):
        factories.asset(account, f"/{number}.jpg", tags=["a"] * number, width=number or None, is_private=bool(number))
    choice = {"columns": "1", "column": columns.KEYS, "query": ""}
    staff_client.post(f"/{account.name}/preferences/", choice)
    heads = page(staff_client.get(url(account))).select("th[class^=col-] a.sort-link")
    assert len(heads) == len(columns.KEYS) + 1
    for head in heads:
        answer = staff_client.get(f"/{account.name}/library/{head['href']}")
        assert sorted(names(answer)) == ["0.jpg", "1.jpg"]
        assert len(page(answer).select("th[aria-sort]")) == 1


def test_column_head_sorts_and_turns_the_order_round(staff_client: Client, account: Account) -> None:
    for size in (2, 3, 1):
        factories.asset(account, f"/{size}.jpg", size_bytes=size)
    largest_first = staff_client.get(link(staff_client.get(url(account)), ".col-size a"))
    assert names(largest_first) == ["3.jpg", "2.jpg", "1.jpg"]
    assert page(largest_first).select_one("th.col-size")["aria-sort"] == "descending"
    assert names(staff_client.get(link(largest_first, ".col-size a"))) == ["1.jpg", "2.jpg", "3.jpg"]


def test_walking_the_pages_shows_each_file_once_and_leads_back(staff_client: Client, account: Account) -> None:
    for number in range(201):
        factories.asset(account, f"/{number:03}.jpg")
    pages = [staff_client.get(url(account, "sort=name"))]
    while following := link(pages[-1], "a[rel=next]"):
        pages.append(staff_client.get(following))
    assert [name for each in pages for name in names(each)] == [f"{number:03}.jpg" for number in range(201)]
    back = staff_client.get(link(pages[-1], "a[rel=prev]"))
    assert names(back) == names(pages[1])


def test_query_count_is_the_same_for_one_row_and_for_many(staff_client: Client, account: Account) -> None:
    factories.asset(account)
    staff_client.get(url(account))
    with CaptureQueriesContext(connection) as one:
        staff_client.get(url(account))
    for _ in range(60):
        factories.asset(account, tags=["a", "b"])
    with CaptureQueriesContext(connection) as many:
        staff_client.get(url(account))
    assert len(many) == len(one)


@pytest.mark.parametrize("query", ["owner=7", "sort=colour", "kind=painting", "after=nonsense", "min_size=big"])
def test_address_that_is_not_understood_shows_no_files(staff_client: Client, account: Account, query: str) -> None:
    factories.asset(account, "/hero.jpg")
    response = staff_client.get(url(account, query))
    assert response.status_code == 400
    assert names(response) == []
    assert "cannot be understood" in words(page(response).h1)


def test_blank_fields_of_the_form_do_not_stay_in_the_address(staff_client: Client, account: Account) -> None:
    response = staff_client.get(url(account, "typed=1&q=hero&folder=&tag=&subfolders=1&sort=name"))
    assert response["Location"] == f"/{account.name}/library/?q=hero&sort=name"


def test_page_says_how_old_the_index_is(staff_client: Client, account: Account) -> None:
    run = synced(account)
    factories.asset(account, size_bytes=2000)
    response = staff_client.get(url(account))
    assert "Index as of" in words(page(response).select_one("#freshness"))
    assert page(response).select_one("#freshness time")["datetime"] == run.started_at.isoformat(timespec="seconds")
    assert "1 file" in words(page(response).select_one(".page-subtitle"))


def test_library_never_read_says_so_and_offers_a_sync(staff_client: Client, account: Account) -> None:
    response = staff_client.get(url(account))
    assert "has not been read yet" in words(page(response).select_one(".empty"))
    assert page(response).select_one(f'.empty form[action="/{account.name}/sync/"] button')


def test_empty_result_names_the_filter_and_the_way_out(staff_client: Client, account: Account) -> None:
    synced(account)
    empty = page(staff_client.get(url(account, "name=zebra"))).select_one(".empty")
    assert "Name contains “zebra”" in words(empty)
    assert empty.a["href"] == f"/{account.name}/library/"


def test_failed_sync_is_named_beside_the_older_index(staff_client: Client, account: Account) -> None:
    synced(account)
    SyncRun.objects.create(account=account, state="failed", started_at=now(), error="ImageKit refused the key.")
    badge = words(page(staff_client.get(url(account))).select_one("#freshness"))
    assert "Last sync failed ImageKit refused the key." in badge
    assert "Index as of" in badge


def test_hostile_file_name_is_text_and_nothing_else(staff_client: Client, account: Account) -> None:
    factories.asset(account, "/<script>alert(1)</script> & “x”.jpg", name="<script>alert(1)</script> & “x”.jpg")
    response = staff_client.get(url(account))
    assert names(response) == ["<script>alert(1)</script> & “x”.jpg"]
    assert b"<script>alert" not in response.content


def test_thumbnails_are_small_lazy_and_only_where_there_can_be_one(staff_client: Client, account: Account) -> None:
    factories.asset(account, "/shown.jpg", url="https://ik.imagekit.io/acme/shown.jpg?updatedAt=1")
    factories.asset(account, "/private.jpg", is_private=True)
    factories.asset(account, "/film.mp4", kind="video")
    factories.asset(account, "/odd.jpg", url="javascript:alert(1)")
    images = page(staff_client.get(url(account))).select("tbody img")
    assert [image["src"] for image in images] == [
        "https://ik.imagekit.io/acme/shown.jpg?updatedAt=1&tr=w-64,h-64,fo-auto"
    ]
    assert images[0]["loading"] == "lazy"


def test_panel_is_a_part_for_htmx_and_a_page_for_others(staff_client: Client, account: Account) -> None:
    asset = factories.asset(account, "/a/hero.jpg", size_bytes=1_500_000, custom_metadata={"campaign": "SS24"})
    address = f"/{account.name}/files/{asset.file_id}/"
    whole, part = staff_client.get(address), staff_client.get(address, headers={"HX-Request": "true"})
    for response in (whole, part):
        assert {"SS24", asset.file_id} <= set(page(response).stripped_strings)
        assert "1.5 MB (1,500,000 bytes)" in words(page(response))
        assert response["Vary"].count("HX-Request") == 1
    assert page(whole).html
    assert not page(part).html


def test_panel_of_a_file_that_is_gone_says_since_when(staff_client: Client, account: Account) -> None:
    asset = factories.asset(account, removed_at=now(), removal="deleted")
    assert "Deleted by a medialib job" in words(page(staff_client.get(f"/{account.name}/files/{asset.file_id}/")))


def test_list_opens_with_the_panel_that_its_address_names(staff_client: Client, account: Account) -> None:
    asset = factories.asset(account, "/a/hero.jpg")
    panel = page(staff_client.get(url(account, f"panel={asset.file_id}"))).select_one("#file-panel")
    assert words(panel.h2) == "hero.jpg"
    assert not panel.has_attr("hidden")


def test_unknown_account_and_unknown_file_are_not_found(staff_client: Client, account: Account) -> None:
    assert staff_client.get("/nobody/library/").status_code == 404
    assert staff_client.get(f"/{account.name}/files/nothing/").status_code == 404


def test_file_of_another_account_is_not_found_under_this_one(staff_client: Client, account: Account) -> None:
    foreign: Asset = factories.asset(factories.account())
    assert staff_client.get(f"/{account.name}/files/{foreign.file_id}/").status_code == 404


def test_every_page_of_an_account_carries_its_name_and_colour(staff_client: Client) -> None:
    account = factories.account("acme-prod", colour="violet")
    response = page(staff_client.get(url(account)))
    assert "account-colour-violet" in response.body["class"]
    assert "acme-prod" in words(response.select_one(".account-switch summary"))
    assert "acme-prod" in response.title.string


def test_index_of_a_run_that_goes_on_is_asked_for_again(staff_client: Client, account: Account) -> None:
    synced(account)
    SyncRun.objects.create(account=account, started_at=now(), heartbeat_at=now(), seen=3000)
    badge = page(staff_client.get(url(account))).select_one("#freshness")
    assert "3,000 files read" in words(badge)
    assert badge["hx-get"].startswith(f"/{account.name}/sync/progress/")


def test_run_whose_program_died_is_not_shown_as_running(staff_client: Client, account: Account) -> None:
    long_ago = now() - timedelta(hours=1)
    SyncRun.objects.create(account=account, started_at=long_ago, heartbeat_at=long_ago)
    badge = page(staff_client.get(url(account))).select_one("#freshness")
    assert "Last sync failed" in words(badge)
    assert not badge.has_attr("hx-get")


def test_a_folder_with_nothing_directly_in_it_offers_what_lies_below(staff_client: Client, account: Account) -> None:
    synced(account, seen=2)
    for path in ("/shop/2024/a.jpg", "/shop/2025/b.jpg", "/shoplifter/c.jpg"):
        factories.asset(account, path)
    empty = page(staff_client.get(url(account, "folder=/shop&sort=name"))).select_one(".empty")
    assert "No file lies directly in /shop 2 files lie below it." in words(empty)
    below = staff_client.get(f"/{account.name}/library/" + empty.select_one("a.button-primary")["href"])
    assert names(below) == ["a.jpg", "b.jpg"]


@pytest.mark.parametrize("query", [{"folder": "/other"}, {"folder": "/shop", "subfolders": "1", "q": "x"}])
def test_where_nothing_lies_below_no_file_matches(
    staff_client: Client, account: Account, query: dict[str, str]
) -> None:
    synced(account, seen=1)
    factories.asset(account, "/shop/2024/a.jpg")
    empty = page(staff_client.get(f"/{account.name}/library/", query)).select_one(".empty")
    assert "No file matches" in words(empty)


def test_a_page_of_a_hundred_files_is_small_on_the_wire(staff_client: Client, account: Account) -> None:
    for number in range(100):
        factories.asset(account, f"/campaigns/summer-{number % 7}/image {number}.jpg", tags=["red", "blue"])
    answer = staff_client.get(url(account), headers={"Accept-Encoding": "gzip, br"})
    assert answer["Content-Encoding"] == "gzip"
    assert "Accept-Encoding" in answer["Vary"]
    assert len(answer.content) <= 25_000
    lengths = {len(staff_client.get(url(account), headers={"Accept-Encoding": "gzip"}).content) for _ in range(5)}
    assert len(lengths) > 1, "the length tells what the page holds (BREACH)"
