"""The keys of an account: added, put in the place of another, tried, retired."""

from __future__ import annotations

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_http_methods, require_POST

from medialib.errors import MedialibError
from medialib.forms.keys import AccountKeyForm
from medialib.models import ApiKey
from medialib.services.accounts import keys
from medialib.views.access import account_named, actor, person
from medialib.views.accounts.guard import key_manager


@sensitive_post_parameters("private_key")
@require_http_methods(["GET", "HEAD", "POST"])
@key_manager
def key_new(request: HttpRequest, account: str) -> HttpResponse:
    owner = account_named(request, account)
    form = AccountKeyForm(request.POST if request.method == "POST" else None, account=owner, viewer=person(request))
    if request.method == "POST" and form.is_valid():
        try:
            saved = form.store(actor=actor(request))
        except MedialibError as error:
            form.add_error(None, str(error))
        else:
            messages.success(request, form.told_of(saved))
            return redirect("medialib:account-settings", owner.name)
    context = {"account": owner, "form": form}
    return render(request, "accounts/key.html", context, status=422 if form.errors else 200)


@require_POST
@key_manager
def key_change(request: HttpRequest, account: str, key: int, change: str) -> HttpResponse:
    owner = account_named(request, account)
    found = get_object_or_404(ApiKey.objects.select_related("account"), account=owner, pk=key)
    if change not in ("test", "retire"):
        raise Http404
    try:
        if change == "retire":
            keys.retire_key(found, actor=actor(request))
            text = _("%(key)s of %(account)s is retired and its secret erased.")
            messages.success(request, text % {"key": found, "account": owner})
        else:
            check = keys.check_key(found, actor=actor(request))
            (messages.success if check.is_ok else messages.error)(request, f"{found}: {check.message}")
    except MedialibError as error:
        messages.error(request, str(error))
    return redirect("medialib:account-settings", owner.name)
