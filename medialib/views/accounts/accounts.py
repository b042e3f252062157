"""Accounts: their list, a new one with its first key, and the settings of one."""

from __future__ import annotations

from django.contrib import messages
from django.forms import BoundField
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from medialib.errors import MedialibError
from medialib.forms.accounts import AccountForm, AccountSettingsForm
from medialib.models import Account, ApiKey, Membership
from medialib.services.accounts import accounts
from medialib.services.base.wake import wake
from medialib.services.copies import room
from medialib.services.sync import webhook_setup
from medialib.views.access import account_named, actor, person, staff_may
from medialib.views.accounts.guard import key_manager
from medialib.web.context_processors import visible_accounts

Sections = tuple[tuple[Promise, tuple[str, ...]], ...]
# The parts of the form, each with its title; the first is open.
SECTIONS: Sections = (
    (gettext_lazy("Account"), ("name", "colour", "url_endpoint", "other_endpoints")),
    (gettext_lazy("Care"), ("protected_folders", "headroom_percent", "undo_window_s")),
    (gettext_lazy("Limits"), ("limit_files", "limit_percent", "approval_files")),
    (gettext_lazy("Copies"), ("keep_copies_days",)),
    (gettext_lazy("Looks"), ("looks_before_delete", "reason")),
    (gettext_lazy("Addresses"), ("api_url", "upload_url", "private_key", "key_label")),
)
NEW_SECTIONS: Sections = (
    (gettext_lazy("Account"), ("name", "colour", "url_endpoint", "private_key", "key_label")),
    (gettext_lazy("Care"), ("other_endpoints", "protected_folders", "headroom_percent", "undo_window_s")),
    (gettext_lazy("Limits"), ("limit_files", "limit_percent", "approval_files")),
    (gettext_lazy("Copies"), ("keep_copies_days",)),
    (gettext_lazy("Looks"), ("looks_before_delete", "reason")),
    (gettext_lazy("Addresses"), ("api_url", "upload_url")),
)


@require_safe
@staff_may("manage_keys")
def account_list(request: HttpRequest) -> HttpResponse:
    owned = visible_accounts(request)
    keys = ApiKey.objects.strongest_first().filter(account__in=owned)
    by_account: dict[int, list[ApiKey]] = {}
    for key in keys:
        by_account.setdefault(key.account_id, []).append(key)
    rows = [(each, by_account.get(each.pk, [])) for each in owned]
    return render(request, "accounts/list.html", {"rows": rows})


@sensitive_post_parameters("private_key")
@require_http_methods(["GET", "HEAD", "POST"])
@key_manager
def account_new(request: HttpRequest) -> HttpResponse:
    """The key is tried at once, and the first sync begins."""
    form = AccountForm(request.POST if request.method == "POST" else None)
    if request.method == "POST" and form.is_valid():
        given = form.cleaned_data
        try:
            account = accounts.open_account(
                form.instance, private_key=given["private_key"], label=given["key_label"], actor=actor(request)
            )
        except MedialibError as error:
            form.add_error(None, str(error))
        else:
            _tell_check(request, account)
            wake("sync_library", account.pk)
            return redirect("medialib:library", account.name)
    context = {"form": form, "sections": _sections(form, NEW_SECTIONS)}
    return render(request, "accounts/new.html", context, status=422 if form.errors else 200)


@sensitive_post_parameters("private_key")
@require_http_methods(["GET", "HEAD", "POST"])
@key_manager
def account_settings(request: HttpRequest, account: str) -> HttpResponse:
    owner = account_named(request, account)
    form = AccountSettingsForm(
        request.POST if request.method == "POST" else None, instance=Account.objects.get(pk=owner.pk)
    )
    if request.method == "POST" and form.is_valid():
        given = form.cleaned_data
        wish = {"reason": given["reason"], "private_key": given["private_key"], "label": given["key_label"]}
        try:
            changed = accounts.change_account(form.instance, actor=actor(request), **wish)
        except MedialibError as error:
            form.add_error(None, str(error))
        else:
            is_news = changed or given["private_key"]
            messages.success(request, _("Saved. The audit log has it.") if is_news else _("Nothing was changed."))
            return redirect("medialib:account-settings", form.instance.name)
    context = {
        "account": owner,
        "form": form,
        "sections": _sections(form, SECTIONS),
        "keys": ApiKey.objects.filter(account=owner).select_related("added_by")[:20],
        "memberships": Membership.objects.for_account(owner.pk).select_related("user", "account", "added_by"),
        "room": room.of_account(owner),
        "is_listening": webhook_setup.is_listening(owner),
        "own": person(request),
    }
    return render(request, "accounts/settings.html", context, status=422 if form.errors else 200)


@require_POST
@key_manager
def account_test(request: HttpRequest, account: str) -> HttpResponse:
    owner = account_named(request, account)
    _tell_check(request, owner)
    return redirect("medialib:account-settings", owner.name)


@require_POST
@key_manager
def account_webhook(request: HttpRequest, account: str) -> HttpResponse:
    """Pressed twice it changes nothing the second time."""
    owner = account_named(request, account)
    address = request.build_absolute_uri(reverse("medialib:webhook", args=[owner.name]))
    try:
        done = webhook_setup.set_up(
            owner, address=address, replace=request.POST.get("replace") == "1", actor=actor(request)
        )
    except MedialibError as error:
        messages.error(request, str(error))
    else:
        messages.success(request, str(done.label))
    return redirect("medialib:account-settings", owner.name)


def _tell_check(request: HttpRequest, account: Account) -> None:
    check = accounts.check_account(account, actor=actor(request))
    (messages.success if check.is_ok else messages.error)(request, f"{account}: {check.message}")


def _sections(form: AccountForm, parts: Sections) -> list[tuple[Promise, list[BoundField], bool]]:
    """(title, fields, is_open): the first part, and each with a mistake, is open."""
    return [
        (title, [form[name] for name in names], at == 0 or bool(set(names) & set(form.errors)))
        for at, (title, names) in enumerate(parts)
    ]
