"""With REQUIRE_SECOND_FACTOR, people without a second factor can do nothing but set one up."""

from __future__ import annotations

from collections.abc import Callable

from allauth.account.internal.flows.login import get_authentication_records
from allauth.mfa.models import Authenticator
from allauth.mfa.utils import is_mfa_enabled
from django.conf import settings
from django.contrib import messages
from django.contrib.auth.models import User
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import ResolverMatch, reverse
from django.utils.translation import gettext as _
from django_htmx.http import HttpResponseClientRedirect

FACTORS = [Authenticator.Type.TOTP, Authenticator.Type.WEBAUTHN]
OPEN = {
    "account_logout",
    "account_reauthenticate",
    "account_change_password",
    "sign-out",
    "language",
    "healthz",
    "readyz",
    "metrics",
    "jsi18n",
}


class SecondFactorMiddleware:
    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        return self.get_response(request)

    def process_view(self, request: HttpRequest, *args: object) -> HttpResponse | None:
        if not settings.REQUIRE_SECOND_FACTOR or not isinstance(request.user, User):
            return None
        if _is_open(request.resolver_match) or _is_proved(request, request.user):
            return None
        if getattr(request, "htmx", False):
            return HttpResponseClientRedirect(reverse("mfa_index"))
        messages.warning(request, _("medialib asks everybody for a second factor. Set one up to go on."))
        return redirect("mfa_index")


def is_missing(user: User) -> bool:
    """Whether this person has to set one up before anything else, as far as can be told without a session."""
    return bool(settings.REQUIRE_SECOND_FACTOR) and not is_mfa_enabled(user, FACTORS)


def came_by_provider(request: HttpRequest, user: User) -> bool:
    """Whether the session began at the company's provider, which asks for whatever the company requires."""
    return any(record.get("method") == "socialaccount" for record in get_authentication_records(request, user))


def _is_open(match: ResolverMatch | None) -> bool:
    """Names are compared within allauth and medialib only: the admin has pages of the same name in its own space."""
    if match is None or match.namespaces not in ([], ["medialib"]):
        return False
    name = match.url_name or ""
    return name in OPEN or name.startswith("mfa_")


def _is_proved(request: HttpRequest, user: User) -> bool:
    return is_mfa_enabled(user, FACTORS) or came_by_provider(request, user)
