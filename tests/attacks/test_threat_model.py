"""What docs/security.md says of each attacker is proved by tests that are there."""

from __future__ import annotations

import ast
import re
from pathlib import Path

import pytest
from django.conf import settings

ROOT = Path(settings.BASE_DIR)
TEXT = (ROOT / "docs" / "security.md").read_text(encoding="utf-8")
NAMED = sorted(set(re.findall(r"`(tests/[\w/]+\.py)(?:::(\w+))?`", TEXT)))
ATTACKERS = ("outsider", "viewer", "deleter", "key manager", "database's administrator", "machine's", "ImageKit itself")


@pytest.mark.parametrize(("path", "test"), NAMED, ids="::".join)
def test_each_test_that_is_named_is_there(path: str, test: str) -> None:
    tree = ast.parse((ROOT / path).read_text(encoding="utf-8"))
    names = {node.name for node in tree.body if isinstance(node, ast.FunctionDef)}
    assert not test or test in names


@pytest.mark.parametrize("attacker", ATTACKERS)
def test_each_attacker_has_a_table_of_attempts(attacker: str) -> None:
    sections = re.split(r"^### ", TEXT.partition("## By attacker")[2].partition("\n## ")[0], flags=re.MULTILINE)
    (section,) = (one for one in sections[1:] if attacker in one.partition("\n")[0])
    rows = [line for line in section.splitlines() if line.startswith("| ")][2:]
    assert len(rows) >= 4
    assert all(line.count(" | ") == 2 for line in rows)


def test_every_attack_is_named() -> None:
    """A new file of attacks gets its row."""
    files = {f"tests/attacks/{path.name}" for path in (ROOT / "tests" / "attacks").glob("test_*.py")}
    assert files - {path for path, _ in NAMED} == set()
