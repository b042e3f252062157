"""What the frame around every page shows: accounts, the current one, active jobs, whether a worker lives."""

from __future__ import annotations

from functools import cached_property
from typing import Any

from django.http import HttpRequest
from django.utils.functional import SimpleLazyObject

from medialib.models import Account
from medialib.services.library import around
from medialib.services.library.around import Around, ListAround

# Which link of the main navigation is the current one, by the first word of a page's address …
SECTIONS = {
    "<slug:account>": "library", "manifests": "library", "jobs": "jobs", "restores": "jobs",
    "audit": "audit", "accounts": "accounts",
}  # fmt: skip
# … but for these pages, by their names.
OTHER_SECTIONS = {
    "file-history": "audit",
    **dict.fromkeys(("account-settings", "key-new", "person-new", "person-change"), "accounts"),
}


def around_of(request: HttpRequest, *, list_of: str = "") -> Around:
    """Asked once for each request: the guard, the page and its headers need it. The guard of a list is the first."""
    known: Around | None = getattr(request, "_around", None)
    if known is None:
        known = around.read(request.user, list_of=list_of)
        request._around = known  # type: ignore[attr-defined]
    return known


def list_around(request: HttpRequest) -> ListAround:
    """For a view whose guard says that it shows a list."""
    known = around_of(request).list
    assert known is not None  # noqa: S101  # Else the guard does not say so.
    return known


def visible_accounts(request: HttpRequest) -> list[Account]:
    """The accounts this person may see."""
    return around_of(request).accounts


def visible_account(request: HttpRequest, name: str) -> Account | None:
    """The account of this name, if this person may see it."""
    return next((account for account in visible_accounts(request) if account.name == name), None)


class Frame:
    """Asked lazily by templates, so that a partial that shows no frame costs no query."""

    def __init__(self, request: HttpRequest) -> None:
        self._request = request

    @cached_property
    def can_browse(self) -> bool:
        user = getattr(self._request, "user", None)
        return bool(user and user.is_staff and user.has_perm("medialib.view_library"))

    @cached_property
    def accounts(self) -> list[Account]:
        """The accounts this person may see."""
        return visible_accounts(self._request) if self.can_browse else []

    @cached_property
    def account(self) -> Account | None:
        """The account named in the address, when the address names one."""
        match = self._request.resolver_match
        name = match.kwargs.get("account", "") if match else ""
        return visible_account(self._request, name) if self.can_browse else None

    @cached_property
    def section(self) -> str:
        """Which link of the main navigation is the current one."""
        match = self._request.resolver_match
        if match is None or match.app_name != "medialib":
            return ""
        by_word = SECTIONS.get(match.route.partition("/")[0], "")
        return OTHER_SECTIONS.get(match.url_name or "", by_word)

    @cached_property
    def active_jobs(self) -> int:
        """As the page itself counted them, where it did."""
        known: int | None = getattr(self._request, "active_jobs", None)
        if known is not None:
            return known
        return around_of(self._request).active_jobs if self.can_browse else 0

    @cached_property
    def is_worker_alive(self) -> bool:
        return around_of(self._request).is_worker_alive

    @cached_property
    def is_worker_missing(self) -> bool:
        """Whether work waits that nobody does."""
        return bool(self.active_jobs) and not self.is_worker_alive


def frame(request: HttpRequest) -> dict[str, Any]:
    """Add `frame`, and `account` for pages whose view does not name one itself."""
    around = Frame(request)
    return {"frame": around, "account": SimpleLazyObject(lambda: around.account)}
