"""One HTTP exchange: sends a request with the key and brings back a whole answer, or says what is known of its fate."""

from __future__ import annotations

import base64
import hashlib
import hmac
import http.client
import re
import socket
import ssl
from collections.abc import Iterator, Mapping
from typing import Any
from urllib.parse import urlsplit

import requests
import urllib3.exceptions as u3
from requests import exceptions as rq
from requests.auth import AuthBase

import medialib
from medialib.imagekit.answers import Answer
from medialib.imagekit.errors import AnswerLost, ImageKitError, NotSent
from medialib.imagekit.forms import Form
from medialib.imagekit.pool import NeverConnected
from medialib.imagekit.words import Words, gettext_noop

USER_AGENT = f"medialib/{getattr(medialib, '__version__', 'dev')}"
MAX_BODY_BYTES = 64 * 1024 * 1024
CHUNK_BYTES = 64 * 1024

CALL_FAILURES = (NeverConnected, rq.RequestException, u3.HTTPError, http.client.HTTPException, OSError)
# These two are raised before anything is sent, whichever pool is in use.
BAD_ADDRESS = (rq.MissingSchema, rq.InvalidSchema, rq.InvalidURL)
NO_CONNECTION = (NeverConnected, rq.ConnectTimeout, u3.ConnectTimeoutError, ssl.SSLCertVerificationError, *BAD_ADDRESS)

# A private key as Basic authentication can carry it: visible ASCII without blanks and colons.
PRIVATE_KEY = re.compile(r"[!-9;-~]+")


class KeyAuth(AuthBase):
    """Basic authentication with the private key and no password.

    Passed with each call, which also keeps requests from taking the credentials of ~/.netrc instead.
    """

    def __init__(self, private_key: str) -> None:
        if not PRIVATE_KEY.fullmatch(private_key):
            raise ValueError("A private key is made of visible ASCII characters without blanks and colons.")
        self._key = private_key
        self._token = base64.b64encode(f"{private_key}:".encode()).decode()

    def __call__(self, request: requests.PreparedRequest) -> requests.PreparedRequest:
        request.headers["Authorization"] = f"Basic {self._token}"
        return request

    def __repr__(self) -> str:
        return "KeyAuth()"

    def sign(self, text: str) -> str:
        """HMAC-SHA1 with the key, as ImageKit's signed addresses want it."""
        return hmac.new(self._key.encode(), text.encode(), hashlib.sha1).hexdigest()

    def hide_in(self, text: str) -> str:
        """Take the key out of a text from outside: a server or a proxy may repeat what it was sent."""
        return text.replace(self._key, "[key]").replace(self._token.rstrip("="), "[key]")


class Transport:
    def __init__(self, auth: KeyAuth, *, session: requests.Session, timeouts_s: tuple[float, float]) -> None:
        self._auth, self._session, self._timeouts_s = auth, session, timeouts_s

    def sign(self, text: str) -> str:
        return self._auth.sign(text)

    def send(
        self,
        method: str,
        url: str,
        *,
        params: Mapping[str, Any] | None = None,
        json: Mapping[str, Any] | None = None,
        form: Form | None = None,
    ) -> Answer:
        """Send once. Raises NotSent and AnswerLost; every status that arrives with its whole body is an Answer."""
        # Raised here and not where it was caught, so that no traceback leads from it to the request with its key.
        result = self._exchange(method, url, params, json, form)
        if isinstance(result, ImageKitError):
            raise result
        return result

    def _exchange(
        self,
        method: str,
        url: str,
        params: Mapping[str, Any] | None,
        json: Mapping[str, Any] | None,
        form: Form | None,
    ) -> Answer | ImageKitError:
        typed = {"Content-Type": form.content_type} if form else {}
        try:
            response = self._session.request(
                method,
                url,
                params=params,
                json=json,
                data=form,
                headers={"User-Agent": USER_AGENT, "Accept": "application/json", **typed},
                auth=self._auth,
                timeout=self._timeouts_s,
                allow_redirects=False,
                stream=True,
            )
        except CALL_FAILURES as error:
            return self._failure_of_sending(error, url)
        with response:
            return self._read(response)

    def _failure_of_sending(self, error: Exception, url: str) -> ImageKitError:
        causes = list(_causes(error))
        if any(isinstance(cause, NO_CONNECTION) for cause in causes):
            why = _why_not_reached(causes, _host(url))
            return NotSent(Words(gettext_noop("ImageKit could not be reached: %(why)s."), why=why))
        return AnswerLost(Words(gettext_noop("The request was sent, but %(why)s."), why=self._why_lost(causes)))

    def _read(self, response: requests.Response) -> Answer | ImageKitError:
        answer = Answer.of(response, hide=self._auth.hide_in)
        try:
            return answer.with_body(_bounded_body(response))
        except CALL_FAILURES as error:
            why = self._why_lost(list(_causes(error)))
        template = gettext_noop("An answer began (HTTP %(status)s), but %(why)s.")
        return answer.lost(Words(template, status=answer.status, why=why))

    def failure(self, error: Exception, url: str) -> ImageKitError:
        """What an error means that was raised by this package's sessions, for a request of another shape."""
        return self._failure_of_sending(error, url)

    def _why_lost(self, causes: list[BaseException]) -> Words:
        if any(isinstance(cause, TimeoutError | u3.ReadTimeoutError | rq.ReadTimeout) for cause in causes):
            template = gettext_noop("no complete answer came in time (the limit for each part of it is %(limit)s s)")
            return Words(template, limit=f"{self._timeouts_s[1]:g}")
        if any(isinstance(cause, _TooLong) for cause in causes):
            return Words(gettext_noop("it was longer than any real one"))
        return Words(gettext_noop("the connection was cut before the answer was complete"))


class _TooLong(OSError):
    """The body is larger than MAX_BODY_BYTES."""


def _bounded_body(response: requests.Response) -> bytes:
    body = bytearray()
    for chunk in response.iter_content(CHUNK_BYTES):
        body += chunk
        if len(body) > MAX_BODY_BYTES:
            raise _TooLong
    return bytes(body)


def _causes(error: BaseException) -> Iterator[BaseException]:
    """The error and all it stands for: its causes, and those that urllib3 passes as `reason` or arguments.

    Not its context: that may be an older error which the caller was just handling.
    """
    waiting, seen = [error], set()
    while waiting:
        current = waiting.pop(0)
        if id(current) in seen:
            continue
        seen.add(id(current))
        yield current
        linked = [current.__cause__, getattr(current, "reason", None), *current.args]
        waiting += [link for link in linked if isinstance(link, BaseException)]


def _host(url: str) -> str:
    try:
        return urlsplit(url).hostname or url
    except ValueError:
        return url


def _why_not_reached(causes: list[BaseException], host: str) -> Words:
    """In words of our own: the libraries' texts name objects and addresses, which help nobody."""
    texts = " ".join(str(cause) for cause in causes)
    if any(isinstance(cause, BAD_ADDRESS) for cause in causes):
        return Words(gettext_noop("the API address or the proxy's address is not valid"))
    if "Tunnel connection failed" in texts:
        return Words(gettext_noop("the proxy refused to connect to %(host)s"), host=host)
    if any(isinstance(cause, socket.gaierror | u3.NameResolutionError) for cause in causes):
        return Words(gettext_noop("the name of %(host)s or of the proxy does not resolve"), host=host)
    if any(isinstance(cause, ssl.SSLError | u3.SSLError) for cause in causes):
        return Words(gettext_noop("the TLS certificate or connection of %(host)s could not be trusted"), host=host)
    if "CA certificate bundle" in texts:
        return Words(gettext_noop("the CA bundle named in the environment is not there"))
    if any(isinstance(cause, u3.NewConnectionError | ConnectionError) for cause in causes):
        return Words(gettext_noop("%(host)s or the proxy refused the connection"), host=host)
    if any(isinstance(cause, TimeoutError | u3.TimeoutError | rq.Timeout) for cause in causes):
        return Words(gettext_noop("%(host)s or the proxy did not take the connection in time"), host=host)
    return Words(gettext_noop("no connection to %(host)s or the proxy could be made"), host=host)
