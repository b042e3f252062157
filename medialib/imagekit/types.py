"""What the client answers with: frozen dataclasses, parsed from ImageKit's JSON.

No field of a file is marked as required in ImageKit's own OpenAPI document, so each is read as if it were optional.
"""

from __future__ import annotations

import math
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any, Self

# Quotes and blanks would change the meaning of a look-up, and a dot that of a line in a list, which is a name then.
FILE_ID = re.compile(r"[A-Za-z0-9_-]{1,64}")
SURE_ID = re.compile(r"[0-9a-f]{24}", re.ASCII)  # The shape of every file id in ImageKit's documentation.
NO_TIME_BEFORE = datetime(1971, 1, 1, tzinfo=UTC)  # An earlier one is the zero of some clock, and no time of a file.


@dataclass(frozen=True)
class RateLimit:
    """ImageKit's X-RateLimit headers: `limit` calls in `interval_s`; `reset_s` until the next may be sent."""

    limit: int
    interval_s: float
    reset_s: float | None = None


@dataclass(frozen=True)
class RemoteFile:
    """One file as ImageKit lists it. Unknown members are kept in `raw`."""

    file_id: str
    name: str
    path: str
    size_bytes: int
    file_type: str  # "image" or "non-image"
    mime: str
    width: int | None
    height: int | None
    tags: tuple[str, ...]
    ai_tags: tuple[str, ...]
    is_private: bool
    is_published: bool
    version_name: str
    url: str  # Without its query.
    thumbnail_url: str
    custom_metadata: Mapping[str, Any]
    created_at: datetime | None  # None where ImageKit states no readable time.
    updated_at: datetime | None
    raw: Mapping[str, Any] = field(repr=False, default_factory=dict)

    @classmethod
    def from_json(cls, row: object) -> Self | None:
        """Read one row of a list; None when it is no file.

        A folder has no `fileId`. A `file-version` has one, but sources disagree whose it is, so nothing may be deleted
        by it and it is no file here either. Nor is what has an id that no database keeps as it is.
        """
        if not isinstance(row, Mapping) or not (file_id := _text(row.get("fileId"))).strip() or "\0" in file_id:
            return None
        if _text(row.get("type")) not in ("", "file"):
            return None
        return cls(raw=row, **_identity(row), **_content(row), **_state(row), **_times(row))


@dataclass(frozen=True)
class FileVersion:
    """One version of a file, which may be the current one. It has no id here: nothing may be deleted by a version's."""

    name: str
    size_bytes: int
    width: int | None
    height: int | None
    url: str  # With its query, which names an earlier version.
    created_at: datetime | None
    is_current: bool

    @classmethod
    def from_json(cls, row: object) -> Self | None:
        """Read one row; None when it is no version."""
        if not isinstance(row, Mapping) or not isinstance(row.get("versionInfo"), Mapping):
            return None
        content = _content(row)
        return cls(
            name=_state(row)["version_name"],
            size_bytes=content["size_bytes"],
            width=content["width"],
            height=content["height"],
            url=_web_address(row.get("url")),
            created_at=_times(row)["created_at"],
            is_current=_text(row.get("type")) != "file-version",
        )


@dataclass(frozen=True)
class Listing:
    """One page of a list. `row_count` counts all rows of the answer, folders included: the end is an empty page."""

    files: tuple[RemoteFile, ...]
    row_count: int
    rate_limit: RateLimit | None = None
    request_id: str = ""


@dataclass(frozen=True)
class FoundFiles:
    """Those of some files that a search found, by id. One that is not among them may exist all the same."""

    files: Mapping[str, RemoteFile]
    request_id: str = ""


@dataclass(frozen=True)
class DeleteAnswer:
    """A 200 or 207: which ids ImageKit says are gone, and the error text of those that stayed.

    Holds only ids that were sent. An id in neither is unknown and must be looked up.
    """

    deleted: frozenset[str]
    errors: Mapping[str, str]
    http_status: int
    request_id: str = ""
    rate_limit: RateLimit | None = None


@dataclass(frozen=True)
class PurgeAnswer:
    """The id under which ImageKit tracks a purge."""

    request_id: str
    http_status: int
    rate_limit: RateLimit | None = None


def _identity(row: Mapping[str, Any]) -> dict[str, Any]:
    path = _text(row.get("filePath"))
    name = _text(row.get("name")) or path.rpartition("/")[2]
    return {
        "file_id": row["fileId"],
        "name": name,
        "path": path or f"/{name}",
        # Newer answers add ?updatedAt=…, older ones do not; a purge needs the bare address.
        "url": _web_address(row.get("url")).partition("?")[0],
        "thumbnail_url": _web_address(row.get("thumbnail")),
    }


def _content(row: Mapping[str, Any]) -> dict[str, Any]:
    return {
        "size_bytes": _count(row.get("size")) or 0,
        "file_type": _text(row.get("fileType")),
        "mime": _text(row.get("mime")),
        "width": _count(row.get("width")),
        "height": _count(row.get("height")),
    }


def _state(row: Mapping[str, Any]) -> dict[str, Any]:
    tags = row.get("tags")
    version = row.get("versionInfo")
    metadata = row.get("customMetadata")
    return {
        "tags": tuple(tag for tag in tags if isinstance(tag, str)) if isinstance(tags, list) else (),
        "is_private": row.get("isPrivateFile") is True,
        "is_published": row.get("isPublished") is not False,  # Older answers lack it.
        "ai_tags": _ai_tags(row.get("AITags")),
        "version_name": _text(version.get("name")) if isinstance(version, Mapping) else "",
        "custom_metadata": metadata if isinstance(metadata, Mapping) else {},
    }


def _ai_tags(value: object) -> tuple[str, ...]:
    """Names only: who guessed a tag and how sure it was changes no decision here."""
    rows = value if isinstance(value, list) else []
    return tuple(row["name"] for row in rows if isinstance(row, Mapping) and isinstance(row.get("name"), str))


def _times(row: Mapping[str, Any]) -> dict[str, Any]:
    """Each for itself: a file of which only one is known is not as old as that."""
    return {"created_at": _time(row.get("createdAt")), "updated_at": _time(row.get("updatedAt"))}


def _text(value: object) -> str:
    return value if isinstance(value, str) else ""


def _web_address(value: object) -> str:
    """An address that a page may link to; empty for any other, such as javascript: or data:."""
    text = _text(value).strip()
    return text if text.lower().startswith(("http://", "https://")) else ""


def _count(value: object) -> int | None:
    """A whole number that is not negative; None for anything else."""
    if isinstance(value, bool) or not isinstance(value, int | float) or not math.isfinite(value):
        return None
    return int(value) if value >= 0 else None


def _time(value: object) -> datetime | None:
    """An ISO 8601 time, taken as UTC when it names no zone; None for anything else."""
    try:
        read = datetime.fromisoformat(_text(value))
        moment = read.astimezone(UTC) if read.tzinfo else read.replace(tzinfo=UTC)
    except (ValueError, OverflowError):  # Overflow: year 1 or 9999 moved to UTC.
        return None
    return moment if moment >= NO_TIME_BEFORE else None
