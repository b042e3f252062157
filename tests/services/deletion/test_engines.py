"""One contract for the three engines: a whole job by the command line, and one of its workers killed."""

from __future__ import annotations

import json
import os
import secrets
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest

from medialib.sandbox.server import Sandbox

pytestmark = pytest.mark.engine

POSTGRES = os.environ.get("TEST_POSTGRES_URL", "postgres://postgres@127.0.0.1:5432/postgres")
REDIS = os.environ.get("TEST_REDIS_URL", "redis://127.0.0.1:6379/9")


def must_answer(url: str, name: str) -> None:
    """Fail with a sentence where a server is missing: a skipped engine would look like a proven one."""
    parts = urlsplit(url)
    try:
        socket.create_connection((parts.hostname or "127.0.0.1", parts.port or 0), timeout=2).close()
    except OSError:
        pytest.fail(
            f"{name} does not answer at {parts.hostname}:{parts.port}. Start it, or name another in the environment."
        )


@pytest.fixture
def postgres_database() -> Iterator[str]:
    """The address of a new, empty database, dropped afterwards."""
    import psycopg

    must_answer(POSTGRES, "PostgreSQL")
    name = f"medialib_engine_{secrets.token_hex(4)}"
    with psycopg.connect(POSTGRES, autocommit=True) as connection:
        connection.execute(f"CREATE DATABASE {name}")
    yield urlsplit(POSTGRES)._replace(path=f"/{name}").geturl()
    with psycopg.connect(POSTGRES, autocommit=True) as connection:
        connection.execute(f"DROP DATABASE {name} WITH (FORCE)")


class Installation:
    """medialib as somebody runs it: an environment, commands and worker processes."""

    def __init__(self, data_dir: Path, **variables: str) -> None:
        self.env = {k: v for k, v in os.environ.items() if k not in ("DATABASE_URL", "TASK_ENGINE")} | {
            "MEDIALIB_DATA_DIR": str(data_dir),
            "IMAGEKIT_START_RATE": "1000",
            "IMAGEKIT_LOOK_UP_RATE": "10000",
            "LEASE_S": "3",
            "DEBUG": "1",
            **variables,
        }
        self.workers: list[subprocess.Popen[bytes]] = []

    def run(self, *arguments: str, stdin: str = "") -> str:
        done = subprocess.run(
            [sys.executable, "manage.py", *arguments],
            env=self.env,
            input=stdin,
            capture_output=True,
            text=True,
            timeout=120,
        )
        assert done.returncode == 0, done.stderr
        return done.stdout

    def json(self, *arguments: str, stdin: str = "") -> dict[str, Any]:
        answer: dict[str, Any] = json.loads(self.run(*arguments, "--json", stdin=stdin).splitlines()[-1])
        return answer

    def start_worker(self) -> subprocess.Popen[bytes]:
        worker = subprocess.Popen(
            [sys.executable, "manage.py", "runworker"],
            env=self.env,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            start_new_session=True,
        )
        self.workers.append(worker)
        return worker

    def stop(self) -> None:
        for worker in self.workers:
            if worker.poll() is None:
                os.killpg(worker.pid, signal.SIGKILL)
            worker.wait()


@pytest.fixture(params=["sqlite", "postgresql", "celery"])
def installation(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Installation]:
    variables = {}
    if request.param != "sqlite":
        variables["DATABASE_URL"] = request.getfixturevalue("postgres_database")
    if request.param == "celery":
        must_answer(REDIS, "Redis")
        variables |= {"TASK_ENGINE": "celery", "CELERY_BROKER_URL": REDIS}
    running = Installation(tmp_path, **variables)
    yield running
    running.stop()


@pytest.mark.timeout(180)
def test_a_whole_job_is_exact_on_each_engine_even_when_a_worker_is_killed(installation: Installation) -> None:
    with Sandbox(latency_ms=40) as sandbox:
        ids = sandbox.add_files([{"path": f"/old/{number:05}.jpg"} for number in range(1500)])
        keep = sandbox.add_file(path="/keep/logo.png")
        installation.run("migrate", "--verbosity", "0")
        endpoints = ["--url-endpoint", sandbox.url_endpoint, "--api-url", sandbox.api_url]
        installation.run("addaccount", "acme", *endpoints, stdin="private_sandbox")
        installation.run("shell", "-c", _SUPERUSER)
        for file_id in ids[::50]:
            sandbox.remove(file_id)
        first = installation.start_worker()
        order = ["deletefiles", "acme", "--ids-file", "-", "--reason", "contract", "--user", "admin", "--yes"]
        job = installation.json(*order, stdin="\n".join(ids))["job"]
        wait_for(lambda: len(sandbox.calls("delete")) >= 4)
        os.killpg(first.pid, signal.SIGKILL)
        for _ in range(2):
            installation.start_worker()
        wait_for(lambda: sandbox.file_ids() == {keep})
        wait_for(lambda: _finished(installation, job), every_s=0.5)
        rows = [json.loads(line) for line in installation.run("exportaudit", "--job", str(job)).splitlines()]
        final = [(row["file_id"], row["outcome"]) for row in rows if row["event"] == "file.settled"]
        by_us = {gone.file_id for gone in sandbox.deleted_by_calls()}
        assert sorted(file_id for file_id, _ in final) == sorted(ids)
        assert {file_id for file_id, outcome in final if outcome == "deleted"} == by_us
        assert {outcome for _, outcome in final} <= {"deleted", "already_gone"}
        assert sandbox.overlapping_deletes() == set()


def _finished(installation: Installation, job: int) -> bool:
    return '"job.finished"' in installation.run("exportaudit", "--job", str(job))


def wait_for(condition: Any, *, within_s: float = 60, every_s: float = 0.05) -> None:
    deadline = time.monotonic() + within_s
    while not condition():
        assert time.monotonic() < deadline, "it did not happen in time"
        time.sleep(every_s)


_SUPERUSER = "from django.contrib.auth.models import User; User.objects.create_superuser('admin', '', 'not-used-here')"
