"""Who may come in: signed-in staff with the page's permission. Strangers are sent to sign in, others get a 403."""

from __future__ import annotations

from collections.abc import Callable
from typing import cast

from django.contrib.auth.decorators import login_required, permission_required
from django.contrib.auth.models import User
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponseBase
from django_htmx.middleware import HtmxDetails

from medialib.services.audit import Actor

View = Callable[..., HttpResponseBase]


class HtmxRequest(HttpRequest):
    """What HtmxMiddleware makes of each request."""

    htmx: HtmxDetails


def staff_may(permission: str) -> Callable[[View], View]:
    """Let only staff with `permission` (such as "view_audit") reach the view."""

    def guard(view: View) -> View:
        permitted = permission_required(f"medialib.{permission}", raise_exception=True)(view)

        def staff_only(request: HttpRequest, *args: object, **kwargs: object) -> HttpResponseBase:
            if not person(request).is_staff:
                raise PermissionDenied
            return permitted(request, *args, **kwargs)

        staff_only.__name__, staff_only.__doc__ = view.__name__, view.__doc__
        return login_required(staff_only)

    return guard


def person(request: HttpRequest) -> User:
    """The signed-in person; the guard above made sure there is one."""
    return cast("User", request.user)


def actor(request: HttpRequest) -> Actor:
    """Who acts, for the audit log."""
    return Actor.person(person(request), address=request.META.get("REMOTE_ADDR", ""))
