"""What all commands promise: exit codes, one line for an error, one JSON object on the last line."""

from __future__ import annotations

import errno
import subprocess
import sys

import pytest
from django.conf import settings
from django.core.management import CommandError, call_command
from django.db import OperationalError

from medialib.errors import MedialibError, Refused, UnknownAccount, WrongUse
from medialib.imagekit.errors import NotSent
from medialib.management import base
from medialib.management.base import MedialibCommand, Report


class Stub(MedialibCommand):
    """A command that does what the test tells it."""

    report: Report = Report()
    failure: BaseException | None = None

    def work(self, **options):
        if self.failure:
            raise self.failure
        return self.report


@pytest.fixture
def run_stub(run, monkeypatch):
    def run_it(*arguments, report=None, failure=None):
        # Made when it is run, so that it writes to what is captured then.
        monkeypatch.setitem(run.__globals__, "load_command_class", lambda app, name: told(Stub(), report, failure))
        return run("stub", *arguments)

    return run_it


def told(stub, report, failure):
    stub.report, stub.failure = report or Report(), failure
    return stub


def test_success_prints_the_lines_and_ends_with_0(run_stub):
    done = run_stub(report=Report(["All is well."], {"n": 1}))
    assert (done.code, done.out, done.err) == (0, "All is well.\n", "")


def test_json_is_one_object_on_the_last_line(run_stub):
    done = run_stub("--json", report=Report(["All is well."], {"name": "ä"}))
    assert (done.code, done.json, done.err) == (0, {"name": "ä"}, "")


def test_work_done_in_part_ends_with_1_and_still_reports(run_stub):
    report = Report(["6 failed."], {"failed": 6}, ok=False)
    assert (run_stub(report=report).code, run_stub(report=report).out) == (1, "6 failed.\n")
    done = run_stub("--json", report=report)
    assert (done.code, done.json, done.err) == (1, {"failed": 6}, "6 failed.\n")


@pytest.mark.parametrize(
    ("failure", "code", "line"),
    [
        (MedialibError("It broke."), 1, "It broke."),
        (Refused("Not now."), 1, "Not now."),
        (WrongUse("Not so."), 2, "Not so."),
        (UnknownAccount("No such account."), 2, "No such account."),
        (NotSent("ImageKit could not be reached."), 1, "ImageKit could not be reached."),
        (CommandError("Django says no."), 1, "Django says no."),
        (OperationalError("database is locked"), 1, "The database is locked by another program"),
        (OperationalError("database or disk is full"), 1, "The disk that holds the database is full"),
        (OperationalError("no such table: medialib_account"), 1, "Run “manage.py migrate” first."),
        (OperationalError("attempt to write a readonly database"), 1, "may not be written to"),
        (OperationalError("connection refused\nmore"), 1, "The database refused: connection refused."),
        (OSError(errno.ENOSPC, "No space left on device"), 1, "The disk is full"),
        (PermissionError(errno.EACCES, "Permission denied", "/x"), 1, "The system refused: Permission denied (/x)."),
        (ValueError("two\nlines"), 1, "Unexpected error: ValueError: two lines."),
        (KeyboardInterrupt(), 130, "Stopped."),
    ],
)
def test_an_error_is_one_line_and_the_promised_exit_code(run_stub, failure, code, line):
    done = run_stub(failure=failure)
    assert done.code == code
    assert line in done.err
    assert done.err.count("\n") == 1
    assert done.out == ""


def test_with_json_an_error_is_an_object_too(run_stub):
    assert run_stub("--json", failure=Refused("Not now.")).json == {"error": "Not now."}


def test_wrong_arguments_end_with_2_in_one_line(run_stub):
    done = run_stub("--no-such-option")
    assert (done.code, done.err) == (2, "unrecognized arguments: --no-such-option\n")


def test_traceback_can_be_asked_for():
    stub = told(Stub(), None, ValueError("why"))
    with pytest.raises(ValueError, match="why"):
        call_command(stub, traceback=True)


def test_other_programs_in_python_get_a_command_error_with_the_exit_code():
    stub = told(Stub(), None, WrongUse("Not so."))
    with pytest.raises(CommandError, match="Not so.") as error:
        call_command(stub)
    assert error.value.returncode == base.WRONG_USE


def manage(*arguments, **kwargs):
    command = [sys.executable, "manage.py", *arguments]
    return subprocess.run(command, cwd=settings.BASE_DIR, stdin=subprocess.DEVNULL, timeout=60, text=True, **kwargs)


def test_a_real_process_says_wrong_use_without_usage_or_traceback():
    done = manage("checkaccount", capture_output=True)
    assert (done.returncode, done.stdout) == (2, "")
    assert "the following arguments are required: NAME" in done.stderr
    assert "Traceback" not in done.stderr


def test_the_operator_is_named_by_the_machine(monkeypatch):
    monkeypatch.setenv("LOGNAME", "kim")
    assert base.operator().name == "kim (command line)"


@pytest.mark.parametrize("number", ["9" * 40, "99999999999999999999", "-1", "٣", "1e3"])
@pytest.mark.parametrize("command", ["controljob {} pause", "jobreceipt {}", "exportaudit --after {}"])
def test_a_number_that_nothing_has_is_wrong_use_and_one_line(run, command, number):
    done = run(*command.format(number).split())
    assert done.code == 2
    assert done.err.count("\n") == 1
