"""What medialib asks of django-allauth: nobody signs up, only staff come in, and secrets are encrypted at rest."""

from __future__ import annotations

import unicodedata
from typing import Any, NoReturn

from allauth.account.adapter import DefaultAccountAdapter
from allauth.core.exceptions import ImmediateHttpResponse
from allauth.mfa.adapter import DefaultMFAAdapter
from allauth.socialaccount.adapter import DefaultSocialAccountAdapter
from django.contrib import messages
from django.contrib.auth.models import User
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from medialib.services.accounts import vault

NOT_STAFF = _("This person may not use medialib. Ask an administrator to mark the account as staff.")
NOT_ACTIVE = _("This person's account is closed. Ask an administrator.")
UNKNOWN_HERE = _("Nobody here has the email address that your provider told. Ask an administrator to add you.")
PROVIDER_FAILED = _("Your provider could not sign you in. Try again, or use your password.")


class AccountAdapter(DefaultAccountAdapter):
    def is_open_for_signup(self, request: HttpRequest) -> bool:
        return False

    def pre_login(self, request: HttpRequest, user: User, **kwargs: Any) -> HttpResponse | None:
        """A person who may not use medialib gets no session, by password, passkey or provider."""
        if not user.is_active:
            return back_to_sign_in(request, NOT_ACTIVE)
        if not user.is_staff:
            return back_to_sign_in(request, NOT_STAFF)
        return super().pre_login(request, user, **kwargs)

    def _get_login_attempts_cache_key(self, request: HttpRequest, **credentials: Any) -> str:
        """By the name alone. allauth's own adds the Host header, which the sender can choose."""
        name = credentials.get("email") or credentials.get("username") or ""
        return unicodedata.normalize("NFKC", str(name)).casefold()

    def respond_user_inactive(self, request: HttpRequest, user: User) -> HttpResponse:
        return back_to_sign_in(request, NOT_ACTIVE)


class SocialAdapter(DefaultSocialAccountAdapter):
    """Sign-in by OpenID Connect. It lets in people whom an administrator has added, found by their verified email."""

    def is_open_for_signup(self, request: HttpRequest, sociallogin: Any) -> bool:
        return False

    def pre_social_login(self, request: HttpRequest, sociallogin: Any) -> None:
        if not sociallogin.is_existing:
            raise ImmediateHttpResponse(back_to_sign_in(request, UNKNOWN_HERE))

    def on_authentication_error(self, request: HttpRequest, *args: Any, **kwargs: Any) -> NoReturn:
        raise ImmediateHttpResponse(back_to_sign_in(request, PROVIDER_FAILED))


class SecondFactorAdapter(DefaultMFAAdapter):
    def encrypt(self, text: str) -> str:
        return vault.encrypt(text)

    def decrypt(self, encrypted_text: str) -> str:
        return vault.decrypt(encrypted_text)

    def get_totp_issuer(self) -> str:
        return f"medialib ({self._get_site_name()})"


def back_to_sign_in(request: HttpRequest, sentence: str | Promise) -> HttpResponse:
    messages.error(request, str(sentence))
    return redirect("medialib:sign-in")
