"""Who may open the pages of an account's settings: key managers who proved a moment ago who they are."""

from __future__ import annotations

from collections.abc import Callable

from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.urls import reverse

from medialib.auth import step_up
from medialib.views.access import View, staff_may


def key_manager(view: View) -> View:
    """A proof is asked for before a form is shown, so that nothing that is typed is lost, and again as it is sent."""

    def fresh(request: HttpRequest, *args: object, **kwargs: object) -> HttpResponseBase:
        return ask_again(request, kwargs.get("account")) or view(request, *args, **kwargs)

    fresh.__name__, fresh.__doc__ = view.__name__, view.__doc__
    guard: Callable[[View], View] = staff_may("manage_keys")
    return guard(fresh)


def ask_again(request: HttpRequest, account: object) -> HttpResponse | None:
    """The way to prove it and back: to this page, or from a button to the settings that it stands on."""
    if step_up.is_fresh(request):
        return None
    settings = reverse("medialib:account-settings", args=[account]) if account else reverse("medialib:accounts")
    return step_up.ask_again(request, then=request.path if request.method in ("GET", "HEAD") else settings)
