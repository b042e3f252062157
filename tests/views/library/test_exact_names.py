"""A link means the value that stands in it, to the last blank; only what is typed is tidied."""

from __future__ import annotations

import csv
from urllib.parse import urlencode

import pytest
from bs4 import Tag
from django.test import Client

from medialib.models import Account, Manifest
from tests import factories
from tests.views.pages import file_id, page, words

ROWS = {
    "/archive /one.jpg": {"tags": ["red, blue"]},
    "/archive/keep.jpg": {"tags": ["red", "blue"]},
    "/ /lead.jpg": {"tags": [" spaced "]},
    "/plain.jpg": {"tags": ["spaced"]},
    "/t6.JPEG ": {"tags": ['q"t'], "format": "jpeg "},
    "/holiday\u202egpj.exe": {"ai_tags": ["Shirt"]},
}


@pytest.fixture
def library(account: Account) -> Account:
    for path, fields in ROWS.items():
        factories.asset(account, path, **fields)
    return account


def listed(client: Client, account: Account, query: str) -> set[str]:
    rows = page(client.get(f"/{account.name}/library/?{query}", follow=True)).select("[data-list] > *")
    return {file_id(row.select_one("[data-panel-link]")) for row in rows}


def ids(account: Account, *paths: str) -> set[str]:
    return set(account.assets.filter(path__in=paths).values_list("file_id", flat=True))


@pytest.mark.parametrize(
    ("filters", "paths"),
    [
        ({"folder": "/archive "}, ["/archive /one.jpg"]),
        ({"folder": "/archive"}, ["/archive/keep.jpg"]),
        ({"folder": "/ "}, ["/ /lead.jpg"]),
        ({"folder": "/ ", "subfolders": "1"}, ["/ /lead.jpg"]),
        ({"tag": "red, blue"}, ["/archive /one.jpg"]),
        ({"tag": " spaced "}, ["/ /lead.jpg"]),
        ({"tag": "spaced"}, ["/plain.jpg"]),
        ({"tag": "Shirt"}, ["/holiday\u202egpj.exe"]),
        ({"format": "jpeg "}, ["/t6.JPEG "]),
        ({"typed": "1", "tag": "red, blue"}, ["/archive/keep.jpg"]),
        ({"typed": "1", "tag": '"red, blue"'}, ["/archive /one.jpg"]),
        ({"typed": "1", "folder": " /archive "}, ["/archive/keep.jpg"]),
        ({"typed": "1", "folder": '"/archive "'}, ["/archive /one.jpg"]),
    ],
)
def test_a_link_lists_what_it_says(
    staff_client: Client, library: Account, filters: dict[str, str], paths: list[str]
) -> None:
    assert listed(staff_client, library, urlencode(filters)) == ids(library, *paths)


@pytest.mark.parametrize("part", ["facets", "folders"])
def test_each_link_beside_the_list_shows_as_many_files_as_it_says(
    staff_client: Client, library: Account, part: str
) -> None:
    links = page(staff_client.get(f"/{library.name}/library/{part}/")).select("a[href*='/library/?'], a[href^='?']")
    checked = 0
    for link in links:
        figure = link.select_one(".sidebar-figure")
        if isinstance(figure, Tag):
            count = int(words(figure).split()[0])
            assert len(listed(staff_client, library, str(link["href"]).partition("?")[2])) == count, link
            checked += 1
    assert checked >= 3


def test_a_form_that_shows_an_exact_name_sends_it_back_exactly(staff_client: Client, library: Account) -> None:
    shown = page(staff_client.get(f"/{library.name}/library/?{urlencode({'folder': '/archive '})}"))
    typed = shown.select_one(".filter-form input[name=folder]")
    assert typed["value"] == '"/archive "'
    assert shown.select_one(".filter-form input[name=typed]")


def test_names_that_look_alike_are_told_apart(staff_client: Client, library: Account) -> None:
    text = words(page(staff_client.get(f"/{library.name}/library/")).select_one("table"))
    for marked in ("/archive␣", "t6.JPEG␣", "holiday⟨U+202E⟩gpj.exe"):
        assert marked in text
    shown = page(staff_client.get(f"/{library.name}/library/"))
    titles = [element.get(name, "") for element in shown.select("*") for name in ("title", "aria-label")]
    assert "\u202e" not in shown.get_text() + "".join(map(str, titles))


def test_a_path_as_long_as_imagekit_allows_opens_and_filters(staff_client: Client, account: Account) -> None:
    folder = "".join(f"/{level:02}-" + "ä" * 252 for level in range(50))
    file = factories.asset(account, f"{folder}/{'x' * 251}.jpg")
    assert listed(staff_client, account, urlencode({"folder": folder})) == {file.file_id}
    assert staff_client.get(f"/{account.name}/files/{file.file_id}/").status_code == 200
    form = {"action": "all", "query": urlencode({"folder": folder})}
    bar = staff_client.post(f"/{account.name}/selection/", form, headers={"HX-Request": "true"})
    assert "1 file selected" in words(page(bar))
    without_scripts = staff_client.post(f"/{account.name}/selection/", form, follow=True)
    assert [without_scripts.status_code, len(page(without_scripts).select("[data-list] > *"))] == [200, 1]
    freeze = page(without_scripts).select_one(f'form[action="/{account.name}/freeze/"]')
    fields = {field["name"]: field["value"] for field in freeze.select("input[name]")}
    frozen = staff_client.post(freeze["action"], fields, follow=True)
    manifest = Manifest.objects.get()
    assert frozen.status_code == 200
    exported = b"".join(staff_client.get(f"/manifests/{manifest.pk}/manifest.csv").streaming_content).decode(
        "utf-8-sig"
    )
    assert [row["path"] for row in csv.DictReader(exported.splitlines())] == [file.path]
