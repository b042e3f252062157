"""The files of the sandbox and ImageKit's rules about them. In memory; with a store, kept between two runs."""

from __future__ import annotations

import random
import re
import threading
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from typing import Any

from medialib.sandbox.http.answers import Refusal
from medialib.sandbox.library.files import File, Row, StoredFolder
from medialib.sandbox.library.orders import Orders
from medialib.sandbox.library.store import Entry, Store

MAX_DELETE_BATCH = 100
MAX_FOLDER_OBJECTS = 100_000
MAX_FOLDER_DEPTH = 50
MISSING_FILE = "The requested file does not exist."
_WELL_FORMED_ID = re.compile(r"[0-9a-f]{24}")
_UNSAFE = re.compile(r"[^\w.\-]")


Tell = Callable[[str, Row], None]


class Library:
    """All public methods are safe to call from many threads. What changes is journaled before it takes effect."""

    def __init__(self, *, endpoint: str = "", seed: int = 1, store: Store | None = None) -> None:
        self.endpoint = endpoint
        self.lock = threading.RLock()
        self.files: dict[str, File] = {}
        self.folders: dict[str, StoredFolder] = {}
        self.orders = Orders()
        self.stored_bytes = 0
        self._store = store
        self._random = random.Random(seed)
        self._at_path: dict[str, File] = {}
        self._known_ids: set[str] = set()  # Ids of files that are gone.
        self.deletions = 0
        self.tell: Tell | None = None  # Hears of each change, as ImageKit's events name it.

    # Reading ---------------------------------------------------------------------------------------------------------
    def file(self, file_id: str) -> File:
        """Raises Refusal: 400 for an id that cannot be one, 404 for one that is unknown or gone."""
        with self.lock:
            if file := self.files.get(file_id):
                return file
            if file_id in self._known_ids or _WELL_FORMED_ID.fullmatch(file_id):
                raise Refusal(404, MISSING_FILE)
            raise Refusal(400, "Your request contains invalid fileId parameter.")

    def rows(self, ids: Iterable[str]) -> list[Row]:
        """The files and folders with these ids."""
        unique_ids = dict.fromkeys(ids)
        found: list[Row] = [self.files[row_id] for row_id in unique_ids if row_id in self.files]
        if len(found) < len(unique_ids):
            found += [folder for folder in self.folders.values() if folder.folder_id in unique_ids]
        return found

    def versions(self, file_id: str) -> list[dict[str, Any]]:
        with self.lock:
            file = self.file(file_id)
            return [row.as_json(self.endpoint) for row in (file, *(file.older or ()))]

    def version(self, file_id: str, version_id: str) -> dict[str, Any]:
        for version in self.versions(file_id):
            if version["versionInfo"]["id"] == version_id:
                return version
        raise Refusal(404, "The requested file version does not exist.")

    def at_path(self, path: str) -> File | None:
        """The file that is or was there: `gone` tells which."""
        return self._at_path.get(path)

    def live_at(self, path: str) -> File | None:
        file = self._at_path.get("/" + path.strip("/"))
        return file if file and not file.gone else None

    def file_ids(self) -> set[str]:
        with self.lock:
            return set(self.files)

    # Adding and changing ---------------------------------------------------------------------------------------------
    def new_id(self, created_ms: int | None = None) -> str:
        """24 lower-case hex characters, beginning with the second of its making, as at ImageKit."""
        seconds = (now_ms() if created_ms is None else created_ms) // 1000
        return f"{seconds & 0xFFFFFFFF:08x}{self._random.getrandbits(64):016x}"

    def add(self, files: Iterable[File], event: str = "file.created") -> None:
        files = list(files)
        with self.lock:
            for file in files:
                self.ensure_folder(file.folder, file.created_ms)
            for start in range(0, len(files), 1000):
                self._journal({"files": [file.stored() for file in files[start : start + 1000]]})
            self._put(files)
            self.say(event, *files)

    def say(self, event: str, *rows: Row) -> None:
        if self.tell and event:
            for row in rows:
                self.tell(event, row)

    def _put(self, files: list[File]) -> None:
        for file in files:
            if earlier := self.files.get(file.file_id):
                self._forget(earlier)
            self.files[file.file_id] = self._at_path[file.path] = file
            self._known_ids.discard(file.file_id)
            self.stored_bytes += stored_bytes(file)
        self.orders.add(files)

    def _forget(self, file: File) -> None:
        self.deletions += 1
        file.gone = self.deletions
        del self.files[file.file_id]
        self._known_ids.add(file.file_id)
        self.stored_bytes -= stored_bytes(file)
        self.orders.removed()

    def replace(self, file: File, event: str = "file.updated") -> None:
        """Put a changed file in the place of the one with its id."""
        self.add([file], event)

    # Deleting --------------------------------------------------------------------------------------------------------
    def delete_batch(self, file_ids: list[str], staying: Callable[[list[str]], set[str]]) -> tuple[list[str], set[str]]:
        """Delete all or, when one is unknown, none (Refusal, 404). Answers with the ids asked for, each once, and
        those that stay because a fault says so."""
        with self.lock:
            unique = list(dict.fromkeys(file_ids))
            if missing := [file_id for file_id in unique if file_id not in self.files]:
                raise Refusal(404, "The requested file(s) does not exist.", missingFileIds=missing)
            stay = staying(unique)
            self.remove([file_id for file_id in unique if file_id not in stay])
            return unique, stay

    def delete(self, file_id: str) -> None:
        with self.lock:
            self.remove([self.file(file_id).file_id])

    def remove(self, file_ids: Iterable[str]) -> None:
        """Take files away with all their versions. Unknown ids are passed over."""
        with self.lock:
            present = [file_id for file_id in dict.fromkeys(file_ids) if file_id in self.files]
            if present:
                self._journal({"gone": present})
            for file in [self.files[file_id] for file_id in present]:
                self._forget(file)
                self.say("file.deleted", file)
                self.say("file-version.deleted", *(file.older or ()))

    # Folders ---------------------------------------------------------------------------------------------------------
    def create_folder(self, parent: str, name: str) -> None:
        if name.strip("/") in ("", ".", ".."):
            raise Refusal(400, "'.' & '..' can not be used as folder-name", reason="INVALID_FOLDER_PATH")
        path = clean_folder(f"{parent}/{clean_name(name)}")
        with self.lock:
            self.ensure_folder(path, now_ms())

    def ensure_folder(self, path: str, created_ms: int) -> None:
        missing = []
        while path != "/" and path not in self.folders:
            missing.append(path)
            path = path.rpartition("/")[0] or "/"
        for path in reversed(missing):
            self.put_folder(StoredFolder(self.new_id(created_ms), path, created_ms, created_ms), "folder.created")

    def put_folder(self, folder: StoredFolder, event: str) -> None:
        self._journal({"folder": [folder.folder_id, folder.path, folder.created_ms, folder.updated_ms]})
        self.folders[folder.path] = folder
        self.say(event, folder)

    def delete_folder(self, asked_path: str) -> list[str]:
        """Delete a folder with everything inside; answers with the ids of its files."""
        path = "/" + asked_path.strip("/")
        with self.lock:
            if path == "/" or path not in self.folders:
                raise Refusal(404, f"No folder found with folderPath `{asked_path}`.", reason="FOLDER_NOT_FOUND")
            files, folders = self.tree(path)
            file_ids = [file.file_id for file in files]
            self.remove(file_ids)
            self.drop_folders([folder.path for folder in folders])
            self.say("folder.deleted", *folders)
            return file_ids

    def tree(self, path: str) -> tuple[list[File], list[StoredFolder]]:
        """All files below a folder, and the folder with all below it. Raises Refusal (400) when they are too many."""
        files = [file for file in self.files.values() if file.path.startswith(path + "/")]
        folders = [folder for name, folder in self.folders.items() if name == path or name.startswith(path + "/")]
        if len(folders) - 1 + sum(1 + len(file.older or ()) for file in files) > MAX_FOLDER_OBJECTS:
            raise Refusal(400, TOO_MANY_OBJECTS, reason="TOO_MANY_OBJECTS")
        return files, folders

    def drop_folders(self, paths: list[str]) -> None:
        if paths:
            self._journal({"gone_folders": paths})
        self._forget_folders(paths)

    def _forget_folders(self, paths: list[str]) -> None:
        for path in paths:
            self.folders.pop(path, None)

    # Keeping ---------------------------------------------------------------------------------------------------------
    def _journal(self, entry: Entry) -> None:
        if self._store:
            self._store.append(entry)

    @contextmanager
    def unjournaled(self) -> Iterator[None]:
        """For many changes at once, of which a snapshot is taken afterwards."""
        store, self._store = self._store, None
        try:
            yield
        finally:
            self._store = store

    def restore(self, entry: Entry) -> None:
        """Apply one entry of the store. Entries this class does not know are passed over."""
        if "files" in entry:
            self._put([File.restored(row) for row in entry["files"]])
        elif "gone" in entry:
            self.deletions = entry.get("after", self.deletions)
            for file_id in entry["gone"]:
                if file_id in self.files:
                    self._forget(self.files[file_id])
        elif "folder" in entry:
            folder = StoredFolder(*entry["folder"])
            self.folders[folder.path] = folder
        elif "gone_folders" in entry:
            self._forget_folders(entry["gone_folders"])

    def frozen(self) -> Library:
        """A library that stays as this one is now."""
        with self.lock:
            copy = Library(endpoint=self.endpoint)
            for entry in self.snapshot():
                copy.restore(entry)
            return copy

    def snapshot(self) -> Iterator[Entry]:
        """Entries that give this state again: folders, files, and the deleted files that the CDN still serves."""
        for folder in self.folders.values():
            yield {"folder": [folder.folder_id, folder.path, folder.created_ms, folder.updated_ms]}
        served = sorted((file for file in self._at_path.values() if file.gone), key=lambda file: file.gone)
        for file in served:
            yield {"files": [{**file.stored(), "gone": 0}]}
            yield {"gone": [file.file_id], "after": file.gone - 1}
        yield {"gone": [], "after": self.deletions}
        files = list(self.files.values())
        for start in range(0, len(files), 1000):
            yield {"files": [file.stored() for file in files[start : start + 1000]]}


TOO_MANY_OBJECTS = (
    f"Total nested assets (files, folders and file versions) are more than allowed limit of {MAX_FOLDER_OBJECTS} items."
)


def stored_bytes(file: File) -> int:
    return file.size + sum(version.size for version in file.older or ())


def clean_name(name: str) -> str:
    """Letters and digits of any script, dot, underscore and hyphen stay; the rest becomes an underscore."""
    return _UNSAFE.sub("_", name)


def clean_folder(path: str) -> str:
    """Raises Refusal (400) for a folder ImageKit does not take."""
    parts = [clean_name(part) for part in path.split("/") if part]
    if any(part in (".", "..") for part in parts) or len(parts) > MAX_FOLDER_DEPTH:
        raise Refusal(400, "Your request contains invalid folder path.", reason="INVALID_FOLDER_PATH")
    return "/" + "/".join(parts)


def now_ms() -> int:
    return time.time_ns() // 1_000_000
