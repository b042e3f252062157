"""Memberships: who sees and deletes in which account."""

from __future__ import annotations

from typing import Any

from django.contrib import admin
from django.db.models import Q, QuerySet
from django.http import HttpRequest

from medialib.admin.guards import GuardedAdmin, actor_of, person_of
from medialib.membership_form import MembershipForm
from medialib.models import Account, Membership
from medialib.models.memberships import sees_everything
from medialib.services import memberships


@admin.register(Membership)
class MembershipAdmin(GuardedAdmin, admin.ModelAdmin):
    form = MembershipForm
    permission = "medialib.manage_keys"
    list_display = ("user", "account_shown", "may_delete", "delete_paths", "added_by", "added_at")
    list_display_links = ("user",)
    list_select_related = ("user", "account", "added_by")
    search_fields = ("user__username",)
    fields = ("user", "account", "may_delete", "delete_paths")

    def has_add_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return self.is_allowed(request)

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return self.is_allowed(request)

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return self.is_allowed(request)

    def get_queryset(self, request: HttpRequest) -> QuerySet[Membership]:
        rows = admin.ModelAdmin.get_queryset(self, request)
        if sees_everything(person_of(request)):
            return rows
        return rows.filter(Q(account__in=Account.objects.visible_to(request.user)))

    def get_form(self, request: HttpRequest, obj: Any = None, change: bool = False, **kwargs: Any) -> Any:
        form: Any = super().get_form(request, obj, change=change, **kwargs)
        form.viewer = person_of(request)
        return form

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> Any:
        return ("user", "account") if obj else ()

    def save_model(self, request: HttpRequest, obj: Membership, form: Any, change: bool) -> None:
        memberships.save(obj, actor=actor_of(request))

    def delete_model(self, request: HttpRequest, obj: Membership) -> None:
        memberships.revoke(obj, actor=actor_of(request))

    def delete_queryset(self, request: HttpRequest, queryset: QuerySet[Membership]) -> None:
        for membership in queryset:
            memberships.revoke(membership, actor=actor_of(request))

    @admin.display(description="account", ordering="account__name")
    def account_shown(self, membership: Membership) -> str:
        return membership.account.name if membership.account else "every account"
