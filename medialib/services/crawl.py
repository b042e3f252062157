"""Walk all files of an account, although ImageKit has no cursor and files come and go meanwhile.

The list is sorted by creation time and read in windows: after a full page the next one asks for all that was created
since the last second of the page. A window is found by value, so a deletion in front of it moves nothing. Only within
one second with more files than a page holds, or on a server that ignores such questions, rows are counted with `skip`;
then each page overlaps the one before, and one that does not shows that rows were lost in between.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import UTC, datetime, timedelta
from itertools import pairwise

from django.utils.timezone import now

from medialib.errors import MedialibError
from medialib.imagekit.client import MAX_LIST_LIMIT, ImageKitClient
from medialib.imagekit.errors import BadRequest
from medialib.imagekit.types import Listing, RemoteFile

SORT = "ASC_CREATED"
OVERLAP = 100
MAX_STANDSTILLS = 3
MAX_PAGES = 20_000  # Twenty million files. Nobody has them, so a walk that gets here goes round in circles.
FUTURE = timedelta(days=1)


class EndlessList(MedialibError):
    """The list does not come to an end, so nothing can be learned from what is not in it."""


class Walk:
    """One walk over the list. A file may come twice, and every file that is there all the time comes at least once."""

    def __init__(self, client: ImageKitClient, *, page_size: int = MAX_LIST_LIMIT, overlap: int = OVERLAP) -> None:
        self.client = client
        self.page_size = page_size
        self.overlap = overlap
        self.has_queries = True  # Until ImageKit shows that it does not answer what was asked.
        self._since: datetime | None = None  # The window; None is the whole list.
        self._skip = 0
        self._tail: frozenset[str] = frozenset()  # Files of which the next page must hold at least one.
        self._previous: frozenset[str] = frozenset()
        self._standstills = 0

    def pages(self) -> Iterator[tuple[RemoteFile, ...]]:
        """Raises EndlessList rather than going on for ever, and whatever the client raises."""
        for _ in range(MAX_PAGES):
            page = self._fetch()
            yield page.files
            if not self._advance(page):
                return
        raise EndlessList(f"The list has not ended after {MAX_PAGES:,} pages")

    def _fetch(self) -> Listing:
        if self._since is None:
            return self.client.list_files(skip=self._skip, limit=self.page_size, sort=SORT)
        query = f'type = "file" AND createdAt >= "{self._since:%Y-%m-%dT%H:%M:%S}"'
        try:
            page = self.client.list_files(skip=self._skip, limit=self.page_size, sort=SORT, search_query=query)
        except BadRequest:
            return self._without_queries()
        is_ignored = any(file.created_at < self._since for file in page.files)
        return self._without_queries() if is_ignored else page

    def _without_queries(self) -> Listing:
        """Begin again, counting rows."""
        self.has_queries, self._since, self._skip, self._tail = False, None, 0, frozenset()
        return self._fetch()

    def _advance(self, page: Listing) -> bool:
        """Choose the next page; False when this was the last."""
        ids = frozenset(file.file_id for file in page.files)
        if self._skip and not ids & self._tail:
            self._skip = max(0, self._skip - self.page_size)  # Rows went from before it: look for the place again.
            return True
        if page.row_count < self.page_size:
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
        last = _last_second(page.files)
        if last and self.has_queries and (self._since is None or last > self._since):
            self._since, self._skip, self._tail = last, 0, frozenset()
            return
        self._skip += page.row_count - self.overlap
        self._tail = frozenset(file.file_id for file in page.files[-self.overlap :])


def _last_second(files: Sequence[RemoteFile]) -> datetime | None:
    """The second in which the last file was created; None when the page is not sorted by it, so it proves nothing."""
    if not files or any(earlier.created_at > later.created_at for earlier, later in pairwise(files)):
        return None
    last = files[-1].created_at.astimezone(UTC).replace(microsecond=0)
    if last > now() + FUTURE:
        raise EndlessList("ImageKit lists files from the future, so this machine's clock may be wrong")
    return last
