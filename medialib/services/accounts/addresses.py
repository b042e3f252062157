"""Which addresses medialib may call or show. The API address receives the private key, so it is https and public."""

from __future__ import annotations

import ipaddress
import re
import socket
from urllib.parse import SplitResult, urlsplit

from django.conf import settings
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _
from requests.utils import get_environ_proxies, select_proxy

from medialib.errors import Refused, WrongUse

MAX_LENGTH = 300
MAX_QUERY = 1_000
# No character that ends a header, a policy directive or an attribute: endpoints are quoted in the page's policy.
HOST = re.compile(r"[a-z0-9](?:[a-z0-9.-]*[a-z0-9])?|[0-9a-f:.]+", re.IGNORECASE)
PATH = re.compile(r"[A-Za-z0-9._~/%@+-]*")
# How sentences call an address.
API, UPLOAD = _("API address"), _("upload address")
ENDPOINT, OTHER = _("URL endpoint"), _("other endpoint")
RECEIVER = _("address")
# Pairs, not a dict: a lazy text has another hash in each language.
_EXAMPLES: list[tuple[object, str]] = [
    (API, "https://api.imagekit.io"),
    (UPLOAD, "https://upload.imagekit.io"),
    (ENDPOINT, "https://ik.imagekit.io/your_imagekit_id"),
    (OTHER, "https://images.example.com"),
    (RECEIVER, "https://hooks.slack.com/services/…"),
]

# NAT64 and IPv4-compatible addresses may lead to any IPv4 one behind the gateway; the last is the old site-local range.
NOT_PUBLIC = [ipaddress.ip_network(each) for each in ("64:ff9b::/96", "64:ff9b:1::/48", "::/96", "fec0::/10")]


def clean(url: str, *, what: str | Promise) -> str:
    """The address without a trailing slash. Raises WrongUse with a sentence that calls the address `what`."""
    url = url.strip()
    parts = _split(url, what=what)
    _refuse_scheme(parts, what=what)
    _refuse_extras(parts, url, what=what)
    _refuse_private_name(parts, what=what)
    return url.rstrip("/")


def clean_receiver(url: str) -> str:
    """Where messages are sent to. It may have a query, as those of Teams do. Raises WrongUse."""
    url = url.strip()
    base, _mark, query = url.partition("?")
    if not re.fullmatch(r"[\x21-\x7e]*", query) or "#" in query or len(query) > MAX_QUERY:
        raise _not_valid(RECEIVER)
    parts = _split(base, what=RECEIVER)
    _refuse_scheme(parts, what=RECEIVER)
    _refuse_extras(parts, base, what=RECEIVER)
    _refuse_private_name(parts, what=RECEIVER)
    return url


def refuse_private(url: str, *, what: str | Promise) -> None:
    """Look the host up now. Raises Refused when it leads into a private network.

    Behind a proxy the proxy looks names up, and this machine may be unable to. A name that does not resolve is left to
    the call itself, which fails before anything is sent.
    """
    if settings.IMAGEKIT_ALLOW_PRIVATE_API or select_proxy(url, get_environ_proxies(url)):
        return
    host = urlsplit(url).hostname or ""
    if any(not _is_public(address) for address in _look_up(host)):
        text = _("The %(what)s “%(host)s” leads into a private network, so no key is sent there. %(way_out)s")
        raise Refused(text, what=what, host=host, way_out=_WAY_OUT)


def refuse_foreign(url: str, *, what: str | Promise) -> None:
    """Raises WrongUse for a host that is not ImageKit's: the right to change an address must not decide who gets keys.

    A machine that allows private addresses, as for the sandbox, allows others too.
    """
    host = (urlsplit(url).hostname or "").lower()
    if settings.IMAGEKIT_ALLOW_PRIVATE_API or host in settings.IMAGEKIT_API_HOSTS:
        return
    raise WrongUse(
        _("The %(what)s “%(host)s” is not ImageKit's. If that is meant, name it in the setting IMAGEKIT_API_HOSTS."),
        what=what,
        host=host,
    )


def is_allowed_peer(address: str) -> bool:
    """Asked of each address once it is connected to: a name may have led to another one when it was looked up."""
    return settings.IMAGEKIT_ALLOW_PRIVATE_API or _is_public(address)


_WAY_OUT = _("Set IMAGEKIT_ALLOW_PRIVATE_API=1 if that is meant, as for the sandbox.")


def _split(url: str, *, what: str | Promise) -> SplitResult:
    try:
        parts = urlsplit(url)
        parts.port  # noqa: B018  Reading it is what checks it.
    except ValueError:
        raise _not_valid(what) from None
    if len(url) > MAX_LENGTH or not HOST.fullmatch(parts.hostname or "") or not PATH.fullmatch(parts.path):
        raise _not_valid(what)
    return parts


def _refuse_scheme(parts: SplitResult, *, what: str | Promise) -> None:
    if parts.scheme == "https" or (parts.scheme == "http" and settings.IMAGEKIT_ALLOW_PRIVATE_API):
        return
    if parts.scheme == "http":
        raise WrongUse(_("The %(what)s must begin with https://. %(way_out)s"), what=what, way_out=_WAY_OUT)
    text = _("The %(what)s must begin with https://. For example: %(example)s")
    raise WrongUse(text, what=what, example=_example(what))


def _example(what: str | Promise) -> str:
    return next((example for name, example in _EXAMPLES if name == what), _EXAMPLES[0][1])


def _not_valid(what: str | Promise) -> WrongUse:
    """With an example of the same kind."""
    text = _("The %(what)s is not a valid address. For example: %(example)s")
    return WrongUse(text, what=what, example=_example(what))


def _refuse_extras(parts: SplitResult, url: str, *, what: str | Promise) -> None:
    # The text is not quoted: what stands before the @ may be a password.
    if "@" in parts.netloc:
        raise WrongUse(_("The %(what)s must not contain a user name or password."), what=what)
    if "?" in url or "#" in url:
        raise WrongUse(_("The %(what)s must not contain a query (?…) or a fragment (#…)."), what=what)


def _refuse_private_name(parts: SplitResult, *, what: str | Promise) -> None:
    if not settings.IMAGEKIT_ALLOW_PRIVATE_API and _is_private_name(parts.hostname or ""):
        text = _("The %(what)s “%(host)s” is not a public address. %(way_out)s")
        raise WrongUse(text, what=what, host=parts.hostname, way_out=_WAY_OUT)


def _is_private_name(host: str) -> bool:
    try:
        return not _is_public(host)
    except ValueError:
        last = host.rstrip(".").rpartition(".")[2].lower()
        # A last label of digits is another spelling of an IP address, such as 127.1 or 0x7f.1.
        return last in {"localhost", "local", "internal", "lan"} or last.startswith("0x") or last.isdigit()


def _is_public(address: str) -> bool:
    ip = ipaddress.ip_address(address.partition("%")[0])
    if any(ip in network for network in NOT_PUBLIC):
        return False
    mapped = getattr(ip, "ipv4_mapped", None) or getattr(ip, "sixtofour", None)
    return (mapped or ip).is_global and not ip.is_multicast


def _look_up(host: str) -> set[str]:
    try:
        return {str(entry[4][0]) for entry in socket.getaddrinfo(host, None, type=socket.SOCK_STREAM)}
    except (OSError, UnicodeError):
        return set()
