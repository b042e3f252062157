"""What docs/security.md says of each attacker is proved by tests that are there."""

from __future__ import annotations

import ast
import re
from pathlib import Path

import pytest
from django.conf import settings

from tests import attacks

ROOT = Path(settings.BASE_DIR)
HERE = Path(__file__).parent
TEXT = (ROOT / "docs" / "security.md").read_text(encoding="utf-8")
NAMED = sorted(set(re.findall(r"`(tests/[\w/]+\.py)(?:::(\w+))?`", TEXT)))
FILES = sorted(f"tests/attacks/{path.relative_to(HERE)}" for path in HERE.rglob("test_*.py") if path != Path(__file__))
OF_FILES = (
    *("outsider", "viewer", "deleter", "laws", "stolen_token", "key_manager"),
    *("database_admin", "host_admin", "imagekit_itself"),
)
WHOLE = {"tests/attacks/test_laws.py"}  # One table, tried by page, command and service.
ATTACKERS = (
    *("outsider", "viewer", "deleter", "stolen token", "key manager"),
    *("database's administrator", "machine's", "ImageKit itself"),
)


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
    assert set(FILES) - {path for path, _ in NAMED} == set()


@pytest.mark.parametrize("file", FILES)
def test_every_file_is_an_attackers_and_one_can_read_it_at_once(file: str) -> None:
    assert re.match(rf"tests/attacks/(test_)?({'|'.join(OF_FILES)})\b", file)
    assert file in WHOLE or len((ROOT / file).read_text(encoding="utf-8").splitlines()) <= 300


@pytest.mark.parametrize("place", OF_FILES)
def test_the_way_to_add_an_attempt_names_every_place(place: str) -> None:
    assert re.search(rf"^(test_)?{place}", str(attacks.__doc__), re.MULTILINE)
