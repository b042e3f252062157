"""The CDN's memory: which URLs were purged, and the purge requests with their status and monthly quota.

A deleted file is served until its URL is purged; each transformed URL is an entry of its own, as at ImageKit.
"""

from __future__ import annotations

import threading
import uuid
from collections import Counter
from collections.abc import Callable, Iterator
from urllib.parse import unquote, urlsplit

from medialib.sandbox.http.answers import Refusal
from medialib.sandbox.library.files import File, iso
from medialib.sandbox.library.library import now_ms
from medialib.sandbox.library.store import Entry

BAD_URL = "The URL is not valid for cache purging."


class Cdn:
    def __init__(self, *, quota: int = 1000, journal: Callable[[Entry], None] = lambda entry: None) -> None:
        self.endpoint = ""
        self.quota = quota
        self._journal = journal
        self._lock = threading.Lock()
        self._requests: dict[str, tuple[str, int, str]] = {}  # Request id -> URL, made at (ms), key.
        self._reads: Counter[str] = Counter()
        self._purged: dict[str, int] = {}  # Key -> how many deletions had happened by then.
        self._purged_starts: dict[str, int] = {}

    def purge(self, url: object, *, deletions: int) -> str:
        """Ask for a purge; answers with its request id. Raises Refusal: 400 for the URL, 429 past the quota."""
        key = self._key(url)
        with self._lock:
            if self._used_this_month() >= self.quota:
                raise Refusal(429, "You have exceeded the monthly limit of purge requests.")
            entry: Entry = {"purge": [uuid.uuid4().hex[:24], url, now_ms(), key, deletions]}
            self._journal(entry)
            self._apply(entry)
            return str(entry["purge"][0])

    def _key(self, url: object) -> str:
        """A URL's path below the endpoint with its query: what the cache files it under."""
        if not isinstance(url, str) or any(char.isspace() for char in url):
            raise Refusal(400, BAD_URL)
        try:
            parts, home = urlsplit(url), urlsplit(self.endpoint)
        except ValueError:
            raise Refusal(400, BAD_URL) from None
        inside = parts.path.startswith(home.path + "/") and parts.netloc == home.netloc
        if parts.scheme not in ("http", "https") or not inside or not is_purgeable(parts.path[len(home.path) :]):
            raise Refusal(400, BAD_URL)
        return cache_key(parts.path[len(home.path) :], parts.query)

    def _used_this_month(self) -> int:
        month = iso(now_ms())[:7]
        return sum(iso(made_ms)[:7] == month for _, made_ms, _ in self._requests.values())

    def _apply(self, entry: Entry) -> None:
        request_id, url, made_ms, key, deletions = entry["purge"]
        self._requests[request_id] = (url, made_ms, key)
        if key.endswith("*"):
            self._purged_starts[key[:-1]] = deletions
        else:
            self._purged[key] = deletions

    def status(self, request_id: str) -> str:
        """Pending at the first look, Completed at the next. Raises Refusal (400) for an unknown request."""
        with self._lock:
            if request_id not in self._requests:
                raise Refusal(400, "No request found for this requestId.")
            self._reads[request_id] += 1
            return "Pending" if self._reads[request_id] == 1 else "Completed"

    def purges(self) -> list[str]:
        with self._lock:
            return [url for url, _, _ in self._requests.values()]

    def still_serves(self, file: File, key: str) -> bool:
        """Whether the cache still holds `key` of a file that is gone."""
        with self._lock:
            ends = [at for start, at in self._purged_starts.items() if key.startswith(start)]
            return max([*ends, self._purged.get(key, 0)]) < file.gone

    def restore(self, entry: Entry) -> None:
        if "purge" in entry:
            self._apply(entry)
            self._reads[entry["purge"][0]] = 1

    def snapshot(self) -> Iterator[Entry]:
        for request_id, (url, made_ms, key) in self._requests.items():
            at = self._purged_starts.get(key[:-1], 0) if key.endswith("*") else self._purged.get(key, 0)
            yield {"purge": [request_id, url, made_ms, key, at]}


def cache_key(path: str, query: str) -> str:
    return unquote(path) + (f"?{query}" if query else "")


def is_purgeable(path: str) -> bool:
    """A wildcard stands at the end only, and below two levels, a path of 15 characters, or a whole file name."""
    if "*" not in path:
        return True
    start = path.removesuffix("*")
    has_room = start.count("/") >= 2 or len(start) >= 15 or "." in start.rpartition("/")[2]
    return path.endswith("*") and "*" not in start and not start.endswith("/") and has_room
