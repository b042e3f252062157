"""The button on an account's page that lets ImageKit send its events here."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import path, reverse

from medialib.admin.guards import FreshAdmin, actor_of
from medialib.errors import MedialibError
from medialib.models import Account
from medialib.services.sync import webhook_setup


class WebhookButton(FreshAdmin):
    def get_urls(self) -> list[Any]:
        view = self.admin_site.admin_view(self.webhook_view)
        return [path("<int:object_id>/webhook/", view, name="medialib_account_webhook"), *super().get_urls()]

    def change_view(
        self, request: HttpRequest, object_id: str, form_url: str = "", extra_context: Any = None
    ) -> HttpResponse:
        account = self.get_object(request, object_id)
        listening = {"is_listening": account is not None and webhook_setup.is_listening(account)}
        return super().change_view(request, object_id, form_url, listening | (extra_context or {}))

    def webhook_view(self, request: HttpRequest, object_id: int) -> HttpResponse:
        """Pressed twice it changes nothing the second time. Opened as an address it only leads to the account."""
        if not self.has_change_permission(request):
            raise PermissionDenied
        account = self.get_object(request, str(object_id))
        if account is None:
            raise Http404
        if request.method == "POST":
            if again := self._when_fresh(request):
                return again
            self._set_up(request, account)
        return redirect("admin:medialib_account_change", account.pk)

    def _set_up(self, request: HttpRequest, account: Account) -> None:
        address = request.build_absolute_uri(reverse("medialib:webhook", args=[account.name]))
        replace = request.POST.get("replace") == "1"
        try:
            done = webhook_setup.set_up(account, address=address, replace=replace, actor=actor_of(request))
        except MedialibError as error:
            self.message_user(request, str(error), messages.ERROR)
        else:
            self.message_user(request, str(done.label), messages.SUCCESS)
