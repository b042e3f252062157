"""Lists that people bring: each line matches exactly one file, none, or is told to be ambiguous; nothing is guessed."""

from __future__ import annotations

import csv
from io import BytesIO

import pytest
from django.contrib.auth.models import User

from medialib.errors import WrongUse
from medialib.models import Account, ListImport
from medialib.services.selections import list_imports, list_reading, ticks
from tests import factories

ENDPOINT = "https://ik.imagekit.io/acme"


@pytest.fixture
def acme(db: None) -> Account:
    return factories.account("acme", url_endpoint=ENDPOINT)


def take(user: User, account: Account, content: str | bytes, **options: bool) -> ListImport:
    selection = ticks.selection_of(user, account)
    data = content if isinstance(content, bytes) else content.encode()
    made = list_imports.begin(selection, BytesIO(data), user=user, **options)
    list_imports.go_on(made)
    return made


def selected(user: User, account: Account) -> set[str]:
    items = ticks.selection_of(user, account).items.included()
    return set(items.values_list("asset__path", flat=True))


def results(made: ListImport) -> dict[int, str]:
    return {int(row["line"]): row["result"] for row in csv.DictReader(report(made).splitlines())}


def report(made: ListImport) -> str:
    return b"".join(list_imports.report(made)).decode("utf-8-sig")


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
    monkeypatch.setattr(list_reading, "MOST_LINES", 3)
    with pytest.raises(WrongUse, match="more than 3 lines"):
        take(staff, acme, "a\nb\nc\nd\ne\n")


def test_list_of_many_parts_is_matched_whole(staff: User, acme: Account, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(list_imports, "PART", 2)
    assets = [factories.asset(acme, file_id=f"file_{number}") for number in range(5)]
    lines = [asset.path for asset in assets] + ["nobody"] + [asset.file_id for asset in assets]
    made = take(staff, acme, "\n".join(lines))
    assert (made.matched, made.not_found, made.repeated, made.is_done) == (5, 1, 5, True)
    assert selected(staff, acme) == {asset.path for asset in assets}
    assert list(results(made)) == list(range(1, 12))
    assert report(made).count("file_id") == 1


def test_list_that_was_interrupted_goes_on_where_it_stopped(
    staff: User, acme: Account, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What a part selected and what is noted of it are one transaction, so no line counts twice or not at all."""
    monkeypatch.setattr(list_imports, "PART", 2)
    paths = [factories.asset(acme).path for _ in range(6)]
    made = list_imports.begin(ticks.selection_of(staff, acme), BytesIO("\n".join(paths).encode()), user=staff)
    list_imports.go_on(made, for_s=0)
    assert (made.done_count, made.line_count, made.is_done) == (2, 6, False)
    with monkeypatch.context() as patch:
        patch.setattr(list_imports, "_note", explode)
        with pytest.raises(RuntimeError):
            list_imports.go_on(made)
    assert len(selected(staff, acme)) == 2
    list_imports.go_on(ListImport.objects.get())
    assert results(made) == dict.fromkeys(range(1, 7), "matched")
    assert selected(staff, acme) == set(paths)


def explode(*_: object) -> None:
    raise RuntimeError


@pytest.mark.parametrize("parts_before", [0, 1])
def test_stopped_list_says_what_was_left_out(
    staff: User, acme: Account, monkeypatch: pytest.MonkeyPatch, parts_before: int
) -> None:
    monkeypatch.setattr(list_imports, "PART", 1)
    paths = [factories.asset(acme).path for _ in range(3)]
    made = list_imports.begin(ticks.selection_of(staff, acme), BytesIO("\n".join(paths).encode()), user=staff)
    for _ in range(parts_before):
        list_imports.go_on(made, for_s=0)
    list_imports.stop(made)
    list_imports.go_on(made)
    assert (made.is_done, made.line_count, made.matched, made.left_out) == (True, 3, parts_before, 3 - parts_before)
    assert list(results(made).values()) == ["matched"] * parts_before + ["not looked at"] * (3 - parts_before)
    assert selected(staff, acme) == set(paths[:parts_before])


@pytest.mark.parametrize("line", ["http://[bad/x", "https://ik\u2100.io/x", f"{ENDPOINT}/a%00b.jpg", '"', '""', "a,b"])
def test_line_that_is_nothing_is_not_found_and_stops_nothing(staff: User, acme: Account, line: str) -> None:
    factories.asset(acme, "/one.jpg")
    made = take(staff, acme, f"{line}\n/one.jpg")
    assert (made.matched, made.not_found, made.is_done) == (1, 0 if set(line) == {'"'} else 1, True)


def test_quotes_of_a_plain_list_hold_one_line_each(staff: User, acme: Account) -> None:
    for name in ("/a, b.jpg", '/c"d".jpg', "/e.jpg"):
        factories.asset(acme, name)
    assert take(staff, acme, 'path\n"/a, b.jpg"\n"/c""d"".jpg"\n/e.jpg').matched == 3
    assert results(take(staff, acme, '"/e.jpg\n/e.jpg')) == {1: "not found", 2: "matched"}


@pytest.mark.parametrize("encoding", ["utf-16", "utf-8-sig"])
def test_table_of_a_spreadsheet_is_read_in_its_own_encoding(staff: User, acme: Account, encoding: str) -> None:
    factories.asset(acme, "/größe.jpg", file_id="file_1")
    assert take(staff, acme, "Name\tFile ID\r\nGröße\tfile_1\r\n".encode(encoding)).matched == 1
    assert take(staff, acme, "/größe.jpg\r\n".encode(encoding)).matched == 1


def test_endless_line_is_refused_before_it_is_read_whole(
    staff: User, acme: Account, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(list_reading, "LONGEST_LINE", 100)
    with pytest.raises(WrongUse, match="a line of more than 100 characters"):
        take(staff, acme, "/one.jpg\n" + "x" * 101)


def test_unfinished_list_is_not_forgotten_for_newer_ones(
    staff: User, acme: Account, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(list_imports, "KEPT", 1)
    monkeypatch.setattr(list_imports, "KEPT_UNFINISHED", 3)
    selection = ticks.selection_of(staff, acme)
    waiting = list_imports.begin(selection, BytesIO(b"nobody"), user=staff)
    made = [take(staff, acme, "nobody").pk for _ in range(2)]
    assert set(ListImport.objects.values_list("pk", flat=True)) == {waiting.pk, made[1]}
    unfinished = {list_imports.begin(selection, BytesIO(b"nobody"), user=staff).pk for _ in range(3)}
    assert set(ListImport.objects.values_list("pk", flat=True)) == unfinished


def test_only_the_latest_reports_are_kept(staff: User, acme: Account, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(list_imports, "KEPT", 2)
    made = [take(staff, acme, "nobody").pk for _ in range(4)]
    assert set(ListImport.objects.values_list("pk", flat=True)) == set(made[2:])


def test_report_holds_no_formula(staff: User, acme: Account) -> None:
    assert "'=HYPERLINK" in report(take(staff, acme, '=HYPERLINK("x")'))
