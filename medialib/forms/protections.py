"""Input of the page of protection rules."""

from __future__ import annotations

from typing import Any

from django import forms
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from medialib.forms.controls import style
from medialib.models import ProtectionKind
from medialib.services.audit.log import MAX_REASON

NO_REASON = gettext_lazy("Write the reason: whoever meets the rule later wants to know.")
WRITTEN = {ProtectionKind.FILES: "listed", ProtectionKind.VIEW: "view"}  # The others are written as `value`.


def _reason_field(label: Any) -> forms.CharField:
    return forms.CharField(
        label=label,
        max_length=MAX_REASON,
        widget=forms.Textarea(attrs={"rows": 2}),
        error_messages={"required": NO_REASON},
    )


class RuleForm(forms.Form):
    """One rule: its kind, and what belongs to that kind."""

    kind = forms.ChoiceField(label=gettext_lazy("What it goes by"), choices=ProtectionKind.choices)
    value = forms.CharField(
        label=gettext_lazy("Value"),
        required=False,
        strip=False,
        widget=forms.TextInput(attrs={"autocomplete": "off", "spellcheck": "false"}),
    )
    listed = forms.CharField(
        label=gettext_lazy("Files, for a hold on a list"),
        required=False,
        strip=False,
        widget=forms.Textarea(attrs={"rows": 3, "spellcheck": "false"}),
    )
    view = forms.ChoiceField(label=gettext_lazy("Saved view, for a hold on one"), required=False)
    reason = _reason_field(gettext_lazy("Why are these files protected?"))
    until = forms.CharField(
        label=gettext_lazy("Last day"), required=False, max_length=40, widget=forms.DateInput(attrs={"type": "date"})
    )

    def __init__(self, *args: Any, views: list[str], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        names = dict.fromkeys(views)
        self.fields["view"].choices = [("", "—"), *((name, name) for name in names)]  # type: ignore[attr-defined]
        style(self)

    def clean(self) -> dict[str, Any] | None:
        cleaned = super().clean()
        written = WRITTEN.get(self.cleaned_data.get("kind", ""), "value")
        if written not in self.errors and not self.cleaned_data.get(written, "").strip():
            self.add_error(written, _("Fill this in for a rule of this kind."))
        return cleaned


class LiftForm(forms.Form):
    reason = _reason_field(gettext_lazy("Why is it lifted?"))

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        style(self)
