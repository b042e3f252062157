"""What is installed: held to hashes by every instruction; a known vulnerability stops a merge, and silence is told."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings

ROOT = Path(settings.BASE_DIR)
JUDGE = ROOT / ".ci" / "advisories"
CLEAN = {"name": "django", "version": "5.2.1", "vulns": []}
KNOWN = {"name": "django", "version": "5.2.1", "vulns": [{"id": "CVE-2026-1", "fix_versions": ["5.2.2"]}]}
SKIPPED = {"name": "medialib", "skip_reason": "Dependency not found on PyPI"}

ATTEMPTS = {
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


@pytest.mark.parametrize("attempt", ATTEMPTS)
def test_only_a_finding_fails_and_silence_is_said(tmp_path: Path, attempt: str) -> None:
    report, trouble, code, told = ATTEMPTS[attempt]
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


# What pip says when it downloads, how it ends, and how the audit then ends.
DOWNLOADS: dict[str, tuple[str, int, str]] = {
    "a file with another hash": (
        "ERROR: THESE PACKAGES DO NOT MATCH THE HASHES FROM THE REQUIREMENTS FILE.",
        1,
        "HASHES",
    ),
    "no connection": ("ERROR: Could not find a version that satisfies the requirement amqp", 0, "were not checked"),
}


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
