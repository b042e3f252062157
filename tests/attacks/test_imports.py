"""Lists that people upload: bombs, tricks and files of others."""

from __future__ import annotations

import gzip
import io
import zipfile

import pytest

from medialib.errors import WrongUse
from medialib.models import SelectionItem
from medialib.services.selections import list_imports, list_reading, ticks
from tests import factories

pytestmark = pytest.mark.django_db


@pytest.fixture
def selection(staff, account):
    return ticks.selection_of(staff, account)


def match(selection, content: bytes):
    made = list_imports.begin(selection, io.BytesIO(content), user=selection.owner)
    list_imports.go_on(made)
    return made


def zipped() -> bytes:
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("list.csv", b"0" * 50_000_000)
    return packed.getvalue()


@pytest.mark.parametrize("bomb", [zipped(), gzip.compress(b"0" * 50_000_000)], ids=["zip", "gzip"])
def test_a_packed_bomb_is_never_unpacked(selection, bomb):
    with pytest.raises(WrongUse):
        match(selection, bomb)


def test_a_list_of_too_many_lines_is_refused(selection, monkeypatch):
    monkeypatch.setattr(list_reading, "MOST_LINES", 1000)
    with pytest.raises(WrongUse):
        match(selection, b"file_x\n" * 1003)


@pytest.mark.parametrize("line", ["../../etc/passwd", "' OR 1=1 --", "%", "*", "/", "file_%", "\u202egpj.a"])
def test_a_line_matches_itself_and_nothing_more(selection, account, line):
    factories.asset(account, "/a.jpg")
    match(selection, line.encode())
    assert not SelectionItem.objects.exists()


def test_files_of_another_account_are_not_found(selection):
    foreign = factories.asset(factories.account(), "/theirs.jpg")
    done = match(selection, f"{foreign.file_id}\n{foreign.path}\n".encode())
    assert (done.matched, done.not_found) == (0, 2)
