"""`POST /api/v1/files/upload`, and the bytes that were uploaded."""

from __future__ import annotations

import base64
import binascii
import io
import json
from typing import Any
from urllib.parse import quote

from PIL import Image, UnidentifiedImageError

from medialib.sandbox.http.answers import Refusal
from medialib.sandbox.http.requests import FormPart
from medialib.sandbox.library.changes import checked_tags
from medialib.sandbox.library.files import File, as_ms, mime_of
from medialib.sandbox.library.library import Library, clean_folder, clean_name, now_ms
from medialib.sandbox.library.moves import Copied
from medialib.sandbox.library.store import Store
from medialib.sandbox.library.versions import key_of, next_version

MAX_UPLOAD_BYTES = 100 * 1024 * 1024
NAME_TAKEN = (
    "A file with the same name already exists at the exact location. "
    "We could not overwrite it because both overwriteFile and useUniqueFileName are set to false."
)
_ON_REQUEST = ("tags", "customCoordinates", "isPrivateFile", "isPublished", "customMetadata", "embeddedMetadata")
_OF_A_VERSION = ("size", "updated_ms", "mime", "width", "height", "tags", "extra", "is_private", "is_published")
_ALWAYS = ("fileId", "name", "size", "versionInfo", "filePath", "fileType", "AITags")
ORIGINAL_DATE = "_internal_original_created_datetime"  # Reserved: when the file was first made.
Form = dict[str, FormPart]


class Uploads:
    def __init__(self, library: Library, store: Store | None) -> None:
        self._library = library
        self._store = store
        self._contents: dict[str, bytes] = {}

    def content(self, file: File) -> bytes | None:
        """The bytes of an uploaded file; None for a sample, which is drawn."""
        return self._read(key_of(file))

    def _read(self, key: str) -> bytes | None:
        return self._store.read_upload(key) if self._store else self._contents.get(key)

    def take(self, form: Form) -> dict[str, Any]:
        content = _content(form)
        file_name = clean_name(_text(form, "fileName"))
        if not file_name.strip("."):
            raise Refusal(400, "Your request is missing fileName parameter.")
        folder = clean_folder(_text(form, "folder"))
        with self._library.lock:
            file = self._new_file(form, content, folder.rstrip("/") + "/" + self._final_name(form, file_name))
            self._keep(file, content)
            self._library.replace(file, "file-version.created" if file.older else "file.created")
        return self._answer(file, _text(form, "responseFields"))

    def _final_name(self, form: Form, name: str) -> str:
        if _flag(form, "useUniqueFileName", True):
            stem, dot, extension = name.rpartition(".")
            suffix = self._library.new_id()[-9:]
            return f"{stem}_{suffix}.{extension}" if dot else f"{name}_{suffix}"
        return name

    def _new_file(self, form: Form, content: bytes, path: str) -> File:
        earlier = self._library.live_at(path)
        if earlier and not _flag(form, "overwriteFile", True):
            raise Refusal(400, NAME_TAKEN)
        now, size, extra = now_ms(), _pixels(content), _extra(form)
        file = File(
            earlier.file_id if earlier else self._library.new_id(now),
            path,
            len(content),
            _original_date(extra) or now,
            now,
            mime_of(path),
            *size,
            tags=checked_tags(_text(form, "tags").split(",")),
            extra=extra,
            is_private=_flag(form, "isPrivateFile", False),
            is_published=_flag(form, "isPublished", True),
        )
        if earlier is None:
            return file
        fields = {name: getattr(file, name) for name in _OF_A_VERSION}
        return next_version(earlier, self._library.new_id(), **fields)

    def _keep(self, file: File, content: bytes) -> None:
        self._write(key_of(file), content)

    def copy(self, copied: Copied) -> None:
        """Keep what was uploaded for a version as that of its copy too."""
        for key, copy_key in copied:
            if (content := self._read(key)) is not None:
                self._write(copy_key, content)

    def _write(self, key: str, content: bytes) -> None:
        if self._store:
            self._store.write_upload(key, content)
        else:
            self._contents[key] = content

    def _answer(self, file: File, response_fields: str) -> dict[str, Any]:
        endpoint, path = self._library.endpoint, quote(file.path)
        row = file.as_json(endpoint)
        answer = {name: row[name] for name in _ALWAYS}
        answer |= {"url": endpoint + path, "thumbnailUrl": f"{endpoint}/tr:n-ik_ml_thumbnail{path}"}
        answer |= {name: row[name] for name in ("height", "width", "description") if row.get(name)}
        asked = {name.strip() for name in response_fields.split(",")}
        return answer | {name: row[name] for name in _ON_REQUEST if name in asked}


def _content(form: Form) -> bytes:
    part = form.get("file")
    if part is None or not part.content:
        raise Refusal(400, "Your request is missing file parameter.")
    if len(part.content) > MAX_UPLOAD_BYTES:
        raise Refusal(400, f"File size is greater than the limit of {MAX_UPLOAD_BYTES} bytes.")
    return part.content if part.is_file else _decoded(part.text)


def _decoded(text: str) -> bytes:
    if text.startswith(("http://", "https://")):
        raise Refusal(400, "The sandbox does not fetch files from URLs. Send the file itself.")
    try:
        return base64.b64decode(text.partition(",")[2] if text.startswith("data:") else text, validate=True)
    except (binascii.Error, ValueError):
        raise Refusal(400, "Your request contains invalid file parameter.") from None


def _pixels(content: bytes) -> tuple[int | None, int | None]:
    try:
        with Image.open(io.BytesIO(content)) as image:
            return image.width, image.height
    except (UnidentifiedImageError, OSError, ValueError, Image.DecompressionBombError):
        return None, None


def _extra(form: Form) -> dict[str, Any] | None:
    extra: dict[str, Any] = {name: _text(form, name) for name in ("customCoordinates", "description") if name in form}
    if "customMetadata" in form:
        extra["customMetadata"] = _json_object(_text(form, "customMetadata"))
    return extra or None


def _original_date(extra: dict[str, Any] | None) -> int | None:
    """The date that the reserved custom metadata states, which is no field of the file."""
    metadata = (extra or {}).get("customMetadata") or {}
    if ORIGINAL_DATE not in metadata:
        return None
    try:
        return as_ms(metadata.pop(ORIGINAL_DATE), 0)
    except (TypeError, ValueError):
        raise Refusal(400, "Invalid custom metadata.") from None


def _json_object(text: str) -> dict[str, Any]:
    try:
        value = json.loads(text)
    except ValueError:
        value = None
    if not isinstance(value, dict):
        raise Refusal(400, "Invalid custom metadata.")
    return value


def _text(form: Form, name: str) -> str:
    return form[name].text if name in form else ""


def _flag(form: Form, name: str, default: bool) -> bool:
    return _text(form, name).lower() == "true" if name in form else default
