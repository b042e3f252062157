"""The data directory is for its owner only: it holds secrets, the database, the key and anchors of the audit log."""

from __future__ import annotations

import os
import stat
from pathlib import Path

OTHERS = stat.S_IRWXG | stat.S_IRWXO
OURS = ("secret.key", "medialib.sqlite3", "audit-signing.key", "audit-anchors.jsonl", "staticfiles", "copies")
BESIDE_A_DATABASE = ("", "-wal", "-shm", "-journal")


class NotPrivate(Exception):
    """Others may read it, and that cannot be changed from here. The text says what to do."""


def make_directory(path: Path) -> None:
    """Make it, or close it to others. A directory that holds other things is left as it is. Raises NotPrivate."""
    path.mkdir(mode=0o700, parents=True, exist_ok=True)
    if not _is_open(path):
        return
    names = {entry.name for entry in path.iterdir()}
    if names and not names & set(OURS):
        raise NotPrivate(f"names a directory that others may read and that holds other things: chmod 700 {path}")
    _close(path, 0o700)


def make_database(path: Path) -> None:
    """SQLite gives what it makes beside the database the database's own mode. Raises NotPrivate or OSError."""
    if not path.exists():
        os.close(os.open(path, os.O_WRONLY | os.O_CREAT, 0o600))
    for suffix in BESIDE_A_DATABASE:
        one = path.with_name(path.name + suffix)
        if one.exists() and _is_open(one):
            _close(one, 0o600)


def _is_open(path: Path) -> bool:
    return bool(path.stat().st_mode & OTHERS)


def _close(path: Path, mode: int) -> None:
    try:
        path.chmod(mode)
    except OSError as error:
        raise NotPrivate(f"names what others may read ({error.strerror}): chmod {mode:o} {path}") from None
