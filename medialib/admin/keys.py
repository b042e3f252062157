"""API keys: added, rotated with an overlap, tested and retired. A plain key goes in once and never comes out."""

from __future__ import annotations

from typing import Any

from django.contrib import admin, messages
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils.decorators import method_decorator
from django.utils.formats import localize
from django.utils.timezone import localtime
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, pgettext
from django.views.decorators.debug import sensitive_post_parameters

from medialib.admin.guards import AccountFilter, FreshAdmin, GuardedAdmin, actor_of
from medialib.errors import MedialibError
from medialib.forms.keys import KeyForm, KeyNotesForm
from medialib.models import ApiKey
from medialib.services.accounts import keys


@admin.register(ApiKey)
class ApiKeyAdmin(GuardedAdmin, FreshAdmin):
    permission = "medialib.manage_keys"
    list_display = (
        "shown", "account", "kind", "may_write", "label", "added_by", "added_at", "last_used_at", "expires_at", "state",
    )  # fmt: skip
    list_filter = ("kind", AccountFilter)
    list_select_related = ("account", "added_by")
    actions = ("test", "retire")
    read_only = ("shown", "account", "kind", "may_write", "checked_at", "added_by", "added_at", "last_used_at", "state")

    def has_add_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return self.is_allowed(request)

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return self.is_allowed(request)

    def get_form(self, request: HttpRequest, obj: Any = None, change: bool = False, **kwargs: Any) -> Any:
        kwargs["form"] = KeyNotesForm if obj else KeyForm
        form: Any = super().get_form(request, obj, change=change, **kwargs)
        if obj is None:
            form.viewer = request.user
        return form

    def get_fieldsets(self, request: HttpRequest, obj: Any = None) -> Any:
        if obj:
            return [(None, {"fields": (*self.read_only, "label", "expires_at")})]
        rotation = ("replaces", "keep_old_hours")
        return [
            (None, {"fields": ("account", "kind", "private_key", "label", "expires_at")}),
            (_("Rotation"), {"fields": rotation, "description": _("Leave empty to add a key beside the others.")}),
        ]

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> Any:
        return self.read_only if obj else ()

    @method_decorator(sensitive_post_parameters("private_key"))
    def add_view(self, request: HttpRequest, form_url: str = "", extra_context: Any = None) -> HttpResponse:
        """A good form is stored here, because a rotation asks ImageKit and the admin's own way holds a transaction."""
        if again := self._when_fresh(request):
            return again
        if request.method == "POST" and self.has_add_permission(request):
            form = self.get_form(request)(request.POST)
            if form.is_valid():
                return self._store(request, form)
        return super().add_view(request, form_url, extra_context)

    def _store(self, request: HttpRequest, form: KeyForm) -> HttpResponse:
        try:
            saved = form.store(actor=actor_of(request))
        except MedialibError as error:
            self.message_user(request, str(error), messages.ERROR)
            return redirect(request.path)
        self.log_addition(request, saved, [{"added": {}}])
        self.message_user(request, form.told_of(saved), messages.SUCCESS)
        return redirect("admin:medialib_apikey_changelist")

    def save_model(self, request: HttpRequest, obj: ApiKey, form: Any, change: bool) -> None:
        stored, wished = ApiKey.objects.select_related("account").get(pk=obj.pk), form.cleaned_data
        keys.change_key(stored, label=wished["label"], expires_at=wished["expires_at"], actor=actor_of(request))

    @admin.display(description=gettext_lazy("key"), ordering="last_four")
    def shown(self, key: ApiKey) -> str:
        return str(key)

    @admin.display(description=gettext_lazy("state"))
    def state(self, key: ApiKey) -> str:
        if not key.is_active:
            return pgettext("key", "retired")
        if key.is_expired:
            return pgettext("key", "expired")
        if key.retired_at is None:
            return pgettext("key", "in use")
        return _("works until %(time)s") % {"time": localize(localtime(key.retired_at))}

    @admin.action(description=gettext_lazy("Test what the key may do"))
    def test(self, request: HttpRequest, queryset: QuerySet[ApiKey]) -> None:
        usable = ApiKey.objects.usable().filter(pk__in=queryset)
        for key in usable.select_related("account"):
            check = keys.check_key(key, actor=actor_of(request))
            level = messages.SUCCESS if check.is_ok else messages.ERROR
            self.message_user(request, _told(key, check.message), level)

    @admin.action(description=gettext_lazy("Retire and erase"))
    def retire(self, request: HttpRequest, queryset: QuerySet[ApiKey]) -> None:
        for key in queryset.select_related("account"):
            self._retire(request, key)

    def _retire(self, request: HttpRequest, key: ApiKey) -> None:
        try:
            keys.retire_key(key, actor=actor_of(request))
        except MedialibError as error:
            self.message_user(request, _told(key, error), messages.ERROR)
        else:
            text = _("%(key)s of %(account)s is retired and its secret erased.")
            self.message_user(request, text % {"key": key, "account": key.account}, messages.SUCCESS)


def _told(key: ApiKey, sentence: object) -> str:
    return _("%(key)s of %(account)s: %(sentence)s") % {"key": key, "account": key.account, "sentence": sentence}
