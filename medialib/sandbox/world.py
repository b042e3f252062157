"""What somebody else does in the library, for tests: moves, renames, new versions, tags, folders, deletions."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from medialib.sandbox.library import folders, moves
from medialib.sandbox.library.changes import update
from medialib.sandbox.library.library import Library


class World:
    """Changes that no call made. `stamp` says whether updatedAt moves: ImageKit documents that for no move or rename.

    Each raises Refusal where ImageKit would answer with an error.
    """

    _library: Library

    def move(self, file_id: str, folder: str, *, stamp: bool = True) -> None:
        with self._library.lock:
            moves.move(self._library, self._library.file(file_id), folder, stamp=stamp)

    def rename(self, file_id: str, name: str, *, stamp: bool = True) -> None:
        with self._library.lock:
            moves.rename(self._library, self._library.file(file_id), name, stamp=stamp)

    def replace(self, file_id: str, *, size: int, **fields: Any) -> None:
        """A new version: fileId, path and createdAt stay. `fields`: mime, width, height."""
        moves.new_version(self._library, file_id, size=size, **fields)

    def retag(self, file_id: str, *, tags: Iterable[str] | None = None, ai_tags: Iterable[Any] | None = None) -> None:
        """Set the tags that are given, [] for none. An AI tag is a name, or ImageKit's object of it."""
        changes = {} if tags is None else {"tags": list(tags)}
        update(self._library, file_id, changes, ai_tags=None if ai_tags is None else [_ai_tag(tag) for tag in ai_tags])

    def set_metadata(self, file_id: str, **custom_metadata: Any) -> None:
        """Set fields of the custom metadata; None takes one away."""
        update(self._library, file_id, {"customMetadata": custom_metadata})

    def rename_folder(self, path: str, new_name: str, *, stamp: bool = False) -> str:
        """Answers with the folder's new path. All files below get a new path; ids stay."""
        return folders.rename_folder(self._library, path, new_name, stamp=stamp)

    def move_folder(self, path: str, to: str, *, stamp: bool = False) -> str:
        """Move a folder into `to`; answers with its new path. Folders get new ids, files keep theirs."""
        return folders.move_folder(self._library, path, to, stamp=stamp)

    def remove(self, *file_ids: str) -> None:
        """Somebody else deletes these: not counted as deleted by a call."""
        self._library.remove(file_ids)

    def remove_folder(self, path: str) -> None:
        """Somebody else deletes a folder with all inside."""
        self._library.delete_folder(path)


def _ai_tag(tag: Any) -> dict[str, Any]:
    return tag if isinstance(tag, dict) else {"name": tag, "confidence": 90.0, "source": "google-auto-tagging"}
