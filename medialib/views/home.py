"""The accounts, and whether this process is well."""

from __future__ import annotations

from django.db import DatabaseError, connection
from django.http import HttpRequest, HttpResponse, HttpResponseBase, JsonResponse
from django.shortcuts import redirect, render
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe

from medialib.models import Account
from medialib.models.query.filters import AssetFilter
from medialib.services.library import totals
from medialib.views.access import staff_may
from medialib.views.library.sync import freshness
from medialib.web.context_processors import Frame


@require_safe
@staff_may("view_library")
def home(request: HttpRequest) -> HttpResponse:
    """The accounts; with just one, its library at once."""
    accounts = Frame(request).accounts
    if len(accounts) == 1:
        return redirect("medialib:library", accounts[0].name)
    rows = [(each, freshness(each), totals.estimate(each, AssetFilter())) for each in accounts]
    is_outsider = not accounts and Account.objects.exists()
    return render(request, "home.html", {"accounts": rows, "is_outsider": is_outsider})


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
