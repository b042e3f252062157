"""The people of an account: who sees it, who deletes in it, and in which folders."""

from __future__ import annotations

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST

from medialib.errors import MedialibError
from medialib.forms.memberships import AccountMembershipForm
from medialib.models import Account, Membership
from medialib.services.accounts import memberships
from medialib.views.access import account_named, actor, person
from medialib.views.accounts.guard import key_manager


@require_http_methods(["GET", "HEAD", "POST"])
@key_manager
def person_new(request: HttpRequest, account: str) -> HttpResponse:
    owner = account_named(request, account)
    return _edit(request, owner, Membership(account=owner))


@require_http_methods(["GET", "HEAD", "POST"])
@key_manager
def person_change(request: HttpRequest, account: str, membership: int) -> HttpResponse:
    """Nobody widens what they may do themselves: only somebody else does."""
    owner = account_named(request, account)
    found = _membership(owner, membership)
    if found.user_id == person(request).pk and not person(request).is_superuser:
        raise PermissionDenied
    return _edit(request, owner, found)


@require_POST
@key_manager
def person_remove(request: HttpRequest, account: str, membership: int) -> HttpResponse:
    owner = account_named(request, account)
    found = _membership(owner, membership)
    try:
        memberships.revoke(found, actor=actor(request))
    except MedialibError as error:
        messages.error(request, str(error))
    else:
        text = _("%(person)s is no longer a member of %(account)s.")
        messages.success(request, text % {"person": found.user, "account": owner})
    return redirect("medialib:account-settings", owner.name)


def _membership(account: Account, number: int) -> Membership:
    """Of this account alone: one of every account is nothing to change from the page of one."""
    return get_object_or_404(Membership.objects.select_related("user", "account"), account=account, pk=number)


def _edit(request: HttpRequest, account: Account, membership: Membership) -> HttpResponse:
    form = AccountMembershipForm(
        request.POST if request.method == "POST" else None, instance=membership, viewer=person(request)
    )
    if request.method == "POST" and form.is_valid():
        try:
            saved = memberships.save(form.instance, actor=actor(request))
        except MedialibError as error:
            form.add_error(None, str(error))
        else:
            messages.success(request, _("What %(person)s may do is saved.") % {"person": saved.user})
            return redirect("medialib:account-settings", account.name)
    context = {"account": account, "form": form, "membership": membership}
    return render(request, "accounts/person.html", context, status=422 if form.errors else 200)
