"""The files that run medialib as a service: they are read as their programs read them, and name settings that exist."""

from __future__ import annotations

import http.server
import json
import re
import shutil
import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml
from django.core.management import get_commands

from config import env

ROOT = env.BASE_DIR
DEPLOY = ROOT / "docs" / "deploy"
UNITS = sorted(DEPLOY.glob("*.service"))
DOCKERFILE = re.sub(r"\\\n\s*", "", (ROOT / "Dockerfile").read_text(encoding="utf-8"))
COMPOSE: dict[str, Any] = yaml.safe_load((ROOT / "compose.yaml").read_text(encoding="utf-8"))
OURS = ("setup", "web", "worker")
# What these files may set beside medialib's own settings.
OTHERS = {"PATH", "POSTGRES_PASSWORD", "PYTHONDONTWRITEBYTECODE", "PYTHONUNBUFFERED"}


def documented() -> set[str]:
    """Names in the tables of settings."""
    rows = re.findall(r"^\| (`[A-Z_`, ]+) \|", (ROOT / "docs" / "deploy.md").read_text(encoding="utf-8"), re.MULTILINE)
    return {name for row in rows for name in re.findall(r"[A-Z_]+", row)}


def named() -> dict[str, set[str]]:
    """Settings that each file gives."""
    example = (DEPLOY / "medialib.env").read_text(encoding="utf-8")
    return {
        "medialib.env": set(re.findall(r"^#?([A-Z_]+)=", example, re.MULTILINE)),
        "Dockerfile": set(
            re.findall(r"([A-Z_]+)=", "".join(re.findall(r"^ENV (.*MEDIALIB.*)$", DOCKERFILE, re.MULTILINE)))
        ),
        "compose.yaml": {name for service in OURS for name in COMPOSE["services"][service]["environment"]},
        **{
            unit.name: set(
                re.findall(r"([A-Z_]+)=", "".join(re.findall(r"^Environment=(.*)$", unit.read_text(), re.MULTILINE)))
            )
            for unit in UNITS
        },
    }


@pytest.mark.parametrize("file", named())
def test_each_setting_that_a_file_gives_exists(file: str) -> None:
    given = named()[file]
    assert given
    assert given - documented() - OTHERS == set()


def test_what_production_requires_is_in_the_example() -> None:
    required = {"SECRET_KEY", "FIELD_ENCRYPTION_KEYS", "ALLOWED_HOSTS", "DATABASE_URL"}
    assert required <= named()["medialib.env"] & documented()


def commands_started() -> Iterator[str]:
    for unit in UNITS:
        yield from re.findall(r"bin/medialib (\w+)", unit.read_text(encoding="utf-8"))
    for service in OURS:
        yield from re.findall(r"medialib (\w+)", " ".join(COMPOSE["services"][service]["command"]))
    yield from json.loads(DOCKERFILE.rpartition("\nCMD ")[2])[1:2]


def test_each_command_that_a_file_starts_exists() -> None:
    started = list(commands_started())
    assert {"runweb", "runworker", "migrate", "collectstatic"} == set(started)
    assert set(started) <= set(get_commands())


@pytest.mark.skipif(shutil.which("systemd-analyze") is None, reason="needs systemd")
@pytest.mark.parametrize("unit", UNITS, ids=lambda path: path.name)
def test_systemd_finds_no_fault_in_a_unit(unit: Path, tmp_path: Path) -> None:
    """Its program is not installed where tests run, so another stands in."""
    copy = tmp_path / unit.name
    copy.write_text(unit.read_text(encoding="utf-8").replace("/opt/medialib/bin/medialib", shutil.which("true") or ""))
    said = subprocess.run(
        ["systemd-analyze", "verify", "--man=no", copy], capture_output=True, text=True, check=False, timeout=60
    )
    assert (said.returncode, said.stderr) == (0, "")


@pytest.mark.parametrize("unit", UNITS, ids=lambda path: path.name)
def test_a_unit_runs_without_rights_it_does_not_need(unit: Path) -> None:
    text = unit.read_text(encoding="utf-8")
    needed = ("User=medialib", "NoNewPrivileges=yes", "ProtectSystem=strict", "CapabilityBoundingSet=\n", "UMask=0077")
    assert [line for line in needed if line not in text] == []


def test_the_units_differ_in_what_they_start_alone() -> None:
    web, worker = (set(unit.read_text(encoding="utf-8").splitlines()) for unit in UNITS)
    assert {line.partition("=")[0] for line in web ^ worker if "=" in line} == {
        "Description", "ExecStart", "TimeoutStopSec",
    }  # fmt: skip


@pytest.mark.parametrize("service", OURS)
def test_a_container_has_no_rights_and_a_root_that_stays_as_it_is(service: str) -> None:
    made = COMPOSE["services"][service]
    assert (made["read_only"], made["cap_drop"], made["tmpfs"]) == (True, ["ALL"], ["/tmp"])
    assert made["security_opt"] == ["no-new-privileges:true"]


def test_nobody_but_this_machine_reaches_what_has_no_tls() -> None:
    published = [port for service in COMPOSE["services"].values() for port in service.get("ports", [])]
    assert [port for port in published if not port.startswith("127.0.0.1:")] == []


def test_the_image_is_built_in_two_stages_by_hashes_and_runs_as_nobody() -> None:
    stages = re.split(r"^FROM ", DOCKERFILE, flags=re.MULTILINE)[1:]
    assert len(stages) == 2
    assert "--require-hashes --only-binary :all:" in stages[0]
    assert re.findall(r"^(?:RUN|COPY) .*(?:pip|/src)", stages[1], re.MULTILINE) == []
    assert re.search(r"^USER 10001$", stages[1], re.MULTILINE)


def test_what_the_wheel_is_built_from_reaches_the_image() -> None:
    lines = (ROOT / ".dockerignore").read_text(encoding="utf-8").splitlines()
    let_through = {line[1:] for line in lines if line.startswith("!")}
    text = (ROOT / "pyproject.toml").read_text(encoding="utf-8")
    carried = re.findall(r'^"([\w./]+)" = "medialib/_site', text, re.MULTILINE)
    assert "*" in lines
    assert len(carried) > 5
    assert {name for name in carried if not name.startswith("requirements")} - let_through == set()
    assert {"medialib", "pyproject.toml", "README.md", "LICENSE", "requirements*"} <= let_through


@pytest.fixture
def probe() -> Iterator[tuple[int, list[tuple[str, str]], list[int]]]:
    """A server that notes what it is asked, and answers with the first of the given statuses."""
    asked: list[tuple[str, str]] = []
    statuses = [200]

    class Answers(http.server.BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            asked.append((self.path, self.headers["Host"]))
            self.send_response(statuses[0])
            self.end_headers()

        def log_message(self, *_: object) -> None:
            pass

    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), Answers) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield server.server_port, asked, statuses
        server.shutdown()


@pytest.mark.parametrize(
    ("hosts", "asked_for"),
    [
        ("media.example.com,127.0.0.1", "media.example.com"),
        (" .example.org , x", "example.org"),
        ("*", "localhost"),
    ],
)
@pytest.mark.parametrize("status", [200, 400, 503])
def test_the_health_check_asks_for_a_name_that_is_answered(probe: Any, hosts: str, asked_for: str, status: int) -> None:
    port, asked, statuses = probe
    statuses[0] = status
    (command,) = re.findall(r"^HEALTHCHECK .*?CMD (\[.*\])$", DOCKERFILE, re.MULTILINE)
    code = json.loads(command)[2].replace(":8000/", f":{port}/")
    done = subprocess.run(
        [sys.executable, "-c", code], env={"ALLOWED_HOSTS": hosts}, capture_output=True, check=False, timeout=30
    )
    assert (done.returncode == 0, asked) == (status == 200, [("/healthz", asked_for)])
