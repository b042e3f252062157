"""The home page: what needs somebody, what is under way, the accounts; and whether this process is well."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from django.db import DatabaseError, connection
from django.http import HttpRequest, HttpResponse, HttpResponseBase, JsonResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext_lazy as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe

from medialib.models import Account
from medialib.services.jobs.overview import Concern, ConcernKind, overview
from medialib.templatetags.job_words import plural_files
from medialib.views.access import person, staff_may
from medialib.views.jobs.progress import JobProgress
from medialib.web.context_processors import Frame

SENTENCES = {
    ConcernKind.NO_KEY: _("%(account)s has no key, so nothing can be listed or deleted."),
    ConcernKind.KEY_ENDED: _("ImageKit no longer accepts the key of %(account)s."),
    ConcernKind.KEY_ENDS: _("ImageKit soon stops accepting the key of %(account)s."),
    ConcernKind.NEVER_SYNCED: _("%(account)s was never synced, so its library is empty here."),
    ConcernKind.SYNC_FAILED: _("The last sync of %(account)s failed."),
    ConcernKind.REMOVALS_ASKED: _("ImageKit no longer lists %(files)s of %(account)s. Say whether they are gone."),
    ConcernKind.INDEX_OLD: _("The index of %(account)s is more than a week old."),
}
OF_KEYS = {ConcernKind.NO_KEY, ConcernKind.KEY_ENDED, ConcernKind.KEY_ENDS}


@dataclass(frozen=True)
class ConcernLine:
    """A concern in words, and where it is mended. `at` is when a key ends or an index is from."""

    account: Account
    sentence: str
    cause: str
    at: datetime | None
    address: str
    is_about_key: bool


@require_safe
@staff_may("view_library")
def home(request: HttpRequest) -> HttpResponse:
    """With one account and nothing to do, its library at once. What is under way asks for this page again by htmx."""
    accounts = Frame(request).accounts
    seen = overview(accounts, viewer=person(request))
    if seen.leads_to_library and not request.htmx:  # type: ignore[attr-defined]
        return redirect("medialib:library", accounts[0].name)
    context = {
        "accounts": seen.accounts,
        "concerns": [_in_words(concern) for concern in seen.concerns],
        "needing": [JobProgress.of(look) for look in seen.needing],
        "under_way": [JobProgress.of(look) for look in seen.under_way],
        "is_quiet": seen.is_quiet,
        "is_outsider": not accounts and Account.objects.exists(),
    }
    return render(request, "home/home.html", context)


def _in_words(concern: Concern) -> ConcernLine:
    is_about_key = concern.kind in OF_KEYS
    account, run = concern.account, concern.run
    return ConcernLine(
        account=account,
        sentence=str(SENTENCES[concern.kind])
        % {"account": account.name, "files": plural_files(run.asks_about if run else 0)},
        cause=run.error if run and concern.kind == ConcernKind.SYNC_FAILED else "",
        at=concern.at,
        address=reverse("medialib:account-settings" if is_about_key else "medialib:library", args=[account.name]),
        is_about_key=is_about_key,
    )


@never_cache
@require_safe
def healthz(request: HttpRequest) -> HttpResponseBase:
    """Whether this process answers and reaches its database; says nothing else to strangers."""
    try:
        with connection.cursor() as cursor:
            cursor.execute("SELECT 1")
    except DatabaseError:
        return JsonResponse({"status": "database unreachable"}, status=503)
    return JsonResponse({"status": "ok"})
