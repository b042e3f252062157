"""The forms for keys, of the product and of the admin."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Any, ClassVar

from django import forms
from django.utils.formats import localize
from django.utils.timezone import localtime
from django.utils.translation import gettext
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

    viewer: User  # Set on the class that is made for one request.
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

    def told_of(self, saved: ApiKey) -> str:
        """What became of the new key, and of the one that it replaced."""
        old: ApiKey | None = self.cleaned_data["replaces"]
        if old is None:
            text = gettext("Key %(key)s of %(account)s is stored. Test what it may do.")
            return text % {"key": saved, "account": saved.account}
        words = {"key": saved, "old": old, "time": localize(localtime(old.retired_at))}
        return gettext("New key %(key)s verified, old one %(old)s retired at %(time)s.") % words


class AccountKeyForm(KeyForm):
    """A new key of the one account that the page is about."""

    class Meta(KeyForm.Meta):
        fields = ("kind", "label", "expires_at")  # type: ignore[assignment]
        widgets: ClassVar = {"expires_at": forms.DateTimeInput(attrs={"type": "datetime-local"})}

    def __init__(self, *args: Any, account: Account, viewer: User, **kwargs: Any) -> None:
        self.viewer = viewer
        super().__init__(*args, **kwargs)
        self.account = account
        field = self.fields["replaces"]
        field.queryset = field.queryset.filter(account=account)  # type: ignore[attr-defined]

    def clean(self) -> dict[str, Any]:
        self.cleaned_data["account"] = self.account
        return super().clean()


class KeyNotesForm(forms.ModelForm):
    """What people may still change of a stored key."""

    class Meta:
        model = ApiKey
        fields = ("label", "expires_at")
        labels = {"label": _("Label")}


def _kind_of(key: ApiKey) -> str:
    return f"{key.get_kind_display()} {key.label}".strip()
