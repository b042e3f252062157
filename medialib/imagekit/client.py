"""The calls medialib makes to ImageKit's Media Library API, version 1."""

from __future__ import annotations

import logging
import random
import time
from collections.abc import Callable, Mapping, Sequence
from typing import Any, Self, TypeVar
from urllib.parse import quote

import requests

from medialib.imagekit import webhooks
from medialib.imagekit.answers import Answer, read_deletion
from medialib.imagekit.errors import AnswerLost, FileMissing, RateLimited
from medialib.imagekit.pool import PeerAllowed, anybody, new_session
from medialib.imagekit.transport import KeyAuth, Transport
from medialib.imagekit.types import DeleteAnswer, FileVersion, FoundFiles, Listing, PurgeAnswer, RemoteFile
from medialib.imagekit.uploads import Upload, uploaded
from medialib.imagekit.webhooks import RegisteredWebhook
from medialib.imagekit.words import Words, gettext_noop

DEFAULT_API_URL = "https://api.imagekit.io"
MAX_DELETE_BATCH = 100  # ImageKit's limit per call, not ours: API reference, "Delete multiple files".
MAX_LIST_LIMIT = 1000  # ImageKit's limit per call: API reference, "List and search assets".
LONGEST_SEARCH = 11 * MAX_LIST_LIMIT  # Rows: 100 files with the 100 versions that ImageKit allows, and themselves.
READ_TRIES = 4
# Seconds that a read waits, all in all, where the wait is stated. Who is told to wait longer gets the error at once.
LONGEST_WAIT_S = 60.0
STATED_TRIES = 30

logger = logging.getLogger(__name__)
T = TypeVar("T")


class ImageKitClient:
    """Calls one account's API. May be shared by threads; closed by `with`.

    Reads are repeated after a lost answer or a 429; what changes something is sent once and never again.
    """

    def __init__(
        self,
        private_key: str,
        *,
        api_url: str = DEFAULT_API_URL,
        connect_timeout_s: float = 5,
        read_timeout_s: float = 30,
        session: requests.Session | None = None,
        peer_allowed: PeerAllowed = anybody,
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        self.api_url = api_url.rstrip("/")
        self._session, self._owns_session = session or new_session(peer_allowed), session is None
        self._transport = Transport(
            KeyAuth(private_key), session=self._session, timeouts_s=(connect_timeout_s, read_timeout_s)
        )
        self._sleep = sleep
        self.sign, self.failure = self._transport.sign, self._transport.failure

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def __repr__(self) -> str:
        return f"ImageKitClient(api_url={self.api_url!r})"

    def close(self) -> None:
        """Close the connections, unless the session came from outside and belongs to somebody else."""
        if self._owns_session:
            self._session.close()

    def list_files(
        self,
        *,
        skip: int = 0,
        limit: int = MAX_LIST_LIMIT,
        sort: str = "ASC_CREATED",
        path: str | None = None,
        search_query: str | None = None,
        tries: int = READ_TRIES,
    ) -> Listing:
        """One page of files. `path` is one folder without its subfolders.

        With a `search_query` ImageKit ignores the type we ask for; rows that are no files are left out here.
        """
        if skip < 0 or not 1 <= limit <= MAX_LIST_LIMIT:
            raise ValueError(f"skip must be 0 or more and limit from 1 to {MAX_LIST_LIMIT}.")
        params = {"type": "file", "sort": sort, "skip": skip, "limit": limit, "path": path, "searchQuery": search_query}
        return self._read("/v1/files", _listing, params=params, tries=tries)

    def list_below(self, folder: str, *, skip: int = 0) -> Listing:
        """One page of the files in a folder and below it (search grammar: `path : "/x/"`).

        Raises ValueError for a path that cannot be asked for: how a quote is escaped there is not documented.
        """
        if set(folder) & set('"\\') or not folder.isprintable():
            raise ValueError(f"A folder cannot be searched for: {folder!r}.")
        query = f'type = "file" AND path : "{folder.rstrip("/")}/"'
        return self.list_files(skip=skip, search_query=query)

    def webhooks(self) -> list[RegisteredWebhook]:
        """The webhooks of the account. Raises KeyRejected where the key may not see them."""
        return self._read(webhooks.PATH, webhooks.listed)

    def create_webhook(self, endpoint: str, events: Sequence[str]) -> RegisteredWebhook:
        """Let ImageKit send these events to an address. Raises KeyRejected where the key may not."""
        return webhooks.made(self._post(webhooks.PATH, {"endpoint": endpoint, "events": list(events), "enabled": True}))

    def change_webhook(self, webhook_id: str, events: Sequence[str]) -> RegisteredWebhook:
        """Let a webhook send these events, and switch it on."""
        address = f"{self.api_url}{webhooks.PATH}/{_path_part(webhook_id)}"
        return webhooks.made(self._transport.send("PATCH", address, json={"events": list(events), "enabled": True}))

    def file_details(self, file_id: str) -> RemoteFile:
        """What ImageKit knows of one file. Raises FileMissing when it has none with this id."""
        return self._read(f"/v1/files/{_path_part(file_id)}/details", _file)

    def file_versions(self, file_id: str, *, tries: int = READ_TRIES) -> tuple[FileVersion, ...]:
        """All versions of a file, the current one first. Raises FileMissing when there is no such file.

        API reference, "List file versions".
        """
        return self._read(f"/v1/files/{_path_part(file_id)}/versions", _versions, tries=tries)

    def find_files(self, file_ids: Sequence[str], *, tries: int = READ_TRIES) -> FoundFiles:
        """Those of up to 100 files that exist. ImageKit's index may lag behind a deletion."""
        # Sources disagree whether a search without a type lists folders and versions too.
        query = f'type = "file" AND id IN [{_quoted_list(file_ids)}]'
        ids, found = set(file_ids), dict[str, RemoteFile]()
        if not ids:
            return FoundFiles(found)
        skip = 0
        while skip < LONGEST_SEARCH:  # One page, unless the server answers with fewer rows than it has.
            page = self.list_files(skip=skip, search_query=query, tries=tries)
            found |= {file.file_id: file for file in page.files if file.file_id in ids}
            if not page.row_count or found.keys() == ids:
                return FoundFiles(found, page.request_id)
            skip += page.row_count
        # Not the whole answer: a file that is not in it may exist all the same.
        raise AnswerLost(Words(gettext_noop("ImageKit's search by file ids did not come to an end.")), http_status=200)

    def delete_files(self, file_ids: Sequence[str]) -> DeleteAnswer:
        """Delete up to MAX_DELETE_BATCH files with all their versions. There is no undo.

        Sent once: after a lost answer, look the files up before anything is sent again.

        Raises:
            ValueError: no call was made; the ids are none, too many, blank, twice the same or no strings.
            FilesMissing: some ids are unknown; `file_ids` names them, and nothing was deleted.
            RateLimited: nothing was deleted; wait `retry_after_s` seconds (ImageKit's header is in milliseconds).
            KeyRejected: 401 or 403. Nothing was deleted.
            BadRequest: any other 3xx or 4xx. Nothing was deleted.
            NotSent: no connection could be made. Nothing was deleted.
            AnswerLost: time-out, cut connection, 5xx or unreadable answer. The files may or may not be gone.
        """
        _check_batch(file_ids)
        answer = self._post("/v1/files/batch/deleteByFileIds", {"fileIds": list(file_ids)})
        return read_deletion(answer, frozenset(file_ids))

    def upload_file(self, upload_url: str, upload: Upload) -> RemoteFile:
        """Upload a file to a path that must be free; what is there already is never replaced. Sent once.

        Raises what delete_files does. A BadRequest may mean that there is a file at that path.
        """
        return uploaded(self._transport.send("POST", upload_url + "/api/v1/files/upload", form=upload.form()))

    def purge(self, url: str) -> PurgeAnswer:
        """Ask the CDN to forget one address. Counts against the account's quota of 1,000 a month."""
        answer = self._post("/v1/files/purge", {"url": url})
        if answer.status not in (200, 201):
            raise answer.problem()
        request_id = answer.json_object().get("requestId")
        if not isinstance(request_id, str) or not request_id:
            raise answer.unreadable()
        return PurgeAnswer(request_id=request_id, http_status=answer.status, rate_limit=answer.rate_limit)

    def purge_status(self, request_id: str) -> str:
        """How far a purge is: "Pending" or "Completed". An unknown id is a BadRequest."""
        return self._read(f"/v1/files/purge/{_path_part(request_id)}", _purge_state)

    def _post(self, path: str, body: Mapping[str, Any]) -> Answer:
        return self._transport.send("POST", self.api_url + path, json=body)

    def _read(
        self,
        path: str,
        parse: Callable[[Answer], T],
        *,
        params: Mapping[str, Any] | None = None,
        tries: int = READ_TRIES,
    ) -> T:
        """GET and parse; repeated up to so many times in all, or for LONGEST_WAIT_S where waits are stated."""
        attempt, waited_s = 1, 0.0
        while True:
            try:
                return parse(self._transport.send("GET", self.api_url + path, params=params))
            except (RateLimited, AnswerLost) as error:
                wait_s = _wait_before_next(error, attempt)
                may_wait = tries > 1 and error.retry_after_s is not None
                if waited_s + wait_s > LONGEST_WAIT_S or attempt >= (STATED_TRIES if may_wait else tries):
                    raise
                logger.warning("read repeated path=%s status=%s wait_s=%.1f", path, error.http_status, wait_s)
            self._sleep(wait_s)
            attempt, waited_s = attempt + 1, waited_s + wait_s


def _listing(answer: Answer) -> Listing:
    if answer.status != 200:
        raise answer.problem()
    rows = answer.json()
    if not isinstance(rows, list):
        raise answer.unreadable()
    files = tuple(file for file in map(RemoteFile.from_json, rows) if file is not None)
    return Listing(files=files, row_count=len(rows), **answer.facts)


def _file(answer: Answer) -> RemoteFile:
    body = answer.json_object()
    _refuse_missing(answer, body)
    file = RemoteFile.from_json(body)
    if file is None:
        raise answer.unreadable()
    return file


def _versions(answer: Answer) -> tuple[FileVersion, ...]:
    rows = answer.json()
    _refuse_missing(answer, rows if isinstance(rows, Mapping) else {})
    if not isinstance(rows, list):
        raise answer.unreadable()
    found = [version for version in map(FileVersion.from_json, rows) if version is not None]
    return tuple(sorted(found, key=lambda version: not version.is_current))


def _refuse_missing(answer: Answer, body: Mapping[str, Any]) -> None:
    """Raises what any status but 200 means for one file."""
    # Without ImageKit's own words a 404 comes from a wrong address, and must not pass for a file that is gone.
    if answer.status == 404 and isinstance(body.get("message") or body.get("help"), str):
        raise FileMissing(
            answer.said(Words(gettext_noop("ImageKit has no such file"))), http_status=404, **answer.facts
        )
    if answer.status != 200:
        raise answer.problem()


def _purge_state(answer: Answer) -> str:
    if answer.status != 200:
        raise answer.problem()
    state = answer.json_object().get("status")
    if not isinstance(state, str) or not state:
        raise answer.unreadable()
    return state


def _wait_before_next(error: RateLimited | AnswerLost, attempt: int) -> float:
    """The stated wait, or one that doubles; with some chance in it, so that workers do not come back all at once."""
    if error.retry_after_s is not None:
        return error.retry_after_s + random.uniform(0, 0.25)
    return 0.5 * 2.0 ** (attempt - 1) * random.uniform(0.5, 1.5)


def _is_id(value: object) -> bool:
    return isinstance(value, str) and bool(value.strip())


def _check_batch(file_ids: Sequence[str]) -> None:
    if isinstance(file_ids, str) or not all(map(_is_id, file_ids)):
        raise ValueError("Each file id must be a string that is not blank.")
    if not 1 <= len(file_ids) <= MAX_DELETE_BATCH:
        raise ValueError(f"One call deletes from 1 to {MAX_DELETE_BATCH} files, not {len(file_ids)}.")
    if len(set(file_ids)) != len(file_ids):
        raise ValueError("A file id stands in the batch more than once.")


def _quoted_list(file_ids: Sequence[str]) -> str:
    """Ids as a list in ImageKit's query language. How to escape a quote there is not documented, so none is let in."""
    if isinstance(file_ids, str) or len(file_ids) > MAX_DELETE_BATCH:
        raise ValueError(f"One search takes a list of up to {MAX_DELETE_BATCH} file ids.")
    for file_id in file_ids:
        if not _is_id(file_id) or not file_id.isprintable() or set(file_id) & set('"\\'):
            raise ValueError(f"A file id cannot be searched for: {file_id!r}.")
    return ",".join(f'"{file_id}"' for file_id in file_ids)


def _path_part(text: str) -> str:
    """One segment of a path. Dots alone would climb to another address."""
    if not _is_id(text) or text in (".", ".."):
        raise ValueError(f"Not an id: {text!r}.")
    return quote(text, safe="")
