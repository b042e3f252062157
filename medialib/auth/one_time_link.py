"""An address that signs one person in once: the demo prints it, so that its first page is the library.

Only in development. The token is made as those of Django's password resets are: it names the time of the last sign-in,
so the sign-in that it leads to makes it worthless.
"""

from __future__ import annotations

from allauth.account.internal.flows.login import record_authentication
from allauth.account.utils import perform_login
from django.conf import settings
from django.contrib import messages
from django.contrib.auth.models import User
from django.contrib.auth.tokens import PasswordResetTokenGenerator
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET


class SignInTokens(PasswordResetTokenGenerator):
    key_salt = "medialib.auth.one_time_link"


tokens = SignInTokens()


def path_for(user: User) -> str:
    """The address, from the root of the site."""
    return reverse("medialib:sign-in-once", args=[user.pk, tokens.make_token(user)])


@never_cache
@require_GET
def sign_in_once(request: HttpRequest, user: int, token: str) -> HttpResponse:
    if not settings.DEBUG:
        raise Http404
    person = User.objects.filter(pk=user).first()
    if request.user.is_authenticated and request.user == person:
        return redirect("medialib:home")
    if person is None or not tokens.check_token(person, token):
        messages.info(request, _("This link works once, and it was used or is too old. Sign in with the password."))
        return redirect("medialib:sign-in")
    record_authentication(request, person, method="one_time_link")
    answer: HttpResponse = perform_login(request, person, redirect_url=reverse("medialib:home"))
    request.session["tour"] = True  # The library leads through it; see js/tour.js.
    return answer
