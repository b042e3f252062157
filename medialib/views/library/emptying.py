"""The guided way to empty a library: what goes, what stays, and the steps to a confirmed job."""

from __future__ import annotations

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_http_methods

from medialib.errors import MedialibError
from medialib.forms.jobs import ShownForm
from medialib.services.manifests import emptying
from medialib.services.manifests.plan import LONG_UNDO_S
from medialib.views.access import account_named, actor, staff_may
from medialib.views.library.sync import freshness


@require_http_methods(["GET", "HEAD", "POST"])
@staff_may("delete_files")
def empty_library(request: HttpRequest, account: str) -> HttpResponse:
    """A post freezes the list; it is confirmed on its review page, as any other."""
    owner = account_named(request, account)
    try:
        if request.method == "POST":
            shown = ShownForm(request.POST).read()
            manifest = emptying.freeze_library(owner, actor=actor(request), shown=shown)
            return redirect("medialib:review", manifest.pk)
        preview = emptying.preview(owner, actor(request))
    except MedialibError as error:
        messages.error(request, str(error))
        return redirect("medialib:empty-library" if request.method == "POST" else "medialib:library", owner.name)
    context = {
        "account": owner,
        "preview": preview,
        "freshness": freshness(owner),
        "undo_window_s": max(LONG_UNDO_S, owner.undo_window or 0),
    }
    return render(request, "library/empty.html", context)
