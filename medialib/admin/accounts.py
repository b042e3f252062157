"""Accounts with a look at their keys."""

from __future__ import annotations

from typing import Any

from django.contrib import admin, messages
from django.db.models import OuterRef, QuerySet, Subquery
from django.http import HttpRequest, HttpResponse
from django.utils.decorators import method_decorator
from django.utils.translation import gettext, pgettext
from django.utils.translation import gettext_lazy as _
from django.views.decorators.debug import sensitive_post_parameters

from medialib.admin.guards import GuardedAdmin, actor_of
from medialib.admin.webhook_button import WebhookButton
from medialib.forms.accounts import AccountForm
from medialib.models import Account, ApiKey
from medialib.services.accounts import accounts


class ApiKeyInline(GuardedAdmin, admin.TabularInline):
    model = ApiKey
    permission = "medialib.manage_keys"
    verbose_name_plural = _("keys, the newest first; added, rotated and retired under API keys")
    fields = readonly_fields = (
        "shown", "kind", "may_write", "label", "added_by", "added_at", "last_used_at", "expires_at", "retired_at",
    )  # fmt: skip
    extra = 0
    show_change_link = True

    @admin.display(description=_("key"))
    def shown(self, key: ApiKey) -> str:
        return str(key)


@admin.register(Account)
class AccountAdmin(GuardedAdmin, WebhookButton):
    """Accounts are added and changed here, never removed: their jobs and their audit events name them."""

    form = AccountForm
    permission = "medialib.manage_keys"
    list_display = ("name", "colour", "url_endpoint", "key_shown", "key_used")
    inlines = (ApiKeyInline,)
    actions = ("test_connection",)
    fieldsets = (
        (None, {"fields": ("name", "colour", "url_endpoint", "other_endpoints")}),
        (_("Private key"), {"fields": ("key_shown", "private_key", "key_label")}),
        (_("Care"), {"fields": ("protected_folders", "headroom_percent", "undo_window_s")}),
        (_("Limits"), {"fields": ("limit_files", "limit_percent", "approval_files")}),
        (_("Looks"), {"fields": ("looks_before_delete", "reason")}),
        (_("Addresses"), {"fields": ("api_url", "upload_url")}),
    )
    readonly_fields = ("key_shown",)

    def has_add_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return self.is_allowed(request)

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return self.is_allowed(request)

    @method_decorator(sensitive_post_parameters("private_key"))
    def changeform_view(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        return super().changeform_view(request, *args, **kwargs)

    def save_model(self, request: HttpRequest, obj: Account, form: AccountForm, change: bool) -> None:
        actor, private_key = actor_of(request), form.cleaned_data["private_key"]
        label = form.cleaned_data["key_label"]
        if not change:
            accounts.open_account(obj, private_key=private_key, label=label, actor=actor)
            return
        reason = form.cleaned_data["reason"]
        accounts.change_account(obj, actor=actor, reason=reason, private_key=private_key, label=label)

    def get_queryset(self, request: HttpRequest) -> QuerySet[Account]:
        keys = ApiKey.objects.filter(account=OuterRef("pk")).strongest_first()
        newest_use = ApiKey.objects.filter(account=OuterRef("pk"), last_used_at__isnull=False).order_by("-last_used_at")
        found = super().get_queryset(request)
        return found.annotate(
            four=Subquery(keys.values("last_four")[:1]), used=Subquery(newest_use.values("last_used_at")[:1])
        )

    @admin.display(description=_("current key"))
    def key_shown(self, account: Account) -> str:
        four = getattr(account, "four", None)  # An account that is just being added has none.
        return pgettext("key", "none") if four is None else f"…{four}"

    @admin.display(description=_("key last used"), ordering="used")
    def key_used(self, account: Account) -> Any:
        return getattr(account, "used", None) or gettext("never")

    @admin.action(description=_("Test connection"))
    def test_connection(self, request: HttpRequest, queryset: QuerySet[Account]) -> None:
        for account in queryset:
            check = accounts.check_account(account, actor=actor_of(request))
            level = messages.SUCCESS if check.is_ok else messages.ERROR
            self.message_user(request, f"{account}: {check.message}", level)
