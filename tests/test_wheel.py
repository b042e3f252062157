"""What the wheel is made of. `make test-wheel` builds it, installs it and works with it."""

from __future__ import annotations

import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

from config import env
from medialib.management import web
from medialib.management.processes import SERVE

ROOT = env.BASE_DIR
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
CARRIED: dict[str, str] = PROJECT["tool"]["hatch"]["build"]["targets"]["wheel"]["force-include"]


def test_nothing_comes_to_stand_beside_the_package() -> None:
    assert {to.split("/")[:2] == ["medialib", env.INSTALLED] for to in CARRIED.values()} == {True}
    assert PROJECT["tool"]["hatch"]["build"]["targets"]["wheel"]["packages"] == ["medialib"]


@pytest.mark.parametrize("name", ["config", "templates", "static", "locale", "manage.py", "docs/verify_export.py"])
def test_what_is_read_at_run_time_keeps_its_place_below_one_folder(name: str) -> None:
    assert CARRIED[name] == f"medialib/{env.INSTALLED}/{name}"


def test_each_source_is_there_and_in_the_sdist() -> None:
    packed = PROJECT["tool"]["hatch"]["build"]["targets"]["sdist"]["only-include"]
    assert {name for name in [*CARRIED, *packed] if not (ROOT / name).exists()} == set()
    assert {name.partition("/")[0] for name in CARRIED} - set(packed) == set()


@pytest.mark.parametrize(
    ("variables", "place"),
    [
        ({"HOME": "/home/kim"}, "/home/kim/.local/share/medialib"),
        ({"HOME": "/home/kim", "XDG_DATA_HOME": "/data"}, "/data/medialib"),
    ],
)
def test_data_of_a_wheel_lies_outside_it(variables: dict[str, str], place: str) -> None:
    site = Path("/venv/lib/medialib") / env.INSTALLED
    assert env.usual_data_dir(env.Reader(variables), site) == Path(place)
    assert env.usual_data_dir(env.Reader(variables), Path("/src")) == Path("/src/var")


def test_a_wheel_without_a_home_asks_for_a_place() -> None:
    with pytest.raises(env.BadSetting, match="^MEDIALIB_DATA_DIR "):
        env.usual_data_dir(env.Reader({}), Path("/venv/lib/medialib") / env.INSTALLED)


def test_the_command_is_manage_py_in_any_folder(tmp_path: Path) -> None:
    variables = {"PYTHONPATH": str(ROOT), "MEDIALIB_DATA_DIR": str(tmp_path / "data"), "PATH": ""}
    command = [sys.executable, "-m", "medialib", "runweb", "--help"]
    said = subprocess.run(command, cwd=tmp_path, env=variables, capture_output=True, text=True, check=True)
    assert "--workers" in said.stdout


def test_the_server_is_named_by_its_file_so_that_no_other_config_is_meant() -> None:
    command = web.web_server(host="0.0.0.0", port=8080, workers=2)
    assert command[-1] == f"{ROOT / 'config' / 'asgi.py'}:application"
    assert set(SERVE[:-1]) < set(command)
    assert command[1:9] == ["-m", "granian", "--host", "0.0.0.0", "--port", "8080", "--workers", "2"]
