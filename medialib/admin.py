"""Django's admin: accounts with their keys, and a read-only look at what is recorded."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django.contrib import admin, messages
from django.db.models import OuterRef, QuerySet, Subquery
from django.http import HttpRequest, HttpResponse
from django.utils.decorators import method_decorator
from django.views.decorators.debug import sensitive_post_parameters

from medialib.account_form import AccountForm
from medialib.models import Account, ApiKey, AuditEvent, DeletionJob, SyncRun
from medialib.paginator import CappedPaginator
from medialib.services import accounts
from medialib.services.audit import Actor
from medialib.signals import address_of

if TYPE_CHECKING:
    from django.contrib.auth.models import User


def actor_of(request: HttpRequest) -> Actor:
    user: User = request.user  # type: ignore[assignment]  # The admin lets no anonymous person in.
    return Actor.person(user, address=address_of(request))


class GuardedAdmin(admin.options.BaseModelAdmin):
    """One of medialib's own permissions opens it; Django's per-model permissions open nothing here."""

    permission = ""

    def is_allowed(self, request: HttpRequest) -> bool:
        return request.user.has_perm(self.permission)

    def has_module_permission(self, request: HttpRequest) -> bool:
        return self.is_allowed(request)

    def has_view_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return self.is_allowed(request)

    def has_add_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False


class ApiKeyInline(GuardedAdmin, admin.TabularInline):
    model = ApiKey
    permission = "medialib.manage_keys"
    verbose_name_plural = "keys, the newest first"
    fields = readonly_fields = ("shown", "kind", "label", "added_by", "added_at", "last_used_at", "retired_at")
    extra = 0

    @admin.display(description="key")
    def shown(self, key: ApiKey) -> str:
        return str(key)


@admin.register(Account)
class AccountAdmin(GuardedAdmin, admin.ModelAdmin):
    """Accounts are added and changed here, never removed: their jobs and their audit events name them."""

    form = AccountForm
    permission = "medialib.manage_keys"
    list_display = ("name", "colour", "url_endpoint", "key_shown", "key_used")
    inlines = (ApiKeyInline,)
    actions = ("test_connection",)
    fieldsets = (
        (None, {"fields": ("name", "colour", "url_endpoint")}),
        ("Private key", {"fields": ("key_shown", "private_key", "key_label")}),
        ("Care", {"fields": ("protected_folders", "headroom_percent", "undo_window_s")}),
        ("Addresses", {"fields": ("api_url", "upload_url")}),
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
        accounts.change_account(obj, actor=actor)
        if private_key:
            accounts.set_key(obj, private_key=private_key, label=label, actor=actor)

    def get_queryset(self, request: HttpRequest) -> QuerySet[Account]:
        keys = ApiKey.objects.filter(account=OuterRef("pk")).strongest_first()
        found = super().get_queryset(request)
        return found.annotate(
            four=Subquery(keys.values("last_four")[:1]), used=Subquery(keys.values("last_used_at")[:1])
        )

    @admin.display(description="current key", empty_value="none")
    def key_shown(self, account: Account) -> str | None:
        four = getattr(account, "four", None)  # An account that is just being added has none.
        return None if four is None else f"…{four}"

    @admin.display(description="key last used", empty_value="never", ordering="used")
    def key_used(self, account: Account) -> Any:
        return getattr(account, "used", None)

    @admin.action(description="Test connection")
    def test_connection(self, request: HttpRequest, queryset: QuerySet[Account]) -> None:
        for account in queryset:
            check = accounts.check_account(account, actor=actor_of(request))
            level = messages.SUCCESS if check.is_ok else messages.ERROR
            self.message_user(request, f"{account}: {check.message}", level)


class ReadOnlyAdmin(GuardedAdmin, admin.ModelAdmin):
    """To look, not to touch: there is no add, change, delete or action, not even for superusers."""

    actions = None
    list_display_links: Any = None
    paginator = CappedPaginator
    show_full_result_count = False

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> list[str]:
        return [field.name for field in self.opts.concrete_fields]


@admin.register(DeletionJob)
class DeletionJobAdmin(ReadOnlyAdmin):
    permission = "medialib.view_library"
    list_display = ("id", "account", "requested_by_name", "reason", "state", "file_count", "deleted", "created_at")
    list_display_links = ("id",)
    list_select_related = ("account",)
    list_filter = ("state", "account")


@admin.register(SyncRun)
class SyncRunAdmin(ReadOnlyAdmin):
    permission = "medialib.view_library"
    list_display = ("id", "account", "state", "started_at", "finished_at", "seen", "added", "changed", "removed")
    list_display_links = ("id",)
    list_select_related = ("account",)
    list_filter = ("state", "account")


@admin.register(AuditEvent)
class AuditEventAdmin(ReadOnlyAdmin):
    permission = "medialib.view_audit"
    list_display = ("id", "time", "event", "actor_name", "account_name", "job_id", "file_path", "outcome", "reason")
    list_display_links = ("id",)
    list_filter = ("event", "outcome")
    search_fields = ("file_id__exact", "actor_name__exact")  # What an index answers.
    search_help_text = "A whole file id or a whole name. The audit page searches further."

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> list[str]:
        # Without the foreign keys, which may point to what is long gone; the copied names stay.
        return [field.name for field in self.opts.concrete_fields if not field.is_relation] + ["job_id"]

    def get_fields(self, request: HttpRequest, obj: Any = None) -> Any:
        return self.get_readonly_fields(request, obj)
