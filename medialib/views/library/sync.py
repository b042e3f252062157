"""How fresh the index is, and the button that brings it up to date."""

from __future__ import annotations

from dataclasses import dataclass, replace

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.timezone import now
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe

from medialib.errors import Refused
from medialib.forms.library import AcceptRemovalsForm, SyncProgressForm
from medialib.models import Account, SyncRun, SyncState
from medialib.models.sync import SILENT_FOR
from medialib.services.base.wake import wake
from medialib.services.sync import removals
from medialib.views.access import account_named, actor, staff_may

# The worker needs a moment to take a request up; until then the page says that it was asked.
MAX_ASKING = 15


@dataclass(frozen=True)
class Freshness:
    """What the badge says. `run` is the latest attempt, `complete` the latest one that went through."""

    complete: SyncRun | None
    run: SyncRun | None
    asking: int = 0
    asked_after: int = 0
    was_running: bool = False

    @property
    def is_running(self) -> bool:
        if not self.run or self.run.state != SyncState.RUNNING:
            return False
        return (self.run.heartbeat_at or self.run.started_at) > now() - SILENT_FOR

    @property
    def has_failed(self) -> bool:
        return bool(self.run) and not self.is_running and self.run != self.complete

    @property
    def is_polling(self) -> bool:
        return self.is_running or 0 < self.asking < MAX_ASKING

    @property
    def is_ignored(self) -> bool:
        """Whether nobody took up the request for so long that the person should know."""
        return not self.is_running and self.asking >= MAX_ASKING

    @property
    def has_new_rows(self) -> bool:
        """Whether a run ended while the page was open, so that its list is the old one."""
        return self.was_running and not self.is_polling and not self.has_failed


def freshness(account: Account) -> Freshness:
    """How old the index is."""
    run, complete = SyncRun.objects.latest_and_complete(account)
    return Freshness(complete, run)


@require_POST
@staff_may("view_library")
def sync_start(request: HttpRequest, account: str) -> HttpResponse:
    owner = account_named(request, account)
    state = freshness(owner)
    wake("sync_library", owner.pk)
    if not getattr(request, "htmx", False):
        messages.info(request, _("A worker starts the sync within seconds; reload to see how far it is."))
        return redirect("medialib:library", owner.name)
    return _badge(request, owner, replace(state, asking=1, asked_after=state.run.pk if state.run else 0))


@require_POST
@staff_may("delete_files")
def sync_accept(request: HttpRequest, account: str) -> HttpResponse:
    """Accept that as many files are gone as the latest run asked about, and sync again."""
    owner = account_named(request, account)
    form = AcceptRemovalsForm(request.POST)
    try:
        removals.accept(owner, file_count=form.read(), actor=actor(request))
    except Refused as refused:
        messages.error(request, str(refused))
    else:
        messages.info(request, _("A worker reads the library again, and marks up to so many files as gone."))
    return redirect("medialib:library", owner.name)


@require_safe
@staff_may("view_library")
def sync_progress(request: HttpRequest, account: str) -> HttpResponse:
    """The badge again. `after` is the run that was the latest when the person asked for a new one."""
    owner = account_named(request, account)
    asked = SyncProgressForm(request.GET).read()
    state = freshness(owner)
    has_begun = state.run is not None and state.run.pk > asked.after
    waiting = 0 if has_begun else min(asked.asking + 1, MAX_ASKING)
    return _badge(request, owner, replace(state, asking=waiting, asked_after=asked.after, was_running=True))


def _badge(request: HttpRequest, account: Account, state: Freshness) -> HttpResponse:
    return render(request, "library/_freshness.html", {"account": account, "freshness": state})
