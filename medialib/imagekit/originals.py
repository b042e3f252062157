"""Downloads of originals from an account's URL endpoint: streamed, counted, and never from anywhere else.

The address is made of the endpoint and the file's path; the address that ImageKit's answers state is not believed.
`tr=orig-true` asks for the file as it was uploaded, `updatedAt` for this version of it, where the CDN keeps another.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Self
from urllib.parse import quote

import requests
import urllib3.exceptions as u3

from medialib.imagekit.client import ImageKitClient
from medialib.imagekit.errors import AnswerLost, BadOriginal, ImageKitError
from medialib.imagekit.pool import PeerAllowed, anybody, new_session
from medialib.imagekit.transport import CALL_FAILURES, CHUNK_BYTES, USER_AGENT
from medialib.imagekit.words import Words, gettext_noop

SIGNED_FOR_S = 3600
SLOWEST_BYTES_S = 64 * 1024  # A sender that drips is given up; a file of 25 GB still has four days.
PATIENCE_S = 60.0


class Stopped(Exception):
    """Whoever asked does not want the file any more."""


@dataclass(frozen=True)
class Original:
    """One file as ImageKit's list has it."""

    path: str
    size_bytes: int
    updated_at: datetime | None
    is_private: bool


class Originals:
    """Closed by `with`. May be shared by threads."""

    def __init__(
        self,
        url_endpoint: str,
        *,
        connect_timeout_s: float = 5,
        read_timeout_s: float = 30,
        peer_allowed: PeerAllowed = anybody,
        session: requests.Session | None = None,
    ) -> None:
        self._endpoint = url_endpoint.rstrip("/")
        self._timeouts_s = (connect_timeout_s, read_timeout_s)
        self._session = session or new_session(peer_allowed, is_timed=False)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._session.close()

    def download(
        self,
        client: ImageKitClient,
        original: Original,
        write: Callable[[bytes], object],
        *,
        is_over: Callable[[], bool] = lambda: False,
    ) -> None:
        """Hand the bytes to `write`, piece by piece, exactly as many as the file has.

        Raises BadOriginal for what would end the same again, AnswerLost and NotSent for what may not; Stopped.
        """
        url = self.address(client, original)
        try:
            with self._session.get(
                url,
                # Compressed on the way, its length would say nothing.
                headers={"User-Agent": USER_AGENT, "Accept-Encoding": "identity"},
                timeout=self._timeouts_s,
                allow_redirects=False,
                stream=True,
            ) as response:
                _refuse_other(response, original)
                _pass_on(response, original, write, is_over)
        except ImageKitError:
            raise
        except (*CALL_FAILURES, u3.ProtocolError) as error:
            failure: ImageKitError | None = client.failure(error, self._endpoint)
        else:
            failure = None
        if failure:  # Raised here, so that no traceback leads to the signed address.
            raise failure

    def address(self, client: ImageKitClient, original: Original) -> str:
        """Signed for an hour where the file is private."""
        updated = f"&updatedAt={original.updated_at.timestamp() * 1000:.0f}" if original.updated_at else ""
        relative = f"{quote(_safe(original.path).lstrip('/'))}?tr=orig-true{updated}"
        if not original.is_private:
            return f"{self._endpoint}/{relative}"
        until = int(time.time()) + SIGNED_FOR_S
        return f"{self._endpoint}/{relative}&ik-t={until}&ik-s={client.sign(f'{relative}{until}')}"


def _safe(path: str) -> str:
    """A path with dots alone in it would leave the endpoint on the way."""
    if any(part in (".", "..") for part in path.split("/")) or not path.startswith("/") or "\\" in path:
        raise BadOriginal(Words(gettext_noop("Its path is none that can be asked for.")))
    return path


def _refuse_other(response: requests.Response, original: Original) -> None:
    status = response.status_code
    if status >= 500 or status in (408, 429):
        template = gettext_noop("The CDN could not deliver it now (HTTP %(status)s).")
        raise AnswerLost(Words(template, status=status), http_status=status)
    if status != 200:
        raise BadOriginal(Words(gettext_noop("The CDN does not deliver it (HTTP %(status)s)."), status=status))
    stated = response.headers.get("Content-Length", "")
    if stated.isdigit() and int(stated) != original.size_bytes:
        raise _another_size(original, int(stated))


def _pass_on(
    response: requests.Response, original: Original, write: Callable[[bytes], object], is_over: Callable[[], bool]
) -> None:
    ends_at = time.monotonic() + PATIENCE_S + original.size_bytes / SLOWEST_BYTES_S
    count = 0
    for chunk in response.raw.stream(CHUNK_BYTES, decode_content=False):
        if is_over():
            raise Stopped
        if time.monotonic() > ends_at:
            raise AnswerLost(Words(gettext_noop("The CDN sent it too slowly.")), http_status=200)
        count += len(chunk)
        if count > original.size_bytes:
            raise _another_size(original, count)
        write(chunk)
    if count != original.size_bytes:
        raise _another_size(original, count)


def _another_size(original: Original, found: int) -> BadOriginal:
    template = gettext_noop("The CDN delivers %(found)s bytes of it, and ImageKit lists %(listed)s.")
    return BadOriginal(Words(template, found=f"{found:,}", listed=f"{original.size_bytes:,}"), http_status=200)
