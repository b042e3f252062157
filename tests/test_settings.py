"""What varies between machines is checked at start, and a mistake is named in one line."""

from __future__ import annotations

import os
import stat
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from config import env

GOOD = {
    "DEBUG": "0",
    "SECRET_KEY": "correct-horse-battery-staple-0123456789-abcdefghijklmnop",
    "FIELD_ENCRYPTION_KEYS": "MDEyMzQ1Njc4OWFiY2RlZjAxMjM0NTY3ODlhYmNkZWY=",
    "ALLOWED_HOSTS": "media.example.com,.example.org",
    "DATABASE_URL": "postgres://medialib:secret@db.example.com:5432/medialib",
}


@pytest.fixture
def production(tmp_path: Path) -> dict[str, str]:
    return GOOD | {"MEDIALIB_DATA_DIR": str(tmp_path)}


def manage(*args: str, variables: dict[str, str]) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "manage.py", *args]
    clean = {name: value for name, value in os.environ.items() if name in ("PATH", "HOME")}
    return subprocess.run(command, cwd=env.BASE_DIR, env=clean | variables, capture_output=True, text=True, timeout=60)


def test_nothing_set_means_development(tmp_path: Path) -> None:
    machine = env.read({"MEDIALIB_DATA_DIR": str(tmp_path)})
    assert (machine.debug, machine.allow_private_api, machine.undo_window_s) == (True, True, None)
    assert machine.database["NAME"] == str(tmp_path / "medialib.sqlite3")


def test_production_is_strict_where_development_is_not(production: dict[str, str]) -> None:
    machine = env.read(production)
    assert (machine.debug, machine.allow_private_api, machine.undo_window_s) == (False, False, None)
    assert (machine.ssl_redirect, machine.hsts_seconds) == (True, 31_536_000)


@pytest.mark.parametrize("name", ["SECRET_KEY", "ALLOWED_HOSTS"])
def test_a_production_variable_turns_debug_off(name: str, tmp_path: Path) -> None:
    with pytest.raises(env.BadSetting):
        env.read({name: GOOD[name], "MEDIALIB_DATA_DIR": str(tmp_path)})


@pytest.mark.parametrize("name", ["SECRET_KEY", "FIELD_ENCRYPTION_KEYS", "ALLOWED_HOSTS", "DATABASE_URL"])
def test_a_missing_variable_is_named_in_production(name: str, production: dict[str, str]) -> None:
    with pytest.raises(env.BadSetting, match=f"^{name} "):
        env.read(production | {name: " "})


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("SECRET_KEY", "short"),
        ("SECRET_KEY", "a" * 60),
        ("FIELD_ENCRYPTION_KEYS", "not-a-key"),
        ("FIELD_ENCRYPTION_KEYS", GOOD["FIELD_ENCRYPTION_KEYS"] + ",junk"),
        ("ALLOWED_HOSTS", "https://media.example.com"),
        ("ALLOWED_HOSTS", "media.example.com/path"),
        ("CSRF_TRUSTED_ORIGINS", "media.example.net"),
        ("DATABASE_URL", "medialib"),
        ("DATABASE_URL", "mysql://user:pass@host/name"),
        ("DATABASE_URL", "postgres://user:pass@host:port/name"),
        ("DATABASE_URL", "postgres://user:pass@host/"),
        ("DEBUG", "maybe"),
        ("IMAGEKIT_ALLOW_PRIVATE_API", "sometimes"),
        ("METRICS_TOKEN", "too-short"),
        ("METRICS_TOKEN", "twenty-four characters, with spaces"),
        ("IMAGEKIT_HEADROOM", "96"),
        ("IMAGEKIT_HEADROOM", "20%"),
        ("UNDO_WINDOW_S", "-1"),
        ("BREAKER_PERCENT", "101"),
        ("WORKER_SLOTS", "many"),
        ("TASK_ENGINE", "rabbit"),
        ("LOG_LEVEL", "LOUD"),
    ],
)
def test_a_malformed_variable_is_named_and_its_value_kept_quiet(
    name: str, value: str, production: dict[str, str]
) -> None:
    with pytest.raises(env.BadSetting, match=f"^{name} ") as problem:
        env.read(production | {name: value})
    assert value not in str(problem.value)


def test_a_data_directory_that_cannot_be_made_is_named(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(env.BadSetting, match="^MEDIALIB_DATA_DIR "):
        env.read({"MEDIALIB_DATA_DIR": str(tmp_path / "file" / "var")})


def test_a_bad_start_is_one_line_and_code_2(production: dict[str, str]) -> None:
    answer = manage("check", variables=production | {"SECRET_KEY": ""})
    assert (answer.returncode, answer.stdout) == (2, "")
    assert answer.stderr.count("\n") == 1
    assert "SECRET_KEY" in answer.stderr


def test_development_secrets_are_private_kept_and_announced_once(tmp_path: Path) -> None:
    first = manage("check", variables={"MEDIALIB_DATA_DIR": str(tmp_path)})
    made = {path.name: (path.read_bytes(), stat.S_IMODE(path.stat().st_mode)) for path in tmp_path.glob("*.key")}
    second = manage("check", variables={"MEDIALIB_DATA_DIR": str(tmp_path)})
    assert {name: mode for name, (_, mode) in made.items()} == {"secret.key": 0o600, "field.key": 0o600}
    assert made == {path.name: (path.read_bytes(), 0o600) for path in tmp_path.glob("*.key")}
    assert (first.stderr.count("warning"), second.stderr) == (1, "")


def test_processes_that_start_together_agree_on_the_secrets(tmp_path: Path) -> None:
    code = "import os; from config import env; print(env.read(os.environ).field_encryption_keys)"
    variables = {"MEDIALIB_DATA_DIR": str(tmp_path), "PATH": os.environ["PATH"]}
    options: dict[str, Any] = {
        "cwd": env.BASE_DIR,
        "env": variables,
        "stdout": subprocess.PIPE,
        "stderr": subprocess.PIPE,
    }
    racers = [subprocess.Popen([sys.executable, "-c", code], **options) for _ in range(6)]
    answers = [racer.communicate(timeout=60) for racer in racers]
    assert len({output for output, _ in answers}) == 1
    assert sum(errors.count(b"warning") for _, errors in answers) == 1
    assert {path.name for path in tmp_path.iterdir()} == {"secret.key", "field.key", "medialib.sqlite3"}


def test_sqlite_is_ready_for_several_writers(tmp_path: Path) -> None:
    database = env.read({"MEDIALIB_DATA_DIR": str(tmp_path)}).database
    assert database["OPTIONS"]["transaction_mode"] == "IMMEDIATE"
    assert "journal_mode=WAL" in database["OPTIONS"]["init_command"]


def test_the_deployment_check_finds_nothing(production: dict[str, str]) -> None:
    answer = manage("check", "--deploy", "--fail-level", "WARNING", variables=production)
    assert (answer.returncode, answer.stderr) == (0, "")
