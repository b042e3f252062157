"""Somebody with a login on the machine, or its administrator: what lies there, what is installed there, and what is
given away from it."""

from __future__ import annotations

import json
import os
import re
import sqlite3
import stat
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import requests
from django.conf import settings

from config import env
from medialib.models import AuditEvent, AuditSegment, EventKind
from medialib.services.audit.seal import anchors, copies, keys, sealing, verify
from tests.environment import STEERING
from tests.services.audit.conftest import as_dba, own_data_dir, record, run, sealed
from tests.services.audit.test_verify_export import check, export

__all__ = ["as_dba", "check", "export", "own_data_dir", "run", "sealed"]
pytestmark = pytest.mark.django_db

ENDS = {
    "cut, and unsigned": lambda lines: cut_end(lines, signature=""),
    "cut, with the signature of the whole": lambda lines: cut_end(lines, signature=json.loads(lines[-1])["signature"]),
    "whole, and unsigned": lambda lines: [*lines[:-1], json.dumps(json.loads(lines[-1]) | {"signature": ""}) + "\n"],
    "none": lambda lines: lines[:-1],
}
ROOT = Path(settings.BASE_DIR)
JUDGE = ROOT / ".ci" / "advisories"
CLEAN = {"name": "django", "version": "5.2.1", "vulns": []}
KNOWN = {"name": "django", "version": "5.2.1", "vulns": [{"id": "CVE-2026-1", "fix_versions": ["5.2.2"]}]}
SKIPPED = {"name": "medialib", "skip_reason": "Dependency not found on PyPI"}
ADVISORIES = {
    "nothing known": ({"dependencies": [CLEAN]}, "", 0, "No known vulnerability in 1 packages."),
    "something known": ({"dependencies": [CLEAN, KNOWN]}, "Found 1 known vulnerability", 1, "django 5.2.1: CVE-2026-1"),
    "known beside skipped": ({"dependencies": [SKIPPED, KNOWN]}, "", 1, "CVE-2026-1"),
    "all skipped": ({"dependencies": [SKIPPED]}, "", 0, "could not be reached"),
    "some skipped": ({"dependencies": [CLEAN, SKIPPED]}, "", 0, "Not looked up: medialib."),
    "no connection": (None, "Traceback\nConnectionError: no route to api.osv.dev\n", 0, "no route to api.osv.dev"),
    "an empty report": ("", "", 0, "could not be reached"),
    "half a report": ('{"dependencies": [{"na', "Killed", 0, "could not be reached"),
    "another report": ("[]", "", 0, "could not be reached"),
}
# What pip says when it downloads, how it ends, and how the audit then ends.
DOWNLOADS: dict[str, tuple[str, int, str]] = {
    "a file with another hash": (
        "ERROR: THESE PACKAGES DO NOT MATCH THE HASHES FROM THE REQUIREMENTS FILE.",
        1,
        "HASHES",
    ),
    "no connection": ("ERROR: Could not find a version that satisfies the requirement amqp", 0, "were not checked"),
}
EVENTS, SEGMENTS = "medialib_auditevent", "medialib_auditsegment"


def cut_end(lines: list[str], *, signature: str) -> list[str]:
    """Without the last segment, and with an end line that agrees."""
    place = max(n for n, line in enumerate(lines) if line.startswith('{"segment"'))
    left = lines[:place]
    events = sum(not line.startswith(('{"segment"', '{"exported_at"')) for line in left)
    last = json.loads(lines[place])["segment"]
    told = {"events": events, "last_segment": last["number"] - 1, "head": last["previous"], "anchor": None}
    end = json.loads(lines[-1])["end"] | told
    return [*left, json.dumps({"end": end, "signature": signature}) + "\n"]


@pytest.mark.parametrize("attempt", ADVISORIES)
def test_only_a_finding_fails_and_silence_is_said(tmp_path: Path, attempt: str) -> None:
    report, trouble, code, told = ADVISORIES[attempt]
    paths = [tmp_path / "report", tmp_path / "trouble"]
    if report is not None:
        paths[0].write_text(report if isinstance(report, str) else json.dumps(report))
    paths[1].write_text(trouble)
    done = subprocess.run([sys.executable, JUDGE, *paths], capture_output=True, text=True, check=False)
    assert (done.returncode, told in done.stdout + done.stderr) == (code, True)


def stand_in(folder: Path, name: str, script: str) -> None:
    path = folder / "bin" / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(f"#!/bin/sh\n{script}\n")
    path.chmod(0o755)


@pytest.mark.parametrize("download", DOWNLOADS)
def test_a_file_with_another_hash_fails_and_no_connection_does_not(tmp_path: Path, download: str) -> None:
    said, code, told = DOWNLOADS[download]
    real = sys.executable
    judge = f'case "$1" in *advisories) exec {real} "$@";; esac'
    stand_in(tmp_path, "python", f'{judge}\necho "{said}" >&2\nexit 1')
    environment: dict[str, Any] = {"VENV": str(tmp_path), "PATH": "/usr/bin:/bin"}
    done = subprocess.run([ROOT / ".ci" / "audit"], capture_output=True, text=True, check=False, env=environment)
    assert (done.returncode, told in done.stdout + done.stderr) == (code, True)


@pytest.mark.parametrize("page", ["README.md", "docs/deploy.md"])
def test_every_instruction_to_install_holds_files_to_their_hashes(page: str) -> None:
    lines = re.findall(r"^.*pip install.*$", (ROOT / page).read_text(encoding="utf-8"), re.MULTILINE)
    assert lines
    assert [line for line in lines if "--require-hashes -r requirements.lock" not in line] == []


def mode_of(path: Path) -> int:
    return stat.S_IMODE(path.stat().st_mode)


@pytest.fixture
def lax_umask():
    before = os.umask(0o000)
    yield
    os.umask(before)


def test_directory_database_and_what_lies_beside_it_are_for_their_owner(lax_umask, tmp_path):
    data_dir = tmp_path / "new" / "data"
    machine = env.read({"MEDIALIB_DATA_DIR": str(data_dir)})
    with sqlite3.connect(machine.database["NAME"]) as connection:
        connection.execute("PRAGMA journal_mode=WAL")
        connection.execute("CREATE TABLE one (id)")
        modes = {path.name: mode_of(path) for path in data_dir.iterdir()}
    connection.close()
    assert mode_of(data_dir) == 0o700
    assert {"medialib.sqlite3", "medialib.sqlite3-wal", "medialib.sqlite3-shm"} <= set(modes)
    assert set(modes.values()) == {0o600}


def test_what_an_earlier_start_left_open_is_closed(tmp_path):
    (tmp_path / "secret.key").touch(mode=0o600)
    for name in ("medialib.sqlite3", "medialib.sqlite3-wal"):
        (tmp_path / name).touch()
        (tmp_path / name).chmod(0o644)
    tmp_path.chmod(0o755)
    env.read({"MEDIALIB_DATA_DIR": str(tmp_path), "SECRET_KEY": "", "FIELD_ENCRYPTION_KEYS": "A" * 43 + "="})
    assert [mode_of(path) for path in (tmp_path, *sorted(tmp_path.glob("medialib*")))] == [0o700, 0o600, 0o600]


def test_a_directory_of_other_things_is_refused_and_left_as_it_is(tmp_path):
    (tmp_path / "somebody-elses").touch()
    tmp_path.chmod(0o1777)
    with pytest.raises(env.BadSetting, match="MEDIALIB_DATA_DIR names a directory that others may read"):
        env.read({"MEDIALIB_DATA_DIR": str(tmp_path)})
    assert mode_of(tmp_path) == 0o1777


def test_key_anchors_and_database_of_a_started_medialib_are_for_their_owner(lax_umask, tmp_path):
    variables = {name: value for name, value in os.environ.items() if name not in (*STEERING, "DATABASE_URL")}
    variables["MEDIALIB_DATA_DIR"] = str(tmp_path / "data")
    for command in (["migrate", "--verbosity", "0"], ["sealaudit"]):
        subprocess.run([sys.executable, "manage.py", *command], cwd=settings.BASE_DIR, env=variables, check=True)
    modes = {path.name: mode_of(path) for path in (tmp_path / "data").iterdir() if path.is_file()}
    assert {name for name, mode in modes.items() if mode != 0o600} <= {"audit-signing.pub"}
    assert {"medialib.sqlite3", "audit-signing.key"} <= set(modes)


@pytest.mark.parametrize("attempt", ENDS)
def test_with_a_key_given_a_changed_end_is_not_whole(sealed, export, check, attempt):
    path = export()
    path.write_text("".join(ENDS[attempt](path.read_text().splitlines(keepends=True))))
    code, said = check(path, "--public-key", keys.signing_key().public)
    assert (code, said[:10]) == (1, "Not whole.")


def test_removed_anchors_are_told_before_and_after_the_sealer_goes_on(sealed, as_dba, settings, run, export, check):
    as_dba(f"DELETE FROM {EVENTS} WHERE id > {sealed[7]}", f"DELETE FROM {SEGMENTS} WHERE number > 2")
    settings.AUDIT_ANCHOR_FILE.unlink()
    done = run("verifyaudit")
    assert (done.code, "holds no anchor" in done.err) == (1, True)
    record(50)
    sealing.seal_all()
    assert verify.verify().problem.startswith("The anchors before segment 2 are missing")
    code, said = check(export(), "--anchors", settings.AUDIT_ANCHOR_FILE)
    assert (code, "anchors before segment 2 are missing" in said) == (1, True)


def test_a_person_may_accept_that_anchors_are_gone_and_that_stays_on_record(sealed, settings, run, export, check):
    settings.AUDIT_ANCHOR_FILE.unlink()
    assert run("sealaudit", "--accept-restore", "a new disk").code == 0
    assert verify.verify().problem == ""
    assert check(export(), "--anchors", settings.AUDIT_ANCHOR_FILE)[0] == 0
    assert run("sealaudit", "--accept-restore", "again").code == 1


def test_empty_anchors_prove_nothing(sealed, settings, export, check):
    path = export()
    settings.AUDIT_ANCHOR_FILE.write_text("")
    assert check(path, "--anchors", settings.AUDIT_ANCHOR_FILE)[0] == 1
    assert verify.verify().problem.endswith("holds no anchor.")


def test_a_torn_line_does_not_swallow_the_next_anchor(sealed, settings):
    with open(settings.AUDIT_ANCHOR_FILE, "a") as file:
        file.write('{"anchor":{"events":13,"for')
    record(13)
    sealing.seal_all()
    assert [anchor.number for anchor in anchors.every()] == [0, 3, 4]
    assert verify.verify().problem == ""


@pytest.fixture
def put_back(settings: Any, own_data_dir: Path, as_dba: Any) -> Callable[[], None]:
    """Ten seals of a machine with a second place; called, its database and its files are those of the fifth again."""
    settings.AUDIT_ANCHOR_COPY = str(own_data_dir.parent / "elsewhere.jsonl")
    kept: dict[Path, bytes] = {}
    for number in range(10):
        seal_and_pass_on(number)
        if number == 4:
            kept = {path: path.read_bytes() for path in own_data_dir.iterdir() if path.is_file()}
    last = AuditSegment.objects.get(number=5).last_id

    def restore() -> None:
        as_dba(f"DELETE FROM {EVENTS} WHERE id > {last}", f"DELETE FROM {SEGMENTS} WHERE number > 5")
        for path, content in kept.items():
            path.write_bytes(content)

    return restore


def seal_and_pass_on(number: int) -> None:
    record(number)
    sealing.seal_all()
    with requests.Session() as session:
        copies.pass_on(session=session)


def nothing_more() -> None:
    """Nobody works in the log that was put back."""


def a_few_more() -> None:
    for number in range(20, 23):
        seal_and_pass_on(number)


def as_many_more() -> None:
    for number in range(20, 28):
        seal_and_pass_on(number)


ROLLBACKS = {"at rest": nothing_more, "gone on a little": a_few_more, "overtaken": as_many_more}


@pytest.mark.parametrize("attempt", ROLLBACKS)
def test_database_and_machine_put_back_together_are_told_by_the_second_place_alone(
    put_back, run, export, check, settings, attempt
):
    put_back()
    ROLLBACKS[attempt]()
    kept, key = settings.AUDIT_ANCHOR_COPY, keys.signing_key().public
    assert (
        check(export(), "--anchors", settings.AUDIT_ANCHOR_FILE, "--public-key", key)[0] == 0
    )  # As docs/audit.md says.
    for arguments in ([], ["--against"], ["--against", kept]):
        done = run("verifyaudit", *arguments)
        assert (done.code, "elsewhere.jsonl" in done.err) == (1, True)
    code, said = check(export(name="again.jsonl"), "--anchors", kept, "--public-key", key)
    assert (code, said[:19]) == (1, "Not whole. Segment ")
    settings.AUDIT_ANCHOR_COPY = ""
    assert run("verifyaudit").code == 0


@pytest.mark.parametrize("is_named", [False, True])
@pytest.mark.parametrize("attempt", ROLLBACKS)
def test_a_loss_told_by_the_second_place_can_be_accepted_and_stays_on_record_there(
    put_back, run, export, check, settings, attempt, is_named
):
    put_back()
    ROLLBACKS[attempt]()
    kept = settings.AUDIT_ANCHOR_COPY
    if is_named:  # As with an address, whose anchors cannot be read from here.
        settings.AUDIT_ANCHOR_COPY = ""
        assert run("sealaudit", "--accept-restore", "the old disk").code == 1
    done = run("sealaudit", "--accept-restore", "the old disk died", *(["--against", kept] if is_named else []))
    assert done.code == 0, done.err
    settings.AUDIT_ANCHOR_COPY = kept
    seal_and_pass_on(30)
    done = run("verifyaudit")
    assert (done.code, "gave up all sealed after segment 5." in done.out) == (0, True), done.err
    assert AuditEvent.objects.get(event=EventKind.AUDIT_RESTORED).detail["lost"]["segment"] == 6
    code, said = check(export(), "--anchors", kept, "--public-key", keys.signing_key().public)
    assert (code, "accepted a loss" in said) == (0, True)
