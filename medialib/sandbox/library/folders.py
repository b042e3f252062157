"""Folders that are renamed, moved or copied with all that is in them."""

from __future__ import annotations

import re
from dataclasses import replace

from medialib.sandbox.http.answers import Refusal
from medialib.sandbox.library.files import File, StoredFolder
from medialib.sandbox.library.library import Library, clean_folder, now_ms
from medialib.sandbox.library.moves import Copied, carry, copy_to, later
from medialib.sandbox.library.versions import moved

INTO_CHILD = "This operation is not allowed because parent folder cannot be moved into child folder."
_NOT_IN_A_NAME = re.compile(r"[^\w\-]")


def rename_folder(library: Library, path: str, name: str, *, stamp: bool = False) -> str:
    """Give a folder another name and answer with its new path. Its own id and those of all below stay.

    `stamp` says whether the files below count as changed; ImageKit does not say.
    """
    path, name = clean_folder(path), _NOT_IN_A_NAME.sub("_", name)
    if path == "/":
        raise Refusal(400, "folderPath cannot be root.")
    if not name:
        raise Refusal(400, "newFolderName parameter is missing.")
    with library.lock:
        if path not in library.folders:
            raise Refusal(404, "Source folder not found.")
        target = f"{library.folders[path].folder.rstrip('/')}/{name}"
        if target in library.folders:
            raise Refusal(409, f"Folder with name {name} already exists at the same location.")
        files, folders = library.tree(path)
        for folder in folders:
            new = replace(folder, path=target + folder.path[len(path) :], updated_ms=later(folder.updated_ms))
            library.put_folder(new, "folder.updated")
        library.add([_moved(file, target + file.path[len(path) :], stamp) for file in files], event="")
        library.drop_folders([folder.path for folder in folders])
        return target


def move_folder(library: Library, path: str, to: str, *, stamp: bool = False) -> str:
    """Move a folder into another one and answer with its new path. Folders get new ids, files keep theirs."""
    path, target = _checked(path, to)
    if target.startswith(path + "/"):
        raise Refusal(400, INTO_CHILD, reason="INVALID_DESTINATION_PATH")
    with library.lock:
        files, folders = _tree(library, path)
        new_paths = _make_folders(library, folders, path, target)
        for file in _outer_first(files):
            carry(library, _moved(file, target + file.path[len(path) :], stamp), event="")
        left = [folder for folder in folders if folder.path not in new_paths]
        library.drop_folders([folder.path for folder in left])
        for folder in left:
            library.say("folder.deleted", folder)
        return target


def copy_folder(library: Library, path: str, to: str, *, with_versions: bool = False) -> Copied:
    path, target = _checked(path, to)
    with library.lock:
        files, folders = _tree(library, path)
        _make_folders(library, folders, path, target)
        copied: Copied = []
        for file in files:
            copied += copy_to(library, file, target + file.path[len(path) :], with_versions=with_versions)
        return copied


def _checked(path: str, to: str) -> tuple[str, str]:
    """The folder's path and the one it is to have."""
    path, to = clean_folder(path), clean_folder(to)
    if path == "/":
        raise Refusal(400, "sourceFolderPath cannot be root.", reason="SOURCE_IS_ROOT")
    target = f"{to.rstrip('/')}/{path.rpartition('/')[2]}"
    if target == path or to == path:
        raise Refusal(400, "sourceFolderPath and destinationPath is same", reason="SAME_SOURCE_AND_DESTINATION")
    return path, clean_folder(target)


def _tree(library: Library, path: str) -> tuple[list[File], list[StoredFolder]]:
    if path not in library.folders:
        message = f"No files & folder found at sourceFolderPath `{path}`."
        raise Refusal(404, message, reason="NO_FILES_FOLDER")
    return library.tree(path)


def _make_folders(library: Library, folders: list[StoredFolder], path: str, target: str) -> set[str]:
    """Make the folders that are not there yet, and say where all of them are."""
    paths = [target + folder.path[len(path) :] for folder in folders]
    for new_path in sorted(paths):
        library.ensure_folder(new_path, now_ms())
    return set(paths)


def _moved(file: File, path: str, stamp: bool) -> File:
    return moved(file, path, updated_ms=later(file.updated_ms) if stamp else file.updated_ms)


def _outer_first(files: list[File]) -> list[File]:
    """So that a file has left its place before one from deeper down comes there."""
    return sorted(files, key=lambda file: file.path.count("/"))
