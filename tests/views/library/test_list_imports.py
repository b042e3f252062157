"""The import page: paste or upload, the report of each line, and on to the review."""

from __future__ import annotations

import csv

import pytest
from django.contrib.auth.models import User
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client

from medialib.models import Account, ListImport
from medialib.services.selections import list_imports as service
from medialib.views.library import list_imports
from tests import factories
from tests.views.pages import page, words


@pytest.fixture
def library(account: Account) -> Account:
    for name in ("one", "two", "three"):
        factories.asset(account, f"/{name}.jpg")
    return account


@pytest.fixture
def line_by_line(monkeypatch: pytest.MonkeyPatch) -> None:
    """Each request matches one line of a list, as if it were a long one."""
    monkeypatch.setattr(service, "PART", 1)
    monkeypatch.setattr(list_imports, "AT_A_TIME_S", 0)


def send(client: Client, account: Account, **fields: object) -> object:
    return client.post(f"/{account.name}/lists/", fields, follow=True)


def counts(response: object) -> dict[str, str]:
    return {node["data-count"]: words(node) for node in page(response).select(".stats [data-count]")}


def test_pasted_list_leads_to_its_report_and_to_the_selection(staff_client: Client, library: Account) -> None:
    response = send(staff_client, library, pasted="/one.jpg\n/two.jpg\n/two.jpg\n/nowhere.jpg")
    assert counts(response) == {"matched": "2", "not-found": "1", "ambiguous": "0", "repeated": "1"}
    assert "2 files selected" in words(page(response).select_one("#selection-bar"))
    assert page(response).select_one("#selection-bar form[action$='/freeze/']")


def test_uploaded_file_is_read_instead_of_what_was_pasted(staff_client: Client, library: Account) -> None:
    upload = SimpleUploadedFile("list.csv", b"path\n/three.jpg\n")
    assert counts(send(staff_client, library, file=upload, pasted="/one.jpg"))["matched"] == "1"


def test_report_lists_the_lines_that_did_not_match(staff_client: Client, library: Account) -> None:
    response = send(staff_client, library, pasted="/one.jpg\n<b>nowhere</b>")
    row = page(response).select_one("tbody tr")
    assert words(row) == "2 <b>nowhere</b> not known to the index"


def test_report_of_every_line_can_be_taken_away(staff_client: Client, library: Account) -> None:
    send(staff_client, library, pasted="/one.jpg\n/nowhere.jpg")
    made = ListImport.objects.get()
    response = staff_client.get(f"/{library.name}/lists/{made.pk}/lines.csv")
    rows = list(csv.DictReader(b"".join(response.streaming_content).decode("utf-8-sig").splitlines()))
    assert [(row["line"], row["result"]) for row in rows] == [("1", "matched"), ("2", "not found")]
    assert "attachment" in response["Content-Disposition"]


def test_nothing_given_is_said_in_one_sentence(staff_client: Client, library: Account) -> None:
    response = send(staff_client, library, pasted="  \n ")
    assert response.status_code == 422
    assert "Paste a list or choose a file first." in words(page(response).select_one("[role=alert]"))


@pytest.mark.usefixtures("line_by_line")
def test_long_list_is_matched_while_the_page_shows_how_far_it_is(staff_client: Client, library: Account) -> None:
    shown = page(send(staff_client, library, pasted="/one.jpg\n/nowhere.jpg\n/two.jpg")).select_one("#list-progress")
    assert "1 of 3 lines are matched." in words(shown)
    assert shown["hx-trigger"] == "load, reconnect"
    assert (shown.progress["value"], shown.progress["max"]) == ("1", "3")
    address, htmx = shown["hx-post"], {"HTTP_HX_REQUEST": "true"}
    assert "2 of 3 lines are matched." in words(page(staff_client.post(address, **htmx)))
    done = staff_client.post(address, **htmx)
    assert done["HX-Redirect"] == address
    assert counts(staff_client.get(address)) == {"matched": "2", "not-found": "1", "ambiguous": "0", "repeated": "0"}


@pytest.mark.usefixtures("line_by_line")
def test_long_list_can_be_stopped_and_goes_on_without_scripts(staff_client: Client, library: Account) -> None:
    send(staff_client, library, pasted="/one.jpg\n/two.jpg\n/three.jpg")
    address = f"/{library.name}/lists/{ListImport.objects.get().pk}/"
    assert "2 of 3 lines are matched." in words(page(staff_client.post(address, follow=True)))
    assert "unfinished" in words(page(staff_client.get(f"/{library.name}/lists/")).select_one(".list-earlier"))
    stopped = staff_client.post(address, {"stop": "1"}, follow=True)
    assert counts(stopped)["matched"] == "2"
    assert "one line was not looked at" in words(page(stopped).select_one(".banner-warning"))


@pytest.mark.usefixtures("line_by_line")
def test_old_list_does_not_go_on_by_being_looked_at(staff_client: Client, library: Account) -> None:
    """The selection may be about something else by now."""
    send(staff_client, library, pasted="/one.jpg\n/two.jpg")
    earlier = page(staff_client.get(f"/{library.name}/lists/")).select_one(".list-earlier a")["href"]
    shown = page(staff_client.get(earlier)).select_one("#list-progress")
    assert not shown.has_attr("hx-post")
    assert "Match the next lines" in words(shown)


def test_report_of_another_person_is_not_found(staff: User, client: Client, library: Account) -> None:
    owner = Client()
    owner.force_login(staff)
    send(owner, library, pasted="/one.jpg")
    made = ListImport.objects.get()
    client.force_login(factories.user(is_superuser=True))
    assert client.get(f"/{library.name}/lists/{made.pk}/").status_code == 404
    assert client.post(f"/{library.name}/lists/{made.pk}/", {"stop": "1"}).status_code == 404
    assert client.get(f"/{library.name}/lists/{made.pk}/lines.csv").status_code == 404


def test_earlier_lists_are_found_again(staff_client: Client, library: Account) -> None:
    send(staff_client, library, pasted="/one.jpg\n/nowhere.jpg")
    shown = page(staff_client.get(f"/{library.name}/lists/"))
    assert "1 of 2 lines matched" in words(shown.select_one(".list-earlier"))


def test_importing_needs_the_right_to_see_the_library(client: Client, account: Account) -> None:
    client.force_login(factories.user())
    assert client.get(f"/{account.name}/lists/").status_code == 403
