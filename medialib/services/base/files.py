"""Files that appear whole, or not at all."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import TextIO

from django.core.management.base import OutputWrapper

from medialib.errors import WrongUse


def writable(path: Path) -> Path:
    """The path, when a file may be put there."""
    if path.is_dir():
        raise WrongUse(f"{path} is a folder. Name a file.")
    if not path.parent.is_dir():
        raise WrongUse(f"There is no folder {path.parent}.")
    return path


def write_file(path: Path, pieces: Iterator[str]) -> None:
    """Write beside the target and move it there when complete: half an export never looks like a whole one."""
    handle, name = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
    try:
        with open(handle, "w", encoding="utf-8", newline="") as file:
            write(file, pieces)
        os.replace(name, path)
    except BaseException:
        Path(name).unlink(missing_ok=True)
        raise


def write(file: TextIO | OutputWrapper, pieces: Iterator[str]) -> None:
    file.writelines(pieces)
    file.flush()
