"""Lists that people upload: bombs, tricks and files of others."""

from __future__ import annotations

import gzip
import io
import zipfile

import pytest

from medialib.errors import WrongUse
from medialib.models import SelectionItem
from medialib.services import list_imports, selections
from tests import factories

pytestmark = pytest.mark.django_db


@pytest.fixture
def selection(staff, account):
    return selections.selection_of(staff, account)


def zipped() -> bytes:
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("list.csv", b"0" * 50_000_000)
    return packed.getvalue()


@pytest.mark.parametrize("bomb", [zipped(), gzip.compress(b"0" * 50_000_000)], ids=["zip", "gzip"])
def test_a_packed_bomb_is_never_unpacked(selection, staff, bomb):
    with pytest.raises(WrongUse):
        list_imports.import_list(selection, bomb, user=staff)


def test_a_list_of_too_many_lines_is_refused(selection, staff, monkeypatch):
    monkeypatch.setattr(list_imports, "MOST_LINES", 1000)
    with pytest.raises(WrongUse):
        list_imports.import_list(selection, b"file_x\n" * 1003, user=staff)


@pytest.mark.parametrize("line", ["../../etc/passwd", "' OR 1=1 --", "%", "*", "/", "file_%", "\u202egpj.a"])
def test_a_line_matches_itself_and_nothing_more(selection, staff, account, line):
    factories.asset(account, "/a.jpg")
    list_imports.import_list(selection, line.encode(), user=staff)
    assert not SelectionItem.objects.exists()


def test_files_of_another_account_are_not_found(selection, staff):
    foreign = factories.asset(factories.account(), "/theirs.jpg")
    done = list_imports.import_list(selection, f"{foreign.file_id}\n{foreign.path}\n".encode(), user=staff)
    assert (done.matched, done.not_found) == (0, 2)
