"""Signing in, and signing in again at a provider."""

from __future__ import annotations

from typing import Any

from allauth.account.views import LoginView
from django.conf import settings
from django.contrib.auth import logout
from django.contrib.auth.decorators import login_required
from django.contrib.auth.views import redirect_to_login
from django.http import HttpRequest, HttpResponseBase
from django.shortcuts import resolve_url
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe
from django_htmx.http import HttpResponseClientRedirect

from medialib.auth.forms import SignInForm


class SignIn(LoginView):
    """Password, passkey or provider; people who are not staff are told so."""

    template_name = "registration/sign_in.html"
    form_class = SignInForm

    def dispatch(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        """A fragment that asks after its session has ended cannot hold this page: the whole page goes to it."""
        if htmx := getattr(request, "htmx", None):
            way_in = redirect_to_login(htmx.current_url_abs_path or "/", resolve_url("medialib:sign-in")).url
            return HttpResponseClientRedirect(f"{way_in}&ended=1")
        return super().dispatch(request, *args, **kwargs)

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        has_provider = bool(settings.SOCIALACCOUNT_PROVIDERS["openid_connect"]["APPS"])
        provider = (settings.OIDC_NAME or _("your company")) if has_provider else ""
        return {**super().get_context_data(**kwargs), "next": self.get_next_url() or "", "provider": provider}


@require_safe
@login_required
def sign_in_again(request: HttpRequest) -> HttpResponseBase:
    """For people whom only their provider knows: a new session, begun there."""
    then = request.GET.get("next", "")
    logout(request)
    return redirect_to_login(then, resolve_url("medialib:sign-in"))
