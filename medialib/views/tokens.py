"""A person's tokens for programs: listed, made with a fresh proof of who it is, revoked."""

from __future__ import annotations

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.debug import sensitive_variables
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from medialib.auth import second_factor, step_up
from medialib.errors import MedialibError
from medialib.forms.tokens import TokenForm
from medialib.models import ApiToken
from medialib.services.accounts import tokens
from medialib.views.access import actor, person, staff_may

MOST_SHOWN = 100


@require_safe
@staff_may("view_library")
def token_list(request: HttpRequest) -> HttpResponse:
    mine = ApiToken.objects.of(person(request))[:MOST_SHOWN]
    return render(request, "you/tokens.html", {"tokens": mine})


@require_http_methods(["GET", "HEAD", "POST"])
@staff_may("view_library")
@sensitive_variables("secret")
def token_new(request: HttpRequest) -> HttpResponse:
    """The answer to the form is the only page that ever shows the token."""
    if not step_up.is_fresh(request):
        return step_up.ask_again(request, then=request.path)
    form = TokenForm(request.POST if request.method == "POST" else None, person=person(request))
    if request.method == "POST" and form.is_valid():
        wish = form.cleaned_data
        try:
            token, secret = tokens.add_token(
                name=wish["name"],
                scopes=wish["scopes"],
                days=wish["days"],
                actor=actor(request),
                is_by_provider=second_factor.came_by_provider(request, person(request)),
            )
        except MedialibError as error:
            form.add_error(None, str(error))
        else:
            address = request.build_absolute_uri(reverse("api:api-root"))
            return render(request, "you/token_made.html", {"token": token, "secret": secret, "address": address})
    return render(request, "you/token_new.html", {"form": form}, status=422 if form.errors else 200)


@require_POST
@staff_may("view_library")
def token_revoke(request: HttpRequest, number: int) -> HttpResponse:
    """Without a fresh proof: it only takes away, and may be urgent."""
    found = get_object_or_404(ApiToken.objects.of(person(request)), pk=number)
    try:
        tokens.revoke(found, actor=actor(request))
    except MedialibError as error:
        messages.error(request, str(error))
    else:
        messages.success(request, _("%(name)s is revoked: its next request is refused.") % {"name": found})
    return redirect("medialib:tokens")
