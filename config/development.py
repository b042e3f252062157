"""Secrets of a machine where nothing was set: made once, kept in the data directory, readable by their owner only."""

from __future__ import annotations

import os
import secrets
import sys
from pathlib import Path

from cryptography.fernet import Fernet


def development_secret(path: Path) -> str:
    """The secret kept at `path`, made on first use. Says so once on standard error.

    Several processes may start at the same moment: each writes a file of its own and links it into place, and
    the link succeeds for one of them only, so nobody reads half a key and all use the same one.
    """
    if not path.exists() and link_into_place(path):
        warn(path)
    return path.read_text(encoding="ascii").strip()


def link_into_place(path: Path) -> bool:
    """Whether this process was the first."""
    own = path.with_name(f"{path.name}.{os.getpid()}.{secrets.token_hex(4)}")
    descriptor = os.open(own, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    try:
        with os.fdopen(descriptor, "wb") as file:
            file.write(Fernet.generate_key())
        os.link(own, path)
    except FileExistsError:
        return False
    finally:
        own.unlink(missing_ok=True)
    return True


def warn(path: Path) -> None:
    """Standard error, because programs read the last line of standard output. The second secret says nothing."""
    if path.name == "secret.key":
        print(
            f"warning: development settings; secrets are kept in {path.parent}. See README, “Deploy”.", file=sys.stderr
        )
