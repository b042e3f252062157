"""A multipart form whose file is read while it is sent, so that memory stays flat for a file of any size."""

from __future__ import annotations

import secrets
from collections.abc import Mapping
from typing import BinaryIO


class Form:
    """Reads like a file and knows its length, which is what `requests` streams with a Content-Length."""

    def __init__(self, fields: Mapping[str, str], file: BinaryIO, size_bytes: int) -> None:
        boundary = secrets.token_hex(16)
        self.content_type = f"multipart/form-data; boundary={boundary}"
        parts = [_head(boundary, name) + value.encode() + b"\r\n" for name, value in fields.items()]
        # The file's own name goes in the field fileName: here it could break the header.
        parts.append(_head(boundary, 'file"; filename="upload'))
        self._before, self._file, self._left = b"".join(parts), file, size_bytes
        self._after = f"\r\n--{boundary}--\r\n".encode()
        self._length = len(self._before) + size_bytes + len(self._after)

    def __len__(self) -> int:
        return self._length

    def read(self, size: int = -1) -> bytes:
        size = self._length if size is None or size < 0 else size
        if self._before:
            piece, self._before = self._before[:size], self._before[size:]
            return piece
        if self._left:
            piece = self._file.read(min(size, self._left))
            if not piece:
                raise OSError("The file is shorter than it should be.")
            self._left -= len(piece)
            return piece
        piece, self._after = self._after[:size], self._after[size:]
        return piece


def _head(boundary: str, name: str) -> bytes:
    return f'--{boundary}\r\nContent-Disposition: form-data; name="{name}"\r\n\r\n'.encode()
