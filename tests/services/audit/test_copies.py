"""The second place of the anchors: it gets each of them, holds up nothing, catches up, and is compared with the log."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
import requests
import responses
from django.urls import reverse
from standardwebhooks import Webhook

from config import env
from medialib import checks
from medialib.models import AuditCursor, AuditSegment
from medialib.services.audit.seal import anchors, copies, sealing
from medialib.services.base import clock
from tests.services.audit.conftest import record

pytestmark = pytest.mark.django_db
URL = "https://witness.example.com/anchors"
SECRET = "whsec_" + "c2VjcmV0c2VjcmV0c2VjcmV0c2VjcmV0"


@pytest.fixture
def mount(tmp_path: Path) -> Path:
    path = tmp_path / "mount"
    path.mkdir()
    return path


@pytest.fixture(params=["a file", "a directory"])
def place(request: Any, settings: Any, mount: Path) -> Path:
    settings.AUDIT_ANCHOR_COPY = f"{mount}/anchors.jsonl" if request.param == "a file" else f"{mount}/"
    return mount


@pytest.fixture
def witness(settings: Any) -> Any:
    settings.AUDIT_ANCHOR_COPY, settings.AUDIT_WEBHOOK_SECRET = URL, SECRET
    with responses.RequestsMock(assert_all_requests_are_fired=False) as mock:
        yield mock


@pytest.fixture
def later(monkeypatch: pytest.MonkeyPatch) -> Any:
    """Moves the time that the second place is judged by."""

    def move(**by: float) -> None:
        at = clock.shared_now() + timedelta(**by)
        for module in ("copies", "verify"):
            monkeypatch.setattr(f"medialib.services.audit.seal.{module}.shared_now", lambda: at)

    return move


def pass_on() -> int:
    with requests.Session() as session:
        return copies.pass_on(session=session)


def seal_one(number: int) -> None:
    record(number)
    sealing.seal_all()


def held(mount: Path) -> str:
    return "".join(path.read_text() for path in sorted(mount.iterdir()))


def test_it_gets_each_anchor_once_and_as_it_is(sealed, place, settings):
    assert (pass_on(), pass_on()) == (2, 0)
    seal_one(20)
    assert pass_on() == 1
    assert held(place) == settings.AUDIT_ANCHOR_FILE.read_text()
    assert {path.stat().st_mode & 0o777 for path in place.iterdir()} == {0o600}


def test_a_place_that_is_away_holds_up_no_seal_and_catches_up(sealed, place, settings, later, run, caplog):
    place.rename(place.with_name("away"))
    assert pass_on() == 0
    seal_one(20)
    assert AuditSegment.objects.count() == 4
    place.with_name("away").rename(place)
    assert pass_on() == 0  # It waits.
    later(seconds=6)
    assert pass_on() == 3
    assert held(place) == settings.AUDIT_ANCHOR_FILE.read_text()
    assert caplog.messages.count("anchors not taken by the second place, trying again: No such file or directory") == 1
    assert AuditCursor.objects.get(name__startswith="anchors").failures == 0


@pytest.mark.parametrize("answer", [500, 302, requests.ConnectionError(), requests.ReadTimeout()])
def test_an_address_gets_the_lines_signed_and_again_until_it_takes_them(sealed, witness, settings, later, answer):
    bad = {"body": answer} if isinstance(answer, Exception) else {"status": answer}
    witness.post(URL, **bad)
    assert (pass_on(), pass_on(), len(witness.calls)) == (0, 0, 1)
    witness.replace(responses.POST, URL, status=204)
    later(seconds=6)
    assert (pass_on(), pass_on()) == (2, 0)
    sent = witness.calls[-1].request
    assert sent.body.decode() == settings.AUDIT_ANCHOR_FILE.read_text()
    assert sent.headers["webhook-id"] == witness.calls[0].request.headers["webhook-id"]
    at = datetime.fromtimestamp(int(sent.headers["webhook-timestamp"]), tz=UTC)
    assert sent.headers["webhook-signature"] == Webhook(SECRET).sign(sent.headers["webhook-id"], at, sent.body.decode())


def test_waits_grow_and_the_database_cannot_skip_anchors(sealed, witness, later):
    witness.post(URL, status=503)
    for failure in range(1, 4):
        pass_on()
        later(seconds=1000 * failure)
    assert len(witness.calls) == 3
    AuditCursor.objects.update(event_id=10**6, failures=0, error="")
    witness.replace(responses.POST, URL, status=204)
    assert pass_on() == 2


def test_another_place_and_another_file_of_anchors_begin_with_the_first(sealed, place, settings, tmp_path):
    assert pass_on() == 2
    settings.AUDIT_ANCHOR_COPY = str(tmp_path / "third.jsonl")
    assert pass_on() == 2
    settings.AUDIT_ANCHOR_FILE.unlink()
    seal_one(20)
    assert pass_on() == 2
    assert '"begins_anew":true' in (tmp_path / "third.jsonl").read_text()


def test_a_line_that_a_crash_cut_short_waits_for_its_end(sealed, place, settings):
    with open(settings.AUDIT_ANCHOR_FILE, "a") as file:
        file.write('{"anchor":{"eve')
    assert pass_on() == 2
    seal_one(20)
    pass_on()
    assert [json.loads(line)["anchor"]["number"] for line in held(place).splitlines() if line.endswith('"}')] == [
        0,
        3,
        4,
    ]


def test_only_one_process_of_a_machine_passes_on(sealed, place):
    with copies._turn() as is_ours:
        assert is_ours
        assert pass_on() == 0
    assert pass_on() == 2


def test_trouble_is_said_by_check_verifyaudit_and_page(sealed, witness, later, run, staff_client):
    witness.post(URL, status=500)
    pass_on()
    assert (run("verifyaudit").code, checks.check_second_place()) == (0, [])  # It may be back in a minute.
    assert "second place" not in staff_client.get(reverse("medialib:audit")).content.decode()
    sealing.seal_all()
    later(minutes=11)
    pass_on()
    done = run("verifyaudit")
    assert (done.code, "lacks what was noted from" in done.err, "(HTTP 500)" in done.err) == (1, True, True)
    assert [one.id for one in checks.check_second_place()] == ["medialib.W002"]
    assert "HTTP 500" in staff_client.get(reverse("medialib:audit")).content.decode()


def test_a_place_that_can_be_read_is_compared_without_being_asked(sealed, place, run, later):
    pass_on()
    done = run("verifyaudit")
    assert (done.code, "2 anchors of another place fit." in done.out) == (0, True)
    for path in place.iterdir():
        path.unlink()
    assert run("verifyaudit").code == 0  # They may be on their way.
    later(minutes=11)
    assert "has no anchor of segment 1" in run("verifyaudit").err


def test_a_place_that_cannot_be_read_is_said(sealed, place, run):
    place.rename(place.with_name("away"))
    done = run("verifyaudit")
    assert (done.code, "cannot be read (No such file" in done.err) == (1, True)


def test_a_copy_that_is_older_than_the_log_is_no_problem(sealed, settings, run, tmp_path):
    kept = tmp_path / "kept.jsonl"
    kept.write_bytes(settings.AUDIT_ANCHOR_FILE.read_bytes())
    seal_one(20)
    done = run("verifyaudit", "--against", str(kept))
    assert (done.code, "kept.jsonl has no anchor of segment 4" in done.out) == (0, True)
    assert run("verifyaudit", "--against", "-", "--json", stdin=kept.read_text()).json["copies"] == 2


def test_nothing_to_compare_with_is_wrong_use(sealed, run, tmp_path):
    assert run("verifyaudit", "--against").code == 2
    assert run("sealaudit", "--against", "kept.jsonl").code == 2
    assert run("verifyaudit", "--against", str(tmp_path / "none")).code == 2
    (tmp_path / "empty").touch()
    done = run("verifyaudit", "--against", str(tmp_path / "empty"))
    assert (done.code, "empty holds no anchor" in done.err) == (1, True)


def test_an_anchor_of_another_log_is_not_taken_for_one_of_this(sealed, settings, run, tmp_path):
    text = settings.AUDIT_ANCHOR_FILE.read_text().replace('"events":12', '"events":13')
    (tmp_path / "kept.jsonl").write_text(text)
    assert "in kept.jsonl was changed" in run("verifyaudit", "--against", str(tmp_path / "kept.jsonl")).err


@pytest.mark.parametrize("place", ["relative/anchors.jsonl", "ftp://x/y", "https://", "s3://bucket/x"])
def test_a_place_that_cannot_work_stops_the_start(tmp_path, place):
    with pytest.raises(env.BadSetting, match="^AUDIT_ANCHOR_COPY "):
        env.read({"MEDIALIB_DATA_DIR": str(tmp_path), "AUDIT_ANCHOR_COPY": place})


def test_no_second_place_is_no_trouble(sealed, run):
    assert (pass_on(), copies.trouble(), run("verifyaudit").code) == (0, "", 0)
    assert [anchor.number for anchor in anchors.every()] == [0, 3]
