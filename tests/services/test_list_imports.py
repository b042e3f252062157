"""Lists that people bring: each line matches exactly one file, none, or is told to be ambiguous; nothing is guessed."""

from __future__ import annotations

import csv
import gzip

import pytest
from django.contrib.auth.models import User

from medialib.errors import WrongUse
from medialib.models import Account, ListImport
from medialib.services import list_imports, selections
from tests import factories

ENDPOINT = "https://ik.imagekit.io/acme"


@pytest.fixture
def acme(db: None) -> Account:
    return factories.account("acme", url_endpoint=ENDPOINT)


def take(user: User, account: Account, content: str | bytes, **options: bool) -> ListImport:
    selection = selections.selection_of(user, account)
    data = content if isinstance(content, bytes) else content.encode()
    return list_imports.import_list(selection, data, user=user, **options)


def selected(user: User, account: Account) -> set[str]:
    items = selections.selection_of(user, account).items.included()
    return set(items.values_list("asset__path", flat=True))


def results(made: ListImport) -> dict[int, str]:
    text = gzip.decompress(bytes(made.report)).decode()
    return {int(row["line"]): row["result"] for row in csv.DictReader(text.splitlines())}


@pytest.mark.parametrize(
    "line",
    [
        "file_hero",
        "/a b/héro.jpg",
        "a b/héro.jpg",
        f"{ENDPOINT}/a%20b/h%C3%A9ro.jpg",
        f"{ENDPOINT}/a%20b/h%C3%A9ro.jpg?updatedAt=17&tr=w-100",
        f"{ENDPOINT}/tr:w-100,h-50/a%20b/h%C3%A9ro.jpg",
        f"{ENDPOINT.upper().replace('HTTPS', 'https').replace('ACME', 'acme')}/a%20b/h%C3%A9ro.jpg",
    ],
)
def test_id_path_and_address_find_the_file(staff: User, acme: Account, line: str) -> None:
    factories.asset(acme, "/a b/héro.jpg", file_id="file_hero")
    factories.asset(acme, "/other.jpg")
    assert results(take(staff, acme, line)) == {1: "matched"}
    assert selected(staff, acme) == {"/a b/héro.jpg"}


@pytest.mark.parametrize(
    "line", ["file_nobody", "/nothing.jpg", "/A.jpg", "https://ik.imagekit.io/other/a.jpg", "/gone.jpg", "/foreign.jpg"]
)
def test_what_is_not_there_selects_nothing(staff: User, acme: Account, line: str) -> None:
    factories.asset(acme, "/a.jpg")
    factories.asset(acme, "/gone.jpg", removed_at=factories.LONG_AGO, removal="missing")
    factories.asset(factories.account(), "/foreign.jpg")
    assert results(take(staff, acme, line)) == {1: "not found"}
    assert selected(staff, acme) == set()


def test_path_of_two_files_is_ambiguous_and_takes_neither(staff: User, acme: Account) -> None:
    factories.asset(acme, "/twice.jpg")
    factories.asset(acme, "/twice.jpg")
    made = take(staff, acme, "/twice.jpg")
    assert (made.ambiguous, made.problems[0]["candidates"]) == (1, 2)
    assert selected(staff, acme) == set()


def test_every_line_is_in_the_report_and_the_counts_add_up(staff: User, acme: Account) -> None:
    factories.asset(acme, "/one.jpg", file_id="one")
    made = take(staff, acme, "\ufeffone\r\n\r\n/one.jpg\r\nnobody\r\n")
    assert results(made) == {1: "matched", 3: "repeated", 4: "not found"}
    assert made.line_count == made.matched + made.repeated + made.not_found + made.ambiguous == 3
    assert [problem["line"] for problem in made.problems] == [4]


@pytest.mark.parametrize("delimiter", [",", ";", "\t"])
def test_csv_with_a_head_is_read_by_its_column(staff: User, acme: Account, delimiter: str) -> None:
    factories.asset(acme, "/a, b; c.jpg")
    row = f'7{delimiter}"/a, b; c.jpg"{delimiter}x'
    assert take(staff, acme, f"number{delimiter}Path{delimiter}note\n{row}\n").matched == 1
    assert selected(staff, acme) == {"/a, b; c.jpg"}


def test_name_with_a_comma_in_a_plain_list_is_not_cut(staff: User, acme: Account) -> None:
    factories.asset(acme, "/a, b.jpg")
    take(staff, acme, "/a, b.jpg")
    assert selected(staff, acme) == {"/a, b.jpg"}


def test_list_adds_to_the_selection_or_replaces_it(staff: User, acme: Account) -> None:
    for name in ("one", "two", "three"):
        factories.asset(acme, f"/{name}.jpg")
    take(staff, acme, "/one.jpg")
    take(staff, acme, "/two.jpg")
    assert selected(staff, acme) == {"/one.jpg", "/two.jpg"}
    take(staff, acme, "/three.jpg", is_replacing=True)
    assert selected(staff, acme) == {"/three.jpg"}


@pytest.mark.parametrize("content", [b"", b"  \n\n", b"\xff\x00\xfe", b"a\0b"])
def test_what_is_no_list_is_refused_and_changes_nothing(staff: User, acme: Account, content: bytes) -> None:
    factories.asset(acme, "/one.jpg")
    take(staff, acme, "/one.jpg")
    with pytest.raises(WrongUse):
        take(staff, acme, content, is_replacing=True)
    assert selected(staff, acme) == {"/one.jpg"}


def test_too_many_lines_are_refused(staff: User, acme: Account, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(list_imports, "MOST_LINES", 3)
    with pytest.raises(WrongUse, match="more than 3 lines"):
        take(staff, acme, "a\nb\nc\nd\ne\n")


def test_list_longer_than_one_statement_is_matched_whole(
    staff: User, acme: Account, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(list_imports, "CHUNK", 2)
    paths = {factories.asset(acme).path for _ in range(5)}
    assert take(staff, acme, "\n".join([*paths, *paths])).repeated == 5
    assert selected(staff, acme) == paths


def test_only_the_latest_reports_are_kept(staff: User, acme: Account, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(list_imports, "KEPT", 2)
    made = [take(staff, acme, "nobody").pk for _ in range(4)]
    assert set(ListImport.objects.values_list("pk", flat=True)) == set(made[2:])


def test_report_holds_no_formula(staff: User, acme: Account) -> None:
    text = gzip.decompress(bytes(take(staff, acme, '=HYPERLINK("x")').report)).decode()
    assert "'=HYPERLINK" in text
