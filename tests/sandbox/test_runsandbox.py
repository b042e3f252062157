"""`manage.py runsandbox` as a process: its addresses, its files, its end and its refusals."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager

import pytest
import requests
from django.conf import settings

from medialib.management.commands.runsandbox import Command

COMMAND = [sys.executable, "manage.py", "runsandbox"]


def environment(**extra: str) -> dict[str, str]:
    return {**os.environ, "MEDIALIB_DATA_DIR": str(settings.DATA_DIR), **extra}


@contextmanager
def running(*options: str, **extra: str) -> Iterator[tuple[subprocess.Popen[str], dict[str, str]]]:
    """A sandbox process and what it said of itself; killed at the end if it still runs."""
    process = subprocess.Popen(
        [*COMMAND, *options], cwd=settings.BASE_DIR, env=environment(**extra), stdout=subprocess.PIPE, text=True
    )
    assert process.stdout
    with process:
        lines = [process.stdout.readline() for _ in range(7)]
        try:
            yield process, {line[2:17].strip(): line[18:].strip() for line in lines[1:7]}
        finally:
            process.kill()


def files_at(said: dict[str, str]) -> set[str]:
    with requests.Session() as session:
        answer = session.get(f"{said['API address']}/v1/files", auth=(said["Private key"], ""), timeout=10)
    return {row["fileId"] for row in answer.json()}


def delete_one(said: dict[str, str]) -> None:
    file_id = min(files_at(said))
    requests.delete(f"{said['API address']}/v1/files/{file_id}", auth=(said["Private key"], ""), timeout=10)


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_it_stops_cleanly_on_a_signal(tmp_path, number):
    with running("--port", "0", "--files", "20", "--data-dir", str(tmp_path)) as (process, said):
        assert len(files_at(said)) == 20
        process.send_signal(number)
        assert process.wait(timeout=10) == 0


def test_a_killed_sandbox_has_kept_its_files(tmp_path):
    options = ["--port", "0", "--files", "20", "--data-dir", str(tmp_path)]
    with running(*options) as (process, said):
        delete_one(said)
        before = files_at(said)
        process.kill()
    with running(*options) as (_, said):
        assert (len(before), files_at(said)) == (19, before)
    with running(*options, "--reset") as (_, said):
        assert len(files_at(said)) == 20


def test_the_key_may_come_from_the_environment(tmp_path):
    with running("--port", "0", "--data-dir", str(tmp_path), IMAGEKIT_PRIVATE_KEY="private_mine") as (_, said):
        assert said["Private key"] == "private_mine"
        assert len(files_at(said)) == 1000


def test_a_taken_port_is_one_clear_line_and_exit_1(sandbox):
    done = subprocess.run(
        [*COMMAND, "--port", str(sandbox.port)],
        cwd=settings.BASE_DIR,
        env=environment(),
        capture_output=True,
        text=True,
    )
    assert (done.returncode, done.stdout) == (1, "")
    assert f"Port {sandbox.port} on 127.0.0.1 is taken." in done.stderr
    assert len(done.stderr.splitlines()) == 1


@pytest.mark.parametrize(
    "options",
    [[], ["--port", "x"], ["--port", "70000"], ["--port", "0", "--rate", "0/1"], ["--port", "0", "--files", "-1"],
     ["--port", "0", "--fault", "nonsense"], ["--port", "0", "--fault", "503:x"], ["--port", "0", "--rate", "fast"]],
)  # fmt: skip
def test_wrong_use_is_exit_2(options, capsys):
    parser = Command().create_parser("manage.py", "runsandbox")
    parser.called_from_command_line = True
    with pytest.raises(SystemExit) as ended:
        parser.parse_args(options)
    assert ended.value.code == 2


def test_a_rate_is_calls_in_seconds_and_a_fault_a_name_and_a_number():
    parser = Command().create_parser("manage.py", "runsandbox")
    options = ["--port", "0", "--rate", "20/1", "--read-rate", "30/10", "--fault", "503:2", "--fault", "lost_after"]
    parsed = parser.parse_args(options)
    assert (parsed.rate, parsed.read_rate) == ((20, 1000), (3, 10_000))
    assert parsed.fault == [("503", 2), ("lost_after", 1)]


def test_a_webhook_is_made_once_and_its_secret_shown_each_time(tmp_path):
    options = ["--port", "0", "--files", "3", "--data-dir", str(tmp_path), "--webhook", "http://127.0.0.1:1/events"]
    with running(*options) as (_, said):
        secret = said["Webhook secret"]
    with running(*options) as (_, again):
        assert again["Webhook secret"] == secret
    assert secret.startswith("whsec_")
    assert secret.endswith(" for http://127.0.0.1:1/events")


def test_a_webhook_that_is_no_address_is_wrong_use(tmp_path):
    options = ["--port", "0", "--data-dir", str(tmp_path), "--webhook", "nonsense"]
    done = subprocess.run(
        [*COMMAND, *options], cwd=settings.BASE_DIR, env=environment(), capture_output=True, text=True
    )
    assert done.returncode == 2
    assert "The webhook cannot be made: endpoint must be a valid http or https URL." in done.stderr
