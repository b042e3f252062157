"""What production installs is pinned, said why, and held to hashes."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from django.conf import settings

ROOT = Path(settings.BASE_DIR)
PIN = re.compile(r"^([A-Za-z0-9._-]+)(?:\[[a-z,]+\])?==([^\s;#\\]+)", re.MULTILINE)


def pins(name: str) -> dict[str, str]:
    found = PIN.findall((ROOT / name).read_text(encoding="utf-8"))
    return {package.lower().replace("_", "-"): version for package, version in found}


@pytest.mark.parametrize("name", ["requirements.txt", "requirements-scale.txt"])
def test_the_lock_holds_each_pinned_package_in_its_version(name: str) -> None:
    locked = pins("requirements.lock")
    assert {(package, version) for package, version in pins(name).items() if locked.get(package) != version} == set(), (
        "Run “make lock”."
    )


def test_each_locked_package_has_hashes() -> None:
    entries = re.split(r"\n(?=\S)", (ROOT / "requirements.lock").read_text(encoding="utf-8").strip())
    assert [entry for entry in entries if "--hash=sha256:" not in entry] == []


# Those with a file for each system and Python.
@pytest.mark.parametrize(
    "package", ["cffi", "charset-normalizer", "cryptography", "granian", "pillow", "psycopg-binary"]
)
def test_compiled_packages_are_locked_for_more_than_one_system(package: str) -> None:
    entries = re.split(r"\n(?=\S)", (ROOT / "requirements.lock").read_text(encoding="utf-8"))
    (entry,) = (entry for entry in entries if entry.startswith(f"{package}=="))
    assert entry.count("--hash=sha256:") > 15


@pytest.mark.parametrize("path", sorted(ROOT.glob("requirements*")), ids=lambda path: path.name)
def test_no_file_names_a_package_index(path: Path) -> None:
    assert re.findall(r"https?://|--(?:extra-)?index-url|--find-links|file://", path.read_text(encoding="utf-8")) == []
