"""The CDN side: `GET /<imagekit_id>/…` answers with the picture itself, whole or transformed."""

from __future__ import annotations

import hashlib
import hmac
import io
import re
import time
from urllib.parse import parse_qs, unquote

from PIL import Image, ImageOps, UnidentifiedImageError

from medialib.sandbox.cdn import pictures
from medialib.sandbox.cdn.cache import Cdn, cache_key
from medialib.sandbox.cdn.video import FILM
from medialib.sandbox.http.answers import Refusal, Response
from medialib.sandbox.http.requests import Request
from medialib.sandbox.library.files import File
from medialib.sandbox.library.library import Library
from medialib.sandbox.library.uploads import Uploads

MAX_SIDE = 1600
ORIGINAL_SIDE = 800  # Samples claim camera sizes; drawing these would only cost time.
THUMBNAIL = "n-ik_ml_thumbnail"
THUMBNAIL_SIDE = 320
# After the address of a film, a PDF or an animation: its first frame or page, as a picture.
FIRST_PAGE = "/ik-thumbnail.jpg"
_HAS_PAGES = {"pdf", "psd", "ai", "eps", "gif", "webp", "png"}
ORIGINAL = "orig-true"
SMALL_BYTES = 4096  # A smaller original is text: nobody looks at it, and drawing takes its time.
NO_TIMEOUT = 9_999_999_999  # What ImageKit's own libraries sign where a link is to last for ever.
_HEADERS = {"Cache-Control": "public, max-age=31536000", "Access-Control-Allow-Origin": "*"}


class Delivery:
    def __init__(self, library: Library, cdn: Cdn, uploads: Uploads, private_key: str = "") -> None:
        self._library = library
        self._cdn = cdn
        self._uploads = uploads
        self._private_key = private_key
        self._lies: dict[str, Response] = {}

    def lie(self, path: str, answer: Response | None) -> None:
        """Answer with this instead of the original of the file at `path`; None tells the truth again."""
        if answer is None:
            self._lies.pop(path, None)
        else:
            self._lies[path] = answer

    def answer(self, request: Request, path: str) -> Response:
        """`path` follows the ImageKit id, percent-encoded. Raises Refusal (404) when nothing is served there.

        The original of a private file needs a signed address (401 without, or when its time is over).
        """
        transformation, file_path = taken_apart(unquote(path), request.query)
        file = self._library.at_path(file_path)
        if file is None and file_path.endswith(FIRST_PAGE):
            file = self._of_pages(file_path.removesuffix(FIRST_PAGE))
            transformation = transformation or f"w-{ORIGINAL_SIDE},h-{ORIGINAL_SIDE},c-at_max"
        if file is None or not file.is_published or (file.gone and not self._is_cached(file, path, request)):
            raise Refusal(404, "The requested asset was not found.")
        if file.is_private and transformation in ("", ORIGINAL) and not self._is_signed(path, request.query):
            raise Refusal(401, "The file is private: its address must be signed.")
        if transformation == ORIGINAL:
            return self._lies.get(file.path) or self._whole(file)
        body, content_type = self._content(file, transformation)
        return Response(200, body, content_type, _HEADERS)

    def _of_pages(self, path: str) -> File | None:
        """The file there, if one page or frame of it can be drawn."""
        file = self._library.at_path(path)
        if file and (_extension(file) in _HAS_PAGES or file.mime.startswith("video/")):
            return file
        return None

    def _whole(self, file: File) -> Response:
        """The original, byte for byte as long as listings say."""
        body, content_type = self._uploads.content(file), file.mime
        if body is None:
            body, content_type = _filler(file) if file.size < SMALL_BYTES else _original(file, _extension(file))
        body = body[: file.size]
        return Response(200, body, content_type, _HEADERS, padding=file.size - len(body))

    def _is_signed(self, path: str, query: str) -> bool:
        """As ImageKit's libraries sign: HMAC-SHA1 over the address after the endpoint, and until when it is good."""
        shown, _, signature = query.partition("&ik-s=") if "&ik-s=" in query else query.partition("ik-s=")
        shown, _, until = shown.partition("&ik-t=") if "&ik-t=" in shown else shown.partition("ik-t=")
        if until and (not until.isdigit() or int(until) < time.time()):
            return False
        text = path.removeprefix("/") + (f"?{shown}" if shown else "") + (until or str(NO_TIMEOUT))
        expected = hmac.new(self._private_key.encode(), text.encode(), hashlib.sha1).hexdigest()
        return hmac.compare_digest(signature.encode(), expected.encode())

    def _is_cached(self, file: File, path: str, request: Request) -> bool:
        return self._cdn.still_serves(file, cache_key(path, request.query))

    def _content(self, file: File, transformation: str) -> tuple[bytes, str]:
        extension = _extension(file)
        uploaded = self._uploads.content(file)
        if not transformation:
            return (uploaded, file.mime) if uploaded is not None else _original(file, extension)
        if uploaded is not None:
            return _transformed(uploaded, transformation, extension), "image/jpeg"
        return _drawn(file, transformation, extension)


def _extension(file: File) -> str:
    return file.name.rpartition(".")[2].lower()


def taken_apart(path: str, query: str) -> tuple[str, str]:
    """The transformation and the file's path: `/tr:w-300/a.jpg` and `/a.jpg?tr=w-300` mean the same."""
    if match := re.match(r"/tr:([^/]*)(/.*)", path):
        return match[1], match[2]
    return (parse_qs(query).get("tr") or [""])[0], path


def _filler(file: File) -> tuple[bytes, str]:
    line = f"{file.file_id} {file.version_number} {file.path}\n".encode("utf-8", "surrogatepass")
    return (line * (file.size // len(line) + 1))[: file.size], file.mime


def _original(file: File, extension: str) -> tuple[bytes, str]:
    width, height = _within(file.width or 640, file.height or 480, ORIGINAL_SIDE)
    if extension == "svg":
        return pictures.svg(file.path, width, height), file.mime
    if extension == "pdf":
        return pictures.pdf(file.path), file.mime
    if file.is_image:
        return pictures.picture(file.path, width, height, extension), _mime(file, extension)
    return (FILM if file.mime.startswith("video/") else b""), file.mime


def _mime(file: File, extension: str) -> str:
    return file.mime if extension in pictures.FORMATS else "image/jpeg"


def _drawn(file: File, transformation: str, extension: str) -> tuple[bytes, str]:
    has_picture = file.is_image or file.mime.startswith("video/") or extension == "pdf"
    width, height = _target(transformation, file.width or 480, file.height or (640 if extension == "pdf" else 320))
    if not has_picture:
        return pictures.card(extension, min(width, height)), "image/jpeg"
    if extension == "svg":
        return pictures.svg(file.path, width, height), file.mime
    # A transformation delivers JPEG where the original is none or cannot be shrunk cheaply.
    suffix = extension if extension in ("png", "webp", "gif") else "jpg"
    return pictures.picture(file.path, width, height, suffix), "image/jpeg" if suffix == "jpg" else f"image/{suffix}"


def _transformed(content: bytes, transformation: str, extension: str) -> bytes:
    try:
        with Image.open(io.BytesIO(content)) as image:
            image.load()
            return pictures.encoded(ImageOps.fit(image.convert("RGB"), _target(transformation, *image.size)), "jpg")
    except (UnidentifiedImageError, OSError, ValueError, Image.DecompressionBombError):
        return pictures.card(extension, THUMBNAIL_SIDE)


def _target(transformation: str, width: int, height: int) -> tuple[int, int]:
    if THUMBNAIL in transformation:
        return _within(width, height, THUMBNAIL_SIDE)
    sides = {key: int(number) for key, number in re.findall(r"(?:^|[,:])([wh])-(\d{1,5})(?=[,:]|$)", transformation)}
    if not sides:
        return _within(width, height, ORIGINAL_SIDE)
    if "c-at_max" in transformation:
        scale = min(1, sides.get("w", width) / width, sides.get("h", height) / height)
        return max(1, round(width * scale)), max(1, round(height * scale))
    wide = sides.get("w") or round(sides["h"] * width / height if sides.get("h") else width)
    high = sides.get("h") or round(wide * height / width)
    return min(max(wide, 1), MAX_SIDE), min(max(high, 1), MAX_SIDE)


def _within(width: int, height: int, side: int) -> tuple[int, int]:
    scale = min(1, side / max(width, height, 1))
    return max(1, round(width * scale)), max(1, round(height * scale))
