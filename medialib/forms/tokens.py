"""Input of the page on which a person makes a token for a program."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django import forms
from django.utils.translation import gettext_lazy as _
from django.utils.translation import ngettext_lazy

from medialib.models import TokenScope
from medialib.services.accounts import tokens

if TYPE_CHECKING:
    from django.contrib.auth.models import User

DAYS = [
    (days, ngettext_lazy("%(count)s day", "%(count)s days", days) % {"count": days}) for days in (1, 7, 30, 90, 365)
]


class TokenForm(forms.Form):
    name = forms.CharField(
        label=_("Which program uses it?"),
        max_length=80,
        widget=forms.TextInput(attrs={"class": "input", "autocomplete": "off"}),
        help_text=_("The audit log names it with what the program does."),
        error_messages={"required": _("Name the program that uses the token.")},
    )
    scopes = forms.MultipleChoiceField(
        label=_("What may it be used for?"),
        widget=forms.CheckboxSelectMultiple,
        error_messages={"required": _("Choose what the token may be used for.")},
    )
    days = forms.TypedChoiceField(
        label=_("How long is it valid?"),
        coerce=int,
        choices=DAYS,
        initial=90,
        widget=forms.Select(attrs={"class": "select"}),
    )

    def __init__(self, *args: Any, person: User, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.label_suffix = ""
        offered = [(scope.value, TokenScope(scope).label) for scope in tokens.scopes_for(person)]
        self.fields["scopes"].choices = offered  # type: ignore[attr-defined]
        self.fields["scopes"].initial = [TokenScope.READ.value]
