"""What a text of a list may stand for: the id of a file, a path, or an address that the account delivers.

A text has several readings where people and programs write the same file in several ways; the more literal come first,
and a later one counts only where no file has an earlier one.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import takewhile
from urllib.parse import unquote, urlsplit

from medialib.imagekit.types import FILE_ID, SURE_ID
from medialib.models.list_imports import Cause
from medialib.models.query.kinds.base import is_storable

INVISIBLE = re.compile("[\u00ad\u061c\u180e\u200b-\u200f\u202a-\u202e\u2060-\u2064\u2066-\u2069\ufeff]")
QUOTES = {
    '"': '"', "'": "'", "`": "`", "“": "”", "„": "“”", "”": "”", "‘": "’", "‚": "‘’", "’": "’", "«": "»", "»": "«",
    "‹": "›", "›": "‹",
}  # fmt: skip
_BULLET = re.compile(r"(?:[-*+•‣▪–—·>]|\d{1,7}[.)]|\[[ xX]?\])\s+")
# An id as a spreadsheet keeps it from becoming a number (="…" or '…), or as a chat sets it apart (<…>).
_DRESSED_ID = re.compile(r"""[='"<(\[{]*([0-9a-f]{24})[='">)\]}]*""", re.ASCII)
_CUT = re.compile(r"[\s,;|]+")
_ADDRESS = re.compile(
    r"(?:https?:)?//([^/?#\s]+\.[^/?#\s]+|localhost(?::\d+)?|127\.0\.0\.1(?::\d+)?)(?=[/?#]|$)", re.IGNORECASE
)
# What ImageKit adds behind the path of a file: documentation, “Video thumbnails”, “Video API”.
_MADE_FROM = {"ik-thumbnail.jpg", "ik-video.mp4", "ik-gif-video.mp4", "ik-master.m3u8", "ik-master.mpd"}


@dataclass(frozen=True)
class Line:
    """A text of the list, its number, and what it may stand for: ids, and paths with a leading slash.

    `cause` is why none of it may be a file of this account, where that is known already; `doubtful` is a path that
    nobody can tell from an address with a query.
    """

    number: int
    text: str
    readings: tuple[str, ...] = ()
    doubtful: str = ""
    cause: Cause | None = None
    detail: str = ""


def is_path(reading: str) -> bool:
    return reading.startswith("/")


def is_blank(text: str) -> bool:
    """Whether nothing is left without quotes, brackets, what separates cells, and the rule below a table's head."""
    return not tidied(text).strip("[]{},;|\"'-: \t")


def tidied(text: str) -> str:
    """Without what cannot be seen, bullets, quotes around all of it, and a comma at its end."""
    text = INVISIBLE.sub("", text).strip()
    text = _BULLET.sub("", text, count=1).rstrip(",; \t") if text not in QUOTES else text
    while len(text) > 1 and text[-1] in QUOTES.get(text[0], ""):
        inner = text[1:-1]
        text = inner.replace('""', '"') if text[0] == '"' else inner
    dressed = _DRESSED_ID.fullmatch(text)
    return dressed[1] if dressed else text


def ids_in(text: str) -> list[str]:
    """The ids of a line that says nothing else, or of a row of a table that begins with one; else none."""
    if len(text) < 24:
        return []
    tokens = [token for part in _CUT.split(tidied(text).strip("[](){}")) if (token := tidied(part).strip("[]"))]
    sure = list(takewhile(SURE_ID.fullmatch, tokens))
    if len(sure) == len(tokens):
        return sure
    is_row = re.match(r"[\"']?[0-9a-f]{24}[\"']?\s*[,;\t|]", INVISIBLE.sub("", text).strip(), re.ASCII)
    return sure[:1] if is_row and len(sure) == 1 else []


def line_of(number: int, text: str, endpoints: Sequence[str]) -> Line:
    """What the text may stand for in the account that delivers from these addresses."""
    tidy = tidied(text)
    if address := _address(tidy, endpoints):
        return _line_of_address(number, text, address, endpoints)
    if INVISIBLE.search(text):
        found = ", ".join(sorted({f"U+{ord(sign):04X}" for sign in INVISIBLE.findall(text)}))
        return Line(number, text, _readings(text, tidy), cause=Cause.INVISIBLE, detail=found)
    cause = None if "/" in tidy or FILE_ID.fullmatch(tidy) else Cause.NO_FILE_ID
    return Line(number, text, _readings(text, tidy), cause=cause)


def _readings(text: str, tidy: str) -> tuple[str, ...]:
    if SURE_ID.fullmatch(tidy):
        return (tidy,)
    ids = [tidy] if FILE_ID.fullmatch(tidy) else []
    raw = text.strip("\r\n")
    if len(raw) > 1 and raw[0] == raw[-1] == '"':  # A cell of a table of one column: what is in it stands as it is.
        raw = raw[1:-1].replace('""', '"')
    spaced = tidy.replace("\u00a0", " ")
    literal = [raw] if raw.startswith("/") else []
    unquoted = [tidy[1:]] if tidy[:1] == "'" else []  # As medialib's own exports guard a cell from being run.
    shorter = [tidy.partition(sign)[0] for sign in "?#" if sign in tidy and "/" in tidy]
    texts = [*literal, tidy, spaced, raw.strip(), *unquoted, *shorter]
    return _distinct([*ids, *(path for each in texts for path in _paths(f"/{each.lstrip('/')}"))])


def _paths(path: str) -> Iterator[str]:
    """The path as it stands, and as it was before somebody made it part of an address, once or twice."""
    yield path
    if "%" in path:
        yield (once := unquote(path))
        yield unquote(once)


def _distinct(readings: Sequence[str]) -> tuple[str, ...]:
    """Each once, with its accents composed and decomposed behind it; none that no database takes."""
    forms = (
        form for reading in readings for form in ((reading,) if reading.isascii() else (reading, *_accents(reading)))
    )
    return tuple(form for form in dict.fromkeys(forms) if form != "/" and is_storable(form))


def _accents(text: str) -> tuple[str, str]:
    return unicodedata.normalize("NFC", text), unicodedata.normalize("NFD", text)


def _address(text: str, endpoints: Sequence[str]) -> str:
    """The text as a whole address, where it is one; empty else. Without a scheme only the account's own are known."""
    if _ADDRESS.match(text):
        return text if "://" in text[:8] else f"https:{text}"
    lowered = text.lower()
    bare = (endpoint.partition("://")[2].rstrip("/").lower() for endpoint in endpoints)
    return f"https://{text}" if any(lowered.startswith(f"{each}/") for each in bare if each) else ""


def _line_of_address(number: int, text: str, address: str, endpoints: Sequence[str]) -> Line:
    try:
        parts = urlsplit(address)
        steps = next(found for endpoint in endpoints if (found := _steps_behind(parts.netloc, parts.path, endpoint)))
    except (ValueError, StopIteration):  # ValueError: such as "http://[x".
        host = _ADDRESS.match(address)
        named = "/".join(address[host.end() :].split("/")[:2]) if host and "imagekit.io" in host[1] else ""
        return Line(number, text, cause=Cause.OTHER_HOST, detail=f"{host[1] if host else address}{named}"[:200])
    path = "/" + "/".join(steps)
    made_from = [path.rpartition("/")[0]] if steps[-1] in _MADE_FROM and len(steps) > 1 else []
    readings = [one for each in (path, *made_from) for one in (unquote(each), unquote(unquote(each)), each)]
    rest = address.partition("?")[2] if parts.query else ""
    behind = f"?{rest}" if rest else f"#{parts.fragment}" if parts.fragment else ""
    return Line(number, text, _distinct(readings), doubtful=unquote(path + behind) if behind else "")


def _steps_behind(host: str, path: str, endpoint: str) -> list[str]:
    """The segments of the path behind an endpoint, without transformations; none where it is not behind it."""
    base = urlsplit(endpoint)
    start = base.path.rstrip("/")
    if host.lower() != base.netloc.lower() or not path.startswith(f"{start}/"):
        return []
    return [step for step in path.removeprefix(start).split("/") if step and not step.startswith("tr:")]
