"""A file's history: how a new version, or another file, comes on top of it."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from medialib.sandbox.http.answers import Refusal
from medialib.sandbox.library.files import File

MAX_VERSIONS = 100
TOO_MANY_VERSIONS = f"A file cannot have more than {MAX_VERSIONS} versions."


def key_of(file: File) -> str:
    """The id of a file's current version, or of a version: the first one has the file's own."""
    return file.version_id or file.file_id


def as_older(file: File) -> File:
    return replace(file, older=None, type="file-version", version_id=key_of(file), gone=0)


def history(file: File) -> list[File]:
    """The current version as it will be once it is an older one, then those before it."""
    return [as_older(file), *(file.older or ())]


def next_version(earlier: File, version_id: str, **fields: Any) -> File:
    """The same file with new content: its id and the moment of its making stay."""
    number = earlier.version_number + 1
    return replace(earlier, version_id=version_id, version_number=number, older=history(earlier), gone=0, **fields)


def joined(there: File, file: File) -> File:
    """`file` and its versions as the newest versions of `there`. Raises Refusal (400) when they are too many."""
    older = [replace(version, file_id=there.file_id, path=there.path) for version in file.older or ()]
    for version in older:
        version.version_number += there.version_number
    if len(older) + len(history(there)) >= MAX_VERSIONS:
        raise Refusal(400, TOO_MANY_VERSIONS, reason="VERSION_LIMIT_EXCEEDED")
    return replace(
        file,
        file_id=there.file_id,
        path=there.path,
        created_ms=there.created_ms,
        version_id=key_of(file),
        version_number=file.version_number + there.version_number,
        older=[*older, *history(there)],
        gone=0,
    )


def moved(file: File, path: str, **fields: Any) -> File:
    """The file with all its versions at another path."""
    older = [replace(version, path=path) for version in file.older or ()] or None
    return replace(file, path=path, older=older, gone=0, **fields)
