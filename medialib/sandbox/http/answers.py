"""What the sandbox answers with: a status, headers and bytes; and ImageKit's own error bodies."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

HELP = "For support kindly contact us at support@imagekit.io ."


@dataclass(frozen=True)
class Response:
    status: int
    body: bytes = b""
    content_type: str = "application/json; charset=utf-8"
    headers: Mapping[str, str] = field(default_factory=dict)
    padding: int = 0  # So many zero bytes follow the body; a video of gigabytes is not held in memory.

    def json(self) -> Any:
        return json.loads(self.body)


class Refusal(Exception):
    """A request that ImageKit answers with an error. Carries the whole answer."""

    def __init__(self, status: int, message: str, *, headers: Mapping[str, str] | None = None, **members: Any) -> None:
        super().__init__(message)
        body = dumps({"message": message, "help": HELP, **members})
        self.answer = Response(status, body, headers=headers or {})


def dumps(value: Any) -> bytes:
    return json.dumps(value, ensure_ascii=False, separators=(",", ":")).encode("utf-8", "surrogatepass")


def json_answer(status: int, value: Any) -> Response:
    return Response(status, dumps(value))
