"""What can go wrong with a call, sorted by what it means for the files.

ImageKitError
├── BadRequest         400 and other answers that will not change: nothing was deleted
├── KeyRejected        401, or 403 in ImageKit's own words: nothing was deleted
├── BadOriginal        the CDN does not deliver the file that the library lists
├── FileMissing        404 for one file: it is not there
├── FilesMissing       404 for a batch: nothing was deleted; `file_ids` are unknown
├── RateLimited        429: nothing was deleted; wait `retry_after_s`
├── NotSent            the connection never stood (DNS, refused, TLS, proxy): nothing was deleted
└── AnswerLost         time-out, cut connection, 5xx, a firewall's page: the files may or may not be gone
"""

from __future__ import annotations

from medialib.imagekit.types import RateLimit


class ImageKitError(Exception):
    """A call that did not do what was asked. Its text is one plain sentence without secrets."""

    def __init__(
        self,
        message: str,
        *,
        http_status: int | None = None,
        request_id: str = "",
        rate_limit: RateLimit | None = None,
    ) -> None:
        super().__init__(message)
        self.http_status = http_status
        self.request_id = request_id
        self.rate_limit = rate_limit


class BadRequest(ImageKitError):
    """ImageKit refuses the request itself; sending it again would end the same."""


class KeyRejected(ImageKitError):
    """The private key is missing, wrong, expired, or may not do this."""


class BadOriginal(ImageKitError):
    """What the CDN delivers is not the file as ImageKit lists it; asking again would end the same."""


class FileMissing(ImageKitError):
    """The file does not exist at ImageKit."""


class FilesMissing(ImageKitError):
    """Some ids of a bulk delete are unknown, so ImageKit deleted nothing."""

    def __init__(
        self,
        message: str,
        *,
        file_ids: frozenset[str],
        http_status: int | None = 404,
        request_id: str = "",
        rate_limit: RateLimit | None = None,
    ) -> None:
        super().__init__(message, http_status=http_status, request_id=request_id, rate_limit=rate_limit)
        self.file_ids = file_ids


class RateLimited(ImageKitError):
    """Too many calls. `retry_after_s` is None when ImageKit did not say how long to wait."""

    def __init__(
        self,
        message: str,
        *,
        retry_after_s: float | None,
        request_id: str = "",
        rate_limit: RateLimit | None = None,
    ) -> None:
        super().__init__(message, http_status=429, request_id=request_id, rate_limit=rate_limit)
        self.retry_after_s = retry_after_s


class NotSent(ImageKitError):
    """The request never reached ImageKit."""


class AnswerLost(ImageKitError):
    """The request may have been carried out, but no usable answer came. `http_status` is set if a status line did.

    `retry_after_s` is how long to wait, where the answer says so.
    """

    def __init__(
        self,
        message: str,
        *,
        retry_after_s: float | None = None,
        http_status: int | None = None,
        request_id: str = "",
        rate_limit: RateLimit | None = None,
    ) -> None:
        super().__init__(message, http_status=http_status, request_id=request_id, rate_limit=rate_limit)
        self.retry_after_s = retry_after_s
