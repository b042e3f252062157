"""What ImageKit, or whoever answers in its name, and people who name files there say: names, tags, errors, addresses.
On a page, in a file and in a log they are text, nothing else."""

from __future__ import annotations

import csv
import io
import json
import logging
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.test import Client

from medialib.errors import WrongUse
from medialib.imagekit.types import FileVersion, RemoteFile
from medialib.models import Account, Asset, EventKind, Exchange, JobState
from medialib.services.accounts import accounts
from medialib.services.audit import log
from medialib.services.audit.log import Actor
from medialib.services.manifests import review
from medialib.services.sync.indexing import index_file
from medialib.web.headers import origin_of
from tests import factories
from tests.views.jobs import job_rows
from tests.views.pages import page

pytestmark = pytest.mark.django_db

SCRIPT = "<script>alert(1)</script>"
PAYLOADS = [
    SCRIPT,
    '"><img src=x onerror=alert(1)>',
    "'-alert(1)-'",
    "</textarea><svg/onload=alert(1)>",
    "{{1234567*9}}{% debug %}",
]
FORMULAS = ["=cmd|' /C calc'!A0", "+1+1", "-2+3", "@SUM(1)", "\t=1", "\r=1"]
NO_LINKS = [
    "javascript:alert(document.domain)",
    " JavaScript:alert(1)",
    "java\tscript:alert(1)",
    "data:text/html,<script>alert(1)</script>",
    "vbscript:msgbox(1)",
    "//evil.example/x.jpg",
    "/sign-out/",
    "file:///etc/passwd",
    "httpx://evil.example/",
    "",
    None,
    7,
]


@pytest.fixture
def kim() -> User:
    return factories.user("kim", permissions=factories.EVERY_PERMISSION)


@pytest.fixture
def poisoned(kim: User, account: Account):
    """A job whose every text is an attack, as ImageKit's users and servers could have made it."""
    nasty = " ".join(PAYLOADS)
    asset = factories.asset(
        account, f"/{nasty.replace('/', '∕')}.jpg", tags=PAYLOADS, file_id="file_nasty", format="jpg"
    )
    frozen = job_rows.manifest(account, kim, [f"/evil/{nasty.replace('/', '∕')}.png"])
    job = job_rows.job(frozen, reason=nasty, state=JobState.PAUSED, pause_cause=nasty, last_error=nasty[:200])
    call = job_rows.exchange(job)
    Exchange.objects.filter(pk=call.pk).update(result=nasty[:200], errors={"file_nasty": nasty}, request_id=SCRIPT)
    log.record(EventKind.JOB_CONFIRMED, actor=Actor(name=SCRIPT), account=account, job=job, reason=nasty)
    job_rows.event(account=account, job=job, file_id="file_nasty", file_path=nasty, evidence=nasty)
    return account, asset, job, call, frozen


def pages_with_it(poisoned) -> list[str]:
    account, asset, job, call, _ = poisoned
    mine = job_rows.manifest(account, job.requested_by, [f"/evil/{SCRIPT}.png"])
    return [
        f"/{account.name}/library/",
        f"/{account.name}/library/?panel=file_nasty",
        f"/{account.name}/files/{asset.file_id}/",
        f"/{account.name}/files/{asset.file_id}/history/",
        f"/manifests/{mine.pk}/",
        "/jobs/",
        f"/jobs/{job.pk}/",
        f"/jobs/{job.pk}/progress/",
        f"/jobs/{job.pk}/calls/{call.pk}/",
        "/jobs/tray/",
        "/audit/",
        f"/audit/?path={SCRIPT}",
        f"/audit/file/?q={SCRIPT}",
        f"/{account.name}/library/?name={SCRIPT}",
        f"/{account.name}/library/?where={SCRIPT}",
    ]


def test_no_text_from_outside_becomes_markup(signed_in, kim, poisoned):
    client = signed_in(kim)
    for address in pages_with_it(poisoned):
        answer = client.get(address)
        assert answer.status_code in (200, 400, 422), address
        soup = page(answer)
        assert not [tag for tag in soup.find_all(True) if any(name.startswith("on") for name in tag.attrs)], address
        assert not soup.find_all(["svg"], attrs={"onload": True}), address
        assert not [script for script in soup.find_all("script") if "alert(1)" in script.get_text()], address
        assert not soup.find_all("img", src="x"), address
        assert "11111103" not in answer.content.decode(), address


@pytest.mark.parametrize(
    "address", ["/jobs/", "/audit/", "/admin/medialib/deletionjob/", "/admin/medialib/auditevent/"]
)
def test_even_if_it_did_the_policy_would_not_run_it(signed_in, kim, poisoned, address):
    policy = signed_in(kim).get(address).headers["Content-Security-Policy"]
    directives = dict(part.strip().partition(" ")[::2] for part in policy.split(";"))
    assert (directives["default-src"], directives["script-src"], directives["style-src"]) == (
        "'none'",
        "'self'",
        "'self'",
    )
    assert "unsafe" not in policy


@pytest.mark.parametrize(
    "endpoint", ["https://x.example;script-src *", "https://x.example\r\nX: y", "https://a b", "data:"]
)
def test_an_endpoint_cannot_break_out_of_the_header(endpoint):
    assert origin_of(endpoint) == ""


@pytest.mark.parametrize("start", FORMULAS)
def test_no_cell_of_a_download_is_a_formula(signed_in, kim, account, start):
    frozen = job_rows.manifest(account, kim, [start])
    job = job_rows.job(frozen, reason=start)
    job_rows.event(account=account, job=job, file_path=start, reason=start, evidence=start, actor_name=start)
    client: Client = signed_in(kim)
    files = ["".join(review.manifest_csv(frozen))]
    files += [b"".join(client.get(address)).decode() for address in ("/audit/export/?format=csv",)]
    for text in files:
        for row in csv.reader(io.StringIO(text)):
            assert not [cell for cell in row if cell.startswith(("=", "+", "@", "\t", "\r")) or cell == start]


def test_names_of_downloads_cannot_add_headers(signed_in, kim, account):
    frozen = job_rows.manifest(account, kim, 1)
    disposition = signed_in(kim).get(f"/manifests/{frozen.pk}/manifest.csv").headers["Content-Disposition"]
    assert disposition == f'attachment; filename="manifest-{account.name}-{frozen.sha256[:8]}.csv"'


@pytest.mark.parametrize("name", ["a\r\nSet-Cookie: x=y", "a;b", 'a"b', "../../etc", "a b", "a\x00"])
def test_no_account_has_a_name_that_could_do_harm_in_a_header_or_path(name):
    with pytest.raises(WrongUse):
        accounts.add_account(name=name, url_endpoint="https://ik.imagekit.io/x", private_key="private_xxxxxxxxx")


def test_a_jsonl_export_keeps_one_event_a_line_whatever_it_holds(signed_in, kim, account):
    job_rows.event(account=account, file_path="/a\n{}\u2028b", reason="line\nbreak")
    lines = b"".join(signed_in(kim).get("/audit/export/?format=jsonl")).decode().split("\n")
    assert all(json.loads(line) for line in lines if line)


def test_a_name_cannot_write_a_line_of_its_own_into_the_log(client, caplog):
    caplog.set_level(logging.DEBUG)
    client.post("/sign-in/", {"username": "kim\nERROR medialib forged line", "password": "x"})
    client.get("/no-such-page\nERROR medialib forged line")
    formatter = logging.Formatter("%(levelname)s %(name)s %(message)s")
    lines = [line for record in caplog.records for line in formatter.format(record).splitlines()]
    assert not [line for line in lines if line.startswith("ERROR medialib forged")]


@pytest.mark.parametrize("folder", ["/../", "/a/../../b", "/%2e%2e/", "/a\x00b", "/a//b", "\\windows", "/a/*/b"])
def test_tricks_in_folder_names_select_nothing_else(signed_in, kim, account, folder):
    factories.asset(account, "/secret/a.jpg")
    answer = signed_in(kim).get(f"/{account.name}/library/", {"folder": folder}, follow=True)
    assert answer.status_code in (200, 400)
    assert "Select a.jpg" not in answer.content.decode()


def test_an_error_tells_the_person_nothing_of_the_inside(settings, signed_in, kim, monkeypatch):
    settings.DEBUG = False
    client = signed_in(kim)
    client.raise_request_exception = False

    def explode(*args, **kwargs):
        raise RuntimeError("secret detail /srv/medialib private_inside")

    monkeypatch.setattr("medialib.services.jobs.pages.jobs_page", explode)
    answer = client.get("/jobs/")
    assert answer.status_code == 500
    assert not {
        word for word in ("secret detail", "/srv/", "private_inside", "Traceback") if word in answer.content.decode()
    }


def row(url: Any) -> dict[str, Any]:
    version = {"id": "v1", "name": "Version 1"}
    return {"fileId": "a1", "type": "file", "filePath": "/a.jpg", "url": url, "thumbnail": url, "versionInfo": version}


@pytest.mark.parametrize("url", NO_LINKS)
def test_what_imagekit_calls_an_address_is_a_link_only_as_http_or_https(account: Account, staff_client: Any, url: Any):
    file, version = RemoteFile.from_json(row(url)), FileVersion.from_json(row(url))
    assert file
    assert version
    assert (file.url, file.thumbnail_url, version.url) == ("", "", "")
    index_file(account, file, was_seen=True)
    assert Asset.objects.get().url == ""
    for address in (f"/{account.name}/files/a1/", f"/{account.name}/library/"):
        links = page(staff_client.get(address)).select("main [href], main [src]")
        assert {link.get("href", link.get("src", "")) for link in links if "alert" in str(link)} == set()


def test_addresses_of_imagekit_stay_links():
    file = RemoteFile.from_json(row("https://ik.imagekit.io/acme/a.jpg?updatedAt=1"))
    assert file
    assert (file.url, file.thumbnail_url) == (
        "https://ik.imagekit.io/acme/a.jpg",
        "https://ik.imagekit.io/acme/a.jpg?updatedAt=1",
    )
