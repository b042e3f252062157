"""The forms for a membership, of the product and of the admin."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, ClassVar

from django import forms
from django.utils.translation import gettext_lazy as _

from medialib.errors import MedialibError
from medialib.models import Membership
from medialib.models.memberships import sees_everything
from medialib.services.accounts import memberships

if TYPE_CHECKING:
    from django.contrib.auth.models import User


class MembershipForm(forms.ModelForm):
    viewer: User  # Set on the class that is made for one request.

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
            text = _("This person has a membership of that account already. Change that one.")
            self.add_error("account" if "account" in self.fields else "user", text)
        return cleaned

    def _is_second(self, cleaned: dict[str, Any]) -> bool:
        # The unique constraint does not see two memberships without an account as the same.
        twins = Membership.objects.filter(user=cleaned.get("user"), account=cleaned.get("account"))
        return twins.exclude(pk=self.instance.pk).exists()


class AccountMembershipForm(MembershipForm):
    """A membership of the one account that the page is about; its person is chosen once."""

    class Meta(MembershipForm.Meta):
        fields = ("user", "may_delete", "delete_paths", "daily_files", "daily_bytes", "daily_percent")  # type: ignore[assignment]
        widgets: ClassVar = {"delete_paths": forms.Textarea(attrs={"rows": 2, "spellcheck": "false"})}

    def __init__(self, *args: Any, viewer: User, **kwargs: Any) -> None:
        self.viewer = viewer
        super().__init__(*args, **kwargs)
        if self.instance.pk:
            del self.fields["user"]
        else:
            people = self.fields["user"]
            people.queryset = people.queryset.filter(is_active=True, is_staff=True)  # type: ignore[attr-defined]

    def _is_second(self, cleaned: dict[str, Any]) -> bool:
        return super()._is_second({**cleaned, "account": self.instance.account})
