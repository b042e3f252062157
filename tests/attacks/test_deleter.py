"""Somebody who may delete here: the lists of others, and lists to import that are bombs or tricks. Select-all and its
kin: test_laws.py."""

from __future__ import annotations

import gzip
import io
import zipfile

import pytest
from django.contrib.auth.models import User

from medialib.errors import WrongUse
from medialib.models import DeletionJob, Selection, SelectionItem
from medialib.services.selections import list_imports, list_reading, ticks
from tests import factories
from tests.views.jobs import job_rows

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


@pytest.fixture
def kim() -> User:
    return factories.user("kim", permissions=factories.EVERY_PERMISSION)


def test_a_selection_of_somebody_else_cannot_be_frozen(signed_in, kim, account):
    other = factories.user(permissions=factories.EVERY_PERMISSION)
    theirs = Selection.objects.create(owner=other, account=account)
    answer = signed_in(kim).post(
        f"/{account.name}/freeze/", {"selection": str(theirs.pk), "file_count": "1"}, follow=True
    )
    assert "it is not yours" in answer.content.decode()


def test_a_manifest_of_somebody_else_can_be_neither_read_nor_confirmed(signed_in, kim, account):
    theirs = job_rows.manifest(account, factories.user("lee"), 1)
    client = signed_in(kim)
    asked = [client.get(f"/manifests/{theirs.pk}/"), client.get(f"/manifests/{theirs.pk}/manifest.csv")]
    asked.append(client.post(f"/manifests/{theirs.pk}/confirm/", {"reason": "mine now"}))
    assert {answer.status_code for answer in asked} == {404}
    assert not DeletionJob.objects.exists()


def test_a_call_is_shown_only_under_its_own_job(signed_in, kim, account):
    first, second = (job_rows.job(job_rows.manifest(account, kim, 1)) for _ in range(2))
    call = job_rows.exchange(first)
    assert signed_in(kim).get(f"/jobs/{second.pk}/calls/{call.pk}/").status_code == 404


@pytest.mark.parametrize("number", ["0", "-1", "99999999999999999999999", "1'--", "%00", "1e3"])
def test_odd_numbers_in_addresses_find_nothing_and_break_nothing(signed_in, kim, number):
    assert signed_in(kim).get(f"/jobs/{number}/").status_code == 404
