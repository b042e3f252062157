"""Where copies lie: any Django storage, by default a folder that only its owner may read.

Names in it are made of an account's number and a hash, never of anything that came from outside.
"""

from __future__ import annotations

import errno
import os
import re
import secrets
import shutil
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any, BinaryIO, cast

from django.conf import settings
from django.core.files import File
from django.core.files.storage import FileSystemStorage, Storage, storages
from django.utils.timezone import now

INCOMING = "incoming"
NAME = re.compile(r"\d+/[0-9a-f]{2}/[0-9a-f]{64}-[0-9a-f]{16}")
FULL = frozenset({errno.ENOSPC, errno.EDQUOT, errno.EFBIG})


class StorageTrouble(Exception):
    """The storage did not do what it was asked. The text is the system's own, without names of files."""

    def __init__(self, text: str, *, is_full: bool = False) -> None:
        super().__init__(text)
        self.is_full = is_full

    @classmethod
    def of(cls, error: Exception) -> StorageTrouble:
        if isinstance(error, OSError):
            return cls(error.strerror or type(error).__name__, is_full=error.errno in FULL)
        return cls(type(error).__name__)


class FolderStorage(FileSystemStorage):
    """A folder of mode 0700 with files of mode 0600, each of which appears whole or not at all."""

    def __init__(self, location: str | Path | None = None, **options: Any) -> None:
        super().__init__(location, file_permissions_mode=0o600, directory_permissions_mode=0o700, **options)

    def _save(self, name: str, content: Any) -> str:
        target = Path(self.path(name))
        _make(Path(self.location), target.parent)
        source = Path(content.name)
        if source.parent != incoming():
            raise ValueError("Copies are put into the storage from its own folder for what comes in.")
        os.replace(source, target)
        for folder in (target.parent, target.parent.parent, target.parent.parent.parent):
            _flush_folder(folder)
        return name


def incoming() -> Path:
    """The folder in which a copy is written before it gets its name: on the disk of the copies, where that is one."""
    storage = _storage()
    base = Path(storage.location) if isinstance(storage, FileSystemStorage) else settings.DATA_DIR / "copies"
    folder = base / INCOMING
    _make(base, folder)
    return folder


def begin() -> tuple[BinaryIO, Path]:
    """A new file in incoming(), for its owner only."""
    try:
        handle, name = tempfile.mkstemp(dir=incoming())
        return os.fdopen(handle, "wb"), Path(name)
    except OSError as error:
        raise StorageTrouble.of(error) from error


def new_name(account_id: int, sha256: str) -> str:
    """A name that nothing had before and nothing will have again."""
    return f"{account_id}/{sha256[:2]}/{sha256}-{secrets.token_hex(8)}"


def put(path: Path, name: str) -> None:
    """Move a finished file to its name."""
    try:
        with path.open("rb") as file:
            os.fsync(file.fileno())
            _storage().save(name, File(file, name=str(path)))
    except Exception as error:
        raise StorageTrouble.of(error) from error
    finally:
        path.unlink(missing_ok=True)


def read(name: str) -> BinaryIO:
    """Raises StorageTrouble."""
    try:
        return cast("BinaryIO", _storage().open(_checked(name), "rb"))
    except Exception as error:
        raise StorageTrouble.of(error) from error


def remove(name: str) -> None:
    """Raises StorageTrouble. What is not there is removed already."""
    try:
        _storage().delete(_checked(name))
    except FileNotFoundError:
        return
    except Exception as error:
        raise StorageTrouble.of(error) from error


def free_bytes() -> int | None:
    """Room on the disk of the copies less what is to stay free; None for a storage that does not say."""
    if not isinstance(_storage(), FileSystemStorage):
        return None
    try:
        return max(0, shutil.disk_usage(incoming()).free - settings.COPIES_RESERVE_BYTES)
    except OSError as error:
        raise StorageTrouble.of(error) from error


def require_room(size_bytes: int) -> None:
    """Raises StorageTrouble when the file would take room that is to stay free: the database may lie on this disk."""
    free = free_bytes()
    if free is not None and free < size_bytes:
        raise StorageTrouble("the reserve would be touched", is_full=True)


def names_older_than(seconds: float) -> Iterator[str]:
    """Names of finished copies in the storage that were put there so long ago."""
    storage = _storage()
    for account in _listed(storage, "")[0]:
        for start in _listed(storage, account)[0] if account.isdigit() else []:
            for last in _listed(storage, f"{account}/{start}")[1]:
                name = f"{account}/{start}/{last}"
                if NAME.fullmatch(name) and _age_s(storage, name) > seconds:
                    yield name


def forget_unfinished(older_than_s: float) -> int:
    """Remove what killed workers left in incoming(). A file that still grows is young."""
    gone = 0
    for path in incoming().iterdir():
        if path.is_file() and time.time() - path.stat().st_mtime > older_than_s:
            path.unlink(missing_ok=True)
            gone += 1
    return gone


def _storage() -> Storage:
    return storages["quarantine"]


def _checked(name: str) -> str:
    """Rows of the database name files here; no row may lead anywhere else."""
    if not NAME.fullmatch(name):
        raise ValueError("That is no name of a copy.")
    return name


def _listed(storage: Storage, folder: str) -> tuple[list[str], list[str]]:
    try:
        return storage.listdir(folder)
    except FileNotFoundError:
        return [], []


def _age_s(storage: Storage, name: str) -> float:
    try:
        return (now() - storage.get_modified_time(name)).total_seconds()
    except FileNotFoundError:
        return 0.0


def _make(base: Path, folder: Path) -> None:
    for each in (base, *reversed([part for part in folder.parents if base in part.parents]), folder):
        each.mkdir(mode=0o700, parents=True, exist_ok=True)
    if base.stat().st_mode & 0o077:
        base.chmod(0o700)


def _flush_folder(folder: Path) -> None:
    """A name that was not written to the disk is lost with the power."""
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
