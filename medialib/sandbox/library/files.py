"""The two things a media library holds, and how ImageKit writes them as JSON."""

from __future__ import annotations

import mimetypes
from dataclasses import dataclass, fields
from datetime import UTC, datetime
from functools import lru_cache
from typing import Any
from urllib.parse import quote

mimetypes.add_type("image/avif", ".avif")
mimetypes.add_type("image/webp", ".webp")
mimetypes.add_type("font/woff2", ".woff2")


@dataclass(slots=True, eq=False)
class File:
    """One file, or one earlier version of a file. Slots, because a library may hold a million."""

    file_id: str
    path: str
    size: int
    created_ms: int
    updated_ms: int
    mime: str
    width: int | None = None
    height: int | None = None
    tags: tuple[str, ...] = ()
    is_private: bool = False
    is_published: bool = True
    version_id: str = ""
    version_number: int = 1
    extra: dict[str, Any] | None = None  # ImageKit's own member names: customMetadata, description, duration, …
    older: list[File] | None = None
    type: str = "file"
    gone: int = 0  # Counts deletions; 0 while the file is there. The CDN keeps serving a deleted file.

    @property
    def name(self) -> str:
        return self.path.rpartition("/")[2]

    @property
    def folder(self) -> str:
        return self.path.rpartition("/")[0] or "/"

    @property
    def id(self) -> str:
        return self.version_id if self.type == "file-version" else self.file_id

    @property
    def is_image(self) -> bool:
        return self.mime.startswith("image/")

    @property
    def version_info(self) -> dict[str, str]:
        return {"id": self.version_id or self.file_id, "name": f"Version {self.version_number}"}

    def member(self, name: str) -> Any:
        return (self.extra or {}).get(name)

    def as_json(self, endpoint: str) -> dict[str, Any]:
        url = f"{endpoint}{quote(self.path)}?{self._version_query()}updatedAt={self.updated_ms}"
        row: dict[str, Any] = {
            "type": self.type,
            "name": self.name,
            "createdAt": iso(self.created_ms),
            "updatedAt": iso(self.updated_ms),
            "fileId": self.id,
            "tags": list(self.tags) if self.tags else None,
            "AITags": None,
            "versionInfo": self.version_info,
            "embeddedMetadata": {},
            "isPublished": self.is_published,
            "customCoordinates": None,
            "customMetadata": {},
            "isPrivateFile": self.is_private,
            "url": url,
            "thumbnail": f"{url}&tr=n-ik_ml_thumbnail",
            "fileType": "image" if self.is_image else "non-image",
            "filePath": self.path,
            "size": self.size,
            "mime": self.mime,
        }
        if self.width:
            row["width"], row["height"] = self.width, self.height
        if self.is_image:
            row["hasAlpha"] = self.mime in ("image/png", "image/webp", "image/svg+xml")
        if self.extra:
            row.update(self.extra)
        return row

    def _version_query(self) -> str:
        return f"ik-obj-version={self.version_id}&" if self.type == "file-version" else ""

    def stored(self) -> dict[str, Any]:
        """What must be kept between two runs: every field that is not at its default."""
        row = {name: value for name, default in _DEFAULTS if (value := getattr(self, name)) != default}
        if self.older:
            row["older"] = [version.stored() for version in self.older]
        return row

    @classmethod
    def restored(cls, row: dict[str, Any]) -> File:
        row["tags"] = tuple(row.get("tags", ()))
        row["older"] = [cls.restored(version) for version in row.get("older") or ()] or None
        return cls(**row)


@dataclass(slots=True, eq=False)
class StoredFolder:
    """A folder. It has no fileId, size or url, as at ImageKit."""

    folder_id: str
    path: str
    created_ms: int
    updated_ms: int
    type: str = "folder"
    tags: tuple[str, ...] = ()
    size: int | None = None
    width: int | None = None
    height: int | None = None
    is_private: bool | None = None
    is_published: bool | None = None
    is_image: bool = False

    @property
    def id(self) -> str:
        return self.folder_id

    @property
    def name(self) -> str:
        return self.path.rpartition("/")[2]

    @property
    def folder(self) -> str:
        return self.path.rpartition("/")[0] or "/"

    def member(self, name: str) -> Any:
        return None

    def as_json(self, endpoint: str) -> dict[str, Any]:
        return {
            "type": "folder",
            "name": self.name,
            "createdAt": iso(self.created_ms),
            "updatedAt": iso(self.updated_ms),
            "folderId": self.folder_id,
            "folderPath": self.path,
            "customMetadata": {},
        }


Row = File | StoredFolder
_DEFAULTS = [(field.name, field.default) for field in fields(File)]


def iso(ms: int) -> str:
    return f"{_second(ms // 1000)}.{ms % 1000:03d}Z"


@lru_cache(maxsize=4096)
def _second(timestamp_s: int) -> str:
    return datetime.fromtimestamp(timestamp_s, UTC).strftime("%Y-%m-%dT%H:%M:%S")


def as_ms(moment: datetime | str | None, default: int) -> int:
    """A datetime or ISO text as milliseconds since 1970. A datetime without a zone is taken as UTC."""
    if moment is None:
        return default
    if isinstance(moment, str):
        moment = datetime.fromisoformat(moment)
    return round((moment if moment.tzinfo else moment.replace(tzinfo=UTC)).timestamp() * 1000)


def mime_of(path: str) -> str:
    return mimetypes.guess_type(path, strict=False)[0] or "application/octet-stream"
