"""The stand-alone verifier finds in an export what verifyaudit finds in the database, with no Django at hand."""

from __future__ import annotations

import ast
import runpy
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings as django_settings

from medialib.models import AuditEvent
from medialib.services.audit.seal import keys, proof, sealing
from tests.services.audit.conftest import record

pytestmark = pytest.mark.django_db
SCRIPT = Path(django_settings.BASE_DIR) / "docs" / "verify_export.py"
EVENTS, SEGMENTS = "medialib_auditevent", "medialib_auditsegment"


@pytest.fixture
def export(run: Any, tmp_path: Path) -> Callable[..., Path]:
    def write(*options: str, name: str = "audit.jsonl") -> Path:
        done = run("exportaudit", "--with-proof", "--output", str(tmp_path / name), *options)
        assert done.code == 0, done.err
        return tmp_path / name

    return write


@pytest.fixture
def check(capsys: Any, monkeypatch: Any) -> Callable[..., tuple[int, str]]:
    """Runs the script as a program of its own would run."""

    def run_script(*arguments: object) -> tuple[int, str]:
        monkeypatch.setattr(sys, "argv", ["verify_export.py", *map(str, arguments)])
        capsys.readouterr()
        with pytest.raises(SystemExit) as ended:
            runpy.run_path(str(SCRIPT), run_name="__main__")
        return ended.value.code, capsys.readouterr().out.strip()

    return run_script


def test_it_needs_nothing_but_the_standard_library_and_cryptography():
    imported = {
        (node.module if isinstance(node, ast.ImportFrom) else node.names[0].name).partition(".")[0]
        for node in ast.walk(ast.parse(SCRIPT.read_text()))
        if isinstance(node, ast.Import | ast.ImportFrom)
    }
    assert imported - sys.stdlib_module_names == {"cryptography"}


def test_a_stranger_finds_a_whole_log_whole(sealed, export, tmp_path):
    path, key = export(), keys.signing_key().public
    command = [sys.executable, "-I", str(SCRIPT), str(path), "--public-key", key]
    done = subprocess.run(command, capture_output=True, text=True, cwd=tmp_path, env={})
    assert (done.stdout, done.returncode) == (f"12 events in 3 segments, whole, signed by {key}.\n", 0)


ATTACKS = {
    "an edit": f"UPDATE {EVENTS} SET reason = 'x' WHERE id = (SELECT min(id) + 5 FROM {EVENTS})",
    "a removed row": f"DELETE FROM {EVENTS} WHERE id = (SELECT max(id) FROM {EVENTS})",
    "an inserted row": f"INSERT INTO {EVENTS} (id, {{names}}) SELECT 0, {{names}} FROM {EVENTS} WHERE reason LIKE '%3'",
    "a removed segment": f"DELETE FROM {SEGMENTS} WHERE number = 2",
    "a changed seal": f"UPDATE {SEGMENTS} SET signature = replace(signature, 'a', 'b') WHERE number = 2",
    "a segment without its events": f"DELETE FROM {EVENTS} WHERE id < (SELECT min(id) + 4 FROM {EVENTS})",
}  # fmt: skip


@pytest.mark.parametrize("attack", ATTACKS)
def test_what_was_done_to_the_database_is_found_in_its_export(sealed, as_dba, export, check, attack):
    names = ", ".join(field.column for field in AuditEvent._meta.concrete_fields if field.column != "id")
    as_dba(ATTACKS[attack].format(names=names))
    code, said = check(export())
    assert (code, said[:18]) == (1, "Not whole. Segment")


def test_rows_that_changed_places_are_found(sealed, as_dba, export, check):
    a, b = sealed[1], sealed[2]
    as_dba(*(f"UPDATE {EVENTS} SET id = {new} WHERE id = {old}" for old, new in ((a, 10**6), (b, a), (10**6, b))))
    assert check(export()) == (1, "Not whole. Segment 1: an event of positions 1 to 4 was changed or moved.")


@pytest.mark.parametrize("goes_on", [False, True])
def test_a_cut_tail_and_an_old_copy_are_found_by_the_anchors(sealed, as_dba, check, settings, tmp_path, goes_on, run):
    """Even when the export is written by somebody who keeps the anchors from it."""
    kept = tmp_path / "kept.jsonl"
    kept.write_bytes(settings.AUDIT_ANCHOR_FILE.read_bytes())
    as_dba(f"DELETE FROM {EVENTS} WHERE id > {sealed[7]}", f"DELETE FROM {SEGMENTS} WHERE number > 2")
    settings.AUDIT_ANCHOR_FILE.unlink()
    for number in range(goes_on * 3):
        record(number + 50)
    path = tmp_path / "audit.jsonl"
    assert run("exportaudit", "--with-proof", "--output", str(path)).code == 0
    assert check(path)[0] == 0
    code, said = check(path, "--anchors", kept)
    assert code == 1
    assert said.startswith("Not whole. Segment 3 is" + (" not the one" if goes_on else " missing"))


def test_a_cut_tail_is_found_by_the_anchor_that_an_honest_export_carries(sealed, as_dba, check, tmp_path):
    as_dba(f"DELETE FROM {EVENTS} WHERE id > {sealed[7]}", f"DELETE FROM {SEGMENTS} WHERE number > 2")
    path = tmp_path / "audit.jsonl"
    path.write_text("".join(proof.stream()))
    assert check(path)[1].startswith("Not whole. Segment 3 is missing")


def test_a_file_that_was_cut_or_glued_is_found(sealed, export, check):
    path = export()
    lines = path.read_text().splitlines(keepends=True)
    for change in (lines[:-1], lines[:-6] + lines[-1:], lines[:3] + lines[4:], [*lines, lines[2]]):
        path.write_text("".join(change))
        assert check(path)[0] == 1


def test_a_log_signed_by_somebody_else_is_found_by_the_key(sealed, export, check):
    code, said = check(export(), "--public-key", "ab" * 32)
    assert (code, said) == (1, f"Not whole. The log is not signed by the key {'ab' * 32}.")


def test_keys_are_followed_from_the_first_to_the_newest(sealed, export, check, run):
    first = keys.signing_key().public
    run("rotateauditkey")
    for key in (first, keys.signing_key().public):
        assert check(export(), "--public-key", key)[0] == 0


def test_a_part_of_the_log_says_that_it_is_a_part(sealed, export, check):
    code, said = check(export("--after", str(sealed[5])))
    assert code == 0
    assert "begin with segment 2" in said


def test_text_of_any_script_survives(db, export, check):
    record("😀 “Größe” \u2028 \x7f\t\\")
    sealing.seal_all()
    assert check(export())[0] == 0
