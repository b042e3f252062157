"""Who may do what in the admin: medialib's own permissions and memberships decide, Django's per-model ones do not."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.utils.translation import gettext_lazy as _

from medialib.admin.paginator import CappedPaginator
from medialib.auth import step_up
from medialib.auth.clients import address_of
from medialib.models import Account
from medialib.services.audit.log import Actor

if TYPE_CHECKING:
    from django.contrib.auth.models import User


def person_of(request: HttpRequest) -> User:
    user: User = request.user  # type: ignore[assignment]  # The admin lets no anonymous person in.
    return user


def actor_of(request: HttpRequest) -> Actor:
    return Actor.person(person_of(request), address=address_of(request))


class GuardedAdmin(admin.options.BaseModelAdmin):
    """One permission opens it. Rows of other accounts than the person's do not exist here either."""

    permission = ""
    account_field = "account"  # Which field leads to the account; empty for accounts themselves.

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

    def get_queryset(self, request: HttpRequest) -> QuerySet[Any]:
        rows = super().get_queryset(request)
        if hasattr(rows, "visible_to"):
            return rows.visible_to(request.user)
        return rows.filter(**{f"{self.account_field}__in": Account.objects.visible_to(request.user)})

    def formfield_for_foreignkey(self, db_field: Any, request: HttpRequest, **kwargs: Any) -> Any:
        if db_field.remote_field.model is Account:
            kwargs["queryset"] = Account.objects.visible_to(request.user)
        return super().formfield_for_foreignkey(db_field, request, **kwargs)


class FreshAdmin(admin.ModelAdmin):
    """To open or send one of its forms, a person must have proved a few minutes ago who they are."""

    def add_view(self, request: HttpRequest, form_url: str = "", extra_context: Any = None) -> HttpResponse:
        return self._when_fresh(request) or super().add_view(request, form_url, extra_context)

    def change_view(
        self, request: HttpRequest, object_id: str, form_url: str = "", extra_context: Any = None
    ) -> HttpResponse:
        return self._when_fresh(request) or super().change_view(request, object_id, form_url, extra_context)

    def delete_view(self, request: HttpRequest, object_id: str, extra_context: Any = None) -> HttpResponse:
        return self._when_fresh(request) or super().delete_view(request, object_id, extra_context)

    def changelist_view(self, request: HttpRequest, extra_context: Any = None) -> HttpResponse:
        is_look = request.method in ("GET", "HEAD")
        return (None if is_look else self._when_fresh(request)) or super().changelist_view(request, extra_context)

    def _when_fresh(self, request: HttpRequest) -> HttpResponse | None:
        """The way to the page that asks again; None when that is not needed, or the page is closed to the person."""
        if not self.has_module_permission(request) or step_up.is_fresh(request):
            return None
        return step_up.ask_again(request, then=request.path)


class ReadOnlyAdmin(GuardedAdmin, admin.ModelAdmin):
    """To look, not to touch: there is no add, change, delete or action, not even for superusers."""

    actions = None
    list_display_links: Any = None
    paginator = CappedPaginator
    show_full_result_count = False

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> list[str]:
        return [field.name for field in self.opts.concrete_fields]


class AccountFilter(admin.SimpleListFilter):
    """Offers only accounts that the person is a member of."""

    title = _("account")
    parameter_name = "account"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        return [(name, name) for name in Account.objects.visible_to(request.user).values_list("name", flat=True)]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any]:
        return queryset.filter(account__name=self.value()) if self.value() else queryset
