"""The SHA-256 of a manifest, by which review, job, audit and receipt name it.

It is over UTF-8 lines, each ended by a line feed and each canonical JSON (RFC 8785): first
    {"account":…,"file_count":…,"format":"medialib-manifest-1"}
then one line for each file, in the order of the file ids by code point:
    {"file_id":…,"path":…,"size_bytes":…,"updated_at":…}
`updated_at` is in UTC with microseconds, as 2024-01-31T12:00:00.000000Z, or null where it is not known.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from json.encoder import encode_basestring

from medialib.models import Manifest
from medialib.models.sql import CanonicalTime
from medialib.services.base.slices import slices

FORMAT = "medialib-manifest-1"
FETCH = 5_000
HASHED_AT_ONCE = 500

Row = tuple[str, str, int, str | None]


def manifest_sha256(manifest: Manifest) -> str:
    """The hash of the manifest as it is stored now; it equals `manifest.sha256` unless somebody changed a row."""
    return hash_and_bytes(manifest)[0]


def canonical_lines(manifest: Manifest) -> Iterator[str]:
    """The text that is hashed, line by line."""
    yield _header(manifest)
    yield from map(_line, _rows(manifest))


def hash_and_bytes(manifest: Manifest) -> tuple[str, int]:
    """The SHA-256 and the bytes of all files, in one pass that holds a few thousand rows at a time."""
    digest = hashlib.sha256(_header(manifest).encode())
    total_bytes = 0
    for some in slices(_rows(manifest), HASHED_AT_ONCE):
        digest.update("".join(map(_line, some)).encode())
        total_bytes += sum(row[2] for row in some)
    return digest.hexdigest(), total_bytes


def _rows(manifest: Manifest) -> Iterator[Row]:
    rows = manifest.items.order_by("position").values_list(
        "file_id", "path", "size_bytes", CanonicalTime("file_updated_at")
    )
    return iter(rows.iterator(chunk_size=FETCH))


def _header(manifest: Manifest) -> str:
    name = encode_basestring(manifest.source.get("account", ""))
    return f'{{"account":{name},"file_count":{manifest.file_count},"format":"{FORMAT}"}}\n'


def _line(row: Row) -> str:
    """One file as canonical JSON. Put together by hand because a million go through it; a test holds it to RFC 8785."""
    file_id, path, size_bytes, updated_at = row
    time = f'"{updated_at}"' if updated_at else "null"
    return (
        f'{{"file_id":{encode_basestring(file_id)},"path":{encode_basestring(path)},'
        f'"size_bytes":{size_bytes},"updated_at":{time}}}\n'
    )
