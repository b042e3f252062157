"""Input of the pages about copies and restores."""

from __future__ import annotations

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy

from medialib.forms.controls import style
from medialib.models import RestoreOutcome
from medialib.models.accounts import LONGEST_KEEP_DAYS
from medialib.models.sql import MAX_INTEGER
from medialib.services.audit.log import MAX_REASON


class StyledForm(forms.Form):
    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        style(self)


def _reason_field(label: Any) -> forms.CharField:
    return forms.CharField(
        label=label,
        max_length=MAX_REASON,
        widget=forms.Textarea(attrs={"rows": 2}),
        error_messages={"required": gettext_lazy("Write the reason: it stays in the audit log.")},
    )


class RestoreForm(StyledForm):
    reason = _reason_field(gettext_lazy("Why are these files restored?"))
    keeps_both = forms.BooleanField(
        label=gettext_lazy("Where another file is at the path by now, keep both: put this one beside it"),
        required=False,
    )


class KeepLongerForm(StyledForm):
    prefix = "longer"
    days = forms.IntegerField(
        label=gettext_lazy("Keep all copies for so many days from today"), min_value=1, max_value=LONGEST_KEEP_DAYS
    )
    reason = _reason_field(gettext_lazy("Why are they kept longer?"))


class DestroyForm(StyledForm):
    prefix = "destroy"
    reason = _reason_field(gettext_lazy("Why are they destroyed?"))
    understood = forms.BooleanField(
        label=gettext_lazy("I know that there is no way back then"),
        error_messages={"required": gettext_lazy("Tick this box to confirm that there is no way back.")},
    )


class RestoreFilesForm(forms.Form):
    """Which files of a restore are shown."""

    outcome = forms.ChoiceField(choices=[("", "all"), *RestoreOutcome.choices], required=False)
    after = forms.IntegerField(required=False, min_value=0, max_value=MAX_INTEGER)

    def read(self) -> tuple[str, int | None]:
        self.is_valid()
        return self.cleaned_data.get("outcome") or "", self.cleaned_data.get("after")
