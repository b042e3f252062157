"""Runs a command as the command line does, but in this process and on the test's database."""

from __future__ import annotations

import io
import json
import sys
from collections.abc import Callable
from dataclasses import dataclass
from types import SimpleNamespace
from typing import Any, TextIO

import pytest
from django.core.management import load_command_class


@dataclass(frozen=True)
class Finished:
    code: int
    out: str
    err: str

    @property
    def json(self) -> Any:
        return json.loads(self.out.splitlines()[-1])


@pytest.fixture
def run(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Callable[..., Finished]:
    """run("checkaccount", "acme", stdin="…") -> its exit code, output and complaints."""
    # A command closes its connections at its end, and with them the test's transaction.
    monkeypatch.setattr("medialib.management.base.connections", SimpleNamespace(close_all=lambda: None))

    def run_command(name: str, *arguments: str, stdin: str | TextIO | None = "") -> Finished:
        monkeypatch.setattr(sys, "stdin", io.StringIO(stdin) if isinstance(stdin, str) else stdin)
        capsys.readouterr()
        with pytest.raises(SystemExit) as ended:
            load_command_class("medialib", name).run_from_argv(["manage.py", name, *arguments])
        return Finished(ended.value.code, *capsys.readouterr())

    return run_command
