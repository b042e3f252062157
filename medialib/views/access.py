"""Who may come in: signed-in staff with the page's permission. Strangers are sent to sign in, others get a 403."""

from __future__ import annotations

from collections.abc import Callable
from typing import cast

from django.contrib.auth.decorators import login_required
from django.contrib.auth.models import User
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponseBase
from django_htmx.middleware import HtmxDetails

from medialib.auth import step_up
from medialib.auth.clients import address_of
from medialib.models import Account
from medialib.services.audit.log import Actor
from medialib.web.context_processors import around_of, visible_account

View = Callable[..., HttpResponseBase]


class HtmxRequest(HttpRequest):
    """What HtmxMiddleware makes of each request."""

    htmx: HtmxDetails


def staff_may(*permissions: str, shows_list: bool = False) -> Callable[[View], View]:
    """Let only staff with one of `permissions` (such as "view_audit") reach the view.

    For a view that shows the account's list, what stands around it is read with the frame.
    """

    def guard(view: View) -> View:
        def staff_only(request: HttpRequest, *args: object, **kwargs: object) -> HttpResponseBase:
            user = person(request)
            if not user.is_staff:
                raise PermissionDenied
            if shows_list:
                around_of(request, list_of=str(kwargs["account"]))
            if "account" in kwargs:
                hide_foreign(request, str(kwargs["account"]))
            if not any(user.has_perm(f"medialib.{permission}") for permission in permissions):
                raise PermissionDenied
            return view(request, *args, **kwargs)

        staff_only.__name__, staff_only.__doc__ = view.__name__, view.__doc__
        return login_required(staff_only)

    return guard


def hide_foreign(request: HttpRequest, account_name: str) -> None:
    """Raises Http404 for an account that the person is not a member of, and does not tell whether it exists.

    Here, so that a new page cannot forget it. A name that no account has is left to the page, since some speak of
    accounts that are long gone.
    """
    if visible_account(request, account_name) is None and Account.objects.filter(name=account_name).exists():
        raise Http404


def account_named(request: HttpRequest, name: str) -> Account:
    """Raises Http404 when there is none, or none that the person may see."""
    if account := visible_account(request, name):
        return account
    raise Http404


def person(request: HttpRequest) -> User:
    """The signed-in person; the guard above made sure there is one."""
    return cast("User", request.user)


def may_delete_in(user: User, account: Account) -> bool:
    """Whether to show the buttons; the services ask again."""
    return user.has_perm("medialib.delete_files") and not account.delete_scope(user).is_nothing


def actor(request: HttpRequest) -> Actor:
    """Who acts, for the audit log."""
    return Actor.person(person(request), address=address_of(request), proved_at=step_up.proved_at(request))
