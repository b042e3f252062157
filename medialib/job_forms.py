"""Input of the review, job and audit pages, parsed into plain values."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django import forms
from django.conf import settings
from django.utils.text import format_lazy
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from medialib.models import Account, EventKind, Manifest, Outcome
from medialib.services import purge
from medialib.services.audit_search import AuditFilter
from medialib.services.job_pages import UNSETTLED, FilesWanted, JobsWanted
from medialib.services.job_progress import Pulse
from medialib.services.plan import must_type_number
from medialib.templatetags.job_words import OUTCOME_WORDS

if TYPE_CHECKING:
    from django.contrib.auth.models import User

SPEEDS = (100, 75, 50, 25, 10)
MAX_REASON = 2_000
MAX_ID = 2**63 - 1  # The largest that a database column holds.
JOB_VIEWS = [
    ("", gettext_lazy("All")),
    ("active", gettext_lazy("Under way")),
    ("attention", gettext_lazy("Needs attention")),
    ("finished", gettext_lazy("Finished")),
]
OUTCOMES = [(outcome.value, words) for outcome, words in OUTCOME_WORDS.items()]
_SEPARATORS = str.maketrans("", "", ",.'’ \u00a0\u2009\u202f_")


def style(form: forms.Form) -> None:
    """Give each control the class that the design system has for its kind; labels need no colon."""
    form.label_suffix = ""
    for field in form.fields.values():
        kind = getattr(field.widget, "input_type", "textarea")
        field.widget.attrs["class"] = kind if kind in ("select", "checkbox", "textarea") else "input"


class ConfirmForm(forms.Form):
    """Asks more of a person the more is at stake: a tick, or the number of files typed by hand."""

    reason = forms.CharField(
        label=gettext_lazy("Why are these files deleted?"),
        max_length=MAX_REASON,
        widget=forms.Textarea(attrs={"rows": 3}),
        error_messages={
            "required": gettext_lazy("Write the reason: it stays in the audit log when the files are gone.")
        },
    )
    purge_cache = forms.BooleanField(
        label=gettext_lazy("Also purge the deleted addresses from the CDN"), required=False
    )
    understood = forms.BooleanField(
        label="", error_messages={"required": gettext_lazy("Tick this box to confirm that the files go for ever.")}
    )
    typed_count = forms.CharField(
        max_length=40,
        error_messages={"required": gettext_lazy("Type the number of files, so that nobody deletes more than meant.")},
        widget=forms.TextInput(attrs={"inputmode": "numeric", "autocomplete": "off"}),
    )

    def __init__(self, *args: Any, manifest: Manifest, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.manifest = manifest
        self.fields["purge_cache"].disabled = manifest.file_count > purge.quota(manifest.account).left
        self.fields["typed_count"].label = _("Type the number of files: %(count)s") % {"count": manifest.file_count}
        del self.fields["understood" if must_type_number(manifest) else "typed_count"]
        style(self)
        for name in [name for name in self.fields if name in self.errors][:1]:
            self.fields[name].widget.attrs["autofocus"] = True

    def clean_typed_count(self) -> int:
        typed = self.cleaned_data["typed_count"].translate(_SEPARATORS)
        if typed != str(self.manifest.file_count):
            text = _("Type exactly %(count)s, the number of files above.") % {"count": self.manifest.file_count}
            raise forms.ValidationError(text)
        return self.manifest.file_count


class ControlForm(forms.Form):
    """What a person asks of a running job."""

    percent = forms.TypedChoiceField(coerce=int, choices=[(speed, f"{speed} %") for speed in SPEEDS])


class AuditFilterForm(forms.Form):
    """The whole state of the audit list is in the URL, so every field is optional and named as there."""

    actor = forms.CharField(label=gettext_lazy("Who"), max_length=150, required=False)
    account = forms.CharField(label=gettext_lazy("Account"), max_length=60, required=False, widget=forms.Select)
    event = forms.ChoiceField(
        label=gettext_lazy("Event"),
        choices=[("", gettext_lazy("any event")), *((kind.value, gettext_lazy(kind.label)) for kind in EventKind)],
        required=False,
    )
    outcome = forms.ChoiceField(
        label=gettext_lazy("Outcome"), choices=[("", gettext_lazy("any outcome")), *OUTCOMES], required=False
    )
    job = forms.IntegerField(label=gettext_lazy("Job"), min_value=1, max_value=MAX_ID, required=False)
    path = forms.CharField(label=gettext_lazy("Path"), max_length=1_000, required=False)
    file = forms.CharField(label=gettext_lazy("File id"), max_length=64, required=False)
    after = forms.DateField(
        label=format_lazy(gettext_lazy("From ({zone})"), zone=settings.TIME_ZONE),
        widget=forms.DateInput(attrs={"type": "date"}),
        required=False,
    )
    before = forms.DateField(
        label=format_lazy(gettext_lazy("Until ({zone})"), zone=settings.TIME_ZONE),
        widget=forms.DateInput(attrs={"type": "date"}),
        required=False,
    )

    def __init__(self, *args: Any, viewer: User, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        chosen = self.data.get("account", "")
        names = {chosen, *Account.objects.visible_to(viewer).values_list("name", flat=True)} - {""}
        self.fields["account"].widget.choices = [
            ("", gettext_lazy("any account")),
            *((name, name) for name in sorted(names)),
        ]
        style(self)

    def wanted(self) -> AuditFilter:
        """The filter; call after is_valid()."""
        return AuditFilter(**self.cleaned_data)


class PlaceForm(forms.Form):
    """Where a keyset page starts."""

    older_than = forms.IntegerField(required=False, min_value=0, max_value=MAX_ID)
    newer_than = forms.IntegerField(required=False, min_value=0, max_value=MAX_ID)

    def place(self) -> dict[str, int | None]:
        """A place that is no number is the beginning."""
        self.is_valid()
        return {name: self.cleaned_data.get(name) for name in self.fields}


class ExportForm(forms.Form):
    format = forms.ChoiceField(choices=[("csv", "CSV"), ("jsonl", gettext_lazy("JSON lines"))])


class FindFileForm(forms.Form):
    q = forms.CharField(label=gettext_lazy("Path or file id"), max_length=1_000)


class SampleForm(forms.Form):
    """Which random sample is shown; "another sample" is a link with another seed."""

    sample = forms.IntegerField(required=False, min_value=0, max_value=MAX_ID)

    def seed(self) -> int:
        self.is_valid()
        return self.cleaned_data.get("sample") or 0


class JobListForm(forms.Form):
    state = forms.ChoiceField(choices=JOB_VIEWS, required=False)
    account = forms.CharField(max_length=60, required=False)
    older_than = forms.IntegerField(required=False, min_value=0, max_value=MAX_ID)

    def wanted(self) -> JobsWanted:
        """Fields that make no sense are taken as not given: nothing is deleted from this list."""
        self.is_valid()
        given = self.cleaned_data
        return JobsWanted(given.get("state") or "", given.get("account") or "", given.get("older_than"))


class JobFilesForm(forms.Form):
    outcome = forms.ChoiceField(choices=[("", "all"), *Outcome.choices, (UNSETTLED, "left")], required=False)
    after = forms.IntegerField(required=False, min_value=0, max_value=2**31 - 1)

    def wanted(self) -> FilesWanted:
        self.is_valid()
        return FilesWanted(self.cleaned_data.get("outcome") or "", self.cleaned_data.get("after"))


class ProgressForm(forms.Form):
    """What the watching page showed when it asked again."""

    shown = forms.CharField(max_length=60, required=False)
    pulse = forms.CharField(max_length=120, required=False)

    def earlier(self) -> tuple[str, Pulse | None]:
        self.is_valid()
        return self.cleaned_data.get("shown") or "", Pulse.parse(self.cleaned_data.get("pulse") or "")


class TrayForm(forms.Form):
    """The jobs that the tray showed when it asked again, as "12.15"."""

    watched = forms.RegexField(r"^\d{1,12}(\.\d{1,12}){0,9}$", required=False)
    shown = forms.BooleanField(required=False)

    def job_ids(self) -> list[int]:
        self.is_valid()
        return [int(part) for part in (self.cleaned_data.get("watched") or "").split(".") if part]

    def was_shown(self) -> bool:
        self.is_valid()
        return bool(self.cleaned_data.get("shown"))
