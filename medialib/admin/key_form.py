"""The admin's forms for keys."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Any

from django import forms
from django.utils.translation import gettext_lazy as _
from django.views.decorators.debug import sensitive_variables

from medialib.errors import MedialibError
from medialib.models import Account, ApiKey
from medialib.services.accounts import keys, vault
from medialib.services.audit.log import Actor

if TYPE_CHECKING:
    from django.contrib.auth.models import User

OVERLAPS = [(0, _("at once")), (1, _("in 1 hour")), (24, _("in 24 hours")), (72, _("in 3 days")), (168, _("in 7 days"))]


class KeyForm(forms.ModelForm):
    """A new key, beside the others or in the place of one."""

    viewer: User  # Set on the class that the admin makes for one request.
    private_key = forms.CharField(
        label=_("Private key"),
        max_length=keys.MAX_KEY_LENGTH,
        widget=forms.PasswordInput(render_value=False, attrs={"autocomplete": "new-password", "class": "vTextField"}),
        help_text=_("Stored encrypted and never shown again."),
    )
    replaces = forms.ModelChoiceField(
        ApiKey.objects.none(),
        label=_("Replaces"),
        required=False,
        help_text=_(
            "The new key is tried at ImageKit first. When it may not do what the old one may, nothing changes."
        ),
    )
    keep_old_hours = forms.TypedChoiceField(label=_("The old key ends"), coerce=int, choices=OVERLAPS, initial=0)

    class Meta:
        model = ApiKey
        fields = ("account", "kind", "label", "expires_at")
        labels = {"account": _("Account"), "kind": _("Kind"), "label": _("Label")}

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        mine = Account.objects.visible_to(self.viewer)
        replaceable = ApiKey.objects.usable().filter(account__in=mine, retired_at__isnull=True)
        self.fields["replaces"].queryset = replaceable.select_related("account")  # type: ignore[attr-defined]
        self.fields["replaces"].label_from_instance = lambda key: (  # type: ignore[attr-defined]
            _("%(key)s of %(account)s, %(kind)s") % {"key": key, "account": key.account, "kind": _kind_of(key)}
        )

    @sensitive_variables()
    def clean_private_key(self) -> str:
        try:
            vault.require_usable()  # Else the failure would come after the form was found right.
            return keys.clean_key(self.cleaned_data["private_key"])
        except MedialibError as error:
            raise forms.ValidationError(str(error)) from None

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or {}
        old = cleaned.get("replaces")
        if old and (old.account != cleaned.get("account") or old.kind != cleaned.get("kind")):
            self.add_error("replaces", _("A key can only take the place of one of the same account and kind."))
        return cleaned

    @sensitive_variables()
    def store(self, *, actor: Actor) -> ApiKey:
        """Add or rotate. Raises MedialibError when ImageKit refuses the key of a rotation."""
        given = self.cleaned_data
        new = {name: given[name] for name in ("private_key", "label", "expires_at")}
        if old := given["replaces"]:
            return keys.rotate_key(old, keep_old_for=timedelta(hours=given["keep_old_hours"]), actor=actor, **new)
        return keys.add_key(given["account"], kind=given["kind"], actor=actor, **new)


class KeyNotesForm(forms.ModelForm):
    """What people may still change of a stored key."""

    class Meta:
        model = ApiKey
        fields = ("label", "expires_at")
        labels = {"label": _("Label")}


def _kind_of(key: ApiKey) -> str:
    return f"{key.get_kind_display()} {key.label}".strip()
