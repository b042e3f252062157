"""Files that are moved, renamed, copied, or get a new version."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from medialib.sandbox.http.answers import Refusal
from medialib.sandbox.library.files import File
from medialib.sandbox.library.library import Library, clean_folder, clean_name, now_ms
from medialib.sandbox.library.versions import history, joined, key_of, moved, next_version

Copied = list[tuple[str, str]]  # The ids of the versions that were copied, each with the id of its copy.


def later(updated_ms: int) -> int:
    """Now, and in any case after the last change."""
    return max(now_ms(), updated_ms + 1)


def source(library: Library, path: str) -> File:
    if file := library.live_at(path):
        return file
    raise Refusal(404, f"No file found with filePath `{path}`.", reason="SOURCE_FILE_MISSING")


def move(library: Library, file: File, folder: str, *, stamp: bool = True) -> None:
    """Move a file with its versions. On a file of the same name it comes as that file's newest versions."""
    path = _into(file, folder)
    if path == file.path:
        raise _is_there_already()
    with library.lock:
        carry(library, moved(file, path, updated_ms=later(file.updated_ms) if stamp else file.updated_ms))


def carry(library: Library, file: File, event: str = "file.updated") -> None:
    """Put a moved file in its new place."""
    if there := library.live_at(file.path):
        library.replace(joined(there, file), "file-version.created")
        library.remove([file.file_id])
    else:
        library.replace(file, event)


def rename(library: Library, file: File, name: str, *, stamp: bool = True) -> None:
    """Rename a file with its versions. Raises Refusal: 400 for a wrong or the same name, 409 for a taken one."""
    name = clean_name(name)
    if not name.strip("."):
        raise Refusal(400, "newFileName parameter is invalid.", reason="INVALID_PARAMETER")
    if name == file.name:
        raise Refusal(400, "newFileName cannot be the same as its existing name.", reason="SAME_OLD_AND_NEW_NAME")
    path = f"{file.folder.rstrip('/')}/{name}"
    with library.lock:
        if library.live_at(path):
            message = f"File with name {name} already exists at the same location."
            raise Refusal(409, message, reason="FILE_ALREADY_EXISTS")
        library.replace(moved(file, path, updated_ms=later(file.updated_ms) if stamp else file.updated_ms))


def copy(library: Library, file: File, folder: str, *, with_versions: bool = False) -> Copied:
    """Copy a file's current version, or all of them."""
    path = _into(file, folder)
    if path == file.path:
        raise _is_there_already()
    with library.lock:
        return copy_to(library, file, path, with_versions=with_versions)


def copy_to(library: Library, file: File, path: str, *, with_versions: bool) -> Copied:
    made, copied = _copy(library, file, path, with_versions=with_versions)
    if there := library.live_at(path):
        library.replace(joined(there, made), "file-version.created")
    else:
        library.replace(made, "file.created")
    return copied


def _copy(library: Library, file: File, path: str, *, with_versions: bool) -> tuple[File, Copied]:
    now, file_id = now_ms(), library.new_id()
    versions = history(file)[1:] if with_versions else []
    older = [replace(version, file_id=file_id, version_id=library.new_id(), path=path) for version in versions]
    made = replace(
        file,
        file_id=file_id,
        path=path,
        created_ms=now,
        updated_ms=now,
        version_id=library.new_id() if older else "",
        version_number=file.version_number if older else 1,
        older=older or None,
    )
    pairs = zip([file, *versions], [made, *older], strict=True)
    return made, [(key_of(original), key_of(double)) for original, double in pairs]


def new_version(library: Library, file_id: str, **fields: Any) -> None:
    """New content for a file, as an upload over it brings."""
    with library.lock:
        file = library.file(file_id)
        version = next_version(file, library.new_id(), updated_ms=later(file.updated_ms), **fields)
        library.replace(version, "file-version.created")


def _into(file: File, folder: str) -> str:
    return f"{clean_folder(folder).rstrip('/')}/{file.name}"


def _is_there_already() -> Refusal:
    message = "sourceFilePath and destinationPath cannot be same."
    return Refusal(400, message, reason="SAME_SOURCE_AND_DESTINATION")
