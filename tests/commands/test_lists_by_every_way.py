"""A list names the same files by the page and by the command: each spelling that people paste is tried by both, against
a library of odd names that a sync brought from the sandbox."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client

from medialib.models import Account, Item, Manifest
from medialib.sandbox.server import Sandbox
from medialib.services.accounts import accounts
from medialib.services.audit.log import SYSTEM
from medialib.services.sync import run as sync
from tests.views.pages import page

pytestmark = pytest.mark.django_db(transaction=True)

ENDPOINT = "https://ik.imagekit.io/oracle"
ONE, TWO, FOUR = (f"{number:024x}" for number in (1, 2, 4))
PATHS = {
    ONE: "/one.jpg",
    TWO: "/two.jpg",
    FOUR: "/four.jpg",
    f"{6:024x}": "/archive /one.jpg",
    f"{7:024x}": "/archive/keep.jpg",
    f"{8:024x}": "/ /lead.jpg",
    "percent": "/3js%205-photo.jpg",
    "plus": "/A++ label.jpg",
    "sharp": "/Straße.jpg",
    "meta": "/meta.jpg",
    "zero": "/zero.bin",
    "video": "/video.mp4",
    "query": "/q?a=1#x&y.jpg",
    "encoded": "/tmp uploads/x.jpg",
    "nfd": "/Fja\u0308llra\u0308ven.png",
    "nfc": "/Fj\u00e4llr\u00e4ven-nfc.png",
    "break": "/line\nbreak.jpg",
    "tab": "/tab\tname.jpg",
    "turned": "/holiday\u202egpj.exe",
    "ending": "/t6.JPEG ",
    "deep": "/" + "/".join(f"deep-folder-name-{number:02}-{'x' * 60}" for number in range(14)) + "/a.jpg",
}
ADDRESSES = f"""\
{ENDPOINT}/3js%25205-photo.jpg?updatedAt=1714557600000
{ENDPOINT}/tr:w-300,h-200/A++%20label.jpg
http://ik.imagekit.io/oracle/Stra%C3%9Fe.jpg?tr=w-100
//ik.imagekit.io/oracle/meta.jpg
ik.imagekit.io/oracle/zero.bin
{ENDPOINT}/video.mp4/ik-thumbnail.jpg
{ENDPOINT}/meta.jpg/tr:w-300
https://media.example.com/meta.jpg
{ENDPOINT}/q%3Fa%3D1%23x%26y.jpg
{ENDPOINT}/q?a=1#x&y.jpg
"""


@dataclass(frozen=True)
class Case:
    """A list, the files that it names, and the lines that name none with a word of their cause."""

    content: str | bytes
    names: set[str]
    causes: dict[int, str] = field(default_factory=dict)
    is_guessed: bool = False

    @property
    def data(self) -> bytes:
        return self.content if isinstance(self.content, bytes) else self.content.encode()


CASES = {
    "a head": Case(f"file_id\n{ONE}\n{TWO}\n", {ONE, TWO}),
    "a head with a blank": Case(f"File ID,Size\n{ONE},1000\n{TWO},1000\n", {ONE, TWO}),
    "sep=": Case(f"sep=;\nfileId;name\n{ONE};one\n{TWO};two\n", {ONE, TWO}),
    "one line": Case(f"{ONE}, {TWO}, {FOUR}\n", {ONE, TWO, FOUR}),
    "trailing commas": Case(f"{ONE},\n{TWO},\n{FOUR}\n", {ONE, TWO, FOUR}),
    "JSON": Case(f'["{ONE}", "{TWO}", "{FOUR}"]', {ONE, TWO, FOUR}),
    "JSON lines": Case(f'{{"fileId": "{ONE}"}}\n{{"fileId": "{TWO}"}}\n', {ONE, TWO}),
    "curly quotes": Case(f"“{ONE}”\n‘{TWO}’\n'{FOUR}'\n", {ONE, TWO, FOUR}),
    "zero width": Case(f"{ONE}\u200b\n\u200b{TWO}\n\u2060{FOUR}\n", {ONE, TWO, FOUR}),
    "no-break blanks and bullets": Case(f"\u00a0• {ONE}\u00a0\r\n- {TWO}\r\n", {ONE, TWO}),
    "UTF-16": Case(f"File ID\tSize\r\n{ONE}\t1\r\n".encode("utf-16"), {ONE}),
    "Windows-1252": Case("path\r\n/Straße.jpg\r\n/Fjällräven-nfc.png\r\n".encode("cp1252"), {"sharp", "nfc"}, {}, True),
    "addresses": Case(
        ADDRESSES,
        {"percent", "plus", "sharp", "meta", "zero", "video", "query"},
        {8: "media.example.com", 10: "?"},
    ),
    "encoded paths": Case("/tmp%20uploads/x.jpg\n/A++%20label.jpg\n", {"encoded", "plus"}),
    "composed accents": Case("/Fj\u00e4llr\u00e4ven.png\n", {"nfd"}),
    "blanks of a name": Case("/archive /one.jpg\n/ /lead.jpg\n/t6.JPEG \n", {f"{6:024x}", f"{8:024x}", "ending"}),
    "quoted line break": Case('path,size\n"/line\nbreak.jpg",5\n', {"break"}),
    "a tab in a name": Case('path\n"/tab\tname.jpg"\n', {"tab"}),
    "turned letters": Case("/holiday\u202egpj.exe\n", {"turned"}),
    "a long path": Case(PATHS["deep"], {"deep"}),
    "no file": Case(f"{ONE}\n/nowhere.jpg\n", {ONE}, {2: "not known to the index"}),
}


@pytest.fixture
def oracle(sandbox: Sandbox, sandbox_account: Account, settings: Any) -> Account:
    settings.UNDO_WINDOW_S = 0
    sandbox.add_files([{"file_id": _id(key), "path": path} for key, path in PATHS.items()])
    sync.run_sync(sandbox_account)
    sandbox_account.other_endpoints = ENDPOINT
    accounts.change_account(sandbox_account, actor=SYSTEM)
    return sandbox_account


def _id(key: str) -> str:
    """An id as ImageKit's look: 24 hexadecimal digits."""
    return key if len(key) == 24 else key.encode().hex().rjust(24, "f")


@pytest.mark.parametrize("name", CASES)
def test_page_and_command_take_the_same_files(
    name: str, oracle: Account, run: Any, staff_client: Client, tmp_path: Path
) -> None:
    case = CASES[name]
    path = tmp_path / "list.txt"
    path.write_bytes(case.data)
    plan = run("deletefiles", "acme", "--ids-file", str(path), "--reason", "x", "--user", "sam", "--dry-run", "--json")
    assert (plan.code, plan.json["requested"], plan.json["already_gone"]) == (0, len(case.names), 0)
    assert ("Windows-1252" in plan.err) is case.is_guessed
    complaints = [line.strip() for line in plan.err.splitlines() if line.strip().startswith("line ")]
    _check_causes(complaints, case, mark="line {}:")

    upload = SimpleUploadedFile("list.txt", case.data)
    report = page(staff_client.post("/acme/lists/", {"file": upload}, follow=True))
    assert report.select_one('.stats [data-count="matched"]').get_text(strip=True).startswith(str(len(case.names)))
    assert ("Windows-1252" in report.get_text()) is case.is_guessed
    _check_causes([row.get_text(" ", strip=True) for row in report.select("tbody tr")], case, mark="{} ")

    form = report.select_one('form[action="/acme/freeze/"]')
    fields = {each["name"]: each.get("value", "") for each in form.select("input[name]")}
    staff_client.post("/acme/freeze/", fields)
    manifest = Manifest.objects.get()
    assert set(Item.objects.filter(manifest=manifest).values_list("file_id", flat=True)) == set(map(_id, case.names))
    assert manifest.sha256 == plan.json["manifest_sha256"]


def _check_causes(said: list[str], case: Case, *, mark: str) -> None:
    """Each line that names no file is told, with its cause, and no other."""
    assert len(said) == len(case.causes), said
    for line, (number, cause) in zip(said, case.causes.items(), strict=True):
        assert line.startswith(mark.format(number)), line
        assert cause in line
