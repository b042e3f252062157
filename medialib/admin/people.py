"""People: who sees and deletes in which account, and what they sign in with."""

from __future__ import annotations

from typing import Any

from allauth.mfa.models import Authenticator
from django.contrib import admin
from django.contrib.auth.admin import GroupAdmin, UserAdmin
from django.contrib.auth.models import Group, Permission, User
from django.db.models import Q, QuerySet
from django.http import HttpRequest, HttpResponse
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from medialib.admin.guards import FreshAdmin, GuardedAdmin, actor_of, person_of
from medialib.admin.person_form import GroupForm, PersonForm, group_words, permission_words
from medialib.forms.memberships import MembershipForm
from medialib.models import Account, Membership
from medialib.models.memberships import sees_everything
from medialib.services.accounts import memberships


@admin.register(Membership)
class MembershipAdmin(GuardedAdmin, FreshAdmin):
    form = MembershipForm
    permission = "medialib.manage_keys"
    list_display = ("user", "account_shown", "may_delete", "delete_paths", "added_by", "added_at")
    list_display_links = ("user",)
    list_select_related = ("user", "account", "added_by")
    search_fields = ("user__username",)
    fields = ("user", "account", "may_delete", "delete_paths", "daily_files", "daily_bytes", "daily_percent")

    def has_add_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return self.is_allowed(request)

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return self.is_allowed(request) and not self._is_own_limit(request, obj)

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return self.is_allowed(request)

    def _is_own_limit(self, request: HttpRequest, obj: Membership | None) -> bool:
        """Whether this is the person's own membership: only somebody else may widen it. Removing it is allowed."""
        return obj is not None and obj.user_id == person_of(request).pk and not person_of(request).is_superuser

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

    @admin.display(description=_("account"), ordering="account__name")
    def account_shown(self, membership: Membership) -> str:
        return membership.account.name if membership.account else gettext("every account")


for model in (User, Group, Authenticator):
    admin.site.unregister(model)


def is_above(request: HttpRequest, user: User | None) -> bool:
    """Superusers are changed by superusers only: their password or their factor in other hands is everything."""
    return user is not None and user.is_superuser and not person_of(request).is_superuser


class GroupFilter(admin.RelatedFieldListFilter):
    def field_choices(self, field: Any, request: HttpRequest, model_admin: Any) -> Any:
        return [(pk, gettext(str(name))) for pk, name in super().field_choices(field, request, model_admin)]


class InWords(admin.ModelAdmin):
    """Permissions and groups to choose from, in the language of whoever chooses."""

    def formfield_for_manytomany(self, db_field: Any, request: Any = None, **kwargs: Any) -> Any:
        field: Any = super().formfield_for_manytomany(db_field, request, **kwargs)
        words = {Permission: permission_words, Group: group_words}.get(db_field.remote_field.model)
        if field and words:
            field.label_from_instance = words
        return field


@admin.register(User)
class PersonAdmin(FreshAdmin, InWords, UserAdmin):
    """Django's own, but not from a screen that was left open, and nobody grants more than they have."""

    form = PersonForm
    list_filter = ("is_staff", "is_superuser", "is_active", ("groups", GroupFilter))

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return super().has_change_permission(request, obj) and not is_above(request, obj)

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return super().has_delete_permission(request, obj) and not is_above(request, obj)

    def get_form(self, request: HttpRequest, obj: Any = None, change: bool = False, **kwargs: Any) -> Any:
        form: Any = super().get_form(request, obj, change=change, **kwargs)
        form.viewer = person_of(request)
        return form

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> Any:
        return () if person_of(request).is_superuser else ("is_superuser", "user_permissions")

    def user_change_password(self, request: HttpRequest, id: str, form_url: str = "") -> HttpResponse:  # noqa: A002
        return self._when_fresh(request) or super().user_change_password(request, id, form_url)


@admin.register(Group)
class RightsAdmin(FreshAdmin, InWords, GroupAdmin):
    """A right of a group is a right of everybody in it."""

    form = GroupForm
    list_display = ("in_words",)

    @admin.display(description=_("group"), ordering="name")
    def in_words(self, group: Group) -> str:
        return group_words(group)

    def get_form(self, request: HttpRequest, obj: Any = None, change: bool = False, **kwargs: Any) -> Any:
        form: Any = super().get_form(request, obj, change=change, **kwargs)
        form.viewer = person_of(request)
        return form


@admin.register(Authenticator)
class SecondFactorAdmin(GuardedAdmin, FreshAdmin):
    """For a person who has lost phone and recovery codes: the factor can be removed, and nothing of it is shown."""

    permission = "auth.change_user"
    list_display = ("user", "type", "created_at", "last_used_at")
    list_select_related = ("user",)
    fields = readonly_fields = ("user", "type", "created_at", "last_used_at")

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return self.is_allowed(request) and not is_above(request, obj.user if obj else None)

    def get_queryset(self, request: HttpRequest) -> QuerySet[Authenticator]:
        return admin.ModelAdmin.get_queryset(self, request)

    def delete_model(self, request: HttpRequest, obj: Authenticator) -> None:
        memberships.record_factor_removed(obj.user, kind=obj.get_type_display(), actor=actor_of(request))
        super().delete_model(request, obj)

    def delete_queryset(self, request: HttpRequest, queryset: QuerySet[Authenticator]) -> None:
        for factor in queryset.select_related("user"):
            self.delete_model(request, factor)
