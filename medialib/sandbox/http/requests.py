"""One request to the sandbox, read and taken apart: key, parameters, JSON, form."""

from __future__ import annotations

import base64
import binascii
import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any
from urllib.parse import parse_qsl, unquote, urlsplit

from medialib.sandbox.http.answers import Refusal

NO_KEY = "Your request does not contain private API key."


@dataclass(frozen=True)
class Request:
    method: str
    target: str
    headers: Mapping[str, str]
    body: bytes = b""

    def header(self, name: str) -> str:
        return next((value for key, value in self.headers.items() if key.lower() == name.lower()), "")

    @cached_property
    def path(self) -> str:
        """Still percent-encoded, without a slash at its end: old SDKs send one."""
        return self.target.partition("?")[0].rstrip("/") or "/"

    @cached_property
    def query(self) -> str:
        return urlsplit(self.target).query

    @cached_property
    def params(self) -> dict[str, str]:
        return dict(parse_qsl(self.query, keep_blank_values=True))

    @property
    def user_agent(self) -> str:
        return self.header("User-Agent")

    def key(self) -> str:
        """The user name of Basic authentication; its password is ignored. Raises Refusal (401) when there is none."""
        scheme, _, credentials = self.header("Authorization").partition(" ")
        credentials = credentials.strip()
        if scheme.lower() != "basic" or not credentials:
            raise Refusal(401, NO_KEY)
        if credentials.startswith("private_"):
            return credentials  # The bare form, which the official document allows too.
        try:
            key = base64.b64decode(credentials, validate=True).decode().partition(":")[0]
        except (binascii.Error, UnicodeDecodeError):
            return ""
        if not key:
            raise Refusal(401, NO_KEY)
        return key

    def json_object(self) -> dict[str, Any]:
        """The body; {} when it is empty or no object. Raises Refusal (400) when it is no JSON."""
        if not self.body:
            return {}
        try:
            value = json.loads(self.body)
        except (ValueError, RecursionError):
            raise Refusal(400, "Your request contains invalid JSON.") from None
        return value if isinstance(value, dict) else {}

    def form(self) -> dict[str, FormPart]:
        """The parts of a multipart body by name. Raises Refusal (400) when it is not multipart."""
        boundary = re.search(r'boundary="?([^";,]+)"?', self.header("Content-Type"))
        if not boundary:
            raise Refusal(400, "Your request is missing file parameter.")
        chunks = (b"\r\n" + self.body).split(b"\r\n--" + boundary[1].encode())
        parts = [FormPart.parse(chunk) for chunk in chunks[1:] if not chunk.startswith(b"--")]
        return {part.name: part for part in parts if part}


@dataclass(frozen=True)
class FormPart:
    name: str
    content: bytes
    is_file: bool

    @property
    def text(self) -> str:
        return self.content.decode("utf-8", "replace")

    @classmethod
    def parse(cls, chunk: bytes) -> FormPart | None:
        head, _, content = chunk.removeprefix(b"\r\n").partition(b"\r\n\r\n")
        name = re.search(rb'name="([^"]*)"', head)
        return cls(unquote(name[1].decode("utf-8", "replace")), content, b"filename" in head) if name else None
