"""MedialibCommand: --json, exit codes and one-line errors, once for all commands.

0    the work is done
1    it failed in part or whole
2    wrong use: nothing was tried
130  stopped with Ctrl-C
"""

from __future__ import annotations

import errno
import getpass
import json
import os
import sys
from argparse import ArgumentTypeError
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from django.core.checks import Tags
from django.core.management.base import BaseCommand, CommandError, CommandParser, handle_default_options
from django.db import DatabaseError, connections

from medialib.errors import MedialibError, WrongUse
from medialib.imagekit.errors import ImageKitError
from medialib.models.sql import MAX_INTEGER
from medialib.services.audit.log import Actor
from medialib.services.base.database_errors import database_sentence

DONE, FAILED, WRONG_USE, INTERRUPTED = 0, 1, 2, 130


def row_number(text: str) -> int:
    """For argparse: the number of a job or an event. Larger ones than a database keeps are refused at once."""
    if not (text.isascii() and text.isdigit()) or int(text[:20]) > MAX_INTEGER:
        raise ArgumentTypeError(f"“{text[:40]}” is not the number of anything.")
    return int(text)


@dataclass(frozen=True)
class Report:
    """What a command has to say: lines for a person, or one JSON object, and whether all went well.

    When not all went well, `error` is the line for standard error.
    """

    lines: Sequence[str] = ()
    json: Mapping[str, Any] = field(default_factory=dict)
    ok: bool = True
    error: str = ""


class WorkFailed(CommandError):
    """The report is printed; what is left to say is the exit code and perhaps a line for standard error."""


class MedialibCommand(BaseCommand):
    """A command that writes `work(**options) -> Report` and, for its arguments, `arguments(parser)`."""

    requires_system_checks = (Tags.security,)  # The rest, pages above all, does not concern the command line.

    def arguments(self, parser: CommandParser) -> None:
        """Declare the command's own arguments."""

    def work(self, *args: Any, **options: Any) -> Report:
        """Do the work. Raises MedialibError with a sentence for the person who asked."""
        raise NotImplementedError

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--json", action="store_true", help="Print one JSON object on the last line of output.")
        self.arguments(parser)

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            report = self.work(**options)
        except (CommandError, BrokenPipeError):
            raise
        except Exception as error:
            if options["traceback"]:
                raise
            code = WRONG_USE if isinstance(error, WrongUse) else FAILED
            raise CommandError(sentence_for(error), returncode=code) from error
        self._show(report, as_json=options["json"])
        if not report.ok:
            # With --json the lines for a person were not printed, so the last of them explains the exit code.
            explanation = report.error or (report.lines[-1] if options["json"] and report.lines else "")
            raise WorkFailed(explanation, returncode=FAILED)

    def run_from_argv(self, argv: list[str]) -> None:
        """Django's own, but wrong arguments and failures end in one line and the promised exit code."""
        try:
            sys.exit(self._run(argv))
        except BrokenPipeError:
            # Whoever read our output has stopped. Python would complain again when it flushes at exit.
            os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
            sys.exit(FAILED)
        except KeyboardInterrupt:
            self._complain("Stopped.")
            sys.exit(INTERRUPTED)
        finally:
            connections.close_all()

    def _run(self, argv: list[str]) -> int:
        try:
            # Not marked as called from the command line, so argparse raises and prints no page of usage.
            namespace = self.create_parser(argv[0], argv[1]).parse_args(argv[2:])
        except CommandError as error:
            self._complain(str(error).removeprefix("Error: "))
            return WRONG_USE
        handle_default_options(namespace)
        return self._exit_code(vars(namespace))

    def _exit_code(self, options: dict[str, Any]) -> int:
        try:
            self.execute(*options.pop("args", ()), **options)
            sys.stdout.flush()
        except WorkFailed as error:
            if str(error):
                self._complain(str(error))
            return error.returncode
        except CommandError as error:
            if options["traceback"]:
                raise
            self._complain(str(error))
            if options["json"]:
                self.stdout.write(json.dumps({"error": str(error)}, ensure_ascii=False))
            return error.returncode
        return DONE

    def _show(self, report: Report, *, as_json: bool) -> None:
        if as_json:
            self.stdout.write(json.dumps(report.json, ensure_ascii=False, default=str))
            return
        for line in report.lines:
            self.stdout.write(line)

    def _complain(self, message: str) -> None:
        self.stderr.write(" ".join(message.split()))


def operator() -> Actor:
    """The person at the command line, as far as the machine knows."""
    try:
        name = getpass.getuser()
    except (KeyError, OSError):
        name = "somebody"
    return Actor(name=f"{name} (command line)")


def sentence_for(error: Exception) -> str:
    """The one line that a person reads instead of a traceback."""
    if isinstance(error, MedialibError | ImageKitError):
        return str(error)
    if isinstance(error, DatabaseError):
        return database_sentence(error)
    if isinstance(error, OSError):
        return _system_sentence(error)
    return f"Unexpected error: {type(error).__name__}: {error}. Run it again with --traceback for the details."


def _system_sentence(error: OSError) -> str:
    if error.errno == errno.ENOSPC:
        return "The disk is full, so this was not done. Make room and try again."
    where = f" ({error.filename})" if error.filename else ""
    return f"The system refused: {error.strerror or error}{where}."
