"""Somebody else with a login on the same machine reads what medialib keeps, when it was started with a lax umask."""

from __future__ import annotations

import os
import sqlite3
import stat
import subprocess
import sys
from pathlib import Path

import pytest
from django.conf import settings

from config import env
from tests.environment import STEERING


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
