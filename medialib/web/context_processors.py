"""What the frame around every page shows: accounts, the current one, active jobs, whether a worker lives."""

from __future__ import annotations

from functools import cached_property
from typing import Any

from django.http import HttpRequest
from django.utils.functional import SimpleLazyObject
from django.utils.timezone import now

from medialib.models import Account, DeletionJob, Worker

SECTIONS = {
    "home": "library", "library": "library", "asset-panel": "library", "asset-versions": "library",
    "review": "library", "review-asked": "library", "confirm": "library",
    "insight": "library", "insight-part": "library",
    "list-import": "library", "list-report": "library", "protections": "library", "protection-lift": "library",
    "jobs": "jobs", "job": "jobs", "job-control": "jobs", "job-exchange": "jobs",
    "audit": "audit", "file-history": "audit",
}  # fmt: skip


def visible_accounts(request: HttpRequest) -> list[Account]:
    """The accounts this person may see, asked once for each request: the guard, the page and its headers need them."""
    known: list[Account] | None = getattr(request, "_visible_accounts", None)
    if known is None:
        known = list(Account.objects.visible_to(request.user))
        request._visible_accounts = known  # type: ignore[attr-defined]
    return known


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
        return SECTIONS.get(match.url_name or "", "") if match and match.app_name == "medialib" else ""

    @cached_property
    def active_jobs(self) -> int:
        return DeletionJob.objects.active().visible_to(self._request.user).count() if self.can_browse else 0

    @cached_property
    def is_worker_alive(self) -> bool:
        return Worker.objects.alive(now()).exists()

    @cached_property
    def is_worker_missing(self) -> bool:
        """Whether work waits that nobody does."""
        return bool(self.active_jobs) and not self.is_worker_alive


def frame(request: HttpRequest) -> dict[str, Any]:
    """Add `frame`, and `account` for pages whose view does not name one itself."""
    around = Frame(request)
    return {"frame": around, "account": SimpleLazyObject(lambda: around.account)}
