"""Input of the page on which a person says where they want to be told of what."""

from __future__ import annotations

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from medialib.forms.controls import style
from medialib.models import NoticeChannel, NoticeKind, NoticeRoute
from medialib.services.notices import routes

CHOSEN = [NoticeKind.JOB_TO_APPROVE, NoticeKind.JOB_PAUSED, NoticeKind.JOB_UNRESOLVED, NoticeKind.SYNC_TROUBLE]


class KindsForm(forms.Form):
    """What is told along one route."""

    kinds = forms.MultipleChoiceField(
        label=_("Tell me when"),
        choices=NoticeKind.choices,
        initial=CHOSEN,
        widget=forms.CheckboxSelectMultiple,
        error_messages={"required": _("Choose at least one thing to be told of.")},
    )
    only_mine = forms.BooleanField(
        label=_("Of jobs, only mine"),
        required=False,
        initial=True,
        help_text=_("Approvals are asked of everybody who may give them."),
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        style(self)


class RouteForm(KindsForm):
    """A new place."""

    channel = forms.ChoiceField(label=_("Goes to"))
    address = forms.CharField(
        label=_("Address"),
        required=False,
        max_length=1_500,
        widget=forms.TextInput(attrs={"autocomplete": "off", "spellcheck": "false", "inputmode": "url"}),
        help_text=_("Not for e-mail, which goes to your own. Stored encrypted, and never shown again."),
    )
    field_order = ("channel", "address", "kinds", "only_mine")

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        choices = [(channel.value, channel.label) for channel in routes.channels()]
        self.fields["channel"].choices = choices  # type: ignore[attr-defined]
        style(self)

    def clean(self) -> dict[str, Any] | None:
        cleaned = super().clean()
        if self.cleaned_data.get("channel") not in (None, NoticeChannel.MAIL) and not self.cleaned_data.get("address"):
            self.add_error("address", _("Enter the address that takes the messages."))
        return cleaned


def of_route(route: NoticeRoute) -> KindsForm:
    """What it tells now, to be changed."""
    return KindsForm(initial={"kinds": route.kinds, "only_mine": route.only_mine}, prefix=f"route-{route.pk}")
