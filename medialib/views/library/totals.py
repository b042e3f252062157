"""How many files a list holds, to the last one: read only when somebody asks, since it costs more than the list."""

from __future__ import annotations

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe
from django.views.decorators.vary import vary_on_headers

from medialib.errors import WrongUse
from medialib.forms.library import ListQuery
from medialib.services.library import totals
from medialib.templatetags.job_words import plural_files
from medialib.templatetags.medialib import file_size
from medialib.views.access import account_named, staff_may
from medialib.views.library.sync import freshness
from medialib.web.htmx import wants_part
from medialib.web.redirects import redirect_to_list


@require_safe
@staff_may("view_library")
@vary_on_headers("HX-Request")
def exact_total(request: HttpRequest, account: str) -> HttpResponse:
    """The line above the list for htmx, else the list with a message."""
    owner = account_named(request, account)
    try:
        list_query = ListQuery.from_query(request.GET)
    except WrongUse as wrong:
        return HttpResponse(str(wrong), status=400, content_type="text/plain; charset=utf-8")
    exact = totals.exact(owner, list_query.filter)
    if not wants_part(request):
        numbers = {"files": plural_files(exact.file_count), "size": file_size(exact.total_bytes)}
        messages.info(request, _("Counted exactly: %(files)s, %(size)s.") % numbers)
        return redirect_to_list(reverse("medialib:library", args=[owner.name]), list_query.query())
    context = {"account": owner, "wanted": list_query, "exact": exact, "freshness": freshness(owner)}
    return render(request, "library/_total.html", context)
