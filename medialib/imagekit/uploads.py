"""An upload that puts a file back where it was. API reference, "Upload file V1"."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any, BinaryIO

from medialib.imagekit.answers import Answer
from medialib.imagekit.forms import Form
from medialib.imagekit.types import RemoteFile

ORIGINAL_DATE = "_internal_original_created_datetime"  # Reserved custom metadata, where the account allows it.
_ANSWERED = "tags,customCoordinates,isPrivateFile,isPublished,customMetadata"


@dataclass(frozen=True)
class Upload:
    """A file's bytes, where they go, and all else that ImageKit takes back."""

    path: str
    file: BinaryIO = field(repr=False)
    size_bytes: int
    tags: tuple[str, ...] = ()
    custom_metadata: Mapping[str, Any] = field(default_factory=dict)
    custom_coordinates: str = ""
    description: str = ""
    is_private: bool = False
    is_published: bool = True
    created_at: datetime | None = None

    def form(self) -> Form:
        folder, _, name = self.path.rpartition("/")
        metadata = dict(self.custom_metadata)
        if self.created_at:
            metadata[ORIGINAL_DATE] = self.created_at.astimezone(UTC).isoformat(timespec="milliseconds")
        fields = {
            "fileName": name,
            "folder": folder or "/",
            "useUniqueFileName": "false",
            "overwriteFile": "false",
            "responseFields": _ANSWERED,
            "tags": ",".join(self.tags),
            "customMetadata": json.dumps(metadata) if metadata else "",
            "customCoordinates": self.custom_coordinates,
            "description": self.description,
            "isPrivateFile": "true" if self.is_private else "",
            # Only some plans know drafts; said where it is needed, and not otherwise.
            "isPublished": "" if self.is_published else "false",
        }
        return Form({name: value for name, value in fields.items() if value}, self.file, self.size_bytes)


def uploaded(answer: Answer) -> RemoteFile:
    """The file that the answer tells of."""
    if answer.status != 200:
        raise answer.problem()
    file = RemoteFile.from_json(answer.json())
    if file is None:
        raise answer.unreadable()
    return file
