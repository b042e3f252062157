"""Keeps a sandbox's library between two runs.

A snapshot plus a journal, both of one JSON object a line, in the same form: read one after the other, they give the
state. The journal is written before a change takes effect and handed to the system at once, so a kill loses nothing.
Replaying it twice changes nothing: a kill between writing the snapshot and emptying the journal is harmless.
"""

from __future__ import annotations

import json
import os
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any, BinaryIO

from medialib.sandbox.http.answers import dumps

Entry = dict[str, Any]


class Store:
    def __init__(self, directory: Path) -> None:
        self.directory = directory
        self.snapshot = directory / "library.jsonl"
        self.journal = directory / "journal.jsonl"
        self.uploads = directory / "uploads"
        self.uploads.mkdir(parents=True, exist_ok=True)
        self._out: BinaryIO | None = None

    @property
    def has_state(self) -> bool:
        return self.snapshot.exists() or self.journal.exists()

    def entries(self) -> Iterator[Entry]:
        for path in (self.snapshot, self.journal):
            if path.exists():
                yield from _lines(path)

    def append(self, entry: Entry) -> None:
        if self._out is None:
            self._out = self.journal.open("ab", buffering=0)
        self._out.write(dumps(entry) + b"\n")

    def save(self, entries: Iterable[Entry]) -> None:
        """Write everything to a new snapshot, put it in the old one's place, and begin an empty journal."""
        waiting = self.snapshot.with_suffix(".new")
        with waiting.open("wb") as out:
            out.writelines(dumps(entry) + b"\n" for entry in entries)
            out.flush()
            os.fsync(out.fileno())
        waiting.replace(self.snapshot)
        self.close()
        self.journal.unlink(missing_ok=True)

    def close(self) -> None:
        if self._out is not None:
            self._out.close()
            self._out = None

    def write_upload(self, file_id: str, content: bytes) -> None:
        waiting = self.uploads / f"{file_id}.new"
        waiting.write_bytes(content)
        waiting.replace(self.uploads / file_id)

    def read_upload(self, file_id: str) -> bytes | None:
        path = self.uploads / file_id
        return path.read_bytes() if path.is_file() else None


def _lines(path: Path) -> Iterator[Entry]:
    """The entries of one file; a last line that a kill cut short is left out."""
    with path.open("rb") as lines:
        for line in lines:
            if line.endswith(b"\n"):
                yield json.loads(line)
