"""What the client answers with: frozen dataclasses, parsed from ImageKit's JSON."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any


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
    is_private: bool
    is_published: bool
    version_name: str
    url: str  # Without its query.
    thumbnail_url: str
    custom_metadata: Mapping[str, Any]
    created_at: datetime
    updated_at: datetime
    raw: Mapping[str, Any] = field(repr=False, default_factory=dict)


@dataclass(frozen=True)
class Listing:
    """One page of a list. `row_count` counts all rows of the answer, folders included: the end is a short page."""

    files: tuple[RemoteFile, ...]
    row_count: int
    rate_limit: RateLimit | None = None
    request_id: str = ""


@dataclass(frozen=True)
class DeleteAnswer:
    """A 200 or 207: which ids ImageKit says are gone, and the error text of those that stayed."""

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
