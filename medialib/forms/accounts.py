"""The form for an account, of the product and of the admin. The private key goes in once and never comes out again."""

from __future__ import annotations

from functools import partial
from typing import Any, ClassVar

from django import forms
from django.utils.translation import gettext_lazy as _
from django.views.decorators.debug import sensitive_variables

from medialib.errors import MedialibError
from medialib.models import Account
from medialib.services.accounts import accounts, addresses, keys, vault

WHATS = {"url_endpoint": addresses.ENDPOINT, "api_url": addresses.API, "upload_url": addresses.UPLOAD}


class AccountForm(forms.ModelForm):
    private_key = forms.CharField(
        label=_("Private key"),
        required=False,
        max_length=keys.MAX_KEY_LENGTH,
        widget=forms.PasswordInput(render_value=False, attrs={"autocomplete": "new-password", "class": "vTextField"}),
        help_text=_(
            "Stored encrypted and never shown again. On a saved account: a new key here retires the current one."
        ),
    )
    key_label = forms.CharField(
        label=_("Key label"),
        required=False,
        max_length=80,
        widget=forms.TextInput(attrs={"class": "vTextField"}),
        help_text=_("A word for people, such as “made in March”. Kept with the new key."),
    )

    reason = forms.CharField(
        label=_("Reason"),
        required=False,
        max_length=2000,
        widget=forms.TextInput(attrs={"class": "vTextField"}),
        help_text=_("Kept in the audit log with what you change. Needed to do without looks."),
    )

    class Meta:
        model = Account
        fields = (
            "name",
            "colour",
            "url_endpoint",
            "other_endpoints",
            "protected_folders",
            "headroom_percent",
            "undo_window_s",
            "limit_files",
            "limit_percent",
            "approval_files",
            "looks_before_delete",
            "keep_copies_days",
            "api_url",
            "upload_url",
        )
        labels = {
            "name": _("Name"),
            "colour": _("Colour"),
            "url_endpoint": _("URL endpoint"),
            "other_endpoints": _("Other endpoints"),
            "protected_folders": _("Protected folders"),
            "headroom_percent": _("Headroom percent"),
        }
        # Plain text: a URL field would refuse hosts without a dot, such as a sandbox on localhost, in its own words.
        field_classes = dict.fromkeys(WHATS, forms.CharField)
        widgets: ClassVar = {
            **dict.fromkeys(WHATS, forms.TextInput(attrs={"class": "vURLField"})),
            **dict.fromkeys(("other_endpoints", "protected_folders"), forms.Textarea(attrs={"rows": 3})),
        }

    def clean_name(self) -> str:
        return self._checked("name", self._free_name)

    def clean_url_endpoint(self) -> str:
        return self._address("url_endpoint")

    def clean_other_endpoints(self) -> str:
        clean = partial(_allowed_address, field="url_endpoint")
        return self._checked("other_endpoints", lambda given: "\n".join(map(clean, given.split())))

    def clean_api_url(self) -> str:
        return self._address("api_url")

    def clean_upload_url(self) -> str:
        return self._address("upload_url")

    @sensitive_variables()
    def clean_private_key(self) -> str:
        private_key = self.cleaned_data["private_key"]
        if not private_key and self.instance.pk:
            return ""
        return self._checked("private_key", _usable_key)

    def clean(self) -> dict[str, Any] | None:
        cleaned = super().clean()
        had_looks = "looks_before_delete" in self.changed_data and not self.cleaned_data.get("looks_before_delete")
        if had_looks and not self.cleaned_data.get("reason", "").strip():
            self.add_error("reason", _("Say why this account does without looks before its delete calls."))
        if self.instance.pk and "api_url" in self.changed_data and not self.cleaned_data.get("private_key"):
            text = _("Enter the private key anew: a stored one is never sent to another API address.")
            self.add_error("private_key", text)
        return cleaned

    def _free_name(self, name: str) -> str:
        accounts.refuse_taken(accounts.clean_name(name), except_for=self.instance)
        return name

    def _address(self, field: str) -> str:
        return self._checked(field, lambda url: _allowed_address(url, field=field))

    @sensitive_variables()
    def _checked(self, field: str, check: Any) -> str:
        """The value as `check` returns it; its refusal becomes the form's."""
        try:
            return str(check(self.cleaned_data[field]))
        except MedialibError as error:
            raise forms.ValidationError(str(error)) from None


class AccountSettingsForm(AccountForm):
    """Of one account that is there, as it was when the page was opened: what others changed since is not taken back."""

    seen = forms.CharField(required=False, widget=forms.HiddenInput)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.initial["seen"] = accounts.fingerprint(self.instance)

    def clean(self) -> dict[str, Any] | None:
        cleaned = super().clean()
        if self.cleaned_data.get("seen") != self.initial["seen"]:
            text = _("Somebody changed this account since the page was opened, so nothing was saved. Open it anew.")
            self.add_error(None, text)
        return cleaned


def _allowed_address(url: str, *, field: str) -> str:
    what = WHATS[field]
    url = addresses.clean(url, what=what)
    if field != "url_endpoint":
        addresses.refuse_foreign(url, what=what)
    addresses.refuse_private(url, what=what)
    return url


@sensitive_variables()
def _usable_key(private_key: str) -> str:
    vault.require_usable()  # Else the failure would come after the form was found right.
    return keys.clean_key(private_key)
