"""Runs a local ImageKit, to rehearse with. See docs/sandbox.md."""

from __future__ import annotations

import errno
import gc
import os
import re
import shutil
import signal
import sys
import threading
from argparse import ArgumentTypeError
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandParser

from medialib.sandbox.http.answers import Refusal
from medialib.sandbox.http.faults import TROUBLES
from medialib.sandbox.http.rates import HEADER_CHOICES
from medialib.sandbox.server import Sandbox

DEFAULT_FILES = 2000
DEFAULT_KEY = "private_sandbox"


class Command(BaseCommand):
    help = "Run a local ImageKit with a sample library. It keeps its files between runs. Needs no database."
    requires_system_checks = []
    requires_migrations_checks = False

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--port", type=_port, required=True, help="Port to listen on; 0 takes a free one.")
        parser.add_argument("--host", default="127.0.0.1")
        parser.add_argument("--files", type=_whole, default=DEFAULT_FILES, help="Size of a new sample library.")
        parser.add_argument("--latency-ms", type=_whole, default=0)
        parser.add_argument("--rate", type=_rate, metavar="CALLS/SECONDS", help="Limit of writes, such as 5/1.")
        parser.add_argument("--read-rate", type=_rate, metavar="CALLS/SECONDS", help="Limit of reads.")
        parser.add_argument("--rate-headers", choices=HEADER_CHOICES, default="always")
        parser.add_argument(
            "--fault",
            type=_fault,
            action="append",
            default=[],
            metavar="NAME[:TIMES]",
            help=f"Trouble for the next delete calls; may be repeated. Names: {', '.join(TROUBLES)}.",
        )
        parser.add_argument(
            "--webhook",
            action="append",
            default=[],
            metavar="URL",
            help="Tell this address of each change in the library; may be given three times.",
        )
        parser.add_argument("--key", help=f"Private key. Default: IMAGEKIT_PRIVATE_KEY, else {DEFAULT_KEY}.")
        parser.add_argument("--data-dir", type=Path, help="Where files are kept. Default: sandbox-PORT in var/.")
        parser.add_argument("--reset", action="store_true", help="Begin with a new sample library.")

    def handle(self, *args: Any, port: int, data_dir: Path | None, **options: Any) -> None:
        directory = data_dir or Path(settings.DATA_DIR) / f"sandbox-{port}"
        if options["reset"]:
            _empty(directory)
        sandbox = self._started(port, directory, options)
        for name, times in options["fault"]:
            sandbox.fault(name, times)
        secrets = self._webhook_secrets(sandbox, options["webhook"])
        stopped = _stop_signal()
        with sandbox:
            self._introduce(sandbox, directory, options, secrets)
            stopped.wait()
        self.stdout.write("Sandbox stopped; its files are kept.")

    def _started(self, port: int, directory: Path, options: dict[str, Any]) -> Sandbox:
        rate, read_rate = options["rate"], options["read_rate"]
        gc.disable()  # A million files are made below, and none of them is garbage.
        try:
            return Sandbox(
                files=options["files"],
                port=port,
                host=options["host"],
                private_key=_key(options["key"]),
                latency_ms=options["latency_ms"],
                rate=rate and rate[0],
                read_rate=read_rate and read_rate[0],
                rate_interval_ms=(rate or read_rate or (0, 1000))[1],
                rate_headers=options["rate_headers"],
                data_dir=directory,
            )
        except OSError as error:
            self.stderr.write(_sentence(error, options["host"], port))
            sys.exit(1)
        finally:
            gc.freeze()
            gc.enable()

    def _webhook_secrets(self, sandbox: Sandbox, addresses: list[str]) -> dict[str, str]:
        try:
            return {address: sandbox.add_webhook(address) for address in addresses}
        except Refusal as refusal:
            sandbox.stop()
            self.stderr.write(f"The webhook cannot be made: {refusal}")
            sys.exit(2)

    def _introduce(self, sandbox: Sandbox, directory: Path, options: dict[str, Any], secrets: dict[str, str]) -> None:
        webhooks = "".join(f"  Webhook secret  {secret} for {address}\n" for address, secret in secrets.items())
        self.stdout.write(
            f"Sandbox ready with {sandbox.file_count():,} files, kept in {directory}.\n"
            f"  API address     {sandbox.api_url}\n"
            f"  Upload address  {sandbox.upload_url}\n"
            f"  URL endpoint    {sandbox.url_endpoint}\n"
            f"  Private key     {_key(options['key'])}\n"
            f"  Read-only key   {DEFAULT_KEY}_read_only\n{webhooks}"
            "Press Ctrl-C to stop."
        )
        self.stdout.flush()


def _stop_signal() -> threading.Event:
    """Set by Ctrl-C or SIGTERM. Asked for before the sandbox says that it is ready: somebody may answer at once."""
    stopped = threading.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda *_: stopped.set())
    return stopped


def _empty(directory: Path) -> None:
    """Take away what a sandbox keeps there, and nothing else."""
    for name in ("library.jsonl", "library.new", "journal.jsonl"):
        (directory / name).unlink(missing_ok=True)
    shutil.rmtree(directory / "uploads", ignore_errors=True)


def _sentence(error: OSError, host: str, port: int) -> str:
    if error.errno == errno.EADDRINUSE:
        return f"Port {port} on {host} is taken. Stop what uses it or choose another with --port."
    return f"The sandbox cannot start: {error.strerror or error}."


def _key(option: str | None) -> str:
    return option or os.environ.get("IMAGEKIT_PRIVATE_KEY") or DEFAULT_KEY


def _whole(text: str) -> int:
    if not text.isascii() or not text.isdigit():
        raise ArgumentTypeError(f"{text!r} is not a whole number from 0 up")
    return int(text)


def _port(text: str) -> int:
    port = _whole(text)
    if port > 65535:
        raise ArgumentTypeError(f"{port} is no port: the highest is 65535")
    return port


def _rate(text: str) -> tuple[float, int]:
    """`20/1` as calls a second and the interval in milliseconds; `20` alone means a second."""
    match = re.fullmatch(r"(\d+(?:\.\d+)?)(?:/(\d+(?:\.\d+)?))?", text)
    calls, seconds = (float(match[1]), float(match[2] or 1)) if match else (0.0, 1.0)
    if not calls or not seconds:
        raise ArgumentTypeError(f"{text!r} is not CALLS/SECONDS, such as 20/1")
    return calls / seconds, round(seconds * 1000)


def _fault(text: str) -> tuple[str, int]:
    name, _, times = text.partition(":")
    if name not in TROUBLES:
        raise ArgumentTypeError(f"{name!r} is no fault. There are: {', '.join(TROUBLES)}")
    return name, _whole(times or "1")
