"""Walk all files of an account, or all that changed since a time, although ImageKit has no cursor and files come and
go while it is read.

The list is sorted by a time and read in windows: after a page the next one asks for all since the last second of the
page. A window is found by value, so a deletion in front of it moves nothing. Only within one second with more files
than a page holds, or on a server that ignores such questions, rows are counted with `skip`; then each page overlaps the
one before, and one that does not shows that rows were lost in between.

A page shorter than asked is not the end, for a server may answer with fewer rows than it was asked for. Only an empty
one is, so after a short page one more is asked for, behind its last row.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from typing import Self

from django.utils.timezone import now

from medialib.errors import MedialibError
from medialib.imagekit.client import MAX_LIST_LIMIT, ImageKitClient
from medialib.imagekit.errors import BadRequest
from medialib.imagekit.types import Listing, RemoteFile

OVERLAP = 100
MAX_STANDSTILLS = 3
MAX_PAGES = 20_000  # Twenty million files. Nobody has them, so a walk that gets here goes round in circles.
FUTURE = timedelta(days=1)


class EndlessList(MedialibError):
    """The list does not come to an end, so nothing can be learned from what is not in it."""


@dataclass(frozen=True)
class By:
    """A time of files, as ImageKit's queries and orders name it and as ours does."""

    name: str
    sort: str
    attribute: str

    def of(self, file: RemoteFile) -> datetime | None:
        moment: datetime | None = getattr(file, self.attribute)
        return moment


CREATED = By("createdAt", "ASC_CREATED", "created_at")
UPDATED = By("updatedAt", "ASC_UPDATED", "updated_at")


class Walk:
    """One walk over the list, or over the stretch of it from `since` on and before `until`.

    A file may come twice, and every file that is there all the time comes at least once.
    """

    def __init__(
        self,
        client: ImageKitClient,
        *,
        by: By = CREATED,
        since: datetime | None = None,
        until: datetime | None = None,
        page_size: int = MAX_LIST_LIMIT,
        overlap: int = OVERLAP,
    ) -> None:
        self.client = client
        self.by = by
        self.since = since  # The window; None is the whole list.
        self.until = until
        self.page_size = page_size
        self.overlap = overlap
        self.has_queries = True  # Until ImageKit shows that it does not answer what was asked.
        self._is_ending = False  # Whether the next page is expected to be empty.
        self._skip = 0
        self._tail: frozenset[str] = frozenset()  # Files of which the next page must hold at least one.
        self._previous: frozenset[str] = frozenset()
        self._standstills = 0

    def pages(self) -> Iterator[tuple[RemoteFile, ...]]:
        """Raises EndlessList instead of running for ever, and the client's errors."""
        for _ in range(MAX_PAGES):
            page = self.fetch()
            yield page.files
            if not self.advance(page):
                return
        raise EndlessList(f"The list has not ended after {MAX_PAGES:,} pages")

    def split(self) -> Self | None:
        """Leave the later half of what is left to a walk of its own; None when it is not worth it."""
        if not self.has_queries or self.since is None or self._is_ending:
            return None
        end = self.until or now()
        middle = (self.since + (end - self.since) / 2).replace(microsecond=0)
        if middle - self.since < timedelta(seconds=2):
            return None
        later = type(self)(
            self.client, by=self.by, since=middle, until=self.until, page_size=self.page_size, overlap=self.overlap
        )
        self.until = middle
        return later

    def fetch(self) -> Listing:
        """The next page. Touches no database, so that it may run in a thread of its own."""
        query = self._query()
        if query is None:
            return self.client.list_files(skip=self._skip, limit=self.page_size, sort=self.by.sort)
        try:
            page = self.client.list_files(skip=self._skip, limit=self.page_size, sort=self.by.sort, search_query=query)
        except BadRequest:
            return self._without_queries()
        return page if all(map(self._is_asked_for, page.files)) else self._without_queries()

    def _query(self) -> str | None:
        """ImageKit takes no fractions of a second, so both ends are whole ones."""
        bounds = [(">=", self.since), ("<", self.until)]
        asked = [f'{self.by.name} {sign} "{bound:%Y-%m-%dT%H:%M:%S}"' for sign, bound in bounds if bound]
        return " AND ".join(['type = "file"', *asked]) if asked else None

    def _is_asked_for(self, file: RemoteFile) -> bool:
        moment = self.by.of(file)
        if moment is None:  # It has no place in the order, so its place proves nothing.
            return True
        return (self.since is None or moment >= self.since) and (self.until is None or moment < self.until)

    def _without_queries(self) -> Listing:
        """Begin again, counting rows."""
        self.has_queries, self.since, self.until, self._skip, self._tail = False, None, None, 0, frozenset()
        self._is_ending = False
        return self.fetch()

    def advance(self, page: Listing) -> bool:
        """Choose the next page; False when this was the last."""
        ids = frozenset(file.file_id for file in page.files)
        if self._tail and not ids & self._tail:
            self._skip = max(0, self._skip - self.page_size)  # Rows went from before it: look for the place again.
            self._tail = self._tail if self._skip else frozenset()
            return True
        if not page.row_count:
            return False
        self._watch_for_standstill(ids)
        self._go_beyond(page)
        return True

    def _watch_for_standstill(self, ids: frozenset[str]) -> None:
        self._standstills = self._standstills + 1 if ids <= self._previous else 0
        self._previous = ids
        if self._standstills > MAX_STANDSTILLS:
            raise EndlessList("ImageKit sends the same page of the list again and again")

    def _go_beyond(self, page: Listing) -> None:
        is_short = page.row_count < self.page_size
        last = self._last_second(page.files)
        if last and self.has_queries and (self.since is None or last > self.since):
            self.since, self._skip, self._tail = last, 0, frozenset()
            if is_short:  # Most likely the end: ask behind it at once.
                self._skip = sum(1 for file in page.files if (moment := self.by.of(file)) and moment >= last)
            self._is_ending = is_short
            return
        is_known = {file.file_id for file in page.files} <= self._tail
        # A page that shows nothing but the tail of the one before is asked behind; so is a window's short page.
        overlap = 0 if is_known or (is_short and self.has_queries) else min(self.overlap, page.row_count // 2)
        self._skip += page.row_count - overlap
        self._tail = frozenset(file.file_id for file in page.files[-overlap:]) if overlap else frozenset()
        self._is_ending = is_short

    def _last_second(self, files: Sequence[RemoteFile]) -> datetime | None:
        """The second of the last file; None when the page is not sorted by it, so it proves nothing."""
        moments = [moment for file in files if (moment := self.by.of(file))]
        if not moments or any(earlier > later for earlier, later in pairwise(moments)):
            return None
        last = moments[-1].astimezone(UTC).replace(microsecond=0)
        if last > now() + FUTURE:
            raise EndlessList("ImageKit lists files from the future, so this machine's clock may be wrong")
        return last
