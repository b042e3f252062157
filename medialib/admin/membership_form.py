"""The admin's form for a membership."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django import forms
from django.utils.translation import gettext_lazy as _

from medialib.errors import MedialibError
from medialib.models import Membership
from medialib.models.memberships import sees_everything
from medialib.services.accounts import memberships

if TYPE_CHECKING:
    from django.contrib.auth.models import User


class MembershipForm(forms.ModelForm):
    viewer: User  # Set on the class that the admin makes for one request.

    class Meta:
        model = Membership
        fields = ("user", "account", "may_delete", "delete_paths", "daily_files", "daily_bytes", "daily_percent")
        labels = {"account": _("Account")}

    def clean_delete_paths(self) -> str:
        try:
            return memberships.clean_paths(self.cleaned_data["delete_paths"])
        except MedialibError as error:
            raise forms.ValidationError(str(error)) from None

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or {}
        if "account" in self.fields and cleaned.get("account") is None and not sees_everything(self.viewer):
            self.add_error("account", _("Choose an account: only members of every account can grant all of them."))
        elif "user" in self.fields and cleaned.get("user") == self.viewer and not self.viewer.is_superuser:
            self.add_error("user", _("Nobody grants themselves more: ask somebody else who manages keys."))
        elif "user" in self.fields and self._is_second(cleaned):
            self.add_error("account", _("This person has a membership of that account already. Change that one."))
        return cleaned

    def _is_second(self, cleaned: dict[str, Any]) -> bool:
        # The unique constraint does not see two memberships without an account as the same.
        twins = Membership.objects.filter(user=cleaned.get("user"), account=cleaned.get("account"))
        return twins.exclude(pk=self.instance.pk).exists()
