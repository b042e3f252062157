"""Lists as people really paste them: whatever the spelling, each known file is found and nothing else is."""

from __future__ import annotations

import codecs
import json
import os
import unicodedata
from collections.abc import Callable
from io import BytesIO
from random import Random

import pytest

from medialib.errors import WrongUse
from medialib.models import Account
from medialib.models.list_imports import Cause
from medialib.services.selections.list_lines import line_of
from medialib.services.selections.list_matching import find, listed_ids
from medialib.services.selections.list_reading import encoding_of, read_texts
from tests import factories

ENDPOINT = "https://ik.imagekit.io/oracle"
ONE, TWO, FOUR = (f"{number:024x}" for number in (1, 2, 4))


def texts_of(content: str | bytes) -> list[str]:
    data = content if isinstance(content, bytes) else content.encode()
    return [text for _, text in read_texts(BytesIO(data), encoding_of(BytesIO(data)))]


def readings(content: str | bytes) -> list[str]:
    """The first reading of each text."""
    return [line_of(1, text, [ENDPOINT]).readings[0] for text in texts_of(content)]


@pytest.mark.parametrize(
    "content",
    [
        f"{ONE}\n{TWO}\n",
        f"{ONE}\r{TWO}\r",
        f"{ONE}, {TWO}",
        f"{ONE};{TWO};",
        f"{ONE}\t{TWO}",
        f"{ONE} {TWO}",
        f"{ONE},\n{TWO},\n",
        f'["{ONE}", "{TWO}"]',
        f"['{ONE}', '{TWO}']",
        f'["{ONE}",\n "{TWO}",]',
        f'[\n  "{ONE}",\n  "{TWO}"\n]',
        f'{{"fileId": "{ONE}"}}\n{{"fileId": "{TWO}", "url": "x"}}\n',
        f'[{{"name": "a", "fileId": "{ONE}"}}, {{"file_id": "{TWO}"}}]',
        f'{{"fileIds": ["{ONE}", "{TWO}"]}}',
        f"“{ONE}”\n‘{TWO}’\n",
        f"«{ONE}»\n„{TWO}“\n",
        f"'{ONE}'\n`{TWO}`\n",
        f"- {ONE}\n* {TWO}\n",
        f"1. {ONE}\n2) {TWO}\n",
        f"• {ONE}\n[x] {TWO}\n",
        f"\ufeff{ONE}\n\u200b{TWO}\u200b\n",
        f"\u00a0{ONE}\u00a0\n\u2060 {TWO}\n",
        f"file_id\n{ONE}\n{TWO}\n",
        f"File ID,Size\r\n{ONE},1000\r\n{TWO},1000\r\n",
        f"sep=;\r\nfileId;name\r\n{ONE};one\r\n{TWO};two\r\n",
        f"sep=,\n{ONE},one\n{TWO},two\n",
        f'"name","file id"\n"a, b","{ONE}"\n"c\nd","{TWO}"\n',
        f"id\tpath\n{ONE}\t/a.jpg\n\n{TWO}\t/b.jpg\n",
        f"fileId\n{ONE}\nfileId\n{TWO}\n",
        f"{ONE},hero.jpg,1000\n{TWO},other.jpg,2000\n",
        f'="{ONE}"\n="{TWO}"\n',
        f'fileId,name\n"=""{ONE}""",a\n"=""{TWO}""",b\n',
        f"'{ONE}\n'{TWO}\n",
        f"<{ONE}>\n<{TWO}>\n",
        f"| File ID | Name |\n|---|---|\n| {ONE} | a |\n| {TWO} | b |\n",
        f"file-id|size\n{ONE}|1\n{TWO}|2",
        f"{ONE}\r\n{TWO}\r\n".encode("utf-16"),
        f"{ONE}\r\n{TWO}\r\n".encode("utf-16-le"),
        f"{ONE}\r\n{TWO}\r\n".encode("utf-16-be"),
        codecs.BOM_UTF8 + f"{ONE}\r\n{TWO}\r\n".encode(),
        f"Größe;File ID\r\nä;{ONE}\r\nö;{TWO}\r\n".encode("cp1252"),
    ],
)
def test_every_spelling_of_two_ids_is_two_ids(content: str | bytes) -> None:
    assert readings(content) == [ONE, TWO]


def test_a_name_with_a_line_break_is_one_text() -> None:
    assert readings('"/line\nbreak.jpg"\n/b.jpg\n') == ["/line\nbreak.jpg", "/b.jpg"]
    assert readings('path,size\n"/line\nbreak.jpg",5\n') == ["/line\nbreak.jpg"]


def test_a_quotation_mark_that_is_never_closed_swallows_nothing() -> None:
    assert len(texts_of('"/a.jpg\n/b.jpg\n/c.jpg\n/d.jpg\n/e.jpg\n')) == 5


def test_a_table_without_a_column_that_names_files_is_refused() -> None:
    with pytest.raises(WrongUse, match="no column named"):
        texts_of("name;size\na.jpg;5\n")


def test_blanks_at_the_ends_of_a_path_count_before_they_are_taken_off() -> None:
    assert line_of(1, "/archive /one.jpg", [ENDPOINT]).readings[0] == "/archive /one.jpg"
    assert line_of(1, "/t6.JPEG ", [ENDPOINT]).readings[:2] == ("/t6.JPEG ", "/t6.JPEG")
    assert line_of(1, " /lead.jpg", [ENDPOINT]).readings[0] == "/lead.jpg"


@pytest.mark.parametrize(
    ("address", "path"),
    [
        ("https://ik.imagekit.io/oracle/3js%25205-photo.jpg?updatedAt=1714557600000", "/3js%205-photo.jpg"),
        ("https://ik.imagekit.io/oracle/tr:w-300,h-200/A++%20label.jpg", "/A++ label.jpg"),
        ("http://IK.imagekit.io/oracle/Stra%C3%9Fe.jpg?tr=w-100", "/Straße.jpg"),
        ("//ik.imagekit.io/oracle/meta.jpg", "/meta.jpg"),
        ("ik.imagekit.io/oracle/zero.bin", "/zero.bin"),
        ("https://ik.imagekit.io/oracle/meta.jpg/tr:w-300", "/meta.jpg"),
        ("https://ik.imagekit.io/oracle/tr:n-small/a/b.jpg", "/a/b.jpg"),
        ("https://ik.imagekit.io/oracle/tr:w-1:h-2/tr:n-x/a/b.jpg#top", "/a/b.jpg"),
        ("https://ik.imagekit.io/oracle/q%3Fa%3D1%23x%26y.jpg", "/q?a=1#x&y.jpg"),
        ("<https://ik.imagekit.io/oracle/meta.jpg", "/<https://ik.imagekit.io/oracle/meta.jpg"),
        ("https://media.acme.example/a.jpg", "/a.jpg"),
        ("https://ik.imagekit.io/oracle/videos/a.jpg", "/a.jpg"),
    ],
)
def test_an_address_is_read_as_the_path_behind_it(address: str, path: str) -> None:
    endpoints = ["https://ik.imagekit.io/oracle/videos", ENDPOINT, "https://media.acme.example/"]
    assert line_of(1, address, endpoints).readings[0] == path


def test_what_imagekit_makes_of_a_video_is_the_video() -> None:
    line = line_of(1, f"{ENDPOINT}/video.mp4/ik-thumbnail.jpg", [ENDPOINT])
    assert line.readings == ("/video.mp4/ik-thumbnail.jpg", "/video.mp4")


@pytest.mark.parametrize(
    ("address", "named"),
    [
        ("https://media.example.com/meta.jpg", "media.example.com"),
        ("https://ik.imagekit.io/other/meta.jpg", "ik.imagekit.io/other"),
        ("https://ik.imagekit.io/oraclex/meta.jpg", "ik.imagekit.io/oraclex"),
    ],
)
def test_an_address_of_another_host_is_named(address: str, named: str) -> None:
    line = line_of(1, address, [ENDPOINT])
    assert (line.readings, line.cause, line.detail) == ((), Cause.OTHER_HOST, named)


@pytest.mark.django_db
class TestCauses:
    """Each line that is not taken says truly why."""

    def cause(self, account: Account, text: str) -> tuple[Cause | None, str]:
        [found] = find(account, [(1, text)])
        return found.cause, found.detail

    @pytest.fixture
    def oracle(self) -> Account:
        return factories.account("oracle", url_endpoint=ENDPOINT, other_endpoints="https://media.acme.example")

    def test_each_has_its_own(self, oracle: Account) -> None:
        factories.asset(oracle, "/twice.jpg")
        factories.asset(oracle, "/twice.jpg")
        factories.asset(oracle, "/q?a=1#x&y.jpg")
        factories.asset(oracle, "/gone.jpg", removed_at=factories.LONG_AGO, removal="missing")
        factories.asset(oracle, "/fourth.jpg", version_id=FOUR)
        expected = {
            "/twice.jpg": (Cause.SEVERAL, "2"),
            f"{ENDPOINT}/q?a=1#x&y.jpg": (Cause.QUERY, ""),
            "/gone.jpg": (Cause.GONE, "2024-01-01"),
            "/nowhere.jpg": (Cause.UNKNOWN, ""),
            FOUR: (Cause.VERSION, "/fourth.jpg"),
            ONE: (Cause.UNKNOWN, ""),
            "/no\u200bwhere.jpg": (Cause.INVISIBLE, "U+200B"),
            "hello world!": (Cause.NO_FILE_ID, ""),
            "https://cdn.example.com/a.jpg": (Cause.OTHER_HOST, "cdn.example.com"),
        }
        assert {text: self.cause(oracle, text) for text in expected} == expected

    def test_a_literal_name_comes_before_what_it_may_stand_for(self, oracle: Account) -> None:
        encoded, plain = (factories.asset(oracle, path) for path in ("/a%20b.jpg", "/a b.jpg"))
        assert [each.candidates[0][0] for each in find(oracle, [(1, "/a%20b.jpg"), (2, "/a b.jpg")])] == [
            encoded.pk, plain.pk,
        ]  # fmt: skip
        encoded.delete()
        [found] = find(oracle, [(1, "/a%20b.jpg")])
        assert found.candidates[0][0] == plain.pk

    def test_composed_and_decomposed_accents_find_each_other(self, oracle: Account) -> None:
        path = "/Fjällräven.png"
        for stored, asked in (("NFC", "NFD"), ("NFD", "NFC")):
            asset = factories.asset(oracle, unicodedata.normalize(stored, f"/{stored}{path}"))
            [found] = find(oracle, [(1, unicodedata.normalize(asked, f"/{stored}{path}"))])
            assert found.candidates[0][0] == asset.pk


UNSEEN = [" ", "\u00a0", "\u200b", "\u2060", "\ufeff"]
NOTES = ["1000", "", '"a\nb"']
Spelling = Callable[[str, Random], str]
QUOTED: list[Spelling] = [
    lambda text, random: text,
    lambda text, random: f'"{text}"',
    lambda text, random: f"“{text}”",
    lambda text, random: f"'{text}'",
    lambda text, random: f"‘{text}’",
    lambda text, random: f"{random.choice('-*•')} {text}",
    lambda text, random: f"{random.randint(1, 99)}. {text}",
    lambda text, random: random.choice(UNSEEN) + text + random.choice(UNSEEN),
    lambda text, random: f"{text},",
]
HEADS = ["file_id", "File ID", "fileId", "FILEID", "id", "File-Id"]


def mixture(ids: list[str], random: Random) -> bytes:
    """The ids in some spelling that people or their programs use."""
    delimiter = random.choice(",;\t")
    match random.randrange(5):
        case 0:
            text = json.dumps(ids if random.random() < 0.5 else [{"fileId": each} for each in ids])
        case 1:
            rows = [each + delimiter + random.choice(NOTES) for each in ids]
            lines = [f"{random.choice(HEADS)}{delimiter}size", *rows]
            text = "\n".join([f"sep={delimiter}", *lines] if random.random() < 0.3 else lines)
        case 2:
            text = f"{delimiter} ".join(ids)
        case 3:
            text = "\n".join(json.dumps({"name": "x", "fileId": each}) for each in ids)
        case _:
            head = [random.choice(HEADS)] if random.random() < 0.5 else []
            text = "\n".join([*head, *(random.choice(QUOTED)(each, random) for each in ids)])
    text = text.replace("\n", random.choice(["\n", "\r\n", "\n\n"])) if '"a\nb"' not in text else text
    return text.encode(random.choice(["utf-8", "utf-8-sig", "utf-16", "utf-16-le"]))


def test_random_mixtures_of_spellings_give_every_id_and_no_other() -> None:
    random = Random(14)
    for run in range(LISTS):
        ids = [f"{random.getrandbits(96):024x}" for _ in range(random.randint(1, 8))]
        content = mixture(ids, random)
        assert readings(content) == ids, (run, content)


LISTS = int(os.environ.get("LIST_RUNS", "2000"))


@pytest.mark.django_db
def test_a_command_takes_ids_paths_and_addresses_and_names_the_rest() -> None:
    account = factories.account("oracle", url_endpoint=ENDPOINT)
    factories.asset(account, "/a.jpg", file_id=ONE)
    factories.asset(account, "/b.jpg", file_id=TWO)
    factories.asset(account, "/c.jpg", version_id="f" * 24)
    lines = [ONE, "/b.jpg", f"{ENDPOINT}/a.jpg", FOUR, "/nowhere.jpg", "f" * 24]
    listed = listed_ids(account, "\n".join(lines).encode())
    assert (listed.file_ids, listed.duplicates) == ([ONE, TWO, FOUR], 1)
    assert [(each.line.number, each.cause) for each in listed.problems] == [(5, Cause.UNKNOWN), (6, Cause.VERSION)]
