"""The sign-in form."""

from __future__ import annotations

from typing import Any

from allauth.account.forms import LoginForm
from django import forms

from medialib.auth.adapters import NOT_STAFF


class SignInForm(LoginForm):
    """allauth's form, with its limits on attempts, for staff only."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        for field in self.fields.values():
            field.widget.attrs["class"] = "input"
            field.widget.attrs.pop("placeholder", None)
        self.fields["login"].widget.attrs["autofocus"] = True

    def add_prefix(self, field_name: str) -> str:
        """The name that browsers and password managers know the field by."""
        return super().add_prefix("username" if field_name == "login" else field_name)

    def clean(self) -> dict[str, Any]:
        cleaned: dict[str, Any] = super().clean()
        user = getattr(self, "user", None)
        if user is not None and not user.is_staff:
            raise forms.ValidationError(NOT_STAFF, code="not_staff")
        return cleaned
